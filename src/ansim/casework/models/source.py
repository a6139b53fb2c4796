"""Declared sources: where messages come from, why they may be read, how they are connected (R01,
R04), and the fixed notices that their rooms are told.
"""

from __future__ import annotations

import msgspec
from django.conf import settings as configured
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.sealing import SealedMapField
from ansim.chat import Consent, Source, SourceKind
from ansim.sources.contract import Declaration, Hears
from ansim.sources.registry import CONNECTORS
from ansim.sources.wiring import NoticeKind, Rule


class SourceRecord(models.Model):
    """One source. Its key is shown once, when it is made; only the SHA-256 of it is kept."""

    class Kind(models.TextChoices):
        PUBLIC_ROOM = SourceKind.PUBLIC_ROOM.value, _("공개 대화방")
        VISIBLE_BOT = SourceKind.VISIBLE_BOT.value, _("모두에게 알린 봇")
        DONATED = SourceKind.DONATED.value, _("참여자가 제공한 대화")
        PLATFORM_PARTNER = SourceKind.PLATFORM_PARTNER.value, _("플랫폼 협력")

    class RoomRule(models.TextChoices):
        TOLD = Rule.TOLD.value, _("모두에게 알린 뒤 읽음 (누구든 멈출 수 있음)")
        AGREED = Rule.AGREED.value, _("모두가 동의한 뒤에만 읽음")

    id = models.SlugField(primary_key=True, max_length=60)
    name = models.CharField(_("이름"), max_length=120)
    kind = models.CharField(_("종류"), max_length=20, choices=Kind.choices)
    legal_basis = models.TextField(_("법적 근거"))
    consent = models.JSONField(_("동의 기록"), null=True, blank=True)
    connector = models.SlugField(_("연결 방식"), max_length=30, default="http")
    api_key_hash = models.CharField(max_length=64, blank=True, editable=False)
    private_messages = models.BooleanField(_("한 사람에게만 글을 전할 수 있음"), default=False)
    settings = models.JSONField(default=dict, blank=True, editable=False)
    """What was entered for ``Declaration.fields``, but for the secrets (``SourceCredentials``)."""
    rule = models.CharField(
        _("방에서 읽기 시작하는 때"),
        max_length=10,
        choices=RoomRule.choices,
        default=RoomRule.TOLD,
    )
    language = models.CharField(
        _("방의 언어"), max_length=2, choices=[("ko", "한국어"), ("en", "English")], default="ko"
    )
    active = models.BooleanField(_("사용 중"), default=True)
    removed_at = models.DateTimeField(null=True, editable=False)
    """Taken out of use for good: its name and what came from it stay, its secrets do not."""
    created_by = models.ForeignKey(
        configured.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
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
            active=self.active and self.removed_at is None,
            private_messages=self.private_messages,
        )

    @property
    def declaration(self) -> Declaration | None:
        """What its connector is and may do; None for a connector that is no longer there."""
        return CONNECTORS.get(self.connector)

    @property
    def can_reply(self) -> bool:
        """Whether a counsellor's words can be carried back to where the messages came from."""
        one = self.declaration
        if one is None or not one.can_reply or self.removed_at is not None:
            return False
        # A conversation that a platform passes on as donated has no way back to the donor; who
        # gives it through the agency's own channel is answered there.
        return self.kind != SourceKind.DONATED or one.hears is Hears.GIVEN_BY_PARTICIPANT

    @property
    def can_message_privately(self) -> bool:
        """Whether words can be brought to one person so that the others do not see them."""
        one = self.declaration
        able = one is not None and one.can_message_privately
        return self.private_messages and able and self.can_reply


class SourceCredentials(models.Model):
    """The secrets that were entered for a source. A table of its own, so that they are opened only
    where they are used; never shown again."""

    source = models.OneToOneField(
        SourceRecord, primary_key=True, on_delete=models.PROTECT, related_name="credentials"
    )
    entries = SealedMapField(null=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"credentials of {self.source_id}"


class SourceDraft(models.Model):
    """What one person has entered so far for a new source; gone when it is declared."""

    author = models.OneToOneField(
        configured.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    entries = SealedMapField(null=True)
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"new source of {self.author_id}"


class SourceNotice(models.Model):
    """One wording of one fixed notice of a source. Never changed: a new wording is a new version,
    and the last approved one is said until somebody approves the next (R02, R08)."""

    class Kind(models.TextChoices):
        ROOM = NoticeKind.ROOM.value, _("방에 처음 알리는 말")
        JOINED = NoticeKind.JOINED.value, _("새로 온 사람에게 알리는 말")
        ASK = NoticeKind.ASK.value, _("방에 동의를 구하는 말")
        STOPPED = NoticeKind.STOPPED.value, _("멈춰 달라는 말에 답하는 말")
        RESUMED = NoticeKind.RESUMED.value, _("다시 읽기 시작할 때의 말")
        ENCRYPTED = NoticeKind.ENCRYPTED.value, _("암호화된 방을 사양하는 말")
        HELLO = NoticeKind.HELLO.value, _("기관에 먼저 말을 건 사람에게 하는 첫 답")

    source = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    version = models.PositiveIntegerField(default=1)
    ko = models.TextField()
    en = models.TextField()
    proposed_by = models.ForeignKey(
        configured.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    """Who wrote it; None for the proposal that comes with the software."""
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        configured.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["source", "kind", "version"], name="one_notice_a_version"
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by=None)
                | models.Q(proposed_by=None)
                | ~models.Q(approved_by=models.F("proposed_by")),
                name="notice_approved_by_another",
            ),
        )
        ordering = ("source", "kind", "-version")

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.version}"

    @property
    def approved(self) -> bool:
        return self.approved_by_id is not None and self.approved_at is not None
