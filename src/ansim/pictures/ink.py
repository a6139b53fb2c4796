"""Print made fit for Tesseract: dark letters of one height on white, whatever the picture was.

Tesseract reads black print of some thirty pixels on a white page. A phone's screen is light on
dark, dark on yellow and white on blue at once, in any size; so what stands out from the ground
right around it is taken for ink, either way, and what has no size of a letter is left out.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

GLYPH = 34.0
"""Height in pixels to which letters are brought; below about twenty Tesseract misreads Hangul."""
MOST_PIXELS = 16_000_000
"""A picture is not enlarged beyond this."""
BAND = 6_000
"""Tallest piece handed to Tesseract, in its pixels; it refuses sides over 32,767."""
_NEAR = 2.5
"""How far around a letter its ground is looked for, in letters."""
_TALLEST, _WIDEST = 3.5, 6.0
"""Largest connected ink that may be a letter or letters that touch, in letters."""
_TILE = 128
_CROWD = 90
"""More pieces of ink than so many on a tile are the grain of a photograph; sixteen letters fit."""
_FAINT = 175
"""Ink lighter than this is the softness of an edge."""


def glyph_height(grey: Grey) -> float:
    """Likely height of a letter in pixels, 0.0 where nothing looks like print."""
    shrink: float = max(1.0, (grey.size / 4_000_000) ** 0.5)
    if shrink > 1.0:
        grey = _resized(grey, 1 / shrink)
    around = cv2.blur(grey, (31, 31))
    marks = (np.abs(grey.astype(np.int16) - around) > 40).astype(np.uint8)
    marks = np.asarray(cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)))
    _, _, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    height = stats[1:, cv2.CC_STAT_HEIGHT].astype(float)
    width = stats[1:, cv2.CC_STAT_WIDTH].astype(float)
    like_print = (height >= 5) & (height <= 120) & (width >= 2) & (width <= height * 8)
    if like_print.sum() < 3:
        return 0.0
    # Above the middle, since Hangul falls apart into jamo lower than the letter.
    high = float(np.percentile(height[like_print], 60))
    return high * shrink


def enlargement(grey: Grey) -> float:
    """Factor that brings the picture's letters to ``GLYPH``, within ``MOST_PIXELS``."""
    height = glyph_height(grey)
    wished = 2.0 if height == 0.0 else min(4.0, max(0.5, GLYPH / height))
    most: float = (MOST_PIXELS / grey.size) ** 0.5
    factor = min(wished, max(most, 0.25))
    return 1.0 if 0.9 < factor < 1.15 else float(factor)


def printed(grey: Grey, scale: float) -> Grey:
    """The picture's letters, dark on white and ``scale`` times as large."""
    if scale != 1.0:
        grey = _resized(grey, scale)
    away = np.abs(grey.astype(np.int16) - _ground(grey))
    page = np.asarray((255 - away * 1.6).clip(0, 255), dtype=np.uint8)
    return _letters_only(page)


def bands(page: Grey) -> list[tuple[int, int]]:
    """Rows at which a tall page is cut into pieces, where there is least ink to cut through."""
    cuts, height = [0], page.shape[0]
    inked = (page < _FAINT).sum(axis=1)
    while height - cuts[-1] > BAND:
        begin = cuts[-1] + BAND // 2
        spread = np.convolve(inked[begin : cuts[-1] + BAND], np.ones(9), mode="same")
        cuts.append(begin + int(np.argmin(spread)))
    return list(zip(cuts, [*cuts[1:], height], strict=True))


def blanks(line: Grey) -> list[tuple[int, int]]:
    """Columns without ink between inked ones: (first, after the last) of each run, in order."""
    inked = np.flatnonzero((line < _FAINT).any(axis=0))
    return [
        (int(left) + 1, int(right)) for left, right in itertools.pairwise(inked) if right - left > 1
    ]


def _resized(grey: Grey, scale: float) -> Grey:
    how = cv2.INTER_CUBIC if scale > 1.0 else cv2.INTER_AREA
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=how), np.uint8)


def _ground(grey: Grey) -> Grey:
    """What each letter stands on: the middle brightness around, which leaves edges sharp."""
    shrink = max(1.0, GLYPH * _NEAR / 61)
    small = _resized(grey, 1 / shrink) if min(grey.shape) > 2 * shrink else grey
    ground = cv2.medianBlur(small, 61)
    height, width = grey.shape
    return np.asarray(cv2.resize(ground, (width, height), interpolation=cv2.INTER_NEAREST))


def _letters_only(page: Grey) -> Grey:
    marks = (page < _FAINT).astype(np.uint8)
    _, which, stats, centres = cv2.connectedComponentsWithStats(marks, connectivity=8)
    height, width = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    letters = (height <= _TALLEST * GLYPH) & (width <= _WIDEST * GLYPH) & (height * width >= 6)
    tiles = (centres // _TILE).astype(np.int64)
    tile = tiles[:, 1] * (page.shape[1] // _TILE + 1) + tiles[:, 0]
    letters &= np.bincount(tile)[tile] <= _CROWD
    letters[0] = False
    kept = cv2.dilate(letters[which].astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.where(kept == 0, np.uint8(255), page)
