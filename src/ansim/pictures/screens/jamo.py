"""Single jamo (ㅇㅇ, ㄱㄱ, ㄹㅇ, ㅠㅠ) on a line of writing, known by their shape.

Tesseract's Korean model was taught whole syllables: of jamo that stand alone it makes digits and
Latin letters. They are simple shapes, the same in every plain font, so each is described here by
its strokes and laid over what stands in a cell of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Stroke = tuple[tuple[float, float], ...]

_ROOF: Stroke = ((0, 0), (1, 0))
_FLOOR: Stroke = ((0, 1), (1, 1))
_STROKES: dict[str, tuple[Stroke, ...]] = {
    "ㄱ": (((0, 0), (1, 0), (1, 1)),),
    "ㄴ": (((0, 0), (0, 1), (1, 1)),),
    "ㄷ": (((1, 0), (0, 0), (0, 1), (1, 1)),),
    "ㄹ": (((0, 0), (1, 0), (1, 0.48), (0, 0.48), (0, 1), (1, 1)),),
    "ㅁ": (((0, 0), (1, 0), (1, 1), (0, 1), (0, 0)),),
    "ㅂ": (((0, 0), (0, 1), (1, 1), (1, 0)), ((0, 0.45), (1, 0.45))),
    "ㅅ": (((0.5, 0), (0.46, 0.35), (0, 1)), ((0.5, 0.3), (0.62, 0.62), (1, 1))),
    "ㅇ": (),
    "ㅈ": (_ROOF, ((0.5, 0), (0.46, 0.42), (0, 1)), ((0.5, 0.4), (0.65, 0.7), (1, 1))),
    "ㅊ": (
        ((0.5, 0), (0.5, 0.22)),
        ((0, 0.22), (1, 0.22)),
        ((0.5, 0.22), (0.46, 0.55), (0, 1)),
        ((0.5, 0.52), (0.65, 0.78), (1, 1)),
    ),
    "ㅋ": (((0, 0), (1, 0), (1, 1)), ((0, 0.48), (1, 0.48))),
    "ㅌ": (((1, 0), (0, 0), (0, 1), (1, 1)), ((0, 0.48), (1, 0.48))),
    "ㅍ": (_ROOF, _FLOOR, ((0.27, 0), (0.27, 1)), ((0.73, 0), (0.73, 1))),
    "ㅠ": (_ROOF, ((0.3, 0), (0.3, 1)), ((0.7, 0), (0.7, 1))),
    "ㅜ": (_ROOF, ((0.5, 0), (0.5, 1))),
}
"""Strokes in a square from (0, 0), upper left, to (1, 1)."""
_SIDE = 40
"""Pixels of the square on which shapes are compared."""
_INK = 128
_LIKE = 0.075
"""Distance of shape and strokes, in sides of the square, up to which it is that jamo."""
_CLEARLY, _STILL_LIKE, _QUITE_CLEARLY = 0.012, 0.115, 0.03
"""How much nearer than to any other; if that is much, it may be farther than ``_LIKE`` itself."""
_SMALLEST, _TALLEST, _WIDEST = 0.28, 0.68, 1.0
"""Height and width of a jamo that stands alone, in heights of the print; syllables are taller."""
_OF_SYLLABLE = 0.72
"""Its height, at most, in heights of the tallest syllable on the line."""
_KNOWN = frozenset("ㅋㅎㅠㅜ")
"""Those that Tesseract reads well in any number."""
_NEAREST, _FARTHEST = 0.66, 1.25
"""How far apart the middles of two are, in the same: parts of one syllable are nearer, and so are
digits."""


class Found(NamedTuple):
    """A run of jamo: from which column to which, and what it says."""

    left: int
    right: int
    text: str


def runs(strip: Grey, unit: float) -> list[Found]:
    """Two or more jamo side by side on a line (dark on white), each in a cell of its own. ``unit``
    is the height of the print in pixels."""
    cells = _cells(strip)
    middles = [(left + right) / 2 for left, right in cells]
    gaps = [b - a for a, b in itertools.pairwise(middles)]
    alone = [
        all(gap >= _NEAREST * unit for gap in gaps[max(0, place - 1) : place + 1])
        for place in range(len(cells))
    ]
    # Where the line is smaller than it should be, its syllables tell.
    high = max((_height(strip[:, left:right]) for left, right in cells), default=0)
    tallest = min(_TALLEST * unit, _OF_SYLLABLE * high if high > _TALLEST * unit else np.inf)
    said = [
        _said(strip[:, left:right], unit, tallest) if free else ""
        for (left, right), free in zip(cells, alone, strict=True)
    ]
    found: list[Found] = []
    place = 0
    while place < len(cells):
        end = place
        while (
            end < len(cells) and said[end] and (end == place or gaps[end - 1] <= _FARTHEST * unit)
        ):
            end += 1
        if end - place >= 2 and not _KNOWN.issuperset(said[place:end]):
            found.append(Found(cells[place][0], cells[end - 1][1], "".join(said[place:end])))
        place = max(end, place + 1)
    return found


def _cells(strip: Grey) -> list[tuple[int, int]]:
    """Runs of columns with ink: first and after the last of each."""
    inked = np.concatenate([[False], (strip < _INK).any(axis=0), [False]])
    turns = np.flatnonzero(inked[1:] != inked[:-1])
    return [(int(a), int(b)) for a, b in zip(turns[::2], turns[1::2], strict=True)]


def _height(cell: Grey) -> int:
    rows = np.flatnonzero((cell < _INK).any(axis=1))
    return int(rows[-1] - rows[0] + 1)


def _said(cell: Grey, unit: float, tallest: float) -> str:
    """The jamo in a cell, or nothing."""
    ink = np.asarray(cell < _INK, np.uint8)
    rows = np.flatnonzero(ink.any(axis=1))
    ink = ink[rows[0] : rows[-1] + 1]
    height, width = ink.shape
    if min(height, width) < _SMALLEST * unit:
        return ""
    if height > tallest or width > _WIDEST * unit:
        return ""
    framed = cv2.copyMakeBorder(ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    half = float(np.percentile(cv2.distanceTransform(framed, cv2.DIST_L2, 3)[framed > 0], 90))
    if half > 0.14 * unit:
        return ""  # no stroke of a letter is so thick
    far = sorted((_distance(ink, half, jamo), jamo) for jamo in _STROKES)
    (best, jamo), (next_best, _) = far[0], far[1]
    apart = next_best - best
    near = best <= _LIKE and apart >= _CLEARLY
    return jamo if near or (best <= _STILL_LIKE and apart >= _QUITE_CLEARLY) else ""


def _distance(ink: NDArray[np.uint8], half: float, jamo: str) -> float:
    """How far the ink is from the strokes of a jamo and these from it, in sides of the square."""
    height, width = ink.shape
    inner_height, inner_width = max(1.0, height - 2 * half), max(1.0, width - 2 * half)
    lines = _lines(jamo)
    # The strokes' middles span the ink but for half a stroke at each edge.
    onto = np.rint(lines * (inner_width, inner_height) + half).astype(int)
    columns, rows = onto[:, 0].clip(0, width - 1), onto[:, 1].clip(0, height - 1)
    size = (inner_height * inner_width) ** 0.5
    to_ink = cv2.distanceTransform(np.asarray(1 - ink, np.uint8), cv2.DIST_L2, 3)
    drawn = np.ones_like(ink)
    drawn[rows, columns] = 0
    to_lines = cv2.distanceTransform(drawn, cv2.DIST_L2, 3)
    missing = to_ink[rows, columns] / size
    extra = np.maximum(0.0, to_lines[ink > 0] - 1.3 * half) / size
    return float(
        missing.mean()
        + extra.mean()
        + 0.3 * (np.quantile(missing, 0.95) + np.quantile(extra, 0.95))
    )


@cache
def _lines(jamo: str) -> NDArray[np.float64]:
    """Points (across, down) close together on its strokes."""
    if jamo == "ㅇ":
        turn = np.linspace(0, 2 * np.pi, 4 * _SIDE, endpoint=False)
        return np.stack([0.5 + 0.5 * np.cos(turn), 0.5 + 0.5 * np.sin(turn)], axis=1)
    return np.concatenate([_points(stroke) for stroke in _STROKES[jamo]])


def _points(stroke: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    parts = []
    for begin, end in itertools.pairwise(stroke):
        share = np.linspace(0, 1, _SIDE)[:, None]
        parts.append(np.array(begin) * (1 - share) + np.array(end) * share)
    return np.concatenate(parts)
