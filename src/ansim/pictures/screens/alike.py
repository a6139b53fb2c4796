"""How alike two messages, two names or two screens are, when each was read with mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from ansim.pictures.screens.values import Shown

_SKIP = 0.3
"""Cost of a message that only one of two screens shows, in its weight."""


@lru_cache(maxsize=20_000)
def _pairs(text: str) -> Counter[str]:
    bare = "".join(text.split())
    return Counter([bare, *(bare[at : at + 2] for at in range(len(bare) - 1)), *bare])


def same_text(one: str, other: str) -> float:
    """0..1 by letters and pairs of letters in common, spaces aside."""
    first, second = _pairs(one), _pairs(other)
    whole = first.total() + second.total()
    return 2 * (first & second).total() / whole if whole else 1.0


def weight(shown: Shown) -> float:
    """How much it tells that a message is the same: a long one more than a short one."""
    if shown.picture:
        return 1.0
    return min(12.0, max(1.0, len("".join(shown.text.split()))))


def same(one: Shown, other: Shown) -> float:
    """0..1: whether two screens show the same message, one of them perhaps only a part of it."""
    if one.side is not other.side or one.picture != other.picture:
        return 0.0
    if one.picture:
        return 0.8
    alike = same_text(one.text, other.text)
    if one.cut or other.cut:
        first, second = _pairs(one.text), _pairs(other.text)
        least = min(first.total(), second.total())
        alike = max(alike, (first & second).total() / least if least else 0.0)
    return alike


Matches = list[tuple[int, int]]


def overlap(first: Sequence[Shown], second: Sequence[Shown]) -> tuple[float, Matches]:
    """How well the end of ``first`` is the beginning of ``second``, and which messages are the same
    (place in the one, place in the other)."""
    return _aligned(first, second, contained=False)


def contained(whole: Sequence[Shown], part: Sequence[Shown]) -> bool:
    """Whether ``whole`` shows everything of ``part``."""
    if not part:
        return True
    score, matches = _aligned(whole, part, contained=True)
    sure = score > 0.25 * sum(weight(one) for one in part)
    return sure and len(matches) >= len(part)


def _aligned(
    first: Sequence[Shown], second: Sequence[Shown], *, contained: bool
) -> tuple[float, Matches]:
    """The best order-keeping match. The beginning of ``first`` is free; so is the end of
    ``second``, or that of ``first`` where it is to contain the other."""
    rows, columns = len(first) + 1, len(second) + 1
    score = [[0.0] * columns for _ in range(rows)]
    step = [[""] * columns for _ in range(rows)]
    for right in range(1, columns):
        score[0][right] = score[0][right - 1] - _SKIP * weight(second[right - 1])
        step[0][right] = "second"
    for down in range(1, rows):
        above = _SKIP * weight(first[down - 1])
        for right in range(1, columns):
            one, other = first[down - 1], second[right - 1]
            match = (same(one, other) - 0.5) * min(weight(one), weight(other))
            ways = (
                (score[down - 1][right - 1] + match, "both" if match > 0 else ""),
                (score[down - 1][right] - above, "first"),
                (score[down][right - 1] - _SKIP * weight(other), "second"),
            )
            score[down][right], step[down][right] = max(ways, key=lambda way: way[0])
    if contained:
        down, right = max(range(rows), key=lambda row: score[row][-1]), columns - 1
    else:
        down, right = rows - 1, max(range(columns), key=lambda column: score[-1][column])
    best, matches = score[down][right], []
    while down > 0 and right > 0:
        way = step[down][right]
        if way == "both":
            matches.append((down - 1, right - 1))
        down -= way != "second"
        right -= way != "first"
    return best, matches[::-1]
