"""What a picture is and how large, told from its own first bytes before anything decodes it.

Names and declared types are not asked: they are the sender's words. Only headers are read here, by
a few comparisons over at most the bytes that were handed in, so this may run in any process.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansim.pictures.values import Limits, Unread, Why


@dataclass(frozen=True, slots=True)
class Kind:
    """Format, and the size that the header claims, in pixels."""

    format: str
    width: int
    height: int


def sniff(picture: bytes) -> Kind:
    """The kind of a picture. Raises Unread: ``unknown_type``, or ``damaged`` without a size."""
    for begins, reader in _READERS:
        if picture.startswith(begins):
            kind = reader(picture)
            if kind is None or kind.width < 1 or kind.height < 1:
                raise Unread(Why.DAMAGED)
            return kind
    raise Unread(Why.UNKNOWN_TYPE)


def check(picture: bytes, limits: Limits) -> Kind:
    """The kind of a picture that is within the limits. Raises Unread."""
    if len(picture) > limits.picture_bytes:
        raise Unread(Why.TOO_LARGE)
    kind = sniff(picture)
    if max(kind.width, kind.height) > limits.side or kind.width * kind.height > limits.pixels:
        raise Unread(Why.TOO_MANY_PIXELS)
    return kind


def check_all(pictures: list[bytes], limits: Limits) -> list[Kind]:
    """Kinds of the pictures of one request. Raises Unread naming the first that cannot be read."""
    if not 1 <= len(pictures) <= limits.pictures:
        raise Unread(Why.TOO_MANY)
    if sum(map(len, pictures)) > limits.bytes_together:
        raise Unread(Why.TOO_LARGE)
    kinds = []
    for number, picture in enumerate(pictures):
        try:
            kinds.append(check(picture, limits))
        except Unread as problem:
            raise Unread(problem.why, number) from None
    if sum(kind.width * kind.height for kind in kinds) > limits.pixels_together:
        raise Unread(Why.TOO_MANY_PIXELS)
    return kinds


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _png(picture: bytes) -> Kind | None:
    if picture[12:16] != b"IHDR" or len(picture) < 33:
        return None
    return Kind("png", _big(picture[16:20]), _big(picture[20:24]))


def _gif(picture: bytes) -> Kind | None:
    if len(picture) < 13:
        return None
    return Kind("gif", _little(picture[6:8]), _little(picture[8:10]))


def _bmp(picture: bytes) -> Kind | None:
    if len(picture) < 54 or _little(picture[14:18]) not in (40, 52, 56, 108, 124):
        raise Unread(Why.UNKNOWN_TYPE)  # two letters are too few to tell a picture by
    height = int.from_bytes(picture[22:26], "little", signed=True)
    width = int.from_bytes(picture[18:22], "little", signed=True)
    return Kind("bmp", width, abs(height))


def _webp(picture: bytes) -> Kind | None:
    if picture[8:12] != b"WEBP":
        raise Unread(Why.UNKNOWN_TYPE)
    if len(picture) < 30:
        return None
    match picture[12:16]:
        case b"VP8 " if picture[23:26] == b"\x9d\x01\x2a":
            return Kind("webp", _little(picture[26:28]) & 0x3FFF, _little(picture[28:30]) & 0x3FFF)
        case b"VP8L" if picture[20] == 0x2F:
            bits = _little(picture[21:25])
            return Kind("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case b"VP8X":
            return Kind("webp", _little(picture[24:27]) + 1, _little(picture[27:30]) + 1)
    return None


_STARTS_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xD8)}
"""JPEG markers without a length."""
_MOST_SEGMENTS = 4096
"""Before the frame; no camera comes near it, and padding cannot keep the reader busy."""


def _jpeg(picture: bytes) -> Kind | None:
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if at + 9 > len(picture):
            return None
        if picture[at] != 0xFF:
            return None
        marker = picture[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _STARTS_OF_FRAME:
            return Kind("jpeg", _big(picture[at + 7 : at + 9]), _big(picture[at + 5 : at + 7]))
        else:
            length = _big(picture[at + 2 : at + 4])
            if length < 2 or marker == 0xDA:
                return None
            at += 2 + length
    return None


_READERS = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF87a", _gif),
    (b"GIF89a", _gif),
    (b"RIFF", _webp),
    (b"BM", _bmp),
)
