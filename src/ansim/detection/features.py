"""Turns text into numbered features: jamo n-grams and words, hashed into a fixed table.

A syllable is taken apart into its letters, because Korean endings and playful spellings differ by
a letter, not by a syllable. Spaces and punctuation do not break an n-gram, so "사 진" and "사.진"
give the features of "사진"; whole words are features of their own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ansim.detection.compiling import compiled

BUCKET_BITS = 18
BUCKETS = 1 << BUCKET_BITS
SHORTEST, LONGEST = 2, 6
"""Lengths of the n-grams, in letters."""
MOST_PER_LETTER = LONGEST - SHORTEST + 1 + 2
"""Bound on the features that one letter can start: its n-grams, a word and a pair of words."""
LETTERS_PER_CHARACTER = 3

SEGMENT, STRIDE = 120, 90
"""A long text is read in overlapping pieces of so many characters, and its strongest piece counts:
words cannot be drowned in padding."""

Ints = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint32]

_START, _END, _QUESTION = 1, 2, 3
_SYLLABLE_FIRST, _SYLLABLE_LAST = 0xAC00, 0xD7A3
_MASK32 = 0xFFFFFFFF
_FNV_PRIME = 16777619
_FNV_BASIS = 2166136261
_WORD_SALT, _PAIR_SALT = 0x9E3779B1, 0x85EBCA6B


def codes_of(texts: list[str]) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Code points of all texts one after another, and where each begins (length n + 1)."""
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=bounds[1:])
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(joined, np.uint32), bounds


@compiled
def _mix(value: int) -> int:
    """Spreads all 32 bits over the low ones (finaliser of MurmurHash3)."""
    value ^= value >> 16
    value = (value * 0x85EBCA6B) & _MASK32
    value ^= value >> 13
    value = (value * 0xC2B2AE35) & _MASK32
    return value ^ (value >> 16)


@compiled
def _letters(codes: Codes, start: int, end: int, letters: Ints, places: Ints, words: Ints) -> int:
    """Writes the letters of ``codes[start:end]``, the character each came from, and its word.

    Returns how many there are. Punctuation and unknown signs are passed over; only a space ends
    a word.
    """
    count = 0
    word = 0
    fresh = False
    for index in range(start, end):
        code = np.int64(codes[index])
        if code in (0x20, 0x0A, 0x09, 0x0D):
            fresh = True
            continue
        first = count
        if _SYLLABLE_FIRST <= code <= _SYLLABLE_LAST:
            rank = code - _SYLLABLE_FIRST
            letters[count] = 16 + rank // 588
            letters[count + 1] = 48 + (rank % 588) // 28
            count += 2
            if rank % 28:
                letters[count] = 80 + rank % 28
                count += 1
        elif 0x3131 <= code <= 0x3163:
            letters[count] = 128 + code - 0x3131
            count += 1
        elif 0x30 <= code <= 0x39:
            letters[count] = 200 + code - 0x30
            count += 1
        elif 0x41 <= code <= 0x5A:
            letters[count] = 220 + code - 0x41
            count += 1
        elif 0x61 <= code <= 0x7A:
            letters[count] = 220 + code - 0x61
            count += 1
        elif code == 0x3F:
            letters[count] = _QUESTION
            count += 1
        elif code >= 0x2E80:
            letters[count] = 512 + code
            count += 1
        if count > first:
            if fresh and first > 0:
                word += 1
            fresh = False
            for position in range(first, count):
                places[position] = index
                words[position] = word
    return count


@compiled
def collect(codes: Codes, start: int, end: int, buckets: Ints, starts: Ints, ends: Ints) -> int:
    """Writes the feature numbers of ``codes[start:end]`` and the characters each one covers.

    ``starts`` and ``ends`` are positions in ``codes``. The three arrays must hold
    ``3 * MOST_PER_LETTER * (end - start + 2)`` entries. Returns how many were written.
    """
    room = LETTERS_PER_CHARACTER * (end - start) + 2
    letters = np.empty(room, np.int32)
    places = np.empty(room, np.int32)
    words = np.empty(room, np.int32)
    count = _letters(codes, start, end, letters[1:], places[1:], words[1:])
    if count == 0:
        return 0
    letters[0] = _START
    places[0] = places[1]
    words[0] = -1
    letters[count + 1] = _END
    places[count + 1] = places[count]
    words[count + 1] = -2
    total = count + 2
    mask = BUCKETS - 1
    found = 0
    for first in range(total):
        value = _FNV_BASIS
        for length in range(1, min(LONGEST, total - first) + 1):
            value = ((value ^ letters[first + length - 1]) * _FNV_PRIME) & _MASK32
            if length >= SHORTEST:
                buckets[found] = _mix(value + length) & mask
                starts[found] = places[first]
                ends[found] = places[first + length - 1] + 1
                found += 1
    previous = 0
    previous_start = 0
    first = 1
    while first <= count:
        last = first
        value = _WORD_SALT
        while last <= count and words[last] == words[first]:
            value = ((value ^ letters[last]) * _FNV_PRIME) & _MASK32
            last += 1
        buckets[found] = _mix(value) & mask
        starts[found] = places[first]
        ends[found] = places[last - 1] + 1
        found += 1
        if previous:
            buckets[found] = _mix((previous * 31 + value + _PAIR_SALT) & _MASK32) & mask
            starts[found] = previous_start
            ends[found] = places[last - 1] + 1
            found += 1
        previous = value
        previous_start = places[first]
        first = last
    return found


@compiled
def room_for(characters: int) -> int:
    """Entries that ``collect`` may write for a piece of text of that length."""
    return MOST_PER_LETTER * (LETTERS_PER_CHARACTER * characters + 2)
