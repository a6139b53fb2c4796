"""Reading one message: every disguise we know undone, step by step, until nothing is left to do."""

from __future__ import annotations

import re

from ansim.reading import (
    characters,
    initials,
    jamo,
    keyboard,
    mixed,
    respelling,
    separators,
)
from ansim.reading.offsets import Edit, Edits, apply
from ansim.reading.ordinary import ordinary

VERSION = "2"
"""Goes into every assessment: the same text reads the same under the same version."""

_REPEATED = r"  |([^\dA-Za-z])\1\1"
_PLAIN = re.compile(f"[{characters.PLAIN}]*")
_WORK = re.compile(
    "|".join(
        (
            jamo.TRIGGER,
            separators.TRIGGER,
            mixed.TRIGGER,
            keyboard.TRIGGER,
            initials.TRIGGER,
            respelling.TRIGGER,
            _REPEATED,
        )
    )
)
_LONG = re.compile(r"  +|([^\dA-Za-z])\1{2,}")
"""Digits and Latin letters are left alone: 50000 is not 500, www not ww, OOO stands for a name."""


class Reading:
    """A message as read. ``text`` is normalised; ``raw`` is what was written."""

    __slots__ = ("_steps", "raw", "text")

    def __init__(self, raw: str, text: str, steps: tuple[Edits, ...] = ()) -> None:
        self.raw = raw
        self.text = text
        self._steps = steps

    def __repr__(self) -> str:
        return f"Reading({self.raw!r} -> {self.text!r})"

    @property
    def unchanged(self) -> bool:
        """Nothing had to be done: spans of ``text`` are spans of ``raw``."""
        return not self._steps

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Span ``[start, end)`` of ``text`` as a span of ``raw``, both in code points.

        Monotone in both ends; a non-empty span gives a non-empty one. What was removed (a
        zero-width space, the tail of a long repetition) is inside when it stood between or
        belonged to characters of the span. Raises ValueError unless
        ``0 <= start <= end <= len(text)``.
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"no span [{start}, {end}) in a text of {len(self.text)} characters")
        if start == end:
            for step in reversed(self._steps):
                start = step.start(start)
            return start, start
        for step in reversed(self._steps):
            start, end = step.start(start), step.end(end)
        return start, end


def read(text: str) -> Reading:
    """Reads one message. Never fails, whatever the text; time is linear in it."""
    if (
        _PLAIN.fullmatch(text) is not None
        and _WORK.search(text) is None
        and not ordinary().unusual(text)
    ):
        return Reading(text, text)
    steps: list[Edits] = []
    now = text
    for _ in range(MOST_PASSES):
        before = now
        for step in _STEPS:
            now = _step(now, step(now), steps)
        if now == before:
            return Reading(text, now, tuple(steps))
    return _plainly(text)


def plainly(text: str) -> str:
    """What reading makes of a text without any judgement of words: characters, letters and runs."""
    return _plainly(text).text


def _plainly(text: str) -> Reading:
    """Only what needs no judgement of words, for a text that does not settle otherwise."""
    steps: list[Edits] = []
    now = text
    for step in _SURE_STEPS:
        now = _step(now, step(now), steps)
    return Reading(text, now, tuple(steps))


def _step(text: str, edits: list[Edit], steps: list[Edits]) -> str:
    if not edits:
        return text
    steps.append(Edits(edits))
    return apply(text, edits)


def _squeeze(text: str) -> list[Edit]:
    """진짜아아아아 → 진짜아아, a run of spaces → one. The last kept one stands for the rest."""
    edits: list[Edit] = []
    for match in _LONG.finditer(text):
        start, end = match.span()
        if text[start] != " ":
            start += 1
        edits.append((start, end, text[end - 1]))
    return edits


_SURE_STEPS = (characters.plain, jamo.recompose, _squeeze)
_STEPS = (
    characters.plain,
    jamo.recompose,
    separators.close_up,
    mixed.unmix,
    keyboard.as_typed,
    respelling.wordplay,
    respelling.respell,
    initials.spell_out,
    _squeeze,
)
MOST_PASSES = 8
"""One step may uncover work for another: they are gone through until none finds any."""
