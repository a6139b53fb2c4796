"""Bytes of an export become text: UTF-8 or UTF-16 with or without a mark, or CP949."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_REPLACED = "\ufffd"


def decode(data: bytes) -> tuple[str, int] | None:
    """The text, with ``\\n`` for every kind of line end, and how many characters were unreadable.

    None when this is no text at all. A few broken characters (a file cut in the middle of one)
    are replaced; more than one in ten of the non-ASCII ones are not put up with.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            found = _try(data[len(mark) :], encoding)
            break
    else:
        found = _unmarked(data)
    if found is None:
        return None
    text, broken = found
    return text.replace("\r\n", "\n").replace("\r", "\n"), broken


def _unmarked(data: bytes) -> tuple[str, int] | None:
    head = data[:4096]
    if len(head) >= 4 and head.count(0) * 5 > len(head):  # UTF-16 of ASCII digits and line ends
        little = head[1::2].count(0) >= head[0::2].count(0)
        return _try(data, "utf-16-le" if little else "utf-16-be")
    return _try(data, "utf-8") or _try(data, "cp949")


def _try(data: bytes, encoding: str) -> tuple[str, int] | None:
    try:
        return data.decode(encoding), 0
    except UnicodeDecodeError:
        pass
    text = data.decode(encoding, "replace")
    broken = text.count(_REPLACED)
    readable = len(text) - broken - sum(map(text.count, map(chr, range(128))))
    return (text, broken) if broken * 10 <= readable else None
