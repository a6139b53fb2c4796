"""Where the spaces of a Korean line would stand, whatever spaces its writer typed.

Many people type none, some type them anywhere, and both also hides words. Gate and context model
therefore never see the writer's spaces but these: set between two characters by a look at the
characters around them and at nothing else, so that the same words give the same text however they
were spaced. What people read and what is kept has the writer's spaces.

A linear classifier of the gaps between characters, on hashed n-grams, as word segmenters since Xue
(2003) are; ``training/spacing_fit.py`` learns it from plain lines.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ansim.detection.compiling import compiled
from ansim.detection.features import codes_of

Weights = npt.NDArray[np.int8]
Codes = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]

TABLE = 1 << 19
"""Weights; a power of two. N-grams share them by hash."""
NGRAMS = ((-1, 1), (-2, 0), (0, 2), (-2, 1), (-1, 2), (-2, 2), (-3, 0), (0, 3), (-1, 0), (0, 1))
"""Characters from and up to which, counted from the gap, each n-gram takes in."""
_FROM = np.array([first for first, _ in NGRAMS])
_TO = np.array([last for _, last in NGRAMS])
_REACH = 3
FILE = Path(__file__).with_name("spacing.npz")

_SPACES = " \t\n\r"
_SYLLABLE_FIRST, _SYLLABLE_LAST = 0xAC00, 0xD7A3
_EDGE, _DIGIT, _LATIN, _OTHER = 1, 2, 3, 4


@compiled
def is_space(code: int) -> bool:
    return code in (0x20, 0x09, 0x0A, 0x0D)


@compiled
def _is_syllable(code: int) -> bool:
    return _SYLLABLE_FIRST <= code <= _SYLLABLE_LAST


@compiled
def _sort(code: int) -> int:
    """The character itself where it tells something about words, else its kind."""
    if _is_syllable(code) or 0x3131 <= code <= 0x3163 or code in (0x2E, 0x2C, 0x3F, 0x21, 0x7E):
        return code
    if 0x30 <= code <= 0x39:
        return _DIGIT
    if 0x41 <= code <= 0x5A or 0x61 <= code <= 0x7A:
        return _LATIN
    return _OTHER


@compiled
def bare(codes: Codes, start: int, end: int, sorts: Codes, places: Ints) -> int:
    """Writes kinds and places of the characters of ``codes[start:end]`` that are no spaces.

    ``sorts`` begins and ends with three edges: it must hold ``end - start + 6`` entries.
    """
    sorts[:_REACH] = _EDGE
    count = 0
    for index in range(start, end):
        code = codes[index]
        if not is_space(code):
            sorts[_REACH + count] = _sort(code)
            places[count] = index
            count += 1
    sorts[_REACH + count : 2 * _REACH + count] = _EDGE
    return count


@compiled
def keys_at(sorts: Codes, gap: int, out: Ints) -> None:
    """The n-grams around the gap before character ``gap``, as places in the table."""
    for number in range(_FROM.shape[0]):
        value = np.uint32(2166136261 + 101 * number)
        for index in range(gap + _FROM[number], gap + _TO[number]):
            value = np.uint32((value ^ sorts[_REACH + index]) * np.uint32(16777619))
        value ^= value >> np.uint32(16)
        value = np.uint32(value * np.uint32(0x85EBCA6B))
        value ^= value >> np.uint32(13)
        out[number] = value & np.uint32(TABLE - 1)


@compiled
def weigh(sorts: Codes, gap: int, keys: Ints, weights: Any, bias: Any) -> Any:
    """What speaks for a space before character ``gap``; leaves its n-grams in ``keys``."""
    keys_at(sorts, gap, keys)
    total = bias
    for key in keys:
        total += weights[key]
    return total


@compiled
def decided(left: int, right: int) -> bool:
    """Whether the gap between two characters is judged; English and numbers keep their spaces."""
    return _is_syllable(left) or _is_syllable(right)


@compiled
def _respace(codes: Codes, bounds: Ints, weights: Weights, bias: int, out: Codes) -> Ints:
    """Writes all texts anew to ``out`` (twice as long as ``codes``); returns their bounds."""
    ends = np.zeros(len(bounds), np.int64)
    keys = np.empty(_FROM.shape[0], np.int64)
    written = 0
    for text in range(len(bounds) - 1):
        start, end = bounds[text], bounds[text + 1]
        sorts = np.empty(end - start + 2 * _REACH, np.uint32)
        places = np.empty(end - start, np.int64)
        count = bare(codes, start, end, sorts, places)
        for index in range(count):
            code = codes[places[index]]
            if index:
                before = codes[places[index - 1]]
                if decided(before, code):
                    apart = weigh(sorts, index, keys, weights, bias) > 0
                else:
                    apart = places[index] - places[index - 1] > 1
                if apart:
                    out[written] = 0x20
                    written += 1
            out[written] = code
            written += 1
        ends[text + 1] = written
    return ends


@lru_cache(maxsize=1)
def version() -> str:
    """The SHA-256 of the table; whatever was learnt from respaced text goes with it."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def _table() -> tuple[Weights, int]:
    with np.load(FILE, allow_pickle=False) as stored:
        return stored["weights"], int(stored["bias"])


def respaced(texts: list[str]) -> tuple[Codes, Ints]:
    """The code points of the texts one after another, with spaces where words part, and where each
    text begins (length n + 1). Nothing but spaces is added or left out, nothing is moved."""
    codes, bounds = codes_of(texts)
    out = np.empty(2 * len(codes), np.uint32)
    ends = _respace(codes, bounds, *_table(), out)
    return out[: ends[-1]], ends


def lines(texts: list[str]) -> list[str]:
    """The same as strings."""
    codes, bounds = respaced(texts)
    ends = bounds.tolist()
    whole = codes.tobytes().decode("utf-32-le", "surrogatepass")
    return [whole[start:end] for start, end in pairwise(ends)]


def places(anew: str, text: str) -> list[int]:
    """For each character of the respaced text its place in ``text``; of a space, that of the
    character before it."""
    there = iter([index for index, character in enumerate(text) if character not in _SPACES])
    out: list[int] = []
    for character in anew:
        out.append(out[-1] if character in _SPACES else next(there))
    return out
