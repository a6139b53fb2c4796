"""The ZIP around a package, in the one way that it can be written: stored, in order, without gaps.

Nothing is compressed and every header follows from name and content, so that each byte of a package
has exactly one right value and a changed one can be named. Any program opens it as a ZIP
(APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Container, Mapping
from typing import BinaryIO

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_UNIX_V20 = 3 << 8 | 20
_DAY_ZERO = 1 << 5 | 1  # 1 January 1980, the first day that a ZIP knows
_READABLE = 0o100644 << 16

MOST_BYTES = 2**32 - 2
MOST_FILES = 1000


class NotAContainer(Exception):
    """These bytes cannot be a package at all."""


def write(sink: BinaryIO, files: Mapping[str, bytes]) -> None:
    """Writes the files in their order. Names are short ASCII paths.

    Raises ValueError for more than a plain ZIP can hold (4 GiB, ``MOST_FILES`` files).
    """
    at, directory = 0, []
    for name, content in files.items():
        head, entry = _records(name, content, at)
        sink.write(head)
        sink.write(content)
        directory.append(entry)
        at += len(head) + len(content)
        if at > MOST_BYTES or len(directory) > MOST_FILES:
            raise ValueError("a package of more than 4 GiB or 1,000 files cannot be written")
    sink.write(_tail(directory, at))


def _records(name: str, content: bytes | memoryview, at: int) -> tuple[bytes, bytes]:
    """The header in front of a file that begins at ``at``, and its entry in the directory."""
    raw, size, check = name.encode("ascii"), len(content), zlib.crc32(content)
    head = _LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, _DAY_ZERO, check, size, size, len(raw), 0)
    entry = _CENTRAL.pack(
        *(b"PK\1\2", _UNIX_V20, 20, 0, 0, 0, _DAY_ZERO, check, size, size, len(raw)),
        *(0, 0, 0, 0, _READABLE, at),
    )
    return head + raw, entry + raw


def _tail(directory: list[bytes], at: int) -> bytes:
    records = b"".join(directory)
    number = len(directory)
    return records + _END.pack(b"PK\5\6", 0, 0, number, number, len(records), at, 0)


def read(
    data: bytes, expected: Container[str] = ()
) -> tuple[dict[str, memoryview], list[tuple[str, str]]]:
    """The files of a package, and what is wrong with the container: (where, what), by file.

    Believes nothing: neither sizes nor offsets nor names; ``expected`` names help to tell which of
    two was changed. Raises NotAContainer where there is no
    list of files to be found at all.
    """
    view = memoryview(data)
    # One changed byte spoils one of the two lists of files: the one that fits better is right.
    lists = (_by_directory(view), _by_walking(view))
    readings = [_compared(view, found) for found in lists if found]
    if not readings:
        raise NotAContainer("this is no evidence package: no list of files was found in it")

    def misfit(reading: _Reading) -> tuple[int, int, int]:
        files, faults, (at, tail) = reading
        known = sum(name in expected for name in files)
        return len(faults) + (view[at:] != tail), -len(files), -known

    files, faults, (at, tail) = min(readings, key=misfit)
    if not faults and view[at:] != tail:
        faults.append(("", "the ZIP directory at the end was changed, or something was added"))
    return files, faults


_Places = list[tuple[str, int, int]]


_Reading = tuple[dict[str, memoryview], list[tuple[str, str]], tuple[int, bytes]]


def _compared(view: memoryview, found: _Places) -> _Reading:
    """Files at these places, those whose headers are not the ones that belong to them, and where
    the directory has to begin and what it has to be."""
    files: dict[str, memoryview] = {}
    faults: list[tuple[str, str]] = []
    directory, at = [], 0
    for name, start, size in found:
        if name in files:
            faults.append((name, "is there twice"))
        content = view[start : start + size]
        files[name] = content
        head, entry = _records(name, content, at)
        if start != at + len(head) or view[at:start] != head:
            faults.append((name, "does not match its header in the ZIP"))
        directory.append(entry)
        at = start + size
    return files, faults, (at, _tail(directory, at))


def _by_directory(view: memoryview) -> _Places | None:
    """Names, starts and sizes from the directory at the end, or None where it makes no sense."""
    if len(view) < _END.size:
        return None
    mark, *_, number, length, at, _comment = _END.unpack(view[-_END.size :])
    if mark != b"PK\5\6" or number > MOST_FILES or at + length != len(view) - _END.size:
        return None
    found: _Places = []
    for _ in range(number):
        if at + _CENTRAL.size > len(view):
            return None
        fields = _CENTRAL.unpack(view[at : at + _CENTRAL.size])
        name = _name(view, at + _CENTRAL.size, fields[10])
        start = fields[-1] + _LOCAL.size + fields[10]
        if fields[0] != b"PK\1\2" or name is None or start + fields[9] > len(view):
            return None
        found.append((name, start, fields[9]))
        at += _CENTRAL.size + fields[10]
    return found


def _by_walking(view: memoryview) -> _Places:
    """The same from the headers in front of the files, as far as they lead."""
    found: _Places = []
    at = 0
    while at + _LOCAL.size <= len(view) and len(found) < MOST_FILES:
        fields = _LOCAL.unpack(view[at : at + _LOCAL.size])
        name = _name(view, at + _LOCAL.size, fields[9])
        start = at + _LOCAL.size + fields[9]
        if fields[0] != b"PK\3\4" or name is None or start + fields[8] > len(view):
            break
        found.append((name, start, fields[8]))
        at = start + fields[8]
    return found


def _name(view: memoryview, at: int, length: int) -> str | None:
    """A name that a package may hold; None for every other, so that none can disturb a page."""
    raw = bytes(view[at : at + length])
    plain = 0 < length == len(raw) <= 100 and raw.isascii()
    name = raw.decode("ascii", "replace")
    return name if plain and all(c.isalnum() or c in "/._-" for c in name) else None
