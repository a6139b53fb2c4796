"""The risk of one account over its conversation as a line, drawn here so that no script is needed.

Messages stand at equal distances: days of silence would press the talk itself into a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 14, 30


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    at: float
    percent: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Geometry in the units of the viewBox; ``raised`` is the dot where the alert began."""

    dots: tuple[Dot, ...]
    threshold: float | None
    threshold_percent: int
    raised: Dot | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM

    @property
    def line(self) -> str:
        """Points of the polyline."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)

    @property
    def area(self) -> str:
        if not self.dots:
            return ""
        first, last = self.dots[0], self.dots[-1]
        return f"{first.x:.1f},{self.bottom} {self.line} {last.x:.1f},{self.bottom}"

    @property
    def grid(self) -> list[tuple[int, float]]:
        """Percent and height of the guide lines."""
        return [(percent, _height(percent / 100)) for percent in (0, 25, 50, 75, 100)]

    @property
    def highest(self) -> int:
        return max((dot.percent for dot in self.dots), default=0)

    @property
    def last(self) -> Dot | None:
        return self.dots[-1] if self.dots else None


def _height(risk: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(risk, 0.0), 1.0)), 1)


def in_percent(risk: float) -> int:
    """Whole percent, never a hundred: an estimate is no certainty."""
    return min(99, round(100 * min(max(risk, 0.0), 1.0)))


def draw(trajectory: Sequence[Sequence[float]], threshold: float | None, raised_at: float) -> Chart:
    """The chart of ``[[at, risk, …], …]``; ``raised_at`` is the event time of the alert."""
    step = (WIDTH - LEFT - RIGHT) / max(len(trajectory) - 1, 1)
    dots = tuple(
        Dot(
            round(LEFT + step * number, 1),
            _height(point[1]),
            point[0],
            in_percent(point[1]),
        )
        for number, point in enumerate(trajectory)
    )
    raised = next((dot for dot in dots if dot.at >= raised_at), None)
    return Chart(
        dots=dots,
        threshold=None if threshold is None else _height(threshold),
        threshold_percent=round(100 * (threshold or 0)),
        raised=raised,
    )
