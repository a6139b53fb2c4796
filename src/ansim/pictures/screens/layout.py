"""Where on a screen the bubbles, the pictures and the lines of writing are, before any is read.

Bubbles are found by what a screen is made of: areas of one colour. The largest is the page; what
the page leaves out is a bubble, a picture or writing. Nothing here depends on which colours those
are, so light and dark are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ansim.pictures.ink import glyph_height
from ansim.pictures.screens.lines import lines
from ansim.pictures.screens.shapes import Box, Mask, Pixels, ground

WORKING_PRINT = 24.0
"""Pixels of the print at which areas are looked for; larger screens are made smaller first."""
_EVEN = 4
"""How much brightness may change within three pixels of one area."""
_LIKE = 7
"""How much what has the colour of the page may differ from it."""
_ROUND = 1.2
"""Least disc, in units of the print, that fits into a picture but into no letter."""


@dataclass(slots=True)
class Thing:
    """A bubble or a picture with the lines of writing in it."""

    box: Box
    lines: list[Box] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """Everything on one screen. ``print`` is the height of its writing in pixels."""

    print: float
    page: Box
    things: list[Thing]
    loose: list[Box]
    """Lines of writing on the page itself."""
    faces: list[Box]
    """Small round or square pictures beside messages."""


def lay_out(pixels: Pixels) -> Layout:
    """The layout of a screen (RGB). Boxes are in its own pixels."""
    guess = glyph_height(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)) / 0.7
    unit = guess if guess > 5 else pixels.shape[1] / 27
    scale = min(1.0, WORKING_PRINT / unit)
    small = pixels
    if scale < 1:
        how = cv2.INTER_AREA
        small = np.asarray(
            cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how), np.uint8
        )
    found = _lay_out(_by_light(small), unit * scale)
    return Layout(
        print=found.print / scale,
        page=found.page.times(1 / scale),
        things=[
            Thing(thing.box.times(1 / scale), [line.times(1 / scale) for line in thing.lines])
            for thing in found.things
        ],
        loose=[line.times(1 / scale) for line in found.loose],
        faces=[face.times(1 / scale) for face in found.faces],
    )


def _is_face(box: Box, others: Sequence[Box], page: Box, unit: float) -> bool:
    """Whether it is the picture of whoever speaks: small, about square, at the left, and what was
    said begins to the right of it."""
    if not (1.2 * unit < box.width < 3.6 * unit and box.height < 1.25 * box.width):
        return False
    if box.left - page.left > 0.1 * page.width:
        return False
    right = [one for one in others if one.left >= box.right - 0.1 * unit]
    beside = any(
        one.left < box.right + 1.5 * unit
        and one.top < box.bottom + 0.5 * unit
        and one.bottom > box.top
        for one in right
    )
    begins = [
        one.left
        for one in others
        if 3.6 * unit < one.width < 0.72 * page.width and one.left < 0.3 * page.right
    ]
    return beside or all(left >= box.right - 0.1 * unit for left in begins)


def _by_light(pixels: Pixels) -> Pixels:
    """Brightness with colour as a third of it: JPEG keeps colours only coarsely, and they run over
    the gaps between bubbles."""
    split = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    split[..., 1:] *= 0.35
    return np.asarray(np.clip(np.round(split), 0, 255), np.uint8)


def _lay_out(pixels: Pixels, unit: float) -> Layout:
    areas, stats = _areas(pixels)
    page_mask, page = _page(areas, stats)
    things, faces, taken = [], [], np.zeros_like(page_mask)
    panels = _panels(pixels, areas, stats, page_mask, page, unit)
    for box, mask in panels:
        taken |= mask
        if _is_face(box, [other for other, _ in panels], page, unit):
            faces.append(box)
            side = round(max(box.width, box.height))  # its lower part may have the page's colour
            taken[int(box.top) : int(box.top) + side, int(box.left) : int(box.left) + side] = 1
            continue
        things.append(Thing(box, lines(pixels, mask, unit)))
    bare = np.zeros_like(page_mask)
    bare[int(page.top) : int(page.bottom)] = 1
    bare &= 1 - np.asarray(cv2.dilate(taken, np.ones((7, 7), np.uint8)), np.uint8)
    loose = lines(pixels, bare, unit, page_mask)
    heights = [line.height for thing in things for line in thing.lines]
    if len(heights) < 3:  # no bubbles but the field to write in
        heights = [line.height for line in loose if line.height < 1.7 * unit]
    print_ = float(np.percentile(heights, 60)) / 0.92 if heights else unit
    return Layout(print_, page, things, loose, faces)


def _areas(pixels: Pixels) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Areas of one colour, numbered from 1 (0: none), and their rectangles and sizes."""
    soft = cv2.GaussianBlur(pixels, (0, 0), 1.3)
    near = np.ones((3, 3), np.uint8)
    change = cv2.subtract(cv2.dilate(soft, near), cv2.erode(soft, near)).max(axis=2)
    even = np.asarray(change <= _EVEN, np.uint8)
    _, areas, stats, _ = cv2.connectedComponentsWithStats(even, connectivity=4)
    return np.asarray(areas, np.int32), np.asarray(stats, np.int32)


