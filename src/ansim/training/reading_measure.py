"""What reading restores and what it costs: syllables per kind of disguise, ordinary lines altered,
time a message.

The disguises come from ``ansim.training.disguise`` with a seed that training does not use. Its
tables are not those of ``ansim.reading``, but both know the same wordplay: the figures say how well
known disguises are undone, not how well new ones would be.
"""

from __future__ import annotations

import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ansim.reading import read
from ansim.reading.reading import plainly
from ansim.reading.respelling import relax
from ansim.training.disguise import CLASSES, disguise
from ansim.training.ordinary_counts import held_out, lines

SEED = 20_261
"""Of the disguises that are measured."""


@dataclass(frozen=True, slots=True)
class Restored:
    """Of one kind of disguise: how many neighbouring pairs of characters it broke in the texts,
    how many of them stand together again after reading, and texts read back in full."""

    broken: int
    restored: int
    texts: int
    whole: int

    @property
    def share(self) -> float:
        """Share of what was broken that is whole again; 1.0 where nothing was."""
        return self.restored / self.broken if self.broken else 1.0


@dataclass(slots=True)
class Altered:
    """What reading changed in ordinary lines that it was not counted from."""

    lines: int = 0
    altered: int = 0
    """Lines in which a reader sees other letters."""
    closed: int = 0
    """Lines in which no letter changed, but signs or spaces between syllables went."""
    shortened: int = 0
    """Lines in which only something stretched was made shorter (ㅋㅋㅋㅋ, !!!!, 훠어얼씬), or
    characters got their plain form (NFKC)."""
    examples: list[tuple[str, str]] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Share of lines altered."""
        return self.altered / self.lines if self.lines else 0.0


def turns(path: Path) -> list[str]:
    """All turns of a corpus of conversations (JSON lines). Raises ValueError naming a bad line."""
    found: list[str] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                found += [turn["text"] for turn in msgspec.json.decode(line)["turns"]]
            except (msgspec.DecodeError, KeyError, TypeError) as error:
                raise ValueError(f"{path}, line {number}: not a conversation ({error})") from None
    return found


def restored(texts: Sequence[str], kind: str, seed: int = SEED) -> Restored:
    """Disguises every text in that way and counts what reading makes whole again.

    A syllable counts as restored when it stands beside its neighbour again. The text that counts
    as right is what reading makes of the plain one.
    """
    draw = random.Random(f"{seed} {kind}")
    broken = found = count = whole = 0
    for text in texts:
        hidden = disguise(text, kind, draw)
        right = read(text).text
        if hidden == text:
            continue
        count += 1
        now = read(hidden).text
        whole += now == right
        lost = _pairs(right) - _pairs(hidden)
        broken += lost.total()
        found += (lost & _pairs(now)).total()
    return Restored(broken, found, count, whole)


def _pairs(text: str) -> Counter[str]:
    spaced = f" {text} "
    return Counter(spaced[at : at + 2] for at in range(len(spaced) - 1))


def all_restored(texts: Sequence[str]) -> dict[str, Restored]:
    """``restored`` for every kind of disguise."""
    return {kind: restored(texts, kind) for kind in CLASSES}


def altered(ordinary: Iterable[str], examples: int = 40) -> Altered:
    """Reads ordinary lines and counts those it changed."""
    found = Altered()
    for line in ordinary:
        found.lines += 1
        now = read(line).text
        if now == line:
            continue
        plain = plainly(line)
        if now == plain or _short(now) == _short(plain):
            found.shortened += 1
            continue
        if _letters(now) == _letters(plain):
            found.closed += 1
            continue
        found.altered += 1
        if len(found.examples) < examples:
            found.examples.append((line, now))
    return found


_WORD = re.compile("[가-힣]{2,}")


def _short(text: str) -> str:
    return _WORD.sub(lambda found: relax(found[0]), text)


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def sampled(texts: Sequence[str], most: int | None) -> list[str]:
    """At most so many of the texts, chosen at random and always the same."""
    if most is None or len(texts) <= most:
        return list(texts)
    return random.Random(SEED).sample(texts, most)


def unseen_lines(folder: Path, most: int | None = None) -> list[str]:
    """Lines of a folder of public text that the tables of reading were not counted from."""
    return sampled([line for line in lines(folder) if held_out(line)], most)


def microseconds(texts: Sequence[str]) -> tuple[float, float, float]:
    """Median, 99th percentile and mean of the processor time to read one text, each read once."""
    read("")  # the tables are read before the clock starts
    took: list[float] = []
    for text in texts:
        begun = time.thread_time()
        read(text)
        took.append(time.thread_time() - begun)
    took.sort()
    return (
        1e6 * statistics.median(took),
        1e6 * took[int(0.99 * (len(took) - 1))],
        1e6 * statistics.fmean(took),
    )
