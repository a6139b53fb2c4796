"""A counsellor's words on their way into a conversation, and the approved first messages (R20)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.alert import Alert
from ansim.casework.sealing import SealedTextField


class MessageTemplate(models.Model):
    """A first message. It can be sent only after a named person has approved this version (R08)."""

    slug = models.SlugField(max_length=60)
    language = models.CharField(
        _("언어"), max_length=2, choices=[("ko", "한국어"), ("en", "English")]
    )
    title = models.CharField(_("제목"), max_length=120)
    body = models.TextField(_("본문"))
    version = models.PositiveIntegerField(_("판"), default=1)
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


class Delivery(models.TextChoices):
    QUEUED = "queued", _("보내려고 대기 중")
    SENDING = "sending", _("보내는 중")
    SENT = "sent", _("전달됨")
    FAILED = "failed", _("전달하지 못함")
    UNKNOWN = "unknown", _("전달 여부를 알 수 없음")


class OutgoingMessage(models.Model):
    """One message of one counsellor to one conversation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="outgoing")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
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

    class Meta:
        indexes = (models.Index(fields=["state", "created_at"], name="outgoing_queue"),)
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"outgoing {self.id}"
