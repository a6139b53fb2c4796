"""One screenshot, from its pixels to what it says."""

from __future__ import annotations

import re
import time

import numpy as np
from numpy.typing import NDArray

from ansim.chat import Noticed
from ansim.pictures.codes import Corners, codes
from ansim.pictures.decoding import Picture
from ansim.pictures.looking import look
from ansim.pictures.screens import bubbles, joining, rows, stamps
from ansim.pictures.screens.layout import Layout, lay_out
from ansim.pictures.screens.shapes import Box
from ansim.pictures.screens.sheet import Written, written
from ansim.pictures.screens.straighten import straightened
from ansim.pictures.screens.values import Breaks, Screen, Shown, Side
from ansim.pictures.values import Wanted

Pixels = NDArray[np.uint8]

_CHARGE = re.compile(r"\W*|.|\W*\d{1,3}\s?%\W*")
MOST_LINES = 1_500
"""Lines that are read of one screen; a long capture has a few hundred."""
MOST_OUTSIDE = 40
MOST_OF_A_TIME = 12
MOST_PICTURES = 24
"""Pictures in one screen that are looked at."""
SURE = 0.5
"""Lines outside of messages that are less sure than this are patterns, not words."""


def read(pixels: Pixels, wanted: Wanted | None = None) -> Screen:
    """What a screenshot (RGB, shape (height, width, 3)) says. Raises Unread."""
    began = time.monotonic()
    flat = straightened(pixels)
    screen = pixels if flat is None else flat
    seen, places = codes(Picture("", screen).grey)
    layout = lay_out(screen)
    for thing in layout.things:
        if any(_holds(thing.box, place) for place in places):
            thing.lines = []  # a picture with a code in it, whose cells look like letters
    inside = [line for thing in layout.things for line in thing.lines][:MOST_LINES]
    outside = layout.loose[: MOST_LINES - len(inside)]
    said = written(screen, [*inside, *outside], layout.print)
    loose = [bubbles.Loose(box, one) for box, one in zip(outside, said[len(inside) :], strict=True)]
    by_thing: list[list[Written]] = []
    start = 0
    for thing in layout.things:
        by_thing.append(said[start : start + len(thing.lines)])
        thing.lines = thing.lines[: len(by_thing[-1])]
        start += len(thing.lines)
    found = bubbles.bubbles(layout, by_thing)
    for one in [one for one in found if one.picture][:MOST_PICTURES]:
        one.noticed = _noticed(screen, one.box, wanted or Wanted())
    shown, breaks = _told(layout, found, loose)
    known = [code for one in shown if one.noticed for code in one.noticed.codes]
    rest = [line.said.text for line in loose if not line.used and line.said.confidence >= SURE]
    rest += [piece.text for one in found if one.side is None for piece in one.pieces]
    rest = [text for text in rest if not _of_the_telephone(text)]
    return Screen(
        shown=tuple(shown),
        outside=tuple(rest[:MOST_OUTSIDE]),
        width=pixels.shape[1],
        height=pixels.shape[0],
        breaks=breaks,
        straightened=flat is not None,
        codes=tuple(code for code in seen if code not in known),
        seconds=time.monotonic() - began,
    )


def _of_the_telephone(text: str) -> bool:
    """Whether a line is its clock, its charge, an arrow, or a date: nothing anybody said."""
    time = stamps.is_clock(text) or (len(text) <= MOST_OF_A_TIME and stamps.like_clock(text))
    return time or stamps.is_day(text) or _CHARGE.fullmatch(text) is not None


def _told(
    layout: Layout, found: list[bubbles.Bubble], loose: list[bubbles.Loose]
) -> tuple[list[Shown], Breaks]:
    """The messages in bubbles, or in rows where more lines name somebody than bubbles speak. A time
    below a bubble may be misread as a name with a time, but then there are bubbles at the right."""
    named = [line for line in loose if stamps.heading(line.said.text) is not None]
    sided = [one for one in found if one.side is not None and one.pieces]
    right = [one for one in sided if one.side is Side.RIGHT]
    if len(named) > len(sided) and len(named) > 3 * len(right):
        return rows.told(layout, [one for one in found if one.picture], loose), Breaks.SPACES
    shown = bubbles.told(layout, found, loose)
    pieces = [one.pieces for one in found if one.side is not None]
    return shown, joining.breaks(pieces, bubbles.edge(found), layout.print)


def _noticed(screen: Pixels, box: Box, wanted: Wanted) -> Noticed:
    """What is seen in a picture that was sent in the chat."""
    part = screen[int(box.top) : int(box.bottom) + 1, int(box.left) : int(box.right) + 1]
    return look(Picture("", np.ascontiguousarray(part)), wanted).noticed()


def _holds(box: Box, corners: Corners) -> bool:
    across = sum(x for x, _ in corners) / len(corners)
    down = sum(y for _, y in corners) / len(corners)
    return box.left < across < box.right and box.top < down < box.bottom
