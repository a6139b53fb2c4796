"""Plain Korean lines as the gate learns them: what people write who write of nothing harmful.

Without them it knows hard conversations only and takes every third film review for a tactic, so
that the context model is asked about everything. One line in ten is left out, to measure on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from ansim.training.encoder import text
from ansim.training.ordinary_counts import held_out

LONGEST = 60
"""Characters of a plain line that may pass for a chat message."""
EACH = 8_000
"""Lines learnt of each file."""
SEED = 7


def short(path: Path, *, unseen: bool) -> Iterator[str]:
    """Lines of one file that may pass for a chat message: those never learnt, or the others."""
    for line in text.lines(path):
        if len(line) <= LONGEST and held_out(line) == unseen:
            yield line


def learnt(folder: Path) -> list[str]:
    """Lines for the gate, as many of each file. Raises ValueError for a folder without any."""
    draw = random.Random(SEED)
    found: list[str] = []
    for path in text.files(folder):
        lines = list(short(path, unseen=False))
        found += draw.sample(lines, min(EACH, len(lines)))
    return found


def unseen(folder: Path) -> list[str]:
    """Short lines of all files that the gate never learns."""
    return [line for path in text.files(folder) for line in short(path, unseen=True)]
