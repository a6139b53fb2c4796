"""Chat text made fit for a page: harmless characters, and the risky stretches named by tactic."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ansim.detection.tactics import Language, Tactic, tactics

_KEPT = {"\n", "\t"}


@dataclass(frozen=True, slots=True)
class Label:
    """A tactic (T..) or signal of the young person (V..) as a counsellor reads it."""

    id: str
    name: str
    stage: str
    """``s1`` … ``s5`` for tactics, ``signal`` for the rest: the class of its mark."""

    @property
    def is_signal(self) -> bool:
        return self.stage == "signal"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text with the labels it carries; usually none."""

    text: str
    labels: tuple[Label, ...] = ()
    ends: tuple[Label, ...] = ()
    """Labels whose stretch ends with this piece: there their names are written."""


def label(name: str, language: Language) -> Label:
    """The label with this id; an unknown one, from another version, is shown by its id."""
    tactic: Tactic | None = tactics().get(name)
    if tactic is None:
        return Label(name, name, "s1" if name.startswith("T") else "signal")
    stage = tactic.stage[:2].lower() if tactic.stage else "signal"
    # What stands in brackets are examples, too long for a mark in the text.
    return Label(name, tactic.name(language).split("(")[0].strip(), stage)


def harmless(text: str) -> str:
    """Same length, but no control, direction, or half characters: a page cannot be disturbed."""
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in _KEPT or character.isprintable():
        return character
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    return "�" if category == "Cs" else "·"


def pieces(text: str, spans: Sequence[Sequence[object]], language: Language) -> list[Piece]:
    """Cuts ``text`` where a span begins or ends. Spans ``[start, end, id]`` may overlap; parts
    outside the text, which a broken record could hold, are left out."""
    shown = harmless(text)
    stretches: list[tuple[int, int, str]] = []
    for start, end, name in spans:
        if isinstance(start, int) and isinstance(end, int):
            low, high = max(0, start), min(len(shown), end)
            if low < high:
                stretches.append((low, high, str(name)))
    cuts = sorted({0, len(shown), *(s for s, _, _ in stretches), *(e for _, e, _ in stretches)})
    found = []
    for low, high in pairwise(cuts):
        inside = [name for start, end, name in stretches if start <= low and high <= end]
        ending = [name for _, end, name in stretches if end == high]
        found.append(
            Piece(
                shown[low:high],
                tuple(label(name, language) for name in dict.fromkeys(inside)),
                tuple(label(name, language) for name in dict.fromkeys(ending)),
            )
        )
    return found
