"""How each source is: what the gateway last said of it, how much it usually says, what was missed,
what people were called about, and test messages.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.source import SourceRecord
from ansim.casework.sealing import SealedTextField


class SourceHealth(models.Model):
    """One row a source: what a gateway last said of it. No account, room or text is in it."""

    class State(models.TextChoices):
        CONNECTING = "connecting", _("연결하는 중")
        LISTENING = "listening", _("듣는 중")
        TROUBLE = "trouble", _("문제가 있음")
        STOPPED = "stopped", _("멈춤: 사람이 손봐야 함")
        PAUSED = "paused", _("쉬는 중")

    source = models.OneToOneField(
        SourceRecord, primary_key=True, on_delete=models.PROTECT, related_name="health"
    )
    state = models.CharField(max_length=12, choices=State.choices)
    sentence = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField(null=True)
    """Since when it is in this state."""
    last_message_at = models.DateTimeField(null=True)
    """When the newest message was said."""
    heard_at = models.DateTimeField(null=True)
    """When messages last came in, however old they were."""
    last_connected_at = models.DateTimeField(null=True)
    received = models.BigIntegerField(default=0)
    """Messages since that gateway started."""
    errors = models.BigIntegerField(default=0)
    behind = models.BigIntegerField(default=0)
    """Messages known to wait at the platform."""
    lag_seconds = models.FloatField(null=True)
    """From the newest message's saying to its coming in."""
    objections = models.BigIntegerField(default=0)
    told_at = models.DateTimeField()
    counters = models.JSONField(default=dict)
    """What each gateway had counted when it last told: by the time it started."""
    unwell_since = models.DateTimeField(null=True)
    """Since when it has not been listening, whatever it was called meanwhile."""
    habit_looked_at = models.DateTimeField(null=True)
    marked_behind = models.BigIntegerField(default=0)
    marked_at = models.DateTimeField()
    """What waited at a moment since which it has never been less: growth is measured from it."""

    def __str__(self) -> str:
        return f"{self.source_id} {self.state}"


class SourceHour(models.Model):
    """How many messages came from a source in one hour (UTC). A row without messages says that the
    source was looked after and silent; no row, that nothing is known."""

    source = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="hours")
    hour = models.DateTimeField()
    messages = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["source", "hour"], name="one_count_an_hour"),
        )
        ordering = ("source", "hour")

    def __str__(self) -> str:
        return f"{self.source_id} {self.hour:%Y-%m-%dT%H} {self.messages}"


class SourceGap(models.Model):
    """A time whose words were not heard and never will be."""

    source = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="gaps")
    since = models.DateTimeField()
    until = models.DateTimeField()
    why = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("-since", "-pk")

    def __str__(self) -> str:
        return f"{self.source_id} {self.since:%Y-%m-%d %H:%M}"


class SourceAlarm(models.Model):
    """One episode in which a source needs a person; people are called once, when it begins."""

    class Kind(models.TextChoices):
        SILENT = "silent", _("평소와 달리 조용함")
        TROUBLE = "trouble", _("연결에 문제가 있음")
        BACKLOG = "backlog", _("밀린 메시지가 늘어남")

    source = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="alarms")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["source", "kind"],
                condition=models.Q(ended_at=None),
                name="one_alarm_at_a_time",
            ),
        )
        ordering = ("-since", "-pk")

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind}"


class SourceTest(models.Model):
    """A fixed test text on its way into one room, asked for by a person."""

    class State(models.TextChoices):
        QUEUED = "queued", _("보내려고 대기 중")
        SENDING = "sending", _("보내는 중")
        SENT = "sent", _("전달됨")
        WAITING = "waiting", _("놓아두었고 확인을 기다림")
        FAILED = "failed", _("전달하지 못함")
        UNKNOWN = "unknown", _("전달 여부를 알 수 없음")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="tests")
    room = SealedTextField(null=True)
    """The platform's own name of the room; no longer held after a day."""
    language = models.CharField(max_length=2, default="ko")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    detail = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["state", "asked_at"], name="source_test_queue"),)
        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"test {self.id} {self.state}"
