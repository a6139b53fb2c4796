"""Timers, escalation, folding, hand-over, notices; indexes for a desk with many alerts."""

import ansim.casework.models.alert
import ansim.casework.sealing
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def one_fold_each(apps, schema_editor):
    """Alerts of before stand alone, and those that somebody took were acknowledged then."""
    alerts = apps.get_model("casework", "Alert").objects
    alerts.update(fold=models.F("id"), acknowledged_at=models.F("claimed_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0005_help_drafts_and_care"),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseNote",
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
                            ("note", "메모"),
                            ("escalation", "슈퍼바이저에게 올림"),
                            ("answer", "슈퍼바이저의 답"),
                            ("hold", "보류"),
                            ("handover", "넘김"),
                        ],
                        default="note",
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("text", ansim.casework.sealing.SealedTextField(null=True)),
            ],
            options={
                "ordering": ("at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Channel",
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
                        choices=[("email", "이메일"), ("webhook", "웹훅 (메신저, 호출 서비스)")],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("address", ansim.casework.sealing.SealedTextField()),
                ("place", models.PositiveIntegerField(default=0)),
                ("active", models.BooleanField(default=True)),
                ("failing_since", models.DateTimeField(null=True)),
                ("retry_at", models.DateTimeField(null=True)),
                ("last_ok_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ("place", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Handover",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("offered_at", models.DateTimeField()),
                ("note", ansim.casework.sealing.SealedTextField(null=True)),
                ("signed_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-offered_at",),
            },
        ),
        migrations.CreateModel(
            name="HandoverItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("unowned", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="Notice",
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
                            ("overdue", "제때 맡지 못한 경보"),
                            ("escalated", "슈퍼바이저에게 올린 경보"),
                            ("returned", "담당이 자리를 비워 돌아온 경보"),
                            ("unattended", "근무하는 사람이 없음"),
                        ],
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("next_try_at", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-created_at",),
            },
        ),
        migrations.CreateModel(
            name="ResponseTarget",
            fields=[
                ("priority", models.CharField(max_length=2, primary_key=True, serialize=False)),
                ("acknowledge_seconds", models.PositiveIntegerField(null=True)),
                ("abandoned_seconds", models.PositiveIntegerField()),
            ],
            options={
                "ordering": ("priority",),
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("query", models.CharField(max_length=300)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="TeamPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("counsellors", models.PositiveIntegerField(default=2)),
                ("alerts_per_hour", models.FloatField(default=4.0)),
            ],
        ),
        migrations.AddField(
            model_name="account",
            name="last_active_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="alert",
            name="acknowledged_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="alert",
            name="due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="alert",
            name="escalated_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="alert",
            name="escalated_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="alert",
            name="fold",
            field=models.BigIntegerField(default=ansim.casework.models.alert._new_fold),
        ),
        migrations.AddField(
            model_name="alert",
            name="hold_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="alert",
            name="leads",
            field=models.BooleanField(default=True),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                fields=["state", "leads", "claimed_by", "priority", "raised_at"], name="alert_desk"
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["state", "claimed_by", "due_at"], name="alert_due"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["state", "escalated_at"], name="alert_escalated"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["state", "closed_at"], name="alert_closed"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["fold", "state"], name="alert_fold"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["about", "raised_at"], name="alert_account"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["raised_at"], name="alert_raised"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("action", "alert.updated"), _negated=True),
                fields=["-id"],
                name="audit_without_updates",
            ),
        ),
        migrations.AddField(
            model_name="casenote",
            name="alert",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notes",
                to="casework.alert",
            ),
        ),
        migrations.AddField(
            model_name="casenote",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="giver",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="taker",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offered",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handoveritem",
            name="alert",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="casework.alert"
            ),
        ),
        migrations.AddField(
            model_name="handoveritem",
            name="handover",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="items",
                to="casework.handover",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="alert",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="casework.alert",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="channel",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="casework.channel",
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="views",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.UniqueConstraint(
                condition=models.Q(("signed_at", None), ("withdrawn_at", None)),
                fields=("giver",),
                name="one_open_handover",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoveritem",
            constraint=models.UniqueConstraint(
                fields=("handover", "alert"), name="once_in_a_handover"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["ended_at", "next_try_at"], name="notice_queue"),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(fields=("owner", "name"), name="one_view_per_name"),
        ),
        migrations.RunPython(one_fold_each, migrations.RunPython.noop),
    ]
