"""All writing of a screen on one clean sheet, dark on white and of one size, read in one go.

Bubbles of every colour would each need Tesseract to be started; and it reads a line the better the
more it looks like a printed page.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from ansim.pictures import ink
from ansim.pictures.screens import jamo, stamps
from ansim.pictures.screens.shapes import Box
from ansim.pictures.text import LANGUAGES, Row, Word, rows, spaced

Pixels = NDArray[np.uint8]
Grey = NDArray[np.uint8]

LETTER = 34.0
"""Height of the print on the sheet, in pixels."""
MARGIN = 24
BETWEEN = 22
"""White rows between two lines."""
_SYLLABLE = re.compile(r"[가-힣]|^[ㄱ-ㅣ]+$")
_PLAIN = re.compile(r"[.,!?~…]+|\d|\d+%|\d{1,2}:\d{2}")
_LIKE_DIGITS = re.compile(r"[IlOoSsZzBbgq]+")
_LATIN = re.compile(r"[A-Za-z]{2,}[.,!?~]*|[A-Za-z][A-Za-z0-9_.]{2,}")
_POOR = 0.5
"""A line without syllables that is read less surely (0..1), or not at all, is read once more."""
_DOUBTFUL, _CROOKED = 0.8, 0.3
"""If more than such a share of whole lines is read less surely, the sheet was taken for crooked."""
_SOFT = 4
"""Pixels that the soft edges of a letter take beyond it."""
_LOW = 0.66
"""Height of a line without syllables, at most, in heights of the print."""
_SURE_OF_JAMO = 0.9
_SURE_OF_LATIN = 0.8
"""How sure of a word of Latin letters English must be (0..1)."""
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

    With both languages at once Hangul is now and then taken for Latin letters ("먼저" for "HA").
    So all is read as Korean, which knows no Latin letters, and lines in which that gives digits
    or signs are read as English too: a word of letters is taken if English is sure of it.
    """
    strips = [_strip(pixels, line, print_) for line in lines]
    alone = [
        jamo.runs(strip, _unit(line, print_)) for strip, line in zip(strips, lines, strict=True)
    ]
    bare = [_without(strip, found) for strip, found in zip(strips, alone, strict=True)]
    read = _read_all(bare, lines, print_)
    for row, found in zip(read, alone, strict=True):
        row.words = sorted([*row.words, *(Word(*one, _SURE_OF_JAMO) for one in found)])
    return [
        Written(spaced(row, strip, 0.94 * LETTER), row.sure) if row.words else NOTHING
        for row, strip in zip(read, strips, strict=True)
    ]


def _without(strip: Grey, found: Sequence[jamo.Found]) -> Grey:
    """The strip without jamo that are known already."""
    if not found:
        return strip
    bare = strip.copy()
    for one in found:
        bare[:, max(0, one.left - _SOFT) : one.right + _SOFT] = 255
    return bare


def _read_all(strips: Sequence[Grey], lines: Sequence[Box], print_: float) -> list[Row]:
    read = _in_sheets(strips, "kor")
    whole = [place for place, line in enumerate(lines) if line.height > 0.7 * print_]
    doubtful = [place for place in whole if read[place].sure < _DOUBTFUL]
    if len(doubtful) > _CROOKED * len(whole):
        for place, row in zip(
            doubtful, _in_sheets([strips[place] for place in doubtful], "kor"), strict=True
        ):
            if row.sure > read[place].sure:
                read[place] = row
    poor = [
        place
        for place, row in enumerate(read)
        if row.sure < _POOR and not any(_SYLLABLE.search(word.text) for word in row.words)
    ]
    for place, row in zip(
        poor, _in_sheets([strips[place] for place in poor], LANGUAGES), strict=True
    ):
        if row.sure > read[place].sure:
            read[place] = row
    latin = [
        place
        for place, (line, row) in enumerate(zip(lines, read, strict=True))
        if line.height > 0.45 * print_ and row.words and _maybe_latin(row)
    ]
    for place, english in zip(
        latin, _in_sheets([strips[place] for place in latin], "eng"), strict=True
    ):
        read[place].words = merged(read[place].words, english.words)
    return read


