"""Declared sources: where messages come from and why they may be read (R01, R04)."""

from __future__ import annotations

import msgspec
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.chat import Consent, Source, SourceKind

CONNECTORS_WITHOUT_REPLY = frozenset({"kakaotalk"})
"""Connectors that only bring a file in: nobody can be written to through them."""
CONNECTORS_WITH_PRIVATE = frozenset({"demo", "http"})
"""Connectors that can bring words to one account alone, where the platform can."""


class SourceRecord(models.Model):
    """One source. Its key is shown once, when it is made; only the SHA-256 of it is kept."""

    class Kind(models.TextChoices):
        PUBLIC_ROOM = SourceKind.PUBLIC_ROOM.value, _("공개 대화방")
        VISIBLE_BOT = SourceKind.VISIBLE_BOT.value, _("모두에게 알린 봇")
        DONATED = SourceKind.DONATED.value, _("참여자가 제공한 대화")
        PLATFORM_PARTNER = SourceKind.PLATFORM_PARTNER.value, _("플랫폼 협력")

    id = models.SlugField(primary_key=True, max_length=60)
    name = models.CharField(_("이름"), max_length=120)
    kind = models.CharField(_("종류"), max_length=20, choices=Kind.choices)
    legal_basis = models.TextField(_("법적 근거"))
    consent = models.JSONField(_("동의 기록"), null=True, blank=True)
    connector = models.SlugField(_("연결 방식"), max_length=30, default="http")
    api_key_hash = models.CharField(max_length=64, blank=True, editable=False)
    private_messages = models.BooleanField(_("한 사람에게만 글을 전할 수 있음"), default=False)
    active = models.BooleanField(_("사용 중"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("등록 시각"))

    class Meta:
        verbose_name = _("출처")
        verbose_name_plural = _("출처")

    def __str__(self) -> str:
        return self.name

    def value(self) -> Source:
        """The same as a plain value, as the rest of the system knows it."""
        try:
            kind = SourceKind(self.kind)
        except ValueError:
            kind = None
        try:
            consent = msgspec.convert(self.consent, Consent) if self.consent else None
        except msgspec.ValidationError:
            consent = None  # an unreadable record of consent is no consent
        return Source(
            id=self.id,
            name=self.name,
            kind=kind,
            legal_basis=self.legal_basis,
            consent=consent,
            connector=self.connector,
            active=self.active,
            private_messages=self.private_messages,
        )

    @property
    def can_reply(self) -> bool:
        """Whether a counsellor's words can be carried back to where the messages came from."""
        return self.kind != SourceKind.DONATED and self.connector not in CONNECTORS_WITHOUT_REPLY

    @property
    def can_message_privately(self) -> bool:
        """Whether words can be brought to one person so that the others do not see them."""
        declared = self.private_messages and self.connector in CONNECTORS_WITH_PRIVATE
        return declared and self.can_reply
