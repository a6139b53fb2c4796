"""Counts the pairs of syllables and the common words from which ``ansim.reading`` tells ordinary
spelling from disguised. One line in ten is left out, so that reading can be measured on it.

``python -m ansim.training.ordinary_counts DIR src/ansim/reading/ordinary.npz`` makes the table
again from a folder of plain lines, the same bytes from the same lines.
"""

from __future__ import annotations

import lzma
import math
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

LEAST_PAIR = 2
LEAST_WORD = 5
"""A pair or word that comes less often is not kept."""
_WORDS = re.compile("[가-힣]+")


def held_out(line: str) -> bool:
    """Whether a line is among the tenth that is never counted."""
    return zlib.crc32(line.encode()) % 10 == 0


def lines(folder: Path) -> Iterator[str]:
    """Lines of every ``.txt`` and ``.txt.xz`` of a folder, in the order of the names.

    Raises ValueError when there is none.
    """
    paths = sorted((*folder.glob("*.txt"), *folder.glob("*.txt.xz")))
    if not paths:
        raise ValueError(f"no .txt or .txt.xz file in {folder}: give a folder of plain text lines")
    for path in paths:
        opened = lzma.open if path.suffix == ".xz" else open
        with opened(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield line.rstrip("\n")


def count(texts: Iterable[str], out: Path) -> None:
    """Writes the table for ``ansim.reading.ordinary`` from those lines that are not held out."""
    pairs: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for line in texts:
        if held_out(line):
            continue
        for word in _WORDS.findall(line):
            words[word] += 1
    for word, times in words.items():
        spaced = f" {word} "
        for at in range(len(word) + 1):
            pairs[spaced[at : at + 2]] += times
    before: Counter[str] = Counter()
    for pair, times in pairs.items():
        before[pair[0]] += times
    kept = sorted(pair for pair, times in pairs.items() if times >= LEAST_PAIR)
    total = sum(words.values())
    common: dict[int, int] = {}
    for word, times in words.items():
        if times >= LEAST_WORD:
            key = zlib.crc32(word.encode())
            common[key] = max(times, common.get(key, 0))
    keys = sorted(common)
    np.savez_compressed(
        out,
        first=np.array([ord(pair[0]) for pair in kept], np.uint16),
        second=np.array([ord(pair[1]) for pair in kept], np.uint16),
        pair_weight=np.array([_weight(pairs[p], before[p[0]]) for p in kept], np.uint8),
        word=np.array(keys, np.uint32),
        word_weight=np.array([_weight(common[key], total) for key in keys], np.uint8),
    )


def _weight(times: int, total: int) -> int:
    """Sixteenths of the negative natural logarithm of a share, at most 255 (a share of 1e-7)."""
    return min(255, round(-16.0 * math.log(times / total)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: python -m ansim.training.ordinary_counts DIR OUT.npz")
    count(lines(Path(sys.argv[1])), Path(sys.argv[2]))
