"""Draws line plots as SVG, just enough of it for the pages in docs/."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 560, 380
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 40, 52
COLOURS = ("#0b5fa5", "#b3541e", "#4d7c2a", "#7a3b8f", "#6b6b6b")
"""Told apart by people who do not see all colours; every line also has its own dashes."""
DASHES = ("", "7 4", "2 3", "10 3 2 3", "1 5")

Point = tuple[float, float]


@dataclass(slots=True)
class Plot:
    """Two axes with ticks at the values given, and lines over them."""

    title: str
    across: str
    up: str
    ticks_across: Sequence[float]
    ticks_up: Sequence[float]
    _lines: list[tuple[str, list[Point], bool]] = field(default_factory=list)

    def line(self, label: str, points: Sequence[Point], *, dots: bool = False) -> None:
        """Adds a line through the points. Those outside the axes are cut off at the frame."""
        self._lines.append((label, list(points), dots))

    def svg(self) -> str:
        """The drawing. Labels are escaped."""
        frame = (
            f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" '
            f'height="{HEIGHT - TOP - BOTTOM}"'
        )
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img" '
            'font-family="sans-serif" font-size="12">',
            f"<title>{escape(self.title)}</title>",
            f'<clipPath id="frame">{frame}/></clipPath>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            _text(LEFT, 22, self.title, size=14),
        ]
        for value in self.ticks_across:
            x = self._x(value)
            parts.append(_rule(x, TOP, x, HEIGHT - BOTTOM))
            parts.append(_text(x, HEIGHT - BOTTOM + 16, f"{value:g}", anchor="middle"))
        for value in self.ticks_up:
            y = self._y(value)
            parts.append(_rule(LEFT, y, WIDTH - RIGHT, y))
            parts.append(_text(LEFT - 6, y + 4, f"{value:g}", anchor="end"))
        parts.append(frame + ' fill="none" stroke="#555555"/>')
        middle = (LEFT + WIDTH - RIGHT) / 2
        parts.append(_text(middle, HEIGHT - 14, self.across, anchor="middle"))
        parts.append(
            f'<g transform="rotate(-90 16 {HEIGHT / 2:.0f})">'
            + _text(16, HEIGHT / 2, self.up, anchor="middle")
            + "</g>"
        )
        tall = 17 * len(self._lines) + 6
        parts.append(  # a ground for the legend, so that a line behind it does not hide it
            f'<rect x="{WIDTH - RIGHT - 198}" y="{HEIGHT - BOTTOM - 6 - tall}" width="194" '
            f'height="{tall}" fill="#ffffff" fill-opacity="0.85"/>'
        )
        for number in range(len(self._lines)):
            parts += self._drawn(number)
        return "\n".join([*parts, "</svg>"]) + "\n"

    def _drawn(self, number: int) -> list[str]:
        label, points, dots = self._lines[number]
        colour = COLOURS[number % len(COLOURS)]
        style = f'stroke="{colour}" stroke-width="2"'
        if dashes := DASHES[number % len(DASHES)]:
            style += f' stroke-dasharray="{dashes}"'
        path = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in points)
        out = [f'<polyline clip-path="url(#frame)" points="{path}" fill="none" {style}/>']
        if dots:
            out += [
                f'<circle cx="{self._x(x):.1f}" cy="{self._y(y):.1f}" r="3.5" fill="{colour}"/>'
                for x, y in points
            ]
        y = HEIGHT - BOTTOM - 14 - 17 * (len(self._lines) - 1 - number)
        start = WIDTH - RIGHT - 190
        out.append(f'<line x1="{start}" y1="{y}" x2="{start + 28}" y2="{y}" {style}/>')
        out.append(_text(start + 34, y + 4, label))
        return out

    def _x(self, value: float) -> float:
        first, last = self.ticks_across[0], self.ticks_across[-1]
        return LEFT + (value - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        first, last = self.ticks_up[0], self.ticks_up[-1]
        return HEIGHT - BOTTOM - (value - first) / (last - first) * (HEIGHT - TOP - BOTTOM)


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#e2e2e2"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="#222222">{escape(text)}</text>'
    )
