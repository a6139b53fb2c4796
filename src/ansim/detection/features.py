"""Turns text into numbered features: n-grams of letters and of syllables, each known by a
32-bit hash.

A syllable is taken apart into its letters, because Korean endings and playful spellings differ by
a letter, not by a syllable; whole syllables are features too, because short words are made of
them. Punctuation is passed over, so that "사.진" gives the features of "사진".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ansim.detection.compiling import compiled

SHORTEST, LONGEST = 2, 6
"""Lengths of the n-grams of letters."""
MOST_SYLLABLES = 4
"""Longest n-gram of syllables; the shortest is a single one."""
LETTERS_PER_CHARACTER = 3

SEGMENT = 60
"""Longest text, in characters, that is read in one go; hardly a turn of a chat is longer."""
PIECE, STRIDE = 32, 16
"""A longer one is read in overlapping pieces of so many characters, and its strongest piece counts:
words cannot be drowned in padding."""

Ints = npt.NDArray[np.int32]
Keys = npt.NDArray[np.uint32]
Codes = npt.NDArray[np.uint32]

_START, _END, _QUESTION, _SPACE = 1, 2, 3, 4
_SYLLABLE_FIRST, _SYLLABLE_LAST = 0xAC00, 0xD7A3
_MASK32 = 0xFFFFFFFF
_FNV_PRIME = 16777619
_FNV_BASIS = 2166136261
_SYLLABLE_SALT = 0x9E3779B1


def codes_of(texts: list[str]) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Code points of all texts one after another, and where each begins (length n + 1)."""
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=bounds[1:])
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(joined, np.uint32), bounds


@compiled
def room_for(characters: int) -> int:
    """Entries that ``collect`` may write for a piece of text of that length."""
    letters = LETTERS_PER_CHARACTER * characters + 2
    return (LONGEST - SHORTEST + 1) * letters + MOST_SYLLABLES * (characters + 2)


@compiled
def _mix(value: int) -> int:
    """Spreads all 32 bits over the low ones (finaliser of MurmurHash3)."""
    value ^= value >> 16
    value = (value * 0x85EBCA6B) & _MASK32
    value ^= value >> 13
    value = (value * 0xC2B2AE35) & _MASK32
    return value ^ (value >> 16)


@compiled
def _sign(code: int) -> int:
    """The letter a character stands for, 0 for one that is passed over, -1 for a syllable."""
    if _SYLLABLE_FIRST <= code <= _SYLLABLE_LAST:
        return -1
    if code in (0x20, 0x0A, 0x09, 0x0D):
        return _SPACE
    if 0x3131 <= code <= 0x3163:
        return 128 + code - 0x3131
    if 0x30 <= code <= 0x39:
        return 200 + code - 0x30
    if 0x41 <= code <= 0x5A:
        return 220 + code - 0x41
    if 0x61 <= code <= 0x7A:
        return 220 + code - 0x61
    if code == 0x3F:
        return _QUESTION
    if code >= 0x2E80:
        return 512 + code
    return 0


@compiled
def _hash_all(
    signs: Ints,
    places: Ints,
    count: int,
    shortest: int,
    longest: int,
    basis: int,
    found: int,
    keys: Keys,
    starts: Ints,
    ends: Ints,
) -> int:
    """Appends the n-grams of ``signs[:count]`` to ``keys``; returns the new number of them."""
    for first in range(count):
        value = basis
        for length in range(1, min(longest, count - first) + 1):
            value = ((value ^ signs[first + length - 1]) * _FNV_PRIME) & _MASK32
            if length >= shortest:
                keys[found] = _mix((value + length) & _MASK32)
                starts[found] = places[first]
                ends[found] = places[first + length - 1] + 1
                found += 1
    return found


@compiled
def collect(codes: Codes, start: int, end: int, keys: Keys, starts: Ints, ends: Ints) -> int:
    """Writes the feature keys of ``codes[start:end]`` and the characters each one covers.

    ``starts`` and ``ends`` are positions in ``codes``. The three arrays must hold
    ``room_for(end - start)`` entries. Returns how many were written.
    """
    letters = np.empty(LETTERS_PER_CHARACTER * (end - start) + 2, np.int32)
    letter_places = np.empty(LETTERS_PER_CHARACTER * (end - start) + 2, np.int32)
    syllables = np.empty(end - start + 2, np.int32)
    places = np.empty(end - start + 2, np.int32)
    letters[0] = _START
    syllables[0] = _SPACE
    count = 1
    whole = 1
    for index in range(start, end):
        code = int(codes[index])
        sign = _sign(code)
        if sign == 0 or (sign == _SPACE and syllables[whole - 1] == _SPACE):
            continue
        if sign == -1:
            rank = code - _SYLLABLE_FIRST
            letters[count] = 16 + rank // 588
            letters[count + 1] = 48 + (rank % 588) // 28
            letter_places[count] = index
            letter_places[count + 1] = index
            count += 2
            if rank % 28:
                letters[count] = 80 + rank % 28
                letter_places[count] = index
                count += 1
            syllables[whole] = 512 + code
        else:
            letters[count] = sign
            letter_places[count] = index
            count += 1
            syllables[whole] = sign
        places[whole] = index
        whole += 1
    if syllables[whole - 1] == _SPACE and whole > 1:
        whole -= 1
        count -= 1
    if whole == 1:
        return 0
    letters[count] = _END
    syllables[whole] = _SPACE
    places[0] = places[1]
    places[whole] = places[whole - 1]
    letter_places[0] = places[1]
    letter_places[count] = places[whole]
    found = _hash_all(
        letters, letter_places, count + 1, SHORTEST, LONGEST, _FNV_BASIS, 0, keys, starts, ends
    )
    return _hash_all(
        syllables,
        places,
        whole + 1,
        1,
        MOST_SYLLABLES,
        _SYLLABLE_SALT,
        found,
        keys,
        starts,
        ends,
    )


@compiled
def _fill(keys: Keys, table_keys: Keys, table_rows: Ints) -> None:
    mask = len(table_rows) - 1
    for row in range(len(keys)):
        place = int(keys[row]) & mask
        while table_rows[place] >= 0:
            place = (place + 1) & mask
        table_keys[place] = keys[row]
        table_rows[place] = row


def index_of(keys: Keys) -> tuple[Keys, Ints]:
    """A hash table from each key to its place in ``keys``, for ``find``: keys and rows."""
    size = 1 << max(4, int(np.ceil(np.log2(4 * max(1, len(keys))))))
    table_keys = np.zeros(size, np.uint32)
    table_rows = np.full(size, -1, np.int32)
    _fill(keys, table_keys, table_rows)
    return table_keys, table_rows


@compiled
def find(key: int, table_keys: Keys, table_rows: Ints) -> int:
    """The row of a key, or -1 for one that is not known."""
    mask = len(table_rows) - 1
    place = int(key) & mask
    while table_rows[place] >= 0:
        if table_keys[place] == key:
            return int(table_rows[place])
        place = (place + 1) & mask
    return -1
