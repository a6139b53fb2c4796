"""Originals of pictures: sealed, and only of conversations under a legal hold (R06)."""

from __future__ import annotations

from django.db import models

from ansim.casework.models.conversation import Conversation
from ansim.casework.models.hold import LegalHold
from ansim.casework.sealing import SealedBytesField


class PictureOriginal(models.Model):
    """A picture as it came, byte for byte. The row goes when no hold stands any more."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="originals"
    )
    hold = models.ForeignKey(LegalHold, on_delete=models.PROTECT, related_name="originals")
    """The hold that stood when it came."""
    message_id = models.CharField(max_length=200)
    """As in ``Turn``: a keyed hash. The turn may come later, or never."""
    author = models.CharField(max_length=64)
    place = models.PositiveSmallIntegerField()
    """Among the attachments of its message, from 0."""
    at = models.DateTimeField()
    """When it was kept."""
    format = models.CharField(max_length=8)
    """By its own first bytes, as ``pictures.sniffing`` calls it."""
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    """Of the plain bytes, hexadecimal."""
    content = SealedBytesField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["conversation", "message_id", "place"], name="one_original"
            ),
        )
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"original {self.pk} of conversation {self.conversation_id}"
