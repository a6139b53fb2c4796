"""A counsellor's words on their way into a conversation, and the approved first messages (R20)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.alert import Alert
from ansim.casework.models.donor import DonorLine
from ansim.casework.sealing import SealedListField, SealedTextField


class MessageTemplate(models.Model):
    """A first message. It can be sent only after a named person has approved this version (R08)."""

    slug = models.SlugField(max_length=60)
    language = models.CharField(
        _("언어"), max_length=2, choices=[("ko", "한국어"), ("en", "English")]
    )
    title = models.CharField(_("제목"), max_length=120)
    body = models.TextField(_("본문"))
    version = models.PositiveIntegerField(_("판"), default=1)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    """Who wrote this version: somebody else has to approve it."""
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("첫 메시지")
        verbose_name_plural = _("첫 메시지")
        constraints = (
            models.UniqueConstraint(fields=["slug", "language"], name="one_template_per_language"),
        )
        ordering = ("language", "slug")

    def __str__(self) -> str:
        return self.title

    @property
    def approved(self) -> bool:
        return self.approved_by_id is not None and self.approved_at is not None

    @property
    def text(self) -> str:
        """The body with the agency's name in it."""
        house = settings.ANSIM
        agency = house.agency_ko if self.language == "ko" else house.agency_en
        return self.body.replace("{agency}", agency)


class TemplateVersion(models.Model):
    """A wording that a first message had, and who wrote and approved it. Never changed again."""

    template = models.ForeignKey(MessageTemplate, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    body = models.TextField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["template", "version"], name="one_wording_a_version"),
        )
        ordering = ("-version",)

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class Delivery(models.TextChoices):
    QUEUED = "queued", _("보내려고 대기 중")
    LAID = "laid", _("번호로 열어 보기를 기다림")
    SENDING = "sending", _("보내는 중")
    SENT = "sent", _("전달됨")
    FAILED = "failed", _("전달하지 못함")
    UNKNOWN = "unknown", _("전달 여부를 알 수 없음")


class OutgoingMessage(models.Model):
    """One message of one counsellor to one conversation, or to one person in it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="outgoing")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recipient = models.CharField(max_length=64, blank=True, default="")
    """Pseudonym of the account that alone may see it; empty: everybody in the conversation."""
    donor = models.ForeignKey(
        DonorLine, null=True, on_delete=models.PROTECT, related_name="letters"
    )
    """Whom it lies ready for, who reads it with a code; then it goes into no conversation."""
    text = SealedTextField(null=True)
    language = models.CharField(max_length=2, default="ko")
    template = models.ForeignKey(
        MessageTemplate, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=10, choices=Delivery.choices, default=Delivery.QUEUED)
    detail = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    check_hash = models.CharField(max_length=64, blank=True, db_index=True)
    """Keyed hash of the code with which its reader can check that it is real."""

    class Meta:
        indexes = (models.Index(fields=["state", "created_at"], name="outgoing_queue"),)
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"outgoing {self.id}"


class Draft(models.Model):
    """What one person has typed into one form of one alert and not sent yet. Only theirs."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="drafts")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=12)
    fields = SealedListField(null=True, default=list)
    """``[[name, value], …]`` as the form would send them."""
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["alert", "author", "form"], name="one_draft_a_form"),
        )

    def __str__(self) -> str:
        return f"draft of {self.author_id} for alert {self.alert_id}"
