"""What the watch goes by: how soon an alert must be taken, how many the team can answer, and the
ways in which people are called who do not look at the console.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.alert import Alert
from ansim.casework.models.source import SourceRecord
from ansim.casework.sealing import SealedTextField


class ResponseTarget(models.Model):
    """How soon an alert of one priority must be taken, and when its holder counts as gone."""

    priority = models.CharField(primary_key=True, max_length=2)
    acknowledge_seconds = models.PositiveIntegerField(null=True)
    """From raising to taking; None: looked at in the daily digest, no timer."""
    abandoned_seconds = models.PositiveIntegerField()
    """A holder who does nothing at the desk for this long has left the alert behind."""

    class Meta:
        ordering = ("priority",)

    def __str__(self) -> str:
        return self.priority


class TeamPlan(models.Model):
    """One row: how many counsellors a shift has, and how many alerts one can answer in an hour."""

    counsellors = models.PositiveIntegerField(default=2)
    alerts_per_hour = models.FloatField(default=4.0)

    def __str__(self) -> str:
        return f"{self.counsellors} x {self.alerts_per_hour}/h"


class Channel(models.Model):
    """One way of calling people away from the console. Tried in ``place`` order."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("이메일")
        WEBHOOK = "webhook", _("웹훅 (메신저, 호출 서비스)")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=80)
    address = SealedTextField()
    place = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    """A failing channel goes to the end of the row until then."""
    last_ok_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("place", "pk")

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """One call for people: it names an alert by number or a source by its label, never an account
    or a word of a chat."""

    class Kind(models.TextChoices):
        OVERDUE = "overdue", _("제때 맡지 못한 경보")
        ESCALATED = "escalated", _("슈퍼바이저에게 올린 경보")
        RETURNED = "returned", _("담당이 자리를 비워 돌아온 경보")
        UNATTENDED = "unattended", _("근무하는 사람이 없음")
        UNREAD = "unread", _("들어온 메시지를 아무도 읽지 않음")
        REQUEST = "request", _("정보주체의 요구에 답할 날이 다가옴")
        REPORT_DUE = "report_due", _("경찰에 신고할 시한이 지난 사례")
        SOURCE_SILENT = "silent", _("평소와 달리 조용한 출처")
        SOURCE_TROUBLE = "trouble", _("연결에 문제가 있는 출처")
        BACKLOG = "backlog", _("밀린 메시지가 늘어나는 출처")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    alert = models.ForeignKey(Alert, null=True, on_delete=models.PROTECT, related_name="notices")
    source = models.ForeignKey(SourceRecord, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    channel = models.ForeignKey(Channel, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    """Delivered (``channel`` says how), or given up because nobody needs it any more."""

    class Meta:
        indexes = (models.Index(fields=["ended_at", "next_try_at"], name="notice_queue"),)
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ReadingState(models.Model):
    """One row: what a gateway last said about whether messages that came in are read."""

    unread = models.PositiveIntegerField(default=0)
    """Messages in the stream that no worker has read."""
    still_since = models.DateTimeField(null=True)
    """Since when some of them wait in a partition that does not move."""
    told_at = models.DateTimeField()
    stopped = models.BooleanField(default=False)
    """The gateway was asked to stop, so that its silence is no alarm."""

    def __str__(self) -> str:
        return f"{self.unread} unread"
