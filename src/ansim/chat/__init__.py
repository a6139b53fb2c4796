"""The vocabulary every other part speaks: immutable values, no input or output."""

from ansim.chat.message import Attachment, AttachmentKind, Message
from ansim.chat.source import Consent, Source, SourceKind

__all__ = ["Attachment", "AttachmentKind", "Consent", "Message", "Source", "SourceKind"]
