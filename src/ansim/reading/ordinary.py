"""How ordinary a Korean word looks: which syllables follow each other, and which words are common.

Counted once over public Korean text (``ansim.training.ordinary_counts``; origins in docs/data.md).
Words are kept as 32-bit sums only: the table can recognise a word but holds no list of them.
"""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from importlib.resources import files
from operator import add

import numpy as np

from ansim.reading.jamo import ECHOES
from ansim.reading.lexicon import entries

UNSEEN = -16.0
"""Log-probability of a pair of syllables that the text never showed twice."""
COMMON_ECHO = -4.0
"""A syllable followed by its own vowel (사아) counts as usual only when likelier than this."""
LISTED_PAIR, LISTED_WORD = -7.0, -11.0
"""Least log-probability of a word of the lexicon and of the pairs in it."""
EDGE = " "
"""Stands before and after a word in the pairs."""

_WORDS = re.compile("[가-힣]+")
_TABLE = "ordinary.npz"


class Ordinary:
    """The tables. One instance serves the process; building it takes about 0.2 s."""

    def __init__(self) -> None:
        with files("ansim.reading").joinpath(_TABLE).open("rb") as file:
            table = np.load(file)
            first, second = (table[name].tolist() for name in ("first", "second"))
            pairs = (table["pair_weight"] / -16.0).tolist()
            words = table["word"].tolist()
            weights = (table["word_weight"] / -16.0).tolist()
        self.pairs: dict[str, float] = {
            chr(a) + chr(b): weight for a, b, weight in zip(first, second, pairs, strict=True)
        }
        """Natural log of the probability of the second character after the first."""
        self.words: dict[int, float] = dict(zip(words, weights, strict=True))
        """Natural log of the share of a common word among all words, by its CRC-32."""
        self.stems = frozenset(entry.word for entry in entries() if entry.restore)
        for entry in entries():
            if entry.kind not in ("things", "acts", "fixed"):
                self._learn(entry.word)

        self._seen = frozenset(
            pair for pair, weight in self.pairs.items() if weight > COMMON_ECHO or not _echo(*pair)
        )

    def _learn(self, word: str) -> None:
        """A word of the lexicon counts as ordinary, however rare it is in the counted text."""
        if _WORDS.fullmatch(word) is None:
            return
        spaced = EDGE + word + EDGE
        for pair in (spaced[at : at + 2] for at in range(len(word) + 1)):
            self.pairs[pair] = max(self.pairs.get(pair, UNSEEN), LISTED_PAIR)
        key = zlib.crc32(word.encode())
        self.words[key] = max(self.words.get(key, UNSEEN), LISTED_WORD)

    def unusual(self, text: str) -> bool:
        """Whether any two neighbours in the Hangul of the text are not seen in ordinary text."""
        spaced = f" {' '.join(_WORDS.findall(text))} "
        return not self._seen.issuperset(map(add, spaced, spaced[1:]))

    def word(self, word: str) -> float | None:
        """Log-probability of a common word; None for any other."""
        found = self.words.get(zlib.crc32(word.encode()))
        if found is None or self.weakest(word) <= UNSEEN:  # another word with the same sum
            return None
        return found

    def chain(self, word: str) -> float:
        """Log-probability of the word by its pairs of syllables alone."""
        get = self.pairs.get
        total = 0.0
        before = EDGE
        for c in word:
            total += get(before + c, UNSEEN)
            before = c
        return total + get(before + EDGE, UNSEEN)

    def score(self, word: str) -> float:
        """Log-probability of a word, common or not."""
        common = self.word(word)
        chain = self.chain(word)
        return chain if common is None or common < chain else common

    def weakest(self, word: str) -> float:
        """Log-probability of the least likely pair in the word."""
        spaced = EDGE + word + EDGE
        return min(self.pairs.get(spaced[at : at + 2], UNSEEN) for at in range(len(word) + 1))

    def stem(self, word: str) -> str | None:
        """The longest entry of the lexicon worth restoring with which the word begins."""
        for size in range(min(6, len(word)), 1, -1):
            if word[:size] in self.stems:
                return word[:size]
        return None


def _echo(first: str, second: str) -> bool:
    """Whether the second syllable may be the first one sounding on: 사아, 녀엉."""
    left, right = ord(first) - 0xAC00, ord(second) - 0xAC00
    if left < 0 or right < 0 or left % 28 or right // 588 != 11:
        return False
    vowel = left % 588 // 28
    return right % 588 // 28 in (vowel, ECHOES.get(vowel))


@lru_cache(maxsize=1)
def ordinary() -> Ordinary:
    """The tables, read when they are first needed."""
    return Ordinary()