def _maybe_latin(row: Row) -> bool:
    text = "".join(word.text for word in row.words)
    if stamps.is_clock(text) or stamps.is_day(text) or stamps.heading(text) is not None:
        return False
    return any(_weak(word) and not _PLAIN.fullmatch(word.text) for word in row.words)


def _weak(word: Word) -> bool:
    """Whether a Korean word may have been Latin letters: it has no syllable, or a doubtful one."""
    return not _SYLLABLE.search(word.text) or word.sure < 0.5


def merged(korean: Sequence[Word], english: Sequence[Word]) -> list[Word]:
    """The Korean reading of a line with words of Latin letters from the English one, where these
    stand in the place of Korean words without syllables."""
    sure = [word for word in english if word.sure >= _SURE_OF_LATIN and _LATIN.fullmatch(word.text)]
    words: list[Word] = []
    for weak, run in itertools.groupby(korean, key=_weak):
        group = list(run)
        words += _latin_for(group, sure) if weak else group
    return words


def _latin_for(weak: list[Word], sure: Sequence[Word]) -> list[Word]:
    """The Latin words that stand where these do, each for one or some of them, or all for all."""
    left, right, slack = weak[0].left, weak[-1].right, 0.4 * LETTER
    inside = [word for word in sure if left - slack <= word.left and word.right <= right + slack]
    digits = all(word.text.isdigit() for word in weak)
    if not inside or (digits and all(_LIKE_DIGITS.fullmatch(word.text) for word in inside)):
        return weak
    if sum(word.right - word.left for word in inside) >= 0.7 * (right - left):
        return inside
    words = list(weak)
    for word in inside:
        same = [
            one
            for one in words
            if one.left >= word.left - slack and one.right <= word.right + slack
        ]
        if same:
            place = words.index(same[0])
            words[place : place + len(same)] = [word]
    return words


def _in_sheets(strips: Sequence[Grey], language: str) -> list[Row]:
    """What stands on each strip. The widest are first on a sheet: after many short lines Tesseract
    takes the sheet for crooked, and reads across lines."""
    order = sorted(range(len(strips)), key=lambda place: -strips[place].shape[1])
    read: dict[int, Row] = {}
    begin = 0
    while begin < len(order):
        end, height = begin, MARGIN
        while end < len(order) and (end == begin or height < TALLEST):
            height += strips[order[end]].shape[0] + BETWEEN
            end += 1
        sheet = order[begin:end]
        read.update(zip(sheet, _read([strips[place] for place in sheet], language), strict=True))
        begin = end
    return [read[place] for place in range(len(strips))]


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
    factor = LETTER / _size(line, print_)
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


def _size(line: Box, print_: float) -> float:
    """Height of its print, which that of its ink tells but for lines of low letters."""
    return min(max(line.height / 0.92, 0.6 * print_), 1.15 * print_)


def _unit(line: Box, print_: float) -> float:
    """Height of the print on its strip: a line of jamo alone is low, and stands there enlarged."""
    return LETTER * print_ / _size(line, print_) if line.height < _LOW * print_ else LETTER


def _read(strips: Sequence[Grey], language: str) -> list[Row]:
    """What stands on each strip, in its own pixels."""
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
    found = [Row(0, 0, strip.shape[1], strip.shape[0]) for strip in strips]
    for row in rows(ink.printed(sheet, 1.0), language, SECONDS):
        middle = row.top + row.height / 2
        nearest = min(range(len(middles)), key=lambda place: abs(middles[place] - middle))
        if abs(middles[nearest] - middle) < LETTER:
            found[nearest].words += [
                Word(max(0, one.left - MARGIN), one.right - MARGIN, one.text, one.sure)
                for one in row.words
            ]
    for row in found:
        row.words.sort()
    return found
