"""Reads the English catalogue and compiles it, without gettext being installed.

`python -m tests.console.catalogue` writes django.mo next to django.po.
"""

from __future__ import annotations

import ast
import struct
from pathlib import Path
from typing import NamedTuple

PO = Path(__file__).parents[2] / "src/ansim/console/locale/en/LC_MESSAGES/django.po"
MO = PO.with_suffix(".mo")


class Entry(NamedTuple):
    """The plural of the original, empty for most, and the translations: one a form."""

    plural: str
    words: list[str]


def read(path: Path = PO) -> dict[str, Entry]:
    """The entries by msgid; the header's is empty."""
    found: dict[str, Entry] = {}
    key = plural = target = ""
    for line in path.read_text("utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if word == "msgid":
            target, key, plural = "id", ast.literal_eval(rest), ""
            assert key not in found, f"{key!r} is there twice"
        elif word == "msgid_plural":
            target, plural = "plural", ast.literal_eval(rest)
        elif word.startswith("msgstr"):
            target = "str"
            found.setdefault(key, Entry(plural, [])).words.append(ast.literal_eval(rest))
        elif line.startswith('"'):
            assert target == "str", f"write {key!r} on one line"
            found[key].words[-1] += ast.literal_eval(line)
    return found


def compiled(path: Path = PO) -> bytes:
    """The catalogue in the binary form of gettext (GNU gettext manual, "The Format of GNU MO")."""
    entries = sorted(
        (
            (f"{key}\0{entry.plural}" if entry.plural else key).encode(),
            "\0".join(entry.words).encode(),
        )
        for key, entry in read(path).items()
    )
    ids = b"".join(key + b"\0" for key, _ in entries)
    words = b"".join(word + b"\0" for _, word in entries)
    start = 28 + 16 * len(entries)
    table_ids, table_words = b"", b""
    at_id, at_word = start, start + len(ids)
    for key, word in entries:
        table_ids += struct.pack("<II", len(key), at_id)
        table_words += struct.pack("<II", len(word), at_word)
        at_id += len(key) + 1
        at_word += len(word) + 1
    header = struct.pack(
        "<7I", 0x950412DE, 0, len(entries), 28, 28 + 8 * len(entries), 0, 28 + 16 * len(entries)
    )
    return header + table_ids + table_words + ids + words


if __name__ == "__main__":
    MO.write_bytes(compiled())
    print(f"{MO}: {len(read()) - 1} strings")
