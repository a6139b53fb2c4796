"""Which characters of a turn carry a tactic: what a counsellor sees highlighted (R10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ansim.detection.values import Span

Floats = npt.NDArray[np.float64]

LONGEST_TEXT = 4_000
"""Characters searched. Beyond it no span is sought; the tactic still stands."""

_COST = 0.6
"""Share of the mean positive contribution that every character costs, so that spans stay short."""


def spread(given: Floats, pieces: Sequence[tuple[int, int]], length: int) -> Floats:
    """What pieces of a text give, shared out over their characters; 0 where no piece stands."""
    out = np.zeros(length)
    for value, (start, end) in zip(given, pieces, strict=True):
        if start < end:
            out[start:end] += value / (end - start)
    return out


def find(
    given: Mapping[str, Floats],
    text: str,
    original: Callable[[int, int], tuple[int, int]],
) -> tuple[Span, ...]:
    """Spans of the tactics of one turn, in the coordinates of the original text.

    ``text`` is the normalised, blanked text; ``given`` says what each of its characters adds to
    each tactic to place; ``original`` maps a normalised range to the original one. A tactic without
    any positive character gets none.
    """
    if not text or len(text) > LONGEST_TEXT:
        return ()
    found = []
    for tactic, values in given.items():
        best = _best_stretch(values)
        if best is None:
            continue
        start, end = original(*_to_words(text, *best))
        if start < end:
            found.append(Span(start, end, tactic))
    return tuple(sorted(found, key=lambda span: (span.start, span.end, span.tactic)))


def _best_stretch(given: npt.NDArray[np.float64]) -> tuple[int, int] | None:
    """The contiguous range with the greatest sum after each character's cost (Kadane)."""
    positive = given[given > 0]
    if not len(positive):
        return None
    cost = _COST * float(positive.mean())
    best, best_range = 0.0, None
    running, start = 0.0, 0
    for index, value in enumerate(given):
        if running <= 0:
            running, start = 0.0, index
        running += float(value) - cost
        if running > best:
            best, best_range = running, (start, index + 1)
    return best_range


def _to_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widens a range to whole words and trims the spaces at its ends."""
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
