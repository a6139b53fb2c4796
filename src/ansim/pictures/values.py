"""What is seen in a picture, the limits it is read within, and why one goes unread.

All of these cross the pipe between the process that asks and the process that reads, so they are
plain values; nothing here depends on an imaging library.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ansim.chat import CodeSeen, KnownPicture, Noticed, PictureLabel

MAX_PICTURE_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 32_000
MAX_PICTURES = 40
"""Most pictures in one request (a long conversation in screenshots)."""
MAX_BYTES_TOGETHER = 80 * 1024 * 1024
MAX_PIXELS_TOGETHER = 120_000_000
MAX_TEXT = 16 * 1024
"""Most characters of a picture's text that are handed on; what is beyond is cut."""
RENDERED_SIDE = 768
"""Pixels of the longer side of a copy for the reviewing model."""
MOST_RENDERED_BYTES = 300_000
"""Of one such copy."""


class Why(StrEnum):
    """Why a picture was not read, or its text not; what the console shows in words."""

    UNKNOWN_TYPE = "unknown_type"
    """Not a PNG, JPEG, GIF, WebP or BMP by its own first bytes."""
    TOO_LARGE = "too_large"
    """More bytes than are taken."""
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY = "too_many"
    """More pictures at once than are taken."""
    DAMAGED = "damaged"
    TOO_SLOW = "too_slow"
    """Reading it took longer than the limit."""
    TOO_COSTLY = "too_costly"
    """Reading it wanted more memory than the limit."""
    NO_READER = "no_reader"
    """No Tesseract with Korean and English here; all but the text was read."""
    BUSY = "busy"
    """Too many pictures were waiting."""
    BROKE = "broke"
    """The reading process ended without an answer that could be understood."""
    CLASSIFIER = "classifier"
    """A classifier of the operator's failed; all else was read."""


class Unread(Exception):
    """A picture was not read. Says ``why`` and, of several, ``picture`` (from 0; -1: not one)."""

    def __init__(self, why: Why, picture: int = -1) -> None:
        super().__init__(f"picture {picture}: {why}" if picture >= 0 else str(why))
        self.why = why
        self.picture = picture


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one reading may take. Times in seconds, sizes in bytes."""

    picture_bytes: int = MAX_PICTURE_BYTES
    bytes_together: int = MAX_BYTES_TOGETHER
    pixels: int = MAX_PIXELS
    side: int = MAX_SIDE
    pixels_together: int = MAX_PIXELS_TOGETHER
    pictures: int = MAX_PICTURES
    wall: float = 30.0
    """Time for a request with one picture …"""
    wall_more: float = 10.0
    """… and for each one more."""
    turn: float = 60.0
    """Longest wait for a process apart to be free."""
    memory: int = 2 * 1024**3
    """Address space of the reading process, and of the text reader it starts."""
    answer_bytes: int = 4 * 1024 * 1024

    def wall_for(self, pictures: int) -> float:
        """Seconds that a request with so many pictures may take."""
        return self.wall + self.wall_more * max(0, pictures - 1)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of text in a picture. The box is in pixels of the upright picture."""

    text: str
    left: int
    top: int
    width: int
    height: int
    confidence: float
    """0..1, the mean over its words."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks for besides the pictures themselves."""

    words: bool = True
    """Whether the text is read."""
    classifiers: tuple[str, ...] = ()
    """``module:function`` names and folders with an ONNX model, see `classifiers`."""
    rendered: int = 0
    """Longest side in pixels of a small copy for the reviewing model; 0: none is made."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What is seen in one picture. Nothing in it leads back to the picture's own bytes, but for
    the small copy where one was asked for."""

    format: str
    """``png``, ``jpeg``, ``gif``, ``webp`` or ``bmp``."""
    width: int
    """Pixels, of the picture set upright as its camera says."""
    height: int
    lines: tuple[Line, ...] = ()
    codes: tuple[CodeSeen, ...] = ()
    fingerprint: str = ""
    """PDQ hash, 64 hexadecimal digits."""
    quality: int = 0
    """PDQ quality, 0..100; below 50 a hash says little."""
    known: tuple[KnownPicture, ...] = ()
    labels: tuple[PictureLabel, ...] = ()
    unread: str = ""
    """Why part of it was not read (a `Why`), or ""."""
    rendered: bytes = b""
    """A small copy without metadata, see `rendering`; empty where none was asked for, it could not
    be made, or it may be shown to nobody. Never part of ``noticed``."""
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """The words in the picture, line by line."""
        return "\n".join(line.text for line in self.lines)[:MAX_TEXT]

    def noticed(self) -> Noticed:
        """What the rest of the system keeps of it."""
        return Noticed(
            unread=self.unread,
            text=self.text,
            codes=self.codes,
            fingerprint=self.fingerprint,
            known=self.known,
            labels=self.labels,
        )


class Looks(msgspec.Struct, frozen=True):
    """A look for each picture of a request, in its order."""

    looks: tuple[Look, ...]
