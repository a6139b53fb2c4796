"""Where lines of writing are, in a bubble or on the page: ink that stands side by side."""

from __future__ import annotations

import cv2
import numpy as np

from ansim.pictures.screens.shapes import Box, Mask, Pixels, ground

_INK = 34
"""How much writing differs from what it is written on, at least."""
_TALLEST_LINE = 1.3
"""Height of a line of writing, at most, in units of the print."""
_RIM = 0.28
"""How far inside of a bubble's left and right edge no writing stands, in units of the print: where
a picture was made smaller or softer, its edge runs that far into it."""


def lines(pixels: Pixels, mask: Mask, unit: float, page: Mask | None = None) -> list[Box]:
    """Lines of writing in the masked part: ink that stands close together, side by side. The part
    is a bubble, or lies on the ``page``."""
    ys, xs = np.nonzero(mask)
    if len(ys) == 0:
        return []
    top, bottom, left, right = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    part, where = pixels[top:bottom, left:right], mask[top:bottom, left:right]
    if page is None:
        ink = _ink_in_bubble(part, where, unit)
    else:
        ink = _ink_on_page(part, where, page[top:bottom, left:right], unit)
    return [
        Box(box.left + left, box.top + top, box.right + left, box.bottom + top)
        for box in _joined(ink, unit, inside=page is None)
    ]


def _ink_in_bubble(part: Pixels, where: Mask, unit: float) -> Mask:
    """Pixels unlike the bubble's own colour, which is that of most of it."""
    edge, side = max(1, round(0.1 * unit)), max(1, round(_RIM * unit))
    kernel = np.ones((2 * edge + 1, 2 * side + 1), np.uint8)
    whole = cv2.copyMakeBorder(where, side, side, side, side, cv2.BORDER_CONSTANT)
    core = np.asarray(cv2.erode(whole, kernel)[side:-side, side:-side], np.uint8)
    colours = part[core > 0]
    if len(colours) < 20:
        return np.zeros_like(where)
    fill = np.median(colours, axis=0)
    away = np.abs(part.astype(np.int16) - fill.astype(np.int16)).max(axis=2)
    if np.mean(away[core > 0] < _INK) < 0.5:
        return np.zeros_like(where)  # a picture: no colour is that of most of it
    return np.asarray((away >= _INK) & (core > 0), np.uint8)


def _ink_on_page(part: Pixels, where: Mask, page: Mask, unit: float) -> Mask:
    """Pixels unlike the page around them, outside everything that stands on it."""
    # The page without what is written on it: between two lines this would darken it.
    bare = page & where
    behind = ground(part.astype(np.float32), bare if bare.any() else where, unit)
    unlike = np.abs(part - behind).max(axis=2) >= _INK
    return np.asarray(unlike & (where > 0), np.uint8)


def _joined(ink: Mask, unit: float, *, inside: bool) -> list[Box]:
    """Boxes of ink that stands side by side, from top to bottom."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    kept = np.zeros_like(ink)
    parts = sorted((tuple(int(side) for side in one) for one in stats[1:]), key=lambda one: one[1])
    tall: list[tuple[int, ...]] = []
    for left, top, across, down, size in parts:
        # Edges and icons are longer or taller than letters, specks are smaller.
        if down > (1.7 if inside else 1.4) * unit:
            tall.append((left, top, across, down))
            continue
        if (across > 4 * unit and down < 0.4 * unit) or size < 2:
            continue
        low = down < 0.3 * unit and across > max(unit, 0.4 * ink.shape[1])
        if inside and low and (top < 0.3 * unit or top + down > ink.shape[0] - 0.3 * unit):
            continue  # the upper or lower edge of a soft bubble
        if not inside and any(_below(left, top, across, one, unit) for one in tall):
            continue
        kept[top : top + down, left : left + across] |= ink[top : top + down, left : left + across]
    reach = round(1.1 * unit) | 1
    bridged = cv2.morphologyEx(
        cv2.copyMakeBorder(kept, 0, 0, reach, reach, cv2.BORDER_CONSTANT),
        cv2.MORPH_CLOSE,
        np.ones((1, reach), np.uint8),
    )[:, reach:-reach]
    count, _, stats, _ = cv2.connectedComponentsWithStats(
        np.asarray(bridged, np.uint8), connectivity=8
    )
    boxes = []
    for number in range(1, count):
        left, top, across, down, _ = (int(one) for one in stats[number])
        boxes.append(Box(left, top, left + across, top + down))
    return _rows(boxes, unit, inside=inside)


def _below(left: int, top: int, across: int, tall: tuple[int, ...], unit: float) -> bool:
    """Whether ink is the lower part of something tall: a small picture of which the middle has the
    colour of the page."""
    begins, begin, wide, down = tall
    inside = left >= begins - 0.1 * unit and left + across <= begins + wide + 0.1 * unit
    return inside and wide > 1.2 * unit and top < begin + down + 0.6 * unit


def _rows(boxes: list[Box], unit: float, *, inside: bool) -> list[Box]:
    """Boxes of one row as one: in a bubble whatever is at the same height, on the page only what
    is close. Specks are left out."""
    rows: list[Box] = []
    for box in sorted(boxes, key=lambda one: -one.height):
        for place, row in enumerate(rows):
            shared = min(box.bottom, row.bottom) - max(box.top, row.top)
            apart = max(box.left, row.left) - min(box.right, row.right)
            near = apart < (8 * unit if inside else 1.1 * unit)
            if near and shared > 0.45 * min(box.height, row.height):
                rows[place] = Box(
                    min(box.left, row.left),
                    min(box.top, row.top),
                    max(box.right, row.right),
                    max(box.bottom, row.bottom),
                )
                break
        else:
            rows.append(box)
    rows = _stacked(rows, unit)
    # "...", "ㅡㅡ" and "~" are low and stand alone; a speck is low and short.
    kept = [
        row
        for row in rows
        if row.height >= 0.42 * unit or (inside and row.width >= 0.42 * unit and row.height >= 2)
    ]
    return sorted(kept, key=lambda row: (row.top, row.left))


def _stacked(rows: list[Box], unit: float) -> list[Box]:
    """The same with what stands right above one another as one: a line of few letters ("음") is
    of parts that nothing tall holds together."""
    found: list[Box] = []
    for row in sorted(rows, key=lambda one: one.top):
        for place, above in enumerate(found):
            whole = Box(
                min(above.left, row.left),
                min(above.top, row.top),
                max(above.right, row.right),
                max(above.bottom, row.bottom),
            )
            shared = min(above.right, row.right) - max(above.left, row.left)
            over = shared > 0.5 * min(above.width, row.width)
            if over and whole.height <= _TALLEST_LINE * unit:
                found[place] = whole
                break
        else:
            found.append(row)
    return found
