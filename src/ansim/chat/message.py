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


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something other than text. Its content is not held, only that it was there."""

    kind: AttachmentKind
    name: str = ""


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
