"""Accounts that come back: where they were seen, by what they are known again, and appeals."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ansim.casework.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0017_referrals"),
    ]

    operations = [
        migrations.CreateModel(
            name="RepeatPending",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("alert", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Sighting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(max_length=64)),
                ("group", models.BigIntegerField(default=0)),
                ("alerts", models.PositiveIntegerField(default=0)),
                ("youths", models.JSONField(default=list)),
                ("apart", models.BooleanField(default=False)),
                ("last_turn", models.BigIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sightings",
                        to="casework.conversation",
                    ),
                ),
            ],
            options={
                "ordering": ("first_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Trace",
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
                            ("account", "같은 계정"),
                            ("statement", "플랫폼이 알려 줌"),
                            ("phone", "같은 전화번호"),
                            ("email", "같은 이메일 주소"),
                            ("link", "같은 초대 링크"),
                            ("handle", "같은 메신저 아이디"),
                        ],
                        max_length=10,
                    ),
                ),
                ("service", models.CharField(blank=True, max_length=20)),
                ("hash", models.CharField(max_length=64)),
                ("seen", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("note", ansim.casework.sealing.SealedTextField(null=True)),
                (
                    "review",
                    models.CharField(
                        choices=[
                            ("none", "아직 확인하지 않음"),
                            ("confirmed", "맞음"),
                            ("rejected", "아님"),
                        ],
                        default="none",
                        max_length=10,
                    ),
                ),
                ("reviewed_at", models.DateTimeField(null=True)),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sighting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="traces",
                        to="casework.sighting",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="LinkAppeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(max_length=64)),
                ("whole_account", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "결정을 기다림"),
                            ("upheld", "받아들임: 떼어 놓음"),
                            ("refused", "받아들이지 않음"),
                            ("lifted", "떼어 놓기를 거둠"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("words", ansim.casework.sealing.SealedTextField(null=True)),
                ("received_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("grounds", ansim.casework.sealing.SealedTextField(null=True)),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="casework.conversation",
                    ),
                ),
                (
                    "decided_by",
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
            ],
            options={
                "ordering": ("-received_at", "-pk"),
                "indexes": [models.Index(fields=["account", "state"], name="link_appeal_account")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("conversation", "account"),
                        name="one_waiting_appeal",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="sighting",
            index=models.Index(fields=["group"], name="sighting_group"),
        ),
        migrations.AddIndex(
            model_name="sighting",
            index=models.Index(fields=["account"], name="sighting_account"),
        ),
        migrations.AddConstraint(
            model_name="sighting",
            constraint=models.UniqueConstraint(
                fields=("conversation", "account"), name="one_sighting"
            ),
        ),
        migrations.AddIndex(
            model_name="trace",
            index=models.Index(fields=["hash"], name="trace_hash"),
        ),
        migrations.AddIndex(
            model_name="trace",
            index=models.Index(fields=["expires_at"], name="trace_expiry"),
        ),
        migrations.AddConstraint(
            model_name="trace",
            constraint=models.UniqueConstraint(
                fields=("sighting", "hash"), name="one_trace_a_sighting"
            ),
        ),
        # Alerts from before are looked at as well, a few at a time.
        migrations.RunSQL(
            "INSERT INTO casework_repeatpending (alert) SELECT id FROM casework_alert",
            migrations.RunSQL.noop,
        ),
    ]
