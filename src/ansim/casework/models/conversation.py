"""Risky conversations and their turns. Text is sealed; names of people are pseudonyms."""

from __future__ import annotations

from django.db import models

from ansim.casework.models.source import SourceRecord
from ansim.casework.sealing import SealedListField, SealedTextField


class Conversation(models.Model):
    """One conversation of one source that has, or had, an alert."""

    source = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="+")
    pseudonym = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["source", "pseudonym"], name="one_conversation"),
        )

    def __str__(self) -> str:
        return f"{self.source_id}/{self.pseudonym}"


class Said(models.Manager["Turn"]):
    """Turns in which something was said. A deletion is a row of the same table, but no message: who
    counts, shows or hands out messages does not meet it."""

    def get_queryset(self) -> models.QuerySet[Turn]:
        return super().get_queryset().filter(deleted=False)


class Turn(models.Model):
    """One message of it with its assessment. ``text`` is None once retention has taken it."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    message_id = models.CharField(max_length=200)
    author = models.CharField(max_length=64)
    at = models.FloatField()
    """Event time, seconds since 1970 UTC."""
    received_at = models.FloatField(default=0.0)
    kept_at = models.DateTimeField(db_index=True)
    """When casework took it over: retention counts from here, whatever ``at`` says."""
    text = SealedTextField(null=True)
    tactics = models.JSONField(default=dict)
    spans = models.JSONField(default=list)
    attachments = SealedListField(null=True, default=list)
    risk = models.FloatField()
    by_agency = models.BooleanField(default=False)
    to_agency = models.BooleanField(null=True, default=None)
    """True for words said to the agency alone, False where the others can read them, None where
    the source does not say."""
    assessed = models.BooleanField(default=True)
    """False for a turn in another language than Korean, which nobody judged."""
    replaces = models.CharField(max_length=200, blank=True, default="")
    """``message_id`` of the earlier turn whose author changed it: ``text`` is how it reads since.
    The earlier turn stays as it was; it may not be held here at all."""
    deleted = models.BooleanField(default=False)
    """The turn ``replaces`` was taken back at ``at``: nothing was said, and there is no text."""

    objects = Said()
    with_deletions = models.Manager["Turn"]()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["conversation", "message_id"], name="one_turn"),
        )
        indexes = (models.Index(fields=["author"], name="turn_author"),)
        # Of one second, in the order in which they came: an id may be a hash and tells no order.
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"turn {self.message_id} of conversation {self.conversation_id}"