def _page(areas: NDArray[np.int32], stats: NDArray[np.int32]) -> tuple[Mask, Box]:
    """The page, which is the largest area that is wide, and its rectangle."""
    height, width = areas.shape
    wide = stats[1:, cv2.CC_STAT_WIDTH] > 0.5 * width
    size = stats[1:, cv2.CC_STAT_AREA] * wide
    number = 1 + int(np.argmax(size)) if len(size) and size.max() > 0 else 0
    box = Box(0, 0, width, height)
    if number == 0:
        return np.ones((height, width), np.uint8), box
    left, top, across, down, _ = (int(one) for one in stats[number])
    mask = np.zeros((height, width), np.uint8)
    mask[areas == number] = 1
    return mask, Box(left, top, left + across, top + down)


def _panels(
    pixels: Pixels,
    areas: NDArray[np.int32],
    stats: NDArray[np.int32],
    page: Mask,
    box: Box,
    unit: float,
) -> list[tuple[Box, Mask]]:
    """What stands on the page and is no writing, from top to bottom: filled areas of another
    colour, and pictures, which have no colour of their own."""
    taken = np.zeros_like(page)
    for number in range(1, len(stats)):
        left, top, across, down, size = (int(one) for one in stats[number])
        if across < 1.1 * unit or down < 1.1 * unit or size < 0.5 * unit * unit:
            continue
        inside = top >= box.top and top + down <= box.bottom
        if not inside or page[areas == number].any():
            continue
        part = np.asarray(areas[top : top + down, left : left + across] == number, np.uint8)
        contours, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(taken, contours, -1, 1, cv2.FILLED, offset=(left, top))
    taken = np.asarray(cv2.dilate(taken, np.ones((5, 5), np.uint8)), np.uint8) & (1 - page)
    rest = np.zeros_like(page)
    rest[int(box.top) : int(box.bottom)] = 1
    rest &= 1 - _like_page(pixels, page, unit)
    contours, _ = cv2.findContours(rest, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(rest, contours, -1, 1, cv2.FILLED)
    taken |= _filled(taken, _opened(rest, 0.62 * unit))
    taken |= _round(rest & (1 - taken), _ROUND * unit)
    _, marks, pieces, _ = cv2.connectedComponentsWithStats(taken, connectivity=4)
    found = []
    for number in range(1, len(pieces)):
        left, top, across, down, _ = (int(one) for one in pieces[number])
        if across >= 1.3 * unit and down >= 1.2 * unit:
            mask = np.asarray(marks == number, np.uint8)
            found.append((Box(left, top, left + across, top + down), mask))
    return sorted(found, key=lambda one: one[0].top)


def _like_page(pixels: Pixels, page: Mask, unit: float) -> Mask:
    """The page with its soft edges: whatever has the colour of the page close by."""
    soft = cv2.GaussianBlur(pixels, (0, 0), 0.8).astype(np.float32)
    near = np.abs(soft - ground(soft, page, unit)).max(axis=2) <= _LIKE
    return np.asarray((page > 0) | near, np.uint8)


def _opened(mask: Mask, core: float) -> Mask:
    """What of the mask is at least ``core`` pixels wide and high."""
    shape = cv2.getStructuringElement(cv2.MORPH_RECT, (round(core) | 1, round(core) | 1))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, shape), np.uint8)


def _round(mask: Mask, across: float) -> Mask:
    """What of the mask a disc of ``across`` pixels fits into."""
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    core = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1] >= across / 2
    if not core.any():
        return np.zeros_like(mask)
    near = cv2.distanceTransform(np.asarray(~core, np.uint8), cv2.DIST_L2, 5) < across / 2
    return np.asarray(near & (mask > 0), np.uint8)


def _filled(taken: Mask, solid: Mask) -> Mask:
    """Pieces of ``solid`` of which a good part is taken: in a soft picture writing cuts a bubble
    in two."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    known = np.bincount(marks[taken > 0], minlength=count)
    whole = known >= 0.3 * stats[:, cv2.CC_STAT_AREA]
    whole[0] = False
    return np.asarray(whole[marks], np.uint8)
