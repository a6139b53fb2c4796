"""One utterance in a conversation, as the rest of the system sees it.

Names of accounts and conversations are pseudonyms here (R05); the raw ids live only, sealed, in
the routing table of the source they came from. ``ansim check`` and ``ansim score``, which work on
a file of their caller's and keep nothing, put the names of that file in the same fields.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

MAX_TEXT_BYTES = 64 * 1024
"""Longest message text accepted anywhere, in UTF-8 bytes."""


class AttachmentKind(StrEnum):
    """What was attached, as far as the source says."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    FILE = "file"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    CALL = "call"
    LINK = "link"
    OTHER = "other"


class CodeSeen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A QR or bar code in a picture: its format, its text, and what that text leads to."""

    format: str
    text: str
    leads_to: str = "text"
    """``messenger`` (an invitation to another service), ``link`` or ``text``."""


class KnownPicture(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture like one on a list that the operator supplied."""

    list: str
    distance: int
    """Bits of 256 in which the two hashes differ."""


class PictureLabel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a classifier that the operator supplied says of a picture; ``score`` is within 0..1."""

    classifier: str
    name: str
    score: float


class Noticed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found in an attachment before its content was let go."""

    unread: str = ""
    """Why it was not read or heard, as a code of `pictures` or `voice`; "" if it was."""
    text: str = ""
    """The words in a picture, or what was said in a voice message."""
    codes: tuple[CodeSeen, ...] = ()
    fingerprint: str = ""
    """PDQ hash of a picture, 64 hexadecimal digits."""
    known: tuple[KnownPicture, ...] = ()
    labels: tuple[PictureLabel, ...] = ()


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something other than text. Its content is not held, only what was noticed in it."""

    kind: AttachmentKind
    name: str = ""
    noticed: Noticed | None = None
    """None: nobody looked (a source that hands on no content)."""


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One message of one conversation.

    ``at`` is the event time (when it was said, by the source's clock) and ``received_at`` the time
    of intake, both in seconds since 1970-01-01 UTC. Inside a conversation messages are ordered by
    ``(at, id)``. ``id`` is unique within its source and conversation.
    """

    id: str
    source: str
    conversation: str
    author: str
    at: float
    text: str
    attachments: tuple[Attachment, ...] = ()
    received_at: float = 0.0
    by_agency: bool = False
    """Said by the agency itself (a counsellor's words come back): shown, never scored."""
    to_agency: bool | None = None
    """Said to the agency alone, or where all could read it; None where the source does not say."""
    replaces: str = ""
    """Id of the earlier message whose author changed it: ``text`` is how it reads now."""
    deleted: bool = False
    """The message ``replaces`` was taken back; ``text`` is empty."""

    @property
    def order(self) -> tuple[float, str]:
        """Sort key inside a conversation."""
        return (self.at, self.id)
