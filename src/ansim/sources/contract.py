"""What every source of messages promises: how it hears, how it answers, and why it may.

A connector is one module or package of ``ansim.sources``. It hands what it hears to an ``Intake``
and carries a counsellor's words back; pseudonyms, storage and detection are not its business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from ansim.chat import Attachment, SourceKind
from ansim.sources.wiring import Field


class Hears(StrEnum):
    """Whose words reach a connector, and by whose hand. Interception has no word here (R02)."""

    ROOM_OPEN_TO_ALL = "room_open_to_all"
    ROOM_THAT_WAS_TOLD = "room_that_was_told"
    GIVEN_BY_PARTICIPANT = "given_by_participant"
    GIVEN_BY_PLATFORM = "given_by_platform"


class Way(StrEnum):
    """Who makes the connection."""

    FILE = "file"
    """Nobody: a person brings a file, and nothing goes back."""
    CALLED = "called"
    """The platform calls us (``routes.py`` of the connector)."""
    CALLS = "calls"
    """We call the platform (``connector.py``), as long as the source is switched on."""


class DeliveryState(StrEnum):
    """How far a counsellor's words have come."""

    SENT = "sent"
    WAITING = "waiting"
    """Handed over and lying ready; the platform has not confirmed yet."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """May or may not have arrived; sending again might say it twice."""


class Delivery(msgspec.Struct, frozen=True):
    """Outcome of one attempt to send, with a plain sentence for the counsellor."""

    state: DeliveryState
    detail: str = ""


class ContentGone(Exception):
    """An attachment's content cannot be had: taken back, refused, or more than is taken."""


class Content(Protocol):
    """Where an attachment's bytes can be had, once, while its message is taken in. They are looked
    at and let go; nothing of them is kept but what was noticed, and pictures of a conversation
    under a legal hold. Small copies may pass to the agency's own reviewing model."""

    async def fetch(self, most: int) -> bytes:
        """The bytes, never over ``most``. Raises ContentGone, ConnectionError or TimeoutError."""
        ...


class Handed(msgspec.Struct, frozen=True):
    """Content that came with its message."""

    content: bytes

    async def fetch(self, most: int) -> bytes:
        """As ``Content.fetch``."""
        if len(self.content) > most:
            raise ContentGone("too_large")
        return self.content


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """One message in the platform's own names, before intake makes them pseudonyms.

    ``at`` is in seconds since 1970-01-01 UTC.
    """

    id: str
    conversation: str
    author: str
    at: float
    text: str
    attachments: tuple[Attachment, ...] = ()
    contents: tuple[Content | None, ...] = ()
    """Where the content of each attachment can be had, in the order of ``attachments``; empty, or
    None, where the platform hands on none. Intake asks for those of pictures and voices only."""
    patience: float = 25.0
    """Seconds that the platform waits for us: what was not read by then goes on unread."""
    to_agency: bool | None = None
    """Said to the agency alone, or where all could read it; None where the platform cannot say."""
    replaces: str = ""
    """Id of the earlier message that its author changed: ``text`` is how it reads now."""
    deleted: bool = False
    """The message ``replaces`` was taken back; ``text`` is empty. ``author`` is whose message it
    was, also where a moderator removed it."""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A counsellor's words on their way out, addressed in the platform's own names.

    ``agency`` is the name they are spoken under and ``author`` the human who wrote them (a
    user name of the console); neither may be empty (R03).
    """

    id: str
    source: str
    conversation: str
    text: str
    language: str
    agency: str
    author: str
    recipient: str = ""
    """The account that alone may see the words; empty: everybody in the conversation."""


class Outcome(StrEnum):
    """What intake did with one message."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    FAILED = "failed"
    UNREAD = "unread"
    """Not taken: its person, or somebody in the conversation, asked that it is read no more (R07).
    Sending it again will not help."""


class IntakeRefused(Exception):
    """The source may not be read; the message says why in one sentence."""


class Revoked(Exception):
    """The platform does not accept our credentials (any more): only a person can mend it. The
    message says in one sentence what was refused, without the credentials."""


class IntakeBusy(Exception):
    """Nothing can be stored now; ``retry_after`` says in how many seconds to try again."""

    def __init__(self, reason: str, retry_after: int, *, overloaded: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.overloaded = overloaded
        """True when too much is waiting, False when the store cannot be reached."""


Intake = Callable[[str, Sequence[Incoming]], Awaitable[list[Outcome]]]
"""Takes a source id and messages in the order they were said; returns when they are durable, with
one outcome a message. Raises IntakeRefused or IntakeBusy when none was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a connector is and may do. The registry refuses to list one that leaves gaps."""

    name: str
    """Module of ``ansim.sources`` and page of ``docs/connectors``."""
    kinds: frozenset[SourceKind]
    hears: Hears
    legal_basis: str
    """Why reading through this connector can be lawful, in one or two sentences (R01)."""
    legal_basis_ko: str
    """The same in Korean."""
    can_reply: bool
    can_message_privately: bool
    """Whether it can bring words to one account so that the others do not see them. A source says
    for itself whether its platform does (``Source.private_messages``)."""
    keeps_history: bool
    """Whether the platform still shows what was said before a participant came in."""
    sends_once: bool
    """Sending the same id twice says it once, so a send cut short may be repeated."""
    way: Way
    edits: bool = False
    """Whether the platform tells that a message was changed or taken back."""
    fields: tuple[Field, ...] = ()
    """What an operator enters for a source of this connector."""


class Connector(Protocol):
    """A live way in and out. A file import has a Declaration only."""

    @property
    def declaration(self) -> Declaration: ...

    async def receive(self, intake: Intake) -> None:
        """Hands every message it hears to ``intake`` until cancelled (``handing.hand`` insists).

        Raises ConnectionError when the platform cannot be reached: it is called again, after ever
        longer pauses. Raises Revoked, IntakeRefused where only a person can help.
        """
        ...

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Carries a counsellor's words into the conversation.

        Raises ConnectionError when the way out is down for now and sending can be tried again:
        only where nothing was said for sure, or where ``sends_once`` holds.
        """
        ...
