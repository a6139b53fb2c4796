"""How sources are connected, how they are, and what their rooms are told."""

import ansim.casework.sealing
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0022_edits_and_deletions"),
    ]

    operations = [
        migrations.CreateModel(
            name="SourceCredentials",
            fields=[
                (
                    "source",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="credentials",
                        serialize=False,
                        to="casework.sourcerecord",
                    ),
                ),
                ("entries", ansim.casework.sealing.SealedMapField(null=True)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SourceDraft",
            fields=[
                (
                    "author",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("entries", ansim.casework.sealing.SealedMapField(null=True)),
                ("saved_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SourceHealth",
            fields=[
                (
                    "source",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="health",
                        serialize=False,
                        to="casework.sourcerecord",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("connecting", "연결하는 중"),
                            ("listening", "듣는 중"),
                            ("trouble", "문제가 있음"),
                            ("stopped", "멈춤: 사람이 손봐야 함"),
                            ("paused", "쉬는 중"),
                        ],
                        max_length=12,
                    ),
                ),
                ("sentence", models.CharField(blank=True, max_length=300)),
                ("since", models.DateTimeField(null=True)),
                ("last_message_at", models.DateTimeField(null=True)),
                ("last_connected_at", models.DateTimeField(null=True)),
                ("received", models.BigIntegerField(default=0)),
                ("errors", models.BigIntegerField(default=0)),
                ("behind", models.BigIntegerField(default=0)),
                ("lag_seconds", models.FloatField(null=True)),
                ("objections", models.BigIntegerField(default=0)),
                ("told_at", models.DateTimeField()),
                ("counters", models.JSONField(default=dict)),
                ("unwell_since", models.DateTimeField(null=True)),
                ("habit_looked_at", models.DateTimeField(null=True)),
                ("marked_behind", models.BigIntegerField(default=0)),
                ("marked_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="notice",
            name="source",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="casework.sourcerecord",
            ),
        ),
        migrations.AddField(
            model_name="sourcerecord",
            name="language",
            field=models.CharField(
                choices=[("ko", "한국어"), ("en", "English")],
                default="ko",
                max_length=2,
                verbose_name="방의 언어",
            ),
        ),
        migrations.AddField(
            model_name="sourcerecord",
            name="removed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="sourcerecord",
            name="rule",
            field=models.CharField(
                choices=[
                    ("told", "모두에게 알린 뒤 읽음 (누구든 멈출 수 있음)"),
                    ("agreed", "모두가 동의한 뒤에만 읽음"),
                ],
                default="told",
                max_length=10,
                verbose_name="방에서 읽기 시작하는 때",
            ),
        ),
        migrations.AddField(
            model_name="sourcerecord",
            name="settings",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
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
                    ("silent", "평소와 달리 조용한 출처"),
                    ("trouble", "연결에 문제가 있는 출처"),
                    ("backlog", "밀린 메시지가 늘어나는 출처"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="SourceGap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("why", models.CharField(max_length=300)),
                ("recorded_at", models.DateTimeField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gaps",
                        to="casework.sourcerecord",
                    ),
                ),
            ],
            options={
                "ordering": ("-since", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="SourceAlarm",
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
                            ("silent", "평소와 달리 조용함"),
                            ("trouble", "연결에 문제가 있음"),
                            ("backlog", "밀린 메시지가 늘어남"),
                        ],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alarms",
                        to="casework.sourcerecord",
                    ),
                ),
            ],
            options={
                "ordering": ("-since", "-pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("source", "kind"),
                        name="one_alarm_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SourceHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("messages", models.BigIntegerField(default=0)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hours",
                        to="casework.sourcerecord",
                    ),
                ),
            ],
            options={
                "ordering": ("source", "hour"),
                "constraints": [
                    models.UniqueConstraint(fields=("source", "hour"), name="one_count_an_hour")
                ],
            },
        ),
        migrations.CreateModel(
            name="SourceNotice",
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
                            ("room", "방에 처음 알리는 말"),
                            ("joined", "새로 온 사람에게 알리는 말"),
                            ("ask", "방에 동의를 구하는 말"),
                            ("stopped", "멈춰 달라는 말에 답하는 말"),
                            ("resumed", "다시 읽기 시작할 때의 말"),
                            ("encrypted", "암호화된 방을 사양하는 말"),
                            ("hello", "기관에 먼저 말을 건 사람에게 하는 첫 답"),
                        ],
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("ko", models.TextField()),
                ("en", models.TextField()),
                ("proposed_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(null=True)),
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
                    "proposed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="casework.sourcerecord",
                    ),
                ),
            ],
            options={
                "ordering": ("source", "kind", "-version"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "kind", "version"), name="one_notice_a_version"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by", None),
                            ("proposed_by", None),
                            models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="notice_approved_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SourceTest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("room", ansim.casework.sealing.SealedTextField(null=True)),
                ("language", models.CharField(default="ko", max_length=2)),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "보내려고 대기 중"),
                            ("sending", "보내는 중"),
                            ("sent", "전달됨"),
                            ("waiting", "놓아두었고 확인을 기다림"),
                            ("failed", "전달하지 못함"),
                            ("unknown", "전달 여부를 알 수 없음"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("changed_at", models.DateTimeField()),
                (
                    "asked_by",
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
                        related_name="tests",
                        to="casework.sourcerecord",
                    ),
                ),
            ],
            options={
                "ordering": ("-asked_at",),
                "indexes": [models.Index(fields=["state", "asked_at"], name="source_test_queue")],
            },
        ),
    ]
