"""Requests of people about their own data, corrections beside the original, ends of reading."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ansim.casework.sealing


class Migration(migrations.Migration):
    dependencies = [("casework", "0015_donors")]

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
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="SubjectRequest",
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
                            ("access", "열람"),
                            ("correction", "정정"),
                            ("stop", "처리 정지"),
                            ("explanation", "설명"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        choices=[
                            ("subject", "본인"),
                            ("guardian", "보호자 (법정대리인)"),
                            ("agent", "위임받은 사람"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("room", "대화방에서"),
                            ("telephone", "전화로"),
                            ("letter", "편지나 이메일로"),
                            ("visit", "찾아와서"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "처리 중"),
                            ("granted", "요구대로 답함"),
                            ("partly", "일부만 답함"),
                            ("refused", "거절함"),
                            ("withdrawn", "요구를 거두어들임"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("postponed_at", models.DateTimeField(null=True)),
                ("reminded_at", models.DateTimeField(null=True)),
                ("words", ansim.casework.sealing.SealedTextField(null=True)),
                ("contact", ansim.casework.sealing.SealedTextField(null=True)),
                (
                    "proof",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("account", "그 계정에서 확인하는 말을 보냄"),
                            ("platform", "플랫폼이 확인해 줌"),
                            ("paper", "신분증이나 위임장을 보고 돌려줌"),
                            ("known", "상담으로 이미 아는 사람"),
                        ],
                        max_length=10,
                    ),
                ),
                ("proof_note", ansim.casework.sealing.SealedTextField(null=True)),
                ("proved_at", models.DateTimeField(null=True)),
                ("account", models.CharField(blank=True, max_length=64)),
                ("looked_at", models.DateTimeField(null=True)),
                ("answer", ansim.casework.sealing.SealedTextField(null=True)),
                ("answer_version", models.PositiveIntegerField(default=0)),
                (
                    "ground",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("identity", "본인인지 확인할 수 없음"),
                            ("law", "법률이 금지하거나 제한함"),
                            ("others", "다른 사람의 생명·신체나 이익을 해칠 우려"),
                            ("duty", "법령의 의무를 지키려면 처리해야 함"),
                            ("nothing", "가지고 있는 것이 없음"),
                        ],
                        max_length=10,
                    ),
                ),
                ("police_asked", ansim.casework.sealing.SealedTextField(null=True)),
                ("told", ansim.casework.sealing.SealedTextField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
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
                    "handler",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="casework.sourcerecord",
                    ),
                ),
            ],
            options={
                "ordering": ("due_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="ReadingStop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(blank=True, max_length=64)),
                ("since", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "conversation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="casework.conversation",
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
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="casework.sourcerecord",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stops",
                        to="casework.subjectrequest",
                    ),
                ),
            ],
            options={
                "ordering": ("since", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", ansim.casework.sealing.SealedTextField(null=True)),
                ("made_at", models.DateTimeField()),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="casework.alert",
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
                    "turn",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="casework.turn",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="casework.subjectrequest",
                    ),
                ),
            ],
            options={
                "ordering": ("made_at", "pk"),
            },
        ),
        migrations.AddIndex(
            model_name="subjectrequest",
            index=models.Index(fields=["state", "due_at"], name="request_due"),
        ),
        migrations.AddIndex(
            model_name="subjectrequest",
            index=models.Index(fields=["received_at"], name="request_received"),
        ),
        migrations.AddConstraint(
            model_name="subjectrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("state", "open")),
                    models.Q(
                        models.Q(("state", "open"), _negated=True), ("ended_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="ended_request_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="readingstop",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None), models.Q(("account", ""), _negated=True)),
                fields=("source", "account"),
                name="one_stop_an_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="readingstop",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("conversation",),
                name="one_stop_a_conversation",
            ),
        ),
        migrations.AddConstraint(
            model_name="readingstop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account", ""), ("conversation__isnull", False)),
                    models.Q(models.Q(("account", ""), _negated=True), ("conversation", None)),
                    _connector="OR",
                ),
                name="stop_of_an_account_or_a_conversation",
            ),
        ),
    ]
