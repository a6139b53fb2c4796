"""Characters in disguise become plain ones, invisible ones go: NFKC cluster by cluster.

Hangul letters keep their compatibility forms (ㅋ, not the conjoining ᄏ that NFKC makes), because
that is what people type and what the later steps and the models know.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ansim.reading.jamo import FINALS
from ansim.reading.offsets import Edit

PLAIN = " !-~가-힣ㄱ-ㅣㅥ-ㆎ"
"""Inside of a character class: what stands as it is. (U+3164, between ㅣ and ㅥ, is a filler.)"""

MAX_MARKS = 8
"""Combining marks kept on one base. Piled-up marks are noise, and NFKC sorts them in n²."""

_ODD = re.compile(f"[{PLAIN}]?[^{PLAIN}]+")

_INVISIBLE = frozenset(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),  # joiner and fillers
        *range(0x180B, 0x1810),  # Mongolian variation selectors
        *range(0xFE00, 0xFE10),  # variation selectors
        *range(0xE0000, 0xE1000),  # tags and further variation selectors
    )
)
_BLANK = "\u2800"  # Braille pattern without dots: looks like a space
_HANGUL = re.compile("[가-힣ㄱ-ㆎ]")
_CONTINUES = frozenset(
    (
        *range(0x1161, 0x1200),  # conjoining vowels and finals
        *range(0xD7B0, 0xD7FC),
        *(0xFF9E, 0xFF9F),  # half-width voicing marks
        *(0x0E33, 0x0EB3),  # Thai and Lao AM, which fall apart into a mark and a letter
    )
)


def _letters() -> dict[int, str]:
    """Conjoining letters by their compatibility form, wherever one exists."""
    table = {ord(unicodedata.normalize("NFKC", chr(c))): chr(c) for c in range(0x3131, 0x318F)}
    table.pop(0x1160, None)
    table.update({0x11A7 + index: letter for index, letter in enumerate(FINALS) if index})
    return table


_LETTERS = _letters()


@lru_cache(maxsize=4096)
def _role(character: str) -> str:
    """``drop``, ``mark`` (joins the cluster, counted), ``join`` (joins it) or ``base``."""
    code = ord(character)
    if code in _INVISIBLE:
        return "drop"
    if code in _CONTINUES:
        return "join"
    category = unicodedata.category(character)
    if category in ("Cf", "Cs", "Me"):
        return "drop"
    if category == "Cc":
        return "base" if character.isspace() else "drop"
    return "mark" if category[0] == "M" else "base"


def _settle(cluster: str) -> str:
    """The plain form of a cluster from which invisible characters are gone already."""
    return _settle_short(cluster) if len(cluster) <= MAX_MARKS else _settle_any(cluster)


def _settle_any(cluster: str) -> str:
    if "\uffa1" <= cluster[0] <= "\uffdc":  # half-width letters; NFKC would make them conjoining
        letter = unicodedata.decomposition(cluster[0]).rpartition(" ")[2]
        if letter:
            cluster = chr(int(letter, 16)) + cluster[1:]
    apart = unicodedata.normalize("NFKD", cluster)
    if len(apart) > MAX_MARKS:  # one mark may have become two or three
        marks = [at for at, c in enumerate(apart) if _role(c) == "mark"]
        for at in reversed(marks[MAX_MARKS:]):
            apart = apart[:at] + apart[at + 1 :]
    text = unicodedata.normalize("NFC", apart).translate(_LETTERS)
    kept: list[str] = []
    for c in text:
        if kept and _HANGUL.match(kept[-1]) and _role(c) == "mark":
            continue  # struck-through or decorated Hangul: the mark carries no meaning
        kept.append(" " if c.isspace() or c == _BLANK else c)
    return "".join(kept)


_settle_short = lru_cache(maxsize=4096)(_settle_any)
"""Only short clusters are remembered, so that nobody can fill the memory with long ones."""


def plain(text: str) -> list[Edit]:
    """The edits that make the characters plain. Time is linear in the text."""
    edits: list[Edit] = []
    for match in _ODD.finditer(text):
        start, stop = match.span()
        at = start
        while at < stop:
            begin = at
            kept = [text[at]] if _role(text[at]) != "drop" else []
            marks = 0
            at += 1
            while at < stop and (role := _role(text[at])) != "base":
                if role == "join" or (role == "mark" and marks < MAX_MARKS):
                    kept.append(text[at])
                marks += role == "mark"
                at += 1
            new = _settle("".join(kept)) if kept else ""
            if new != text[begin:at]:
                edits.append((begin, at, new))
    return edits
