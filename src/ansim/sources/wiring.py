"""What a live connector is given: its operator's entries, a memory, and somebody to tell how it is.

Everything is of one source; two sources of one connector know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

import msgspec

from ansim.chat import Source

T = TypeVar("T")


class FieldKind(StrEnum):
    """How an entry is typed and checked."""

    TEXT = "text"
    ADDRESS = "address"
    """http(s)://…, without a path query."""
    LIST = "list"
    """Several entries, one a line."""
    CHOICE = "choice"
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing an operator enters. ``name`` is its key in ``Wiring``."""

    name: str
    ko: str
    en: str
    """What it is called on a page."""
    help_ko: str = ""
    help_en: str = ""
    kind: FieldKind = FieldKind.TEXT
    secret: bool = False
    """Sealed at rest, never shown again, in ``Wiring.credentials``; else in ``Wiring.settings``."""
    required: bool = True
    choices: tuple[str, ...] = ()
    default: str = ""


class Rule(StrEnum):
    """What must have happened in a room before its words are read (R02, R04)."""

    TOLD = "told"
    """All present were told and may object."""
    AGREED = "agreed"
    """All present were told and each agreed by a word."""


class NoticeKind(StrEnum):
    """Fixed words that are said without a person, approved beforehand by a named supervisor."""

    ROOM = "room"
    """To a room: who reads along, why, and how to object."""
    JOINED = "joined"
    """To those who came in later."""
    ASK = "ask"
    """As ROOM, where each has to agree."""
    STOPPED = "stopped"
    """Somebody objected: nothing is read any more."""
    RESUMED = "resumed"
    """Who objected took it back."""
    ENCRYPTED = "encrypted"
    """Encrypted rooms are not joined."""
    HELLO = "hello"
    """To somebody who writes to the agency's own channel."""


class Wiring(msgspec.Struct, frozen=True, kw_only=True):
    """How one source is connected. Contains secrets: never log it, never show it."""

    settings: dict[str, str] = {}
    credentials: dict[str, str] = {}
    notices: dict[str, dict[str, str]] = {}
    """Approved words: ``NoticeKind`` → language ("ko", "en") → text with ``{agency}`` in it."""
    rule: Rule = Rule.TOLD
    language: str = "ko"
    """Language of rooms that do not say theirs."""

    def __repr__(self) -> str:
        return f"Wiring(settings={sorted(self.settings)}, credentials={sorted(self.credentials)})"

    def entry(self, name: str) -> str:
        """A setting or credential; empty where nothing was entered."""
        return self.credentials.get(name) or self.settings.get(name, "")

    def entries(self, name: str) -> list[str]:
        """A setting of several lines."""
        return [line.strip() for line in self.settings.get(name, "").splitlines() if line.strip()]


class Memory(Protocol):
    """What a connector must still know after a crash: positions, rooms, who was told. Sealed."""

    async def get(self, name: str) -> bytes | None: ...

    async def put(self, name: str, value: bytes) -> None:
        """Durable when it returns. Raises ConnectionError."""
        ...

    async def forget(self, name: str) -> None: ...


class Health(Protocol):
    """Whom a connector tells how it is. Sentences hold no account, room or text."""

    def connected(self) -> None:
        """The platform answers and messages come in."""
        ...

    def heard(self, count: int, newest: float) -> None:
        """``count`` messages came in, the newest said at ``newest`` (seconds since 1970)."""
        ...

    def behind(self, messages: int) -> None:
        """So many are known to wait at the platform."""
        ...

    def trouble(self, sentence: str) -> None:
        """Something failed that may pass."""
        ...

    def gap(self, since: float, until: float, why: str) -> None:
        """What was said between these times (seconds since 1970) was not heard and never will be:
        recorded and shown to people."""
        ...

    def objected(self) -> None:
        """Somebody objected and a room is read no more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """All that a connector of one source starts with."""

    source: Source
    wiring: Wiring
    memory: Memory
    health: Health
    agency: Mapping[str, str] = field(default_factory=dict)
    """Name of the agency by language."""


class MemoryInProcess:
    """A memory that ends with its process: for tests and for what need not last."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    async def get(self, name: str) -> bytes | None:
        return self.held.get(name)

    async def put(self, name: str, value: bytes) -> None:
        self.held[name] = value

    async def forget(self, name: str) -> None:
        self.held.pop(name, None)


class Remembered:
    """One name of a memory as a value of a type. ``kind`` must have defaults for all its fields."""

    @staticmethod
    async def read(memory: Memory, name: str, kind: type[T]) -> T:
        """What was written last, or a fresh ``kind()``. Raises ConnectionError."""
        found = await memory.get(name)
        if found is None:
            return kind()
        return msgspec.json.decode(found, type=kind)

    @staticmethod
    async def write(memory: Memory, name: str, value: object) -> None:
        await memory.put(name, msgspec.json.encode(value))
