"""How much a counsellor has read, and how they want to be spared. Shown to nobody but them."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Exposure(models.Model):
    """What one person revealed on one local day: counts, never which words or whose."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exposures"
    )
    day = models.DateField()
    turns = models.PositiveIntegerField(default=0)
    """Messages whose words were revealed."""
    hard = models.PositiveIntegerField(default=0)
    """Of these, the ones with a serious tactic or a sign of distress."""
    last_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["account", "day"], name="one_exposure_a_day"),
        )

    def __str__(self) -> str:
        return f"exposure of {self.account_id} on {self.day}"


class Comfort(models.Model):
    """How one person wants hard content to be shown to them."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comfort"
    )
    greyed = models.BooleanField(default=False)
    spared = models.JSONField(default=list)
    """Ids of tactics and signals whose words stay covered when a whole conversation is shown."""
    break_minutes = models.PositiveIntegerField(default=50)
    break_turns = models.PositiveIntegerField(default=80)
    """A break is proposed after so many minutes of reading or hard messages; 0 never."""
    since = models.DateTimeField(null=True)
    """When the present stretch of reading began: after a break, or a pause of fifteen minutes."""
    last_read_at = models.DateTimeField(null=True)
    hard_since_break = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"comfort of {self.account_id}"
