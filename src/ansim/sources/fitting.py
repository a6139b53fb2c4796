"""What a platform says, made to fit: odd text, names and ids become what intake can take.

A cut is visible in the text; a name that is too long becomes a hash, the same every time.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

from ansim.chat import Attachment, AttachmentKind
from ansim.chat.message import MAX_TEXT_BYTES

MAX_ID = 200
MAX_NAME = 500
MAX_ATTACHMENTS = 20
MAX_ATTACHMENT_NAME = 300
CUT = " … [잘림 / cut]"

_ENDINGS = {
    AttachmentKind.IMAGE: {"jpg", "jpeg", "png", "gif", "webp", "heic", "bmp", "avif"},
    AttachmentKind.VIDEO: {"mp4", "mov", "webm", "mkv", "avi"},
    AttachmentKind.AUDIO: {"mp3", "ogg", "m4a", "wav", "flac", "opus"},
}


def fit_text(value: object, limit: int = MAX_TEXT_BYTES) -> str:
    """Text of at most ``limit`` UTF-8 bytes, without NUL and half surrogate pairs; what is no text
    is empty."""
    if not isinstance(value, str):
        return ""
    whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    encoded = whole.replace("\0", "\ufffd").encode()
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[: limit - len(CUT.encode())].decode("utf-8", "ignore") + CUT


def fit_name(value: object, limit: int = MAX_NAME) -> str:
    """A name of a conversation or account of at most ``limit`` characters; numbers are names too.
    Empty where there is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    name = str(value)
    text = fit_text(name)
    if len(name) <= limit and text == name:
        return name
    return "sha256:" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def fit_id(value: object) -> str:
    """As ``fit_name``, for ids of messages."""
    return fit_name(value, MAX_ID)


def fit_attachment(name: object, media_type: object = "", kind: str = "") -> Attachment:
    """What was attached, by its ``kind`` or else by its media type ("image/png") or its ending."""
    title = fit_text(name)[:MAX_ATTACHMENT_NAME]
    if kind:
        return Attachment(kind=AttachmentKind(kind), name=title)
    family = media_type.partition("/")[0] if isinstance(media_type, str) else ""
    if family in ("image", "video", "audio"):
        return Attachment(kind=AttachmentKind(family), name=title)
    ending = PurePosixPath(title).suffix.lower().removeprefix(".")
    for found, endings in _ENDINGS.items():
        if ending in endings:
            return Attachment(kind=found, name=title)
    return Attachment(kind=AttachmentKind.FILE, name=title)
