"""Where messages come from, and why we may read them (R01–R04)."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class SourceKind(StrEnum):
    """The four lawful ways in. There is no fifth: private messages are never intercepted (R02)."""

    PUBLIC_ROOM = "public_room"
    VISIBLE_BOT = "visible_bot"
    DONATED = "donated"
    PLATFORM_PARTNER = "platform_partner"


class Consent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who agreed to the reading, when and how; for under-14s also their guardian (R04)."""

    given_by: str
    """A role ("participant", "guardian", "all present", "operator"), never a name."""
    given_at: float
    how: str
    guardian: bool = False


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A declared source. ``refusal`` says why intake would not accept its messages."""

    id: str
    name: str
    kind: SourceKind | None
    legal_basis: str
    consent: Consent | None = None
    connector: str = "http"
    """Name of the module in ``ansim.sources`` that carries words in and out."""
    active: bool = True
    private_messages: bool = False
    """Whether the agency's words can be brought to one account alone (where the connector can)."""

    def refusal(self) -> str | None:
        """Why this source may not be read, in one sentence, or None when it may."""
        if self.kind is None:
            kinds = ", ".join(kind.value for kind in SourceKind)
            return f"source {self.id!r} declares no kind (one of {kinds})"
        if not self.legal_basis.strip():
            return f"source {self.id!r} declares no legal basis"
        if self.kind in (SourceKind.DONATED, SourceKind.VISIBLE_BOT) and self.consent is None:
            return f"source {self.id!r} is of kind {self.kind.value} and has no consent record"
        if not self.active:
            return f"source {self.id!r} is switched off"
        return None
