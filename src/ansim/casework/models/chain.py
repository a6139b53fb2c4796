"""The chain over the audit log: links, the segments closed by hash, and who reviewed a month."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ansim.casework.models.record import AuditEvent
from ansim.casework.sealing import SealedTextField


class AuditPending(models.Model):
    """A row not yet in the chain. Written by a trigger with the row itself, so none is missed."""

    event_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return f"audit row {self.event_id}"


class AuditLink(models.Model):
    """The place of one row in the chain. The database refuses to change or delete it."""

    number = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.DO_NOTHING, related_name="link")
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"link {self.number}"


class AuditSegment(models.Model):
    """A closed stretch of the chain. Its rows go whole after two years; this row stays."""

    number = models.PositiveIntegerField(primary_key=True)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    """Links from ``first`` to ``last``, both in it."""
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    """Earliest and latest moment that a row of it tells of."""
    closed_at = models.DateTimeField()
    last_hash = models.CharField(max_length=64)
    """Hash of its last link: the chain goes on from here when the rows are gone."""
    anchor = models.CharField(max_length=64)
    mark = models.CharField(max_length=64)
    """HMAC of the anchor with the key file: the database alone cannot make one."""
    expired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"segment {self.number}"

    @property
    def rows(self) -> int:
        """How many rows it holds, or held."""
        return self.last - self.first + 1


class AuditReview(models.Model):
    """Somebody looked through one month of the audit log."""

    month = models.DateField()
    """The first day of it."""
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_at = models.DateTimeField()
    up_to = models.BigIntegerField()
    """The newest link of the chain when they looked."""
    intact = models.BooleanField()
    """Whether the chain held then."""
    note = SealedTextField(null=True)

    class Meta:
        ordering = ("-month", "-reviewed_at")
        indexes = (models.Index(fields=["month"], name="audit_review_month"),)

    def __str__(self) -> str:
        return f"review of {self.month:%Y-%m}"
