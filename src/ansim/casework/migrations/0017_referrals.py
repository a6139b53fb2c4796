"""Reports of a case to those outside, their versions, and the duty to report."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ansim.casework.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0016_requests"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("overdue", "제때 맡지 못한 경보"),
                    ("escalated", "슈퍼바이저에게 올린 경보"),
                    ("returned", "담당이 자리를 비워 돌아온 경보"),
                    ("unattended", "근무하는 사람이 없음"),
                    ("unread", "들어온 메시지를 아무도 읽지 않음"),
                    ("request", "정보주체의 요구에 답할 날이 다가옴"),
                    ("report_due", "경찰에 신고할 시한이 지난 사례"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("police", "경찰 신고 (ECRM 양식)"),
                            ("cybertip", "NCMEC CyberTip"),
                            ("platform", "플랫폼 신고"),
                            ("takedown", "삭제 요청"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "쓰는 중"),
                            ("review", "두 번째 사람을 기다림"),
                            ("approved", "승인됨, 아직 보내지 않음"),
                            ("sent", "보냄"),
                            ("acknowledged", "접수됨"),
                            ("withdrawn", "거두어들임"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("do_not_warn", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=1)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(null=True)),
                ("remark", ansim.casework.sealing.SealedTextField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "sent_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("online", "그 기관의 누리집에 입력"),
                            ("in_person", "직접 찾아가서"),
                            ("post", "우편"),
                            ("mail", "암호를 건 이메일"),
                            ("fax", "팩스"),
                            ("partner", "계정이 있는 협력 기관을 거쳐"),
                        ],
                        max_length=10,
                    ),
                ),
                ("sent_to", ansim.casework.sealing.SealedTextField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("reference", ansim.casework.sealing.SealedTextField(null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="casework.case",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-changed_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="ReferralPackage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("package", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=80)),
                ("sha256", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("attached_at", models.DateTimeField()),
                (
                    "attached_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packages",
                        to="casework.referral",
                    ),
                ),
            ],
            options={
                "ordering": ("made_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="ReferralVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("answers", ansim.casework.sealing.SealedListField(default=list, null=True)),
                ("written_at", models.DateTimeField()),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="casework.referral",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-version",),
            },
        ),
        migrations.CreateModel(
            name="ReportDuty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("learned_at", models.DateTimeField()),
                ("how", ansim.casework.sealing.SealedTextField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("escalated_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("referral", "경찰 신고를 보냄"),
                            ("hand_off", "경찰에 전화로 신고함"),
                            ("others", "다른 기관이 이미 신고함"),
                            ("none", "신고할 범죄가 아님"),
                        ],
                        max_length=10,
                    ),
                ),
                ("note", ansim.casework.sealing.SealedTextField(null=True)),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duty",
                        to="casework.case",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "hand_off",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="casework.handoff",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="casework.referral",
                    ),
                ),
            ],
            options={
                "ordering": ("due_at", "pk"),
            },
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["state", "changed_at"], name="referral_list"),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", None),
                    models.Q(("approved_by", models.F("written_by")), _negated=True),
                    _connector="OR",
                ),
                name="referral_has_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("approved", "sent", "acknowledged")), _negated=True),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                    _connector="OR",
                ),
                name="referral_sent_was_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("sent", "acknowledged")), _negated=True),
                    models.Q(("sent_at__isnull", False), ("sent_by__isnull", False)),
                    _connector="OR",
                ),
                name="referral_sent_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="referralpackage",
            constraint=models.UniqueConstraint(
                fields=("referral", "package"), name="package_goes_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="referralversion",
            constraint=models.UniqueConstraint(
                fields=("referral", "version"), name="one_text_a_version"
            ),
        ),
        migrations.AddIndex(
            model_name="reportduty",
            index=models.Index(fields=["ended_at", "due_at"], name="duty_due"),
        ),
        migrations.AddConstraint(
            model_name="reportduty",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at", None), models.Q(("ending", ""), _negated=True), _connector="OR"
                ),
                name="duty_ends_for_a_reason",
            ),
        ),
    ]
