"""A screen with bubbles: which side each is on, whose name is above it, what time is beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ansim.chat import Noticed
from ansim.pictures.screens import joining, stamps
from ansim.pictures.screens.joining import Piece
from ansim.pictures.screens.layout import Layout
from ansim.pictures.screens.shapes import Box
from ansim.pictures.screens.sheet import Written
from ansim.pictures.screens.values import Shown, Side

_AT_EDGE = 0.09
"""How far from the side of the screen a bubble ends, as a share of its width."""


_ROOM_FOR_NAME = 1.3
"""Gap above a bubble in which a name would stand, in heights of the print."""


@dataclass(slots=True)
class Bubble:
    """A bubble on its way to be a message."""

    box: Box
    pieces: list[Piece]
    sure: float
    side: Side | None
    cut: bool = False
    name: str = ""
    clock: stamps.Clock | None = None
    day: tuple[int, int, int] = (0, 0, 0)
    picture: bool = False
    noticed: Noticed | None = None


@dataclass(slots=True)
class Loose:
    """A line on the page, with what it says."""

    box: Box
    said: Written
    used: bool = field(default=False)


def bubbles(layout: Layout, inside: Sequence[Sequence[Written]]) -> list[Bubble]:
    """The things of a layout that are messages or stand between them, from top to bottom.

    ``inside`` is what the lines of each thing say. The field to write in is left out.
    """
    found = []
    begin = _begin(layout)
    for thing, said in zip(layout.things, inside, strict=True):
        if _is_field(thing.box, len(thing.lines), layout):
            continue
        lines = [(box, one) for box, one in zip(thing.lines, said, strict=True) if one.text]
        whole = [(box, one) for box, one in lines if not _cut(box, thing.box, layout)]
        if lines and not whole:
            continue
        roomy = thing.box.height > 3.2 * layout.print and thing.box.width > 3.2 * layout.print
        small = not lines and not roomy
        if small or (not lines and thing.box.width > 0.9 * layout.page.width):
            continue
        sure = sum(one.confidence for _, one in whole) / len(whole) if whole else 0.0
        found.append(
            Bubble(
                box=thing.box,
                pieces=[Piece(one.text, box) for box, one in whole],
                sure=sure,
                side=side(thing.box, layout.page, begin, len(lines)),
                cut=any(_cut(line, thing.box, layout) for line in thing.lines),
                picture=not lines,
            )
        )
    return found


def _begin(layout: Layout) -> tuple[float, float] | None:
    """From where to where bubbles at the left begin: right of the small pictures beside them, or
    where those begin that are clearly at the left; None where nothing tells."""
    page, unit = layout.page, layout.print
    if layout.faces:
        right = float(np.median([face.right for face in layout.faces]))
        return right - 0.2 * unit, right + 1.2 * unit
    lefts = [
        thing.box.left
        for thing in layout.things
        if thing.box.left - page.left < 0.24 * page.width
        and page.right - thing.box.right > thing.box.left - page.left + 0.1 * page.width
    ]
    if not lefts:
        return None
    middle = float(np.median(lefts))
    return middle - 0.35 * unit, middle + 0.35 * unit


def side(box: Box, page: Box, begin: tuple[float, float] | None, lines: int) -> Side | None:
    """Whose a bubble is by where it stands; None for what stands in the middle.

    A wide one at the left may end as far from its edge as it begins from the other; then it counts
    whether it begins where those at the left do (``begin``), or else whether it has several lines.
    """
    left = (box.left - page.left) / page.width
    right = (page.right - box.right) / page.width
    if right < _AT_EDGE and left > right + 0.04:
        return Side.RIGHT
    if begin is not None and begin[0] <= box.left <= begin[1]:
        return Side.LEFT
    if left < 0.24 and right > left - 0.02 and right > 0.06:
        off = abs(left - right) > 0.05 or left < 0.1
        return Side.LEFT if off or (begin is None and lines > 1) else None
    return None


def _is_field(box: Box, lines: int, layout: Layout) -> bool:
    """Whether it is where one writes: as wide as nothing else, and the lowest of all."""
    lowest = all(other.box.bottom <= box.bottom + 1 for other in layout.things)
    wide = box.width > 0.72 * layout.page.width and box.height < 3.5 * layout.print
    return (
        lowest and wide and lines <= 1 and box.bottom > layout.page.top + 0.5 * layout.page.height
    )


def _cut(line: Box, bubble: Box, layout: Layout) -> bool:
    """Whether the edge of the screen runs through a line: bubbles leave room around theirs."""
    near = 0.16 * layout.print
    return line.top - bubble.top < near or bubble.bottom - line.bottom < near


def told(layout: Layout, found: list[Bubble], loose: list[Loose]) -> list[Shown]:
    """The messages, with names, times and days taken from the lines around them.

    Lines that were used are marked so.
    """
    _unboxed(layout, found, loose)
    found.sort(key=lambda one: one.box.top)
    _clocks(layout, found, loose)
    _names(layout, found, loose)
    _days(layout, found, loose)
    for line in loose:
        bare = line.said.text.strip()
        beside = any(_same_row(line.box, one.box, layout.print) for one in found)
        if not line.used and beside and (bare.isdigit() or len(bare) <= 1):
            line.used = True  # how many have not read it yet, or a mark
    sided = [one for one in found if one.side is not None]
    shown = []
    room = edge(found)
    for place, one in enumerate(sided):
        assert one.side is not None  # noqa: S101 - chosen so
        text = joining.joined(one.pieces, room, layout.print)
        shown.append(
            Shown(
                side=one.side,
                text=text,
                confidence=one.sure,
                name=one.name,
                apart=place > 0
                and one.box.top - sided[place - 1].box.bottom > _ROOM_FOR_NAME * layout.print,
                minute=one.clock.minute if one.clock else -1,
                half=one.clock.half if one.clock else True,
                day=one.day,
                cut=one.cut,
                picture=one.picture,
                noticed=one.noticed,
            )
        )
    return shown


def edge(found: Sequence[Bubble]) -> float:
    """Width at which lines are broken, in pixels."""
    return joining.edge([one.pieces for one in found if one.side is not None])


def _same_row(line: Box, bubble: Box, print_: float) -> bool:
    middle = (line.top + line.bottom) / 2
    return bubble.top - 0.4 * print_ < middle < bubble.bottom + 0.4 * print_


def _unboxed(layout: Layout, found: list[Bubble], loose: list[Loose]) -> None:
    """Writing where bubbles begin, whose bubble is too faint to be seen (or has none)."""
    begins = [one.pieces[0].box.left for one in found if one.side is Side.LEFT and one.pieces]
    if not found:
        return
    first = min(one.box.top for one in found)
    start = sorted(begins)[len(begins) // 2] if begins else None
    fresh: list[Bubble] = []
    for line in loose:
        text = line.said.text
        if line.used or line.box.height < 0.7 * layout.print or line.box.top < first:
            continue
        if line.said.confidence < 0.4 or _is_clock(line, layout) or stamps.is_day(text):
            continue
        left = (line.box.left - layout.page.left) / layout.page.width
        if start is None:
            if not 0.02 < left < 0.24:
                continue
        elif abs(line.box.left - start) > 0.45 * layout.print:
            continue
        if any(_same_row(line.box, one.box, 0) and one.side is Side.LEFT for one in found):
            continue
        line.used = True
        piece = Piece(text, line.box)
        last = fresh[-1] if fresh else None
        if last and 0 <= line.box.top - last.box.bottom < 0.62 * layout.print:
            last.pieces.append(piece)
            last.box = Box(
                last.box.left,
                last.box.top,
                max(last.box.right, line.box.right),
                line.box.bottom,
            )
        else:
            fresh.append(Bubble(line.box, [piece], line.said.confidence, Side.LEFT))
    found += fresh


def _is_clock(line: Loose, layout: Layout) -> bool:
    """Whether it is a time, or one in small print whose first word was misread."""
    text = line.said.text
    small = line.box.height < 0.85 * layout.print and len(text) < 10
    return stamps.is_clock(text) or (small and stamps.like_clock(text))


def _clocks(layout: Layout, found: list[Bubble], loose: list[Loose]) -> None:
    """Times beside a bubble or right below it; bubbles of one group share the last one's."""
    for line in loose:
        if line.used or not _is_clock(line, layout):
            continue
        near = [
            one
            for one in found
            if one.side is not None
            and (
                _same_row(line.box, one.box, layout.print)
                or -0.2 * layout.print < line.box.top - one.box.bottom < 0.9 * layout.print
            )
        ]
        if near:
            line.used = True
            middle = (line.box.top + line.box.bottom) / 2
            chosen = min(near, key=lambda one: abs(one.box.bottom - middle))
            chosen.clock = chosen.clock or stamps.clock(line.said.text)


