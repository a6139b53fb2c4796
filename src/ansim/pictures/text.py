"""The words in a picture, by Tesseract with Korean and English.

It is given the page that `ink` makes of the picture over a pipe and answers over one: no file is
written. Its words are kept and its spaces are not: for Korean it sets far too many, so a space
stands where the ink shows one.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from ansim.pictures import ink, letters
from ansim.pictures.ink import Grey, glyph_height
from ansim.pictures.values import Line, Unread, Why

__all__ = ["Grey", "Layout", "Row", "Word", "glyph_height", "recognise", "rows", "spaced"]

LANGUAGES = "kor+eng"
SECONDS = 20.0
"""Time for all of one picture's text."""
SURE, SURE_OF_FEW = 0.70, 0.85
"""Lines that Tesseract is less sure of (0..1) are patterns in a photograph, not words; of less than
three letters and digits it must be surer."""
SPACE = 0.30
"""Narrowest space between words, in heights of a letter."""

Layout = Literal["page", "block", "line", "sparse"]
_MODES: dict[Layout, str] = {"page": "3", "block": "6", "line": "7", "sparse": "11"}


def recognise(
    grey: Grey,
    *,
    layout: Layout = "block",
    seconds: float = SECONDS,
    scale: float | None = None,
    sure: float = SURE,
    few: float = SURE_OF_FEW,
    languages: str = LANGUAGES,
) -> list[Line]:
    """Lines of text from top to bottom, with boxes in pixels of ``grey`` (height, width).

    ``block`` reads across the whole width; ``line`` is for a picture of one line. ``scale``
    overrides how much the picture is enlarged. Lines less ``sure`` are left out, and with any
    limit those without a letter or digit, or with one or two and less sure than ``few``.
    Raises Unread: ``no_reader`` where Tesseract or one of its languages is missing, ``too_slow``
    after ``seconds``.
    """
    program = shutil.which("tesseract")
    if program is None:
        raise Unread(Why.NO_READER)
    if min(grey.shape) < 4:
        return []
    deadline = time.monotonic() + seconds
    scale = scale or ink.enlargement(grey)
    page = ink.printed(grey, scale)
    lines = []
    for row in _read(program, page, _MODES[layout], languages, deadline):
        text = spaced(row, page)
        many = sum(map(str.isalnum, text))
        if row.sure >= sure and (sure <= 0 or (many and (many > 2 or row.sure >= few))):
            lines.append(row.line(text, scale))
    return lines


def rows(page: Grey, languages: str, seconds: float = SECONDS) -> list[Row]:
    """Lines of words on a page of dark print of one height on white (`ink.GLYPH`), as Tesseract
    gives them. Raises Unread as ``recognise`` does."""
    program = shutil.which("tesseract")
    if program is None:
        raise Unread(Why.NO_READER)
    return _read(program, page, _MODES["block"], languages, time.monotonic() + seconds)


def _read(program: str, page: Grey, mode: str, languages: str, deadline: float) -> list[Row]:
    found = []
    for top, bottom in ink.bands(page):
        piece = page[top:bottom]
        if (piece < 128).any():
            for row in _rows(_tesseract(program, piece, mode, languages, deadline)):
                row.top += top
                found.append(row)
    return found


def _tesseract(program: str, page: Grey, mode: str, languages: str, deadline: float) -> str:
    height, width = page.shape
    command = [program, "stdin", "stdout", "-l", languages, "--psm", mode, "--dpi", "150"]
    command += ["-c", "tessedit_create_tsv=1", "-c", "debug_file=/dev/null"]
    try:
        ended = subprocess.run(
            command,
            input=b"P5\n%d %d\n255\n" % (width, height) + np.ascontiguousarray(page).tobytes(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=max(0.1, deadline - time.monotonic()),
            preexec_fn=_die_with_us,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unread(Why.TOO_SLOW) from None
    if ended.returncode:
        raise Unread(Why.NO_READER if ended.returncode == 1 else Why.BROKE)
    return ended.stdout.decode("utf-8", "replace")


def _environment() -> dict[str, str]:
    """One thread: threads of Tesseract's slow each other down more than they help."""
    kept = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX") if name in os.environ}
    return {"LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1", **letters.told(kept)}


def _die_with_us() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


class Word(NamedTuple):
    """A word of Tesseract's: where it stands, what it says, how sure that is (0..1)."""

    left: int
    right: int
    text: str
    sure: float


@dataclass(slots=True)
class Row:
    """A line of Tesseract's, in pixels of the page that it read."""

    left: int
    top: int
    width: int
    height: int
    words: list[Word] = field(default_factory=list)

    @property
    def sure(self) -> float:
        return sum(word.sure for word in self.words) / len(self.words) if self.words else 0.0

    def line(self, text: str, scale: float) -> Line:
        """The line in pixels of the picture."""
        return Line(
            text=text,
            left=round(self.left / scale),
            top=round(self.top / scale),
            width=max(1, round(self.width / scale)),
            height=max(1, round(self.height / scale)),
            confidence=min(1.0, max(0.0, self.sure)),
        )


def spaced(row: Row, page: Grey, letter: float | None = None) -> str:
    """Its words, with a space where the ink of the page shows one or between two of Latin
    letters. ``letter`` is the height of one, where it is not that of the row."""
    strip = page[row.top : row.top + row.height, row.left : row.left + row.width]
    narrowest = SPACE * (letter or min(row.height, ink.GLYPH * 1.3))
    begins = [word.left - row.left for word in row.words[1:]]
    apart: set[int] = set()
    for first, after in ink.blanks(strip):
        free = [number for number in range(len(begins)) if number not in apart]
        if after - first < narrowest or not free:
            continue
        nearest = min(free, key=lambda number: abs(begins[number] - after))
        if abs(begins[nearest] - after) < ink.GLYPH:
            apart.add(nearest)
    text = row.words[0].text if row.words else ""
    for number, word in enumerate(row.words[1:]):
        space = number in apart or (_latin(text[-1]) and _latin(word.text[0]))
        text += f" {word.text}" if space else word.text
    return text


def _latin(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _rows(table: str) -> list[Row]:
    """Lines of Tesseract's table, which has a row for every line and word; empty ones left out."""
    found: dict[tuple[str, ...], Row] = {}
    for entry in table.splitlines():
        cells = entry.split("\t")
        if len(cells) != 12 or cells[0] not in ("4", "5"):
            continue
        place = tuple(cells[1:5])
        left, top, width, height = (int(cell) for cell in cells[6:10])
        if cells[0] == "4":
            found[place] = Row(left, top, width, height)
        elif (word := cells[11].strip()) and place in found:
            found[place].words.append(Word(left, left + width, word, float(cells[10]) / 100))
    return [row for row in found.values() if row.words]
