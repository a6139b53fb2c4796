"""People who handed a conversation in can be reached; a turn says whether all could read it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ansim.casework.sealing


class Migration(migrations.Migration):
    dependencies = [("casework", "0014_cases")]

    operations = [
        migrations.CreateModel(
            name="DonorLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "given_by",
                    models.CharField(
                        choices=[
                            ("participant", "파일을 준 본인"),
                            ("guardian", "파일을 준 보호자"),
                        ],
                        max_length=12,
                    ),
                ),
                ("under_14", models.BooleanField(default=False)),
                ("pseudonym", models.CharField(max_length=64, unique=True)),
                ("code_hash", models.CharField(max_length=64, unique=True)),
                ("address", ansim.casework.sealing.SealedTextField(null=True)),
                ("opened_at", models.DateTimeField()),
                ("looked_at", models.DateTimeField(null=True)),
                ("unread_since", models.DateTimeField(db_index=True, null=True)),
                ("notice_due_at", models.DateTimeField(db_index=True, null=True)),
                ("notice_tries", models.PositiveIntegerField(default=0)),
                ("noticed_at", models.DateTimeField(null=True)),
                ("notice_error", models.CharField(blank=True, default="", max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("donor", "제공한 사람이 그만 받기로 함"),
                            ("retention", "보관 기간이 끝남"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="donor_lines",
                        to="casework.conversation",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ("opened_at", "pk")},
        ),
        migrations.AddField(
            model_name="outgoingmessage",
            name="donor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="letters",
                to="casework.donorline",
            ),
        ),
        migrations.AlterField(
            model_name="outgoingmessage",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "보내려고 대기 중"),
                    ("laid", "번호로 열어 보기를 기다림"),
                    ("sending", "보내는 중"),
                    ("sent", "전달됨"),
                    ("failed", "전달하지 못함"),
                    ("unknown", "전달 여부를 알 수 없음"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="turn",
            name="to_agency",
            field=models.BooleanField(default=None, null=True),
        ),
    ]
