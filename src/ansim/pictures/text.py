"""The words in a picture, by Tesseract with Korean and English.

Tesseract reads black print of some thirty pixels on white; a phone's screen is anything else. So
dark pictures are inverted, small print is enlarged, and pages taller than Tesseract takes are cut
between lines. It is given the picture over a pipe and answers over one: no file is written.
"""

from __future__ import annotations

import ctypes
import shutil
import signal
import subprocess
import sys
import time
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ansim.pictures.values import Line, Unread, Why

Grey = NDArray[np.uint8]

LANGUAGES = "kor+eng"
SECONDS = 20.0
"""Time for all of one picture's text."""
GLYPH = 34.0
"""Height in pixels to which print is brought; below about twenty Tesseract misreads Hangul."""
MOST_PIXELS = 16_000_000
"""A picture is not enlarged beyond this."""
BAND = 6_000
"""Tallest piece handed to Tesseract, in its pixels; it refuses sides over 32,767."""

Layout = Literal["page", "block", "line", "sparse"]
_MODES: dict[Layout, str] = {"page": "3", "block": "6", "line": "7", "sparse": "11"}


def recognise(
    grey: Grey, *, layout: Layout = "page", seconds: float = SECONDS, scale: float | None = None
) -> list[Line]:
    """Lines of text from top to bottom, with boxes in pixels of ``grey`` (height, width).

    ``scale`` overrides how much the picture is enlarged. Raises Unread: ``no_reader`` where
    Tesseract or one of its languages is missing, ``too_slow`` after ``seconds``.
    """
    if min(grey.shape) < 4:
        return []
    deadline = time.monotonic() + seconds
    if is_dark(grey):
        grey = np.asarray(255 - grey, dtype=np.uint8)
    scale = scale or enlargement(grey)
    if scale != 1.0:
        how = cv2.INTER_CUBIC if scale > 1.0 else cv2.INTER_AREA
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=how), np.uint8)
    lines = []
    for top, bottom in bands(grey):
        for line in _tesseract(grey[top:bottom], _MODES[layout], deadline):
            lines.append(
                Line(
                    text=line.text,
                    left=round(line.left / scale),
                    top=round((line.top + top) / scale),
                    width=max(1, round(line.width / scale)),
                    height=max(1, round(line.height / scale)),
                    confidence=line.confidence,
                )
            )
    return lines


def is_dark(grey: Grey) -> bool:
    """Whether most of the picture is dark, as a screen in dark mode is."""
    return float(np.median(grey[::4, ::4])) < 110


def glyph_height(grey: Grey) -> float:
    """Likely height of a letter in pixels, 0.0 where nothing looks like print.

    The strokes that stand out from what is around them are joined to syllables, and the height in
    the middle is taken of what is neither speck nor picture.
    """
    shrink = max(1.0, (grey.size / 4_000_000) ** 0.5)
    if shrink > 1.0:
        grey = np.asarray(
            cv2.resize(grey, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA),
            np.uint8,
        )
    around = cv2.blur(grey, (31, 31))
    ink = (np.abs(grey.astype(np.int16) - around) > 40).astype(np.uint8)
    ink = np.asarray(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    if count < 4:
        return 0.0
    height = stats[1:, cv2.CC_STAT_HEIGHT].astype(float)
    width = stats[1:, cv2.CC_STAT_WIDTH].astype(float)
    like_print = (height >= 5) & (height <= 120) & (width >= 2) & (width <= height * 8)
    if like_print.sum() < 3:
        return 0.0
    return float(np.percentile(height[like_print], 60)) * shrink


def enlargement(grey: Grey) -> float:
    """Factor that brings the picture's print to a height that Tesseract reads well."""
    height = glyph_height(grey)
    wished = 2.0 if height == 0.0 else min(4.0, max(0.5, GLYPH / height))
    most = (MOST_PIXELS / grey.size) ** 0.5
    factor: float = min(wished, max(most, 0.25))
    return 1.0 if 0.9 < factor < 1.15 else factor


def bands(grey: Grey) -> list[tuple[int, int]]:
    """Rows at which a tall picture is cut into pieces, where there is least ink to cut through."""
    cuts, height = [0], grey.shape[0]
    rough = np.abs(np.diff(grey.astype(np.int16), axis=1)).sum(axis=1)
    while height - cuts[-1] > BAND:
        begin = cuts[-1] + BAND // 2
        quiet = rough[begin : cuts[-1] + BAND]
        spread = np.convolve(quiet, np.ones(9), mode="same")
        cuts.append(begin + int(np.argmin(spread)))
    return list(zip(cuts, [*cuts[1:], height], strict=True))


def _tesseract(grey: Grey, mode: str, deadline: float) -> list[Line]:
    program = shutil.which("tesseract")
    if program is None:
        raise Unread(Why.NO_READER)
    height, width = grey.shape
    picture = b"P5\n%d %d\n255\n" % (width, height) + np.ascontiguousarray(grey).tobytes()
    command = [program, "stdin", "stdout", "-l", LANGUAGES, "--psm", mode, "--dpi", "150"]
    command += ["-c", "tessedit_create_tsv=1", "-c", "debug_file=/dev/null"]
    try:
        ended = subprocess.run(
            command,
            input=picture,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=max(0.1, deadline - time.monotonic()),
            preexec_fn=_die_with_us,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unread(Why.TOO_SLOW) from None
    if ended.returncode:
        raise Unread(Why.NO_READER if ended.returncode == 1 else Why.BROKE)
    return lines_of(ended.stdout.decode("utf-8", "replace"))


def _die_with_us() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


def lines_of(tsv: str) -> list[Line]:
    """Lines of Tesseract's table, which has a row for every word; the empty ones are left out."""
    words: dict[tuple[str, ...], list[tuple[str, float]]] = {}
    boxes: dict[tuple[str, ...], tuple[int, int, int, int]] = {}
    for row in tsv.splitlines():
        cells = row.split("\t")
        if len(cells) != 12 or not cells[0].isdigit():
            continue
        place = tuple(cells[1:5])
        if cells[0] == "4":
            boxes[place] = (int(cells[6]), int(cells[7]), int(cells[8]), int(cells[9]))
        elif cells[0] == "5" and cells[11].strip():
            words.setdefault(place, []).append((cells[11].strip(), float(cells[10]) / 100))
    lines = []
    for place, said in words.items():
        left, top, width, height = boxes.get(place, (0, 0, 0, 0))
        sure = sum(confidence for _, confidence in said) / len(said)
        text = " ".join(word for word, _ in said)
        lines.append(
            Line(
                text=text,
                left=left,
                top=top,
                width=width,
                height=height,
                confidence=min(1.0, max(0.0, sure)),
            )
        )
    return lines
