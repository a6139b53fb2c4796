"""Alerts: one open alert per conversation and suspected account, linked to the one before it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.conversation import Conversation
from ansim.casework.sealing import SealedTextField
from ansim.detection import Priority


class State(models.TextChoices):
    OPEN = "open", _("열림")
    CLOSED = "closed", _("종결")


class Outcome(models.TextChoices):
    """What it turned out to be; required to close (R21, R28)."""

    CONFIRMED = "confirmed", _("그루밍이 맞음")
    OTHER_HARM = "other_harm", _("다른 위험이 있음")
    NOT_GROOMING = "not_grooming", _("그루밍이 아님 (오경보)")
    UNCLEAR = "unclear", _("판단하기 어려움")


class Done(models.TextChoices):
    """What was done for the young person."""

    CONTACT_MADE = "contact_made", _("청소년과 대화함")
    HANDED_OFF_112 = "handed_off_112", _("경찰 112에 연계")
    HANDED_OFF_117 = "handed_off_117", _("학교폭력 117에 연계")
    HANDED_OFF_1366 = "handed_off_1366", _("여성긴급전화 1366에 연계")
    HANDED_OFF_1388 = "handed_off_1388", _("청소년상담 1388에 연계")
    NO_CONTACT = "no_contact", _("연락하지 않음")


class Alert(models.Model):
    """Suspicion about one account in one conversation, from its raising to its outcome."""

    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="alerts")
    about = models.CharField(max_length=64)
    episode = models.PositiveIntegerField()
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="later")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="held"
    )
    claimed_at = models.DateTimeField(null=True)
    priority = models.CharField(
        max_length=2, choices=[(priority.value, priority.value) for priority in Priority]
    )
    risk = models.FloatField()
    raised_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    first_event_at = models.FloatField()
    """Event time of the message that raised it, seconds since 1970 UTC."""
    why = models.JSONField(default=list)
    """Reasons as data: ``[{"code": …, "values": {…}}, …]``."""
    trajectory = models.JSONField(default=list)
    """Risk of this account over time: ``[[at, risk, message_id], …]`` by event time."""
    versions = models.JSONField(default=dict)
    sequence = models.BigIntegerField(default=0)
    """Position of the stream that this row reflects; older reports are replays."""
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    done = models.JSONField(default=list)
    outcome_note = SealedTextField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    text_purged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["conversation", "about", "episode"], name="one_alert_per_episode"
            ),
            models.UniqueConstraint(
                fields=["conversation", "about"],
                condition=Q(state="open"),
                name="one_open_alert_per_account",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | ~Q(outcome=""), name="closed_has_an_outcome"
            ),
        )
        indexes = (models.Index(fields=["state", "priority", "raised_at"], name="alert_queue"),)

    def __str__(self) -> str:
        return f"alert {self.pk}"
