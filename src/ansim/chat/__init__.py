"""The vocabulary every other part speaks: immutable values, no input or output."""

from ansim.chat.message import (
    Attachment,
    AttachmentKind,
    CodeSeen,
    KnownPicture,
    Message,
    Noticed,
    PictureLabel,
)
from ansim.chat.source import Consent, Source, SourceKind

__all__ = [
    "Attachment",
    "AttachmentKind",
    "CodeSeen",
    "Consent",
    "KnownPicture",
    "Message",
    "Noticed",
    "PictureLabel",
    "Source",
    "SourceKind",
]
