"""A screen without bubbles: a line with name and time, and below it what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ansim.pictures.screens import joining, stamps
from ansim.pictures.screens.bubbles import Bubble, Loose
from ansim.pictures.screens.joining import Piece
from ansim.pictures.screens.layout import Layout
from ansim.pictures.screens.values import Shown, Side


@dataclass(slots=True)
class _Block:
    """Everything under one name."""

    name: str
    clock: stamps.Clock | None
    day: tuple[int, int, int]
    pieces: list[Piece] = field(default_factory=list)
    sure: list[float] = field(default_factory=list)
    pictures: list[Bubble] = field(default_factory=list)
    """Pictures among the lines."""


def told(layout: Layout, pictures: Sequence[Bubble], loose: list[Loose]) -> list[Shown]:
    """The messages; lines that were used are marked so."""
    lines = sorted((line for line in loose if line.said.text.strip()), key=lambda one: one.box.top)
    named = [(line, head) for line in lines if (head := _head(line, layout)) is not None]
    if not named:
        return []
    begin = sorted(line.box.left for line, _ in named)[len(named) // 2]
    blocks: list[_Block] = [_Block("", None, (0, 0, 0))]
    tops: list[float] = [layout.page.top]
    for line in lines:
        head = next((head for other, head in named if other is line), None)
        if head is not None:
            line.used = True
            blocks.append(_Block(head[0], head[1], head[2] or (0, 0, 0)))
            tops.append(line.box.top)
            continue
        text = line.said.text
        off = abs(line.box.middle - layout.page.middle) / layout.page.width
        if stamps.is_day(text) and off < 0.12:
            continue
        starts = line.box.left - begin
        if len(blocks) == 1 and line.box.top < named[0][0].box.top - 6 * layout.print:
            continue  # bars at the top
        if not -0.6 * layout.print < starts < 0.7 * layout.print or line.said.confidence < 0.3:
            continue
        if line.box.height < 0.35 * layout.print:
            continue
        if len(blocks) == 1 and not _under(line, named[0][0], layout):
            continue
        line.used = True
        blocks[-1].pieces.append(Piece(text, line.box))
        blocks[-1].sure.append(line.said.confidence)
    for picture in pictures:
        bottom = picture.box.bottom
        place = max((number for number, top in enumerate(tops) if top < bottom), default=0)
        blocks[place].pictures.append(picture)
    room = max(
        joining.edge([block.pieces for block in blocks]),
        (layout.page.right - begin) - 2.2 * layout.print,
    )
    return [one for block in blocks for one in _messages(block, room, layout.print)]


def _head(
    line: Loose, layout: Layout
) -> tuple[str, stamps.Clock | None, tuple[int, int, int] | None] | None:
    """The name on a line, where it is one that names who speaks."""
    head = stamps.heading(line.said.text)
    left = (line.box.left - layout.page.left) / layout.page.width
    return head if head is not None and left < 0.3 else None


def _under(line: Loose, first: Loose, layout: Layout) -> bool:
    """Whether a line above the first name is the rest of a message cut off by the top."""
    return first.box.top - line.box.bottom < 2.2 * layout.print


def _messages(block: _Block, room: float, print_: float) -> list[Shown]:
    """The messages under one name: a new one begins where the line before had room left."""
    groups: list[list[int]] = []
    for place, piece in enumerate(block.pieces):
        before = block.pieces[place - 1] if place else None
        picture_between = before is not None and any(
            before.box.top < one.box.top < piece.box.top for one in block.pictures
        )
        if before is None or picture_between or not joining.goes_on(before, piece, room, print_):
            groups.append([place])
        else:
            groups[-1].append(place)
    found: list[tuple[float, Shown]] = []
    for group in groups:
        pieces = [block.pieces[place] for place in group]
        found.append(
            (
                pieces[0].box.top,
                Shown(
                    side=Side.ROW,
                    text=" ".join(piece.text for piece in pieces),
                    confidence=sum(block.sure[place] for place in group) / len(group),
                    name=block.name,
                    minute=block.clock.minute if block.clock else -1,
                    half=block.clock.half if block.clock else True,
                    day=block.day,
                ),
            )
        )
    for picture in block.pictures:
        shown = Shown(
            side=Side.ROW,
            text="",
            confidence=0.0,
            name=block.name,
            picture=True,
            noticed=picture.noticed,
        )
        found.append((picture.box.top, shown))
    return [shown for _, shown in sorted(found, key=lambda one: one[0])]