def _names(layout: Layout, found: list[Bubble], loose: list[Loose]) -> None:
    """The line right above a left bubble is who says it, as long as nobody else speaks."""
    for one in found:
        if one.side is not Side.LEFT:
            continue
        start = one.box.left
        for line in loose:
            gap = one.box.top - line.box.bottom
            if line.used or not -0.3 * layout.print < gap < 0.85 * layout.print:
                continue
            if abs(line.box.left - start) > 1.3 * layout.print or not line.said.text.strip():
                continue
            text = line.said.text
            if stamps.is_day(text) or stamps.like_clock(text) or len(text) > 30:
                continue
            one.name = line.said.text.strip()
            line.used = True


def _days(layout: Layout, found: list[Bubble], loose: list[Loose]) -> None:
    """Dates in the middle of the page hold for everything below them."""
    marks: list[tuple[float, tuple[int, int, int], stamps.Clock | None]] = []
    for line in loose:
        off = abs(line.box.middle - layout.page.middle) / layout.page.width
        if not line.used and off < 0.08 and stamps.is_day(line.said.text):
            line.used = True
            date = stamps.day(line.said.text)
            marks.append((line.box.top, date or (0, 0, 0), stamps.clock(line.said.text)))
    for one in found:
        if one.side is None and one.pieces and stamps.is_day(one.pieces[0].text):
            date = stamps.day(one.pieces[0].text)
            marks.append((one.box.top, date or (0, 0, 0), stamps.clock(one.pieces[0].text)))
    for top, date, clock in sorted(marks):
        below = [one for one in found if one.side is not None and one.box.top > top]
        for one in below:
            one.day = date
        if below and clock and below[0].clock is None:
            below[0].clock = clock
