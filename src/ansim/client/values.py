"""What goes over the wire, and what can go wrong."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

Kind = Literal[
    "image",
    "video",
    "audio",
    "file",
    "sticker",
    "location",
    "contact",
    "call",
    "link",
    "other",
]


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That something other than text was sent.

    ``content`` is the file itself, for pictures and voices: its words and codes are read at once,
    and it is kept nowhere, unless a legal hold stands on the conversation. Leave it out where you
    may not hand it on.
    """

    kind: Kind
    name: str = ""
    content: bytes = b""
    """PNG, JPEG, GIF, WebP, BMP up to 10 MiB; OGG, M4A, MP3, WAV."""


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of one conversation, in your platform's own names.

    ``id`` is unique within the conversation, and stays the same when the message is sent again.
    ``at`` is when it was said: seconds since 1970-01-01 UTC or a datetime with its offset.
    """

    id: str
    conversation: str
    author: str
    text: str
    at: float | datetime = msgspec.field(default_factory=time.time)
    attachments: Sequence[Attachment] = ()
    to_agency: bool | None = None
    """True for an answer that only the agency could read, False for what everybody could; leave it
    out where you cannot say."""
    replaces: str = ""
    """Id of the earlier message that its author changed into this one."""
    deleted: bool = False
    """The message ``replaces`` was taken back; leave ``text`` empty."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why the message at ``index`` of what you sent was not taken; sending it again will not
    help."""

    index: int
    id: str | None = None
    error: str
    detail: str


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What became of messages. The counts and the problems add up to them."""

    accepted: int = 0
    duplicates: int = 0
    """Known by their id already."""
    problems: tuple[Problem, ...] = ()


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """A counsellor's words: show them at once, under the name ``agency``.

    Where ``to`` names an account, nobody else may see them; what cannot be shown to that account
    alone is not shown at all and reported as such. The same ``id`` is shown once.
    """

    id: str
    conversation: str
    agency: str
    language: str
    text: str
    to: str | None = None


class AnsimError(Exception):
    """Base of what this client raises."""


class Refused(AnsimError):
    """Ansim Eye will not take the request: only a person can mend it (a wrong secret, a source
    that is switched off, …)."""

    def __init__(self, status: int, error: str, detail: str) -> None:
        super().__init__(f"{status} {error}: {detail}")
        self.status, self.error, self.detail = status, error, detail

    def __reduce__(self) -> tuple[type[Refused], tuple[int, str, str]]:
        """So that it comes whole out of another process."""
        return Refused, (self.status, self.error, self.detail)


class Unavailable(AnsimError):
    """Ansim Eye could not be reached, or was too busy, for as long as the client was told to wait.

    ``sent`` is what was taken before, ``unsent`` the messages to send again later: with the same
    ids nothing counts twice.
    """

    def __init__(self, reason: str, sent: Sent, unsent: Sequence[Message] = ()) -> None:
        super().__init__(f"{reason}; {len(unsent)} messages not sent")
        self.reason, self.sent, self.unsent = reason, sent, tuple(unsent)

    def __reduce__(self) -> tuple[type[Unavailable], tuple[str, Sent, tuple[Message, ...]]]:
        """So that it comes whole out of another process."""
        return Unavailable, (self.reason, self.sent, self.unsent)
