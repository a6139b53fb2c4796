"""What detection takes and returns. Everything here is a plain value that msgspec can encode."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ansim.chat import Attachment


class Priority(StrEnum):
    """How soon a counsellor is needed. P1 sorts first."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Characters ``[start, end)`` (code points of the original text) that carry one tactic."""

    start: int
    end: int
    tactic: str


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that made the risk what it is: a code of ``detection.reasons`` and its values."""

    code: str
    values: dict[str, str | int | float] = {}


class Turn(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One assessed message. ``text`` is None once retention has taken it; the numbers stay."""

    id: str
    author: str
    at: float
    text: str | None
    risk: float
    """Risk of the conversation (0..1, calibrated) after this turn."""
    tactics: dict[str, float] = {}
    """Probability by tactic (T01..T16) and youth signal (V1..V5) of this turn, where not small."""
    spans: tuple[Span, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    received_at: float = 0.0
    by_agency: bool = False
    to_agency: bool | None = None
    """As in ``chat.Message``."""
    assessed: bool = True
    """False for words in another language than Korean: nobody judged them, which is not safe."""
    replaces: str = ""
    deleted: bool = False
    """As in ``chat.Message``. A deletion is no turn of the talk: nothing in it was judged."""
    taken_back: Turn | None = None
    """The deletion of this turn, where a state holds both. The turn itself stays as it was."""


class Versions(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which parts produced an assessment, so that it can be reproduced (R10)."""

    software: str
    gate: str
    risk: str
    reading: str
    threshold: float
    watch: float
    context: str = ""
    """The context model; empty where there is none."""
    words: str = ""
    """The operator's list of words for T12; empty where none was given."""


class AlertEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alert was raised or has new evidence. One exists per conversation, account and episode."""

    about: str
    """Pseudonym of the suspected account."""
    episode: int
    """1 for the first alert about this account here; one more after each closing."""
    raised: bool
    """True for the message that opened the episode, False for an update."""
    risk: float
    """Risk from this account alone, 0..1."""
    priority: Priority
    why: tuple[Reason, ...]


class Assessment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outcome of reading one message in its conversation. Never without its evidence."""

    conversation: str
    turn: Turn
    risk: float
    """Risk of the conversation so far, 0..1: that of its most suspicious account."""
    about: str | None
    """That account, or None while nothing speaks against anyone."""
    priority: Priority | None
    """None below the alert threshold."""
    alerts: tuple[AlertEvent, ...] = ()
