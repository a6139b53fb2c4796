"""What passes between colleagues: notes on an alert, the hand-over of a shift, one's own views."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.alert import Alert
from ansim.casework.sealing import SealedTextField


class CaseNote(models.Model):
    """A few sealed words of a colleague on an alert; None once retention has taken them."""

    class Kind(models.TextChoices):
        NOTE = "note", _("메모")
        ESCALATION = "escalation", _("슈퍼바이저에게 올림")
        ANSWER = "answer", _("슈퍼바이저의 답")
        HOLD = "hold", _("보류")
        HANDOVER = "handover", _("넘김")

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.NOTE)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = SealedTextField(null=True)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Handover(models.Model):
    """One person leaves, another signs for what they leave. Until then nothing changes hands."""

    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="offered"
    )
    offered_at = models.DateTimeField()
    note = SealedTextField(null=True)
    signed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["giver"],
                condition=models.Q(signed_at=None, withdrawn_at=None),
                name="one_open_handover",
            ),
        )
        ordering = ("-offered_at",)

    def __str__(self) -> str:
        return f"handover {self.pk}"


class HandoverItem(models.Model):
    """One alert of a hand-over, as it stood when it was signed."""

    handover = models.ForeignKey(Handover, on_delete=models.CASCADE, related_name="items")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="+")
    unowned = models.BooleanField(default=False)
    """Nobody held it: the next shift signs for it as well."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["handover", "alert"], name="once_in_a_handover"),
        )
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"alert {self.alert_id} in handover {self.handover_id}"


class SavedView(models.Model):
    """A search of the queue that somebody wants again, by its query string."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="views"
    )
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=300)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["owner", "name"], name="one_view_per_name"),)
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
