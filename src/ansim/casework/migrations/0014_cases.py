"""Cases: what joins the alerts of one young person, and what people write in them."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ansim.casework.sealing


def _id() -> tuple[str, models.BigAutoField]:
    return (
        "id",
        models.BigAutoField(
            auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
        ),
    )


def _to(model: str, back: str, **more: Any) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name=back, to=model, **more
    )


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0013_reading_state"),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                _id(),
                ("title", ansim.casework.sealing.SealedTextField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "진행 중"),
                            ("waiting", "기다리는 중"),
                            ("closed", "종결"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("waiting_for", ansim.casework.sealing.SealedTextField(null=True)),
                ("waiting_until", models.DateField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("safe", "청소년이 안전해짐"),
                            ("handed_on", "다른 기관이 이어 감"),
                            ("refused", "청소년이나 보호자가 원하지 않음"),
                            ("lost", "연락이 끊김"),
                            ("unfounded", "위험이 아니었음"),
                        ],
                        max_length=12,
                    ),
                ),
                ("outcome_note", ansim.casework.sealing.SealedTextField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("purged_at", models.DateTimeField(null=True)),
                ("closed_by", _to(settings.AUTH_USER_MODEL, "+", null=True)),
                ("opened_by", _to(settings.AUTH_USER_MODEL, "+")),
                ("responsible", _to(settings.AUTH_USER_MODEL, "cases")),
            ],
            options={
                "ordering": ("-changed_at",),
            },
        ),
        migrations.CreateModel(
            name="CaseAlert",
            fields=[
                _id(),
                ("added_at", models.DateTimeField()),
                ("added_by", _to(settings.AUTH_USER_MODEL, "+")),
                (
                    "alert",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="joined",
                        to="casework.alert",
                    ),
                ),
                ("case", _to("casework.case", "joined")),
            ],
            options={
                "ordering": ("alert_id",),
            },
        ),
        migrations.CreateModel(
            name="CaseDocument",
            fields=[
                _id(),
                ("name", ansim.casework.sealing.SealedTextField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "글"),
                            ("pdf", "PDF"),
                            ("office", "문서 (docx·xlsx·hwpx)"),
                            ("hwp", "한글 문서 (hwp)"),
                        ],
                        max_length=8,
                    ),
                ),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", ansim.casework.sealing.SealedBytesField(null=True)),
                ("added_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
                ("added_by", _to(settings.AUTH_USER_MODEL, "+")),
                ("case", _to("casework.case", "documents")),
            ],
            options={
                "ordering": ("added_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="CaseMember",
            fields=[
                _id(),
                ("reason", ansim.casework.sealing.SealedTextField(null=True)),
                ("admitted_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(null=True)),
                ("account", _to(settings.AUTH_USER_MODEL, "admitted")),
                ("admitted_by", _to(settings.AUTH_USER_MODEL, "+")),
                ("case", _to("casework.case", "members")),
            ],
            options={
                "ordering": ("admitted_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="CaseMemo",
            fields=[
                _id(),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("team", "이 사례의 모두"),
                            ("leaders", "슈퍼바이저와 나"),
                            ("me", "나만"),
                        ],
                        default="team",
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("text", ansim.casework.sealing.SealedTextField(null=True)),
                ("author", _to(settings.AUTH_USER_MODEL, "+")),
                ("case", _to("casework.case", "memos")),
            ],
            options={
                "ordering": ("-at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="CasePerson",
            fields=[
                _id(),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("young", "청소년"),
                            ("guardian", "보호자"),
                            ("suspect", "의심 계정"),
                            ("helper", "돕는 사람"),
                            ("officer", "수사관·기관 담당자"),
                            ("other", "그 밖의 사람"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "age",
                    models.CharField(
                        choices=[
                            ("unknown", "모름"),
                            ("under_14", "만 14세 미만"),
                            ("under_19", "만 14세 이상 19세 미만"),
                            ("adult", "19세 이상"),
                        ],
                        default="unknown",
                        max_length=10,
                    ),
                ),
                ("account", models.CharField(blank=True, max_length=64)),
                ("name", ansim.casework.sealing.SealedTextField(null=True)),
                ("contact", ansim.casework.sealing.SealedTextField(null=True)),
                ("careful", ansim.casework.sealing.SealedTextField(null=True)),
                ("needs", ansim.casework.sealing.SealedTextField(null=True)),
                ("plan", ansim.casework.sealing.SealedTextField(null=True)),
                ("added_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField(null=True)),
                ("removed_at", models.DateTimeField(null=True)),
                ("added_by", _to(settings.AUTH_USER_MODEL, "+")),
                ("case", _to("casework.case", "people")),
                ("changed_by", _to(settings.AUTH_USER_MODEL, "+", null=True)),
                ("source", _to("casework.sourcerecord", "+", null=True)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="CaseConsent",
            fields=[
                _id(),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("counselling", "상담과 기록"),
                            ("reading", "대화 내용을 읽는 것"),
                            ("sharing", "다른 기관에 알리는 것"),
                            ("guardian_told", "보호자에게 알리는 것"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "giver",
                    models.CharField(
                        choices=[("young", "청소년 본인"), ("guardian", "보호자 (법정대리인)")],
                        max_length=10,
                    ),
                ),
                ("basis", ansim.casework.sealing.SealedTextField(null=True)),
                ("given_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawal", ansim.casework.sealing.SealedTextField(null=True)),
                ("recorded_by", _to(settings.AUTH_USER_MODEL, "+")),
                ("withdrawn_by", _to(settings.AUTH_USER_MODEL, "+", null=True)),
                ("person", _to("casework.caseperson", "consents")),
            ],
            options={
                "ordering": ("given_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="CaseTask",
            fields=[
                _id(),
                ("what", ansim.casework.sealing.SealedTextField(null=True)),
                ("due_at", models.DateTimeField()),
                ("made_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("case", _to("casework.case", "tasks")),
                ("done_by", _to(settings.AUTH_USER_MODEL, "+", null=True)),
                ("made_by", _to(settings.AUTH_USER_MODEL, "+")),
                ("owner", _to(settings.AUTH_USER_MODEL, "case_tasks")),
            ],
            options={
                "ordering": ("due_at", "pk"),
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["state", "changed_at"], name="case_list"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["purged_at", "changed_at"], name="case_retention"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "closed"), _negated=True),
                    models.Q(("outcome", ""), _negated=True),
                    _connector="OR",
                ),
                name="closed_case_has_an_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="casemember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("left_at", None)),
                fields=("case", "account"),
                name="once_admitted_to_a_case",
            ),
        ),
        migrations.AddIndex(
            model_name="caseperson",
            index=models.Index(fields=["source", "account"], name="case_person_account"),
        ),
        migrations.AddIndex(
            model_name="casetask",
            index=models.Index(fields=["done_at", "due_at"], name="case_task_due"),
        ),
    ]
