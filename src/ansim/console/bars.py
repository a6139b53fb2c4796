"""Counts as bars, and shares with their intervals as points, drawn here without any script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansim.casework.verdicts import Verdicts

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 22, 30
LINE = 34
"""Height of one lying bar with its name."""
NAMES = 300
"""Room for the name of a lying bar."""
WIDEST = 46.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in the units of the viewBox."""

    name: str
    number: int
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)

    @property
    def end(self) -> float:
        return round(self.x + self.width + 6, 1)

    @property
    def line(self) -> float:
        """Where the words of a lying bar stand."""
        return round(self.y + self.height - 3, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a picture is drawn on: its size, and where its axes stand."""

    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class Bars(Sheet):
    """Bars that stand (by month) or lie (by name)."""

    bars: tuple[Bar, ...]

    @property
    def highest(self) -> int:
        return max((bar.number for bar in self.bars), default=0)


def standing(rows: Sequence[tuple[str, int]]) -> Bars:
    """One bar a month; the highest fills the height."""
    most = max((number for _, number in rows), default=0) or 1
    step = (WIDTH - LEFT - RIGHT) / max(len(rows), 1)
    wide = min(step * 0.7, WIDEST)
    whole = HEIGHT - TOP - BOTTOM
    bars = []
    for place, (name, number) in enumerate(rows):
        high = round(whole * number / most, 1)
        bars.append(
            Bar(
                name,
                number,
                round(LEFT + step * place + (step - wide) / 2, 1),
                round(HEIGHT - BOTTOM - high, 1),
                round(wide, 1),
                high,
            )
        )
    return Bars(tuple(bars))


def lying(rows: Sequence[tuple[str, int]]) -> Bars:
    """One bar a name, the names beside them."""
    most = max((number for _, number in rows), default=0) or 1
    whole = WIDTH - NAMES - RIGHT - 40
    bars = [
        Bar(name, number, NAMES, 8 + LINE * place, round(whole * number / most, 1), 18)
        for place, (name, number) in enumerate(rows)
    ]
    return Bars(tuple(bars), height=LINE * max(len(rows), 1) + 8)


@dataclass(frozen=True, slots=True)
class Point:
    """A share with its interval; None where nothing was judged."""

    name: str
    judged: int
    share: float | None
    x: float
    y: float = 0.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Points(Sheet):
    """Precision by month."""

    points: tuple[Point, ...]

    @property
    def grid(self) -> list[tuple[int, float]]:
        """Percent and height of the guide lines."""
        return [(percent, _height(percent / 100)) for percent in (0, 25, 50, 75, 100)]

    @property
    def any(self) -> bool:
        return any(point.share is not None for point in self.points)


def _height(share: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - share), 1)


def precision(rows: Sequence[tuple[str, Verdicts]]) -> Points:
    """One point a month, with its 95 % interval as a line."""
    step = (WIDTH - LEFT - RIGHT) / max(len(rows), 1)
    points = []
    for place, (name, verdicts) in enumerate(rows):
        x = round(LEFT + step * (place + 0.5), 1)
        share, bounds = verdicts.precision, verdicts.bounds
        if share is None or bounds is None:
            points.append(Point(name, 0, None, x))
            continue
        low, high = bounds
        points.append(
            Point(name, verdicts.judged, share, x, _height(share), _height(low), _height(high))
        )
    return Points(tuple(points))
