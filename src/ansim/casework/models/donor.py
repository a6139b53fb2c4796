"""Ways back to people who handed a conversation in: a code of theirs, perhaps an address (R04)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.conversation import Conversation
from ansim.casework.sealing import SealedTextField


class DonorLine(models.Model):
    """One person who handed this conversation in and may be written to.

    Whoever has the code reads what the agency wrote to them and can answer. The code is shown once;
    only its keyed hash is kept.
    """

    class EndedBy(models.TextChoices):
        DONOR = "donor", _("제공한 사람이 그만 받기로 함")
        RETENTION = "retention", _("보관 기간이 끝남")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="donor_lines"
    )
    given_by = models.CharField(
        max_length=12,
        choices=[
            ("participant", _("파일을 준 본인")),
            ("guardian", _("파일을 준 보호자")),
            ("teacher", _("파일을 준 선생님")),
        ],
    )
    under_14 = models.BooleanField(default=False)
    pseudonym = models.CharField(max_length=64, unique=True)
    """Author of their answers among the turns of the conversation."""
    code_hash = models.CharField(max_length=64, unique=True)
    address = SealedTextField(null=True)
    """E-mail address that they left for notices without content, sealed; None where none."""
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    """Who took the file in; None where it came by the page without log-in."""
    opened_at = models.DateTimeField()
    looked_at = models.DateTimeField(null=True)
    """When the page was last opened with the code."""
    unread_since = models.DateTimeField(null=True, db_index=True)
    """Time of the first answer that no counsellor has looked at yet."""
    notice_due_at = models.DateTimeField(null=True, db_index=True)
    notice_tries = models.PositiveIntegerField(default=0)
    noticed_at = models.DateTimeField(null=True)
    notice_error = models.CharField(max_length=200, blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=12, choices=EndedBy.choices, blank=True, default="")

    class Meta:
        ordering = ("opened_at", "pk")

    def __str__(self) -> str:
        return f"donor line {self.pk} of conversation {self.conversation_id}"
