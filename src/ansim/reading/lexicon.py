"""The words of Korean chat that matter here: current slang with its meaning, words worth restoring.

The list itself is ``lexicon.toml``, meant to be read and mended by people who know young people.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Entry:
    """One word: what it means (Korean), its kind, and whether a disguise of it is undone alone."""

    word: str
    meaning: str
    kind: str
    origin: str
    restore: bool


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """The whole lexicon. Raises ValueError when the file has a word twice."""
    kinds = tomllib.loads(files("ansim.reading").joinpath("lexicon.toml").read_text("utf-8"))
    found: dict[tuple[str, bool], Entry] = {}
    for kind, section in kinds.items():
        letters = kind in ("things", "acts")
        for word, meaning in section["words"].items():
            key = (word, letters)
            if key in found:
                raise ValueError(f"lexicon.toml: {word} stands in {found[key].kind} and in {kind}")
            found[key] = Entry(word, meaning, kind, section["origin"], section["restore"])
    return tuple(found.values())


def of_kind(kind: str) -> dict[str, str]:
    """Words of one kind with their meanings."""
    return {entry.word: entry.meaning for entry in entries() if entry.kind == kind}


def meaning(word: str) -> Entry | None:
    """The entry of a word of chat, for whoever has to read it; None when it is not listed."""
    return _by_word().get(word)


@lru_cache(maxsize=1)
def _by_word() -> dict[str, Entry]:
    return {e.word: e for e in entries() if e.kind not in ("things", "acts", "fixed")}
