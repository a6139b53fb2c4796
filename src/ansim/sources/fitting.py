"""What a platform says, made to fit: odd text, names and ids become what intake can take.

A cut is visible in the text; a name that is too long becomes a hash, the same every time. Answers
in JSON are read here without trusting their shape.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from ansim.chat import Attachment, AttachmentKind
from ansim.chat.message import MAX_TEXT_BYTES

Fields = Mapping[str, Any]
"""An object of an answer, whatever is in it."""

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


def fields(value: object) -> Fields:
    """An object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def listed(value: object, name: str) -> list[Fields]:
    """The objects in the list of this name; none where there is no such list."""
    found = fields(value).get(name)
    return [fields(each) for each in found] if isinstance(found, list | tuple) else []


def moment(value: object) -> float:
    """Seconds since 1970 of a time, or of one in ISO 8601, UTC where it names no offset; 0.0 for
    what is no time."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(at, datetime):
            return 0.0
        return max(0.0, (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError, OSError):
        return 0.0
