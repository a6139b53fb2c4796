"""Legal holds: words of a conversation that must outlive their time, and for how long (R06)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ansim.casework.models.alert import Alert
from ansim.casework.sealing import SealedTextField


class LegalHold(models.Model):
    """While it is not released, nothing of the alert's conversation is deleted."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="legal_holds")
    reason = SealedTextField()
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    placed_at = models.DateTimeField()
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    released_at = models.DateTimeField(null=True)
    release_reason = SealedTextField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["alert"], condition=models.Q(released_at=None), name="one_hold_an_alert"
            ),
        )
        ordering = ("-placed_at",)

    def __str__(self) -> str:
        return f"hold {self.pk} on alert {self.alert_id}"
