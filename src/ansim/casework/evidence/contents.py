"""What a package holds, as plain values. Facts and estimates are apart from the beginning."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

FORMAT = "ansim-evidence/1"
CASE_FORMAT = "ansim-evidence-case/1"
KOREA = ZoneInfo("Asia/Seoul")

PICTURE = re.compile(r"data:[\w.+-]{1,40}/[\w.+;=-]{0,80};base64,[A-Za-z0-9+/=_\r\n-]{64,}")
"""A picture or other file written out as text. It never leaves (R13)."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A package that somebody asked for, with a reason, and that stands in the audit log."""

    id: str
    alert: int
    """0 where it is the package of a whole case."""
    actor: int
    asked_by: str
    role: str
    reason: str
    at: float
    """When, seconds since 1970 UTC; also the time that the package bears."""
    unmask: bool
    """Whether original names may stand open in it; else they are sealed."""
    agency: str
    software: str
    case: int = 0
    alerts: tuple[int, ...] = ()
    """Those of the case when it was asked for."""

    @property
    def subject(self) -> tuple[str, int]:
        """What it is about, as the audit log names it."""
        return ("case", self.case) if self.case else ("alert", self.alert)


@dataclass(slots=True, kw_only=True)
class Person:
    """One account. ``original`` says what became of its name on the platform."""

    pseudonym: str
    letter: str
    about: bool
    """Whether the alert is about this account."""
    messages: int
    original: str = "not_held"
    """``open`` (in ``name``), ``sealed`` (in ``sealed``), ``not_held``, or ``not_reachable``."""
    sealed: str = ""
    """The name, sealed with the agency's key file, base64."""
    name: str = ""


@dataclass(slots=True, kw_only=True)
class Said:
    """One message. The fields up to ``viewed`` are facts; what follows is an estimate."""

    number: int
    id: str
    sender: str
    """Pseudonym of the account, or the log-in of the counsellor who wrote for the agency."""
    by_agency: bool
    at: float
    received_at: float | None
    kept_at: float | None
    text: str | None
    """In the original spelling; None where it is no longer held."""
    attachments: list[dict[str, str]] = field(default_factory=list)
    withheld: list[dict[str, Any]] = field(default_factory=list)
    delivery: str = ""
    to: str = ""
    """Of the agency's: pseudonym of the one account that it was meant for; empty: everybody.
    Of others "agency" where it was said to the agency alone, "room" where all could read it."""
    replaces: str = ""
    """Id of the earlier message that this one is said to be the new form of."""
    edits: int = 0
    """Number of that message, where it is of the same account and still here."""
    edited_at: float | None = None
    deleted_at: float | None = None
    """When the service no longer showed these words, because they were changed or taken back."""
    viewed: list[dict[str, Any]] = field(default_factory=list)
    risk: float | None = None
    tactics: dict[str, float] = field(default_factory=dict)
    spans: list[list[Any]] = field(default_factory=list)
    noticed: list[dict[str, Any]] = field(default_factory=list)
    """What programs read in its attachments."""
    assessed: bool = False

    def fact(self) -> dict[str, Any]:
        """The line in ``facts/messages.jsonl``."""
        line: dict[str, Any] = {
            "number": self.number,
            "id": self.id,
            "from": "agency" if self.by_agency else "participant",
            "sender": self.sender,
            "said_at": stamp(self.at),
            "at": number(self.at),
            "received_at": stamp(self.received_at),
            "kept_at": stamp(self.kept_at),
            "text": self.text,
            "text_held": self.text is not None,
            "attachments": self.attachments,
            "viewed": self.viewed,
        }
        if self.withheld:
            line["withheld"] = self.withheld
        if self.replaces:
            line |= {"replaces": self.replaces, "edits": self.edits or None}
        if self.edited_at is not None:
            line["edited_at"] = stamp(self.edited_at)
        if self.deleted_at is not None:
            line["deleted_at"] = stamp(self.deleted_at)
        if self.delivery:
            line |= {"delivery": self.delivery, "to": self.to or "everybody"}
        elif self.to:
            line["to"] = self.to
        return line

    def estimate(self) -> dict[str, Any]:
        """The line in ``assessment/messages.jsonl``."""
        line: dict[str, Any] = {
            "number": self.number,
            "assessed": self.assessed,
            "risk_after": number(self.risk),
            "tactics": self.tactics,
            "spans": self.spans,
        }
        if self.noticed:
            line["attachments"] = self.noticed
        return line


@dataclass(slots=True, kw_only=True)
class Gathered:
    """Everything that a package is made of."""

    order: Order
    source: dict[str, Any]
    conversation: dict[str, Any]
    people: list[Person]
    said: list[Said]
    handling: dict[str, Any]
    log: list[dict[str, Any]]
    assessment: dict[str, Any]
    reasons: list[tuple[str, str]]
    """Why the alert was raised, in Korean and English."""
    same_as: int = 0
    """In a case: the alert before it whose conversation this is; its messages stand there."""

    @property
    def alert(self) -> int:
        return int(self.handling["alert"])


@dataclass(slots=True, kw_only=True)
class GatheredCase:
    """A whole case: what joins its alerts, and everything about each of them."""

    order: Order
    case: dict[str, Any]
    chapters: list[Gathered]
    log: list[dict[str, Any]]


def stamp(at: float | datetime | None) -> str | None:
    """ISO 8601 with the offset of Korea; None for nothing and for times no calendar holds."""
    if at is None:
        return None
    try:
        moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, tz=UTC)
        return moment.astimezone(KOREA).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return None


def number(value: float | None) -> float | None:
    """The number itself, or None for what JSON cannot say (infinite, not a number)."""
    return value if value is not None and math.isfinite(value) else None


def without_pictures(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text with every file written out in it replaced by a mark, and what was taken out."""
    taken: list[dict[str, Any]] = []

    def mark(found: re.Match[str]) -> str:
        digest = hashlib.sha256(found.group().encode("utf-8", "surrogatepass")).hexdigest()
        taken.append({"characters": len(found.group()), "sha256": digest})
        return f"[파일 데이터 {len(found.group())}자, 내보내지 않음 / file data withheld]"

    return PICTURE.sub(mark, text), taken


def as_json(value: object, *, indent: int | None = None) -> bytes:
    """UTF-8 JSON. Half a surrogate pair, which UTF-8 cannot hold, is written as ``\\ud83d``."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, indent=indent).encode()


def as_lines(values: Iterable[object]) -> bytes:
    """One JSON document a line."""
    return b"".join(as_json(value) + b"\n" for value in values)


def chained(rows: Iterable[dict[str, Any]]) -> tuple[bytes, str]:
    """Rows as lines that each carry the SHA-256 of the line before, and that of the last line."""
    lines: list[bytes] = []
    before = "0" * 64
    for place, row in enumerate(rows, 1):
        line = as_json({"row": place, "previous": before, **row})
        before = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
    return b"".join(lines), before
