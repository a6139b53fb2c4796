"""Plain Korean lines for pre-training, from a folder of ``*.txt`` or ``*.txt.xz`` files."""

from __future__ import annotations

import hashlib
import lzma
from collections.abc import Iterator
from pathlib import Path

from ansim import reading

LIKE_CHAT = {"3i4k": 3, "chatbot_data": 4, "kote_valtest": 2}
"""How often a file is read in one pass, by the start of its name: spoken and chatted Korean is
scarcer than film reviews. Any other file is read once."""

REVIEWS = "nsmc"
SHORTEST = 2


def files(folder: Path) -> list[Path]:
    """The text files of ``folder``, by name. Raises ValueError when there are none."""
    found = sorted([*folder.glob("*.txt"), *folder.glob("*.txt.xz")])
    if not found:
        raise ValueError(f"{folder} holds no *.txt or *.txt.xz file of plain lines")
    return found


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def written(path: Path) -> Iterator[str]:
    """The lines of one file as they stand there, without the space around them."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield line.strip()


def lines(path: Path) -> Iterator[str]:
    """The lines of one file as the detector reads them, empty ones left out."""
    for line in written(path):
        read = reading.read(line).text
        if len(read) >= SHORTEST:
            yield read


def times(path: Path) -> int:
    """How often one pass reads this file."""
    return next((n for start, n in LIKE_CHAT.items() if path.name.startswith(start)), 1)


def sample(folder: Path) -> Iterator[str]:
    """Lines the vocabulary is learnt from: a third of the reviews, chat as often as in a pass."""
    for path in files(folder):
        for _ in range(times(path)):
            for number, line in enumerate(lines(path)):
                if not path.name.startswith(REVIEWS) or number % 3 == 0:
                    yield line
