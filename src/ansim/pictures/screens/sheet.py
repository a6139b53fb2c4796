"""All writing of a screen on one clean sheet, dark on white and of one size, read in one go.

Bubbles of every colour would each need Tesseract to be started; and it reads a line the better the
more it looks like a printed page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from ansim.pictures.screens.shapes import Box
from ansim.pictures.text import LANGUAGES, recognise

Pixels = NDArray[np.uint8]
Grey = NDArray[np.uint8]

LETTER = 34.0
"""Height of the print on the sheet, in pixels."""
MARGIN = 24
BETWEEN = 22
"""White rows between two lines."""
_DOUBTFUL = re.compile(r"[A-Za-z0-9{}<>|=@$^*\\\[\]「」『』]")
SECONDS = 90.0
"""Time for one sheet, which on a quiet machine takes less than one."""
TALLEST = 5_000
"""Rows of one sheet; a long capture takes several."""


class Written(msgspec.Struct, frozen=True):
    """What a line says, and how sure that is (0..1)."""

    text: str
    confidence: float


NOTHING = Written("", 0.0)


def written(pixels: Pixels, lines: Sequence[Box], print_: float) -> list[Written]:
    """What each line of a screen (RGB) says; NOTHING where nothing could be read.

    With English allowed, Hangul is now and then taken for Latin letters ("중3" for "23", "먼저" for
    "HA"). A line with such letters is read again as Korean alone, and the surer reading is taken.
    """
    strips = [_strip(pixels, line, print_) for line in lines]
    read = _in_sheets(strips, LANGUAGES)
    doubtful = [
        place
        for place, (line, one) in enumerate(zip(lines, read, strict=True))
        if line.height > 0.7 * print_ and (_DOUBTFUL.search(one.text) or one.confidence < 0.8)
    ]
    again = _in_sheets([strips[place] for place in doubtful], "kor")
    for place, one in zip(doubtful, again, strict=True):
        if one.text and one.confidence >= read[place].confidence:
            read[place] = one
    return read


def _in_sheets(strips: Sequence[Grey], languages: str) -> list[Written]:
    read: list[Written] = []
    begin = 0
    while begin < len(strips):
        end, height = begin, MARGIN
        while end < len(strips) and (end == begin or height < TALLEST):
            height += strips[end].shape[0] + BETWEEN
            end += 1
        read += _read(strips[begin:end], languages)
        begin = end
    return read


def _strip(pixels: Pixels, line: Box, print_: float) -> Grey:
    """One line, dark on white: how far each pixel is from what the line is written on."""
    height, width = pixels.shape[:2]
    slack = 0.16 * print_
    left, top = max(0, int(line.left - slack)), max(0, int(line.top - slack))
    right, bottom = (
        min(width, int(line.right + slack) + 1),
        min(height, int(line.bottom + slack) + 1),
    )
    part = pixels[top:bottom, left:right].astype(np.float32)
    if part.size == 0:
        return np.full((4, 4), 255, np.uint8)
    size = min(max(line.height / 0.92, 0.6 * print_), 1.15 * print_)
    factor = LETTER / size
    how = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    larger = cv2.resize(part, None, fx=factor, fy=factor, interpolation=how)
    part = np.asarray(larger, np.float32)
    rim = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
    ground = np.median(rim, axis=0)
    away = part - ground
    far = np.abs(away).max(axis=2)
    ink = np.median(away[far >= np.percentile(far, 96)], axis=0)
    length = float(np.dot(ink, ink))
    if length < 1:
        return np.full(part.shape[:2], 255, np.uint8)
    along = (away @ ink) / length
    return np.asarray(np.clip(255 - 255 * (along * 1.15 - 0.05), 0, 255), np.uint8)


def _read(strips: Sequence[Grey], languages: str) -> list[Written]:
    width = max(strip.shape[1] for strip in strips) + 2 * MARGIN
    height = MARGIN + sum(strip.shape[0] + BETWEEN for strip in strips)
    sheet = np.full((height, max(width, 400)), 255, np.uint8)
    middles = []
    top = MARGIN
    for strip in strips:
        down, across = strip.shape
        sheet[top : top + down, MARGIN : MARGIN + across] = strip
        middles.append(top + down / 2)
        top += down + BETWEEN
    said: list[list[tuple[int, str, float]]] = [[] for _ in strips]
    for line in recognise(
        sheet, layout="block", seconds=SECONDS, scale=1.0, sure=0.0, languages=languages
    ):
        middle = line.top + line.height / 2
        nearest = min(range(len(middles)), key=lambda place: abs(middles[place] - middle))
        if abs(middles[nearest] - middle) < LETTER:
            said[nearest].append((line.left, line.text, line.confidence))
    return [_joined(parts) for parts in said]


def _joined(parts: list[tuple[int, str, float]]) -> Written:
    if not parts:
        return NOTHING
    parts.sort()
    text = " ".join(text for _, text, _ in parts)
    return Written(text, sum(sure for _, _, sure in parts) / len(parts))
