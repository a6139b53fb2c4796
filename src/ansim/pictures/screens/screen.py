"""One screenshot, from its pixels to what it says."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from ansim.pictures.screens import bubbles, joining, rows, stamps
from ansim.pictures.screens.layout import Box, lay_out
from ansim.pictures.screens.sheet import Written, written
from ansim.pictures.screens.straighten import straightened
from ansim.pictures.screens.values import Breaks, Screen

Pixels = NDArray[np.uint8]

MOST_LINES = 1_500
"""Lines that are read of one screen; a long capture has a few hundred."""
MOST_OUTSIDE = 40
SURE = 0.5
"""Lines outside of messages that are less sure than this are patterns, not words."""


def read(pixels: Pixels) -> Screen:
    """What a screenshot (RGB, shape (height, width, 3)) says. Raises Unread."""
    began = time.monotonic()
    flat = straightened(pixels)
    screen = pixels if flat is None else flat
    layout = lay_out(screen)
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
    named = [line for line in loose if stamps.heading(line.said.text) is not None]
    sided = [one for one in found if one.side is not None and one.pieces]
    if len(named) > len(sided):
        pictures: list[Box] = [one.box for one in found if one.picture]
        shown = rows.told(layout, pictures, loose)
        breaks = Breaks.SPACES
    else:
        shown = bubbles.told(layout, found, loose)
        pieces = [one.pieces for one in found if one.side is not None]
        breaks = joining.breaks(pieces, bubbles.edge(found), layout.print)
    rest = [line.said.text for line in loose if not line.used and line.said.confidence >= SURE]
    rest += [piece.text for one in found if one.side is None for piece in one.pieces]
    return Screen(
        shown=tuple(shown),
        outside=tuple(rest[:MOST_OUTSIDE]),
        width=pixels.shape[1],
        height=pixels.shape[0],
        breaks=breaks,
        straightened=flat is not None,
        seconds=time.monotonic() - began,
    )
