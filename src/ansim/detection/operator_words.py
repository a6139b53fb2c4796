"""Words for sexualised talk (T12) that an operator brings along; none are in this project.

Our data holds only a placeholder where such talk would stand, so nothing here can know it. Who runs
the service may name a file of words or phrases, one a line, ``#`` for comments; a turn that holds
one, in whatever spelling ``reading`` undoes, counts as T12.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ansim import reading

MOST = 20_000
"""Lines a list may have."""
SURE = 3.0
"""Log-odds that a hit gives to T12 and to "some tactic"."""


class OperatorWords:
    """A compiled list. ``version`` names its content, for assessments to be told apart (R10)."""

    def __init__(self, words: frozenset[str], version: str) -> None:
        longest_first = sorted(words, key=lambda word: (-len(word), word))
        self._pattern = re.compile("|".join(re.escape(word) for word in longest_first))
        self.version = version

    @classmethod
    def load(cls, path: Path) -> OperatorWords:
        """Reads a list. Raises ValueError naming the file and what is wrong with it."""
        try:
            raw = path.read_bytes()
            lines = raw.decode("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"the list of T12 words {path} cannot be read: {error}") from None
        # Read as messages are, so that both sides are spelt alike.
        read = (reading.read(line.split("#")[0].strip()).text.strip().lower() for line in lines)
        words = frozenset(word for word in read if word)
        if not words:
            raise ValueError(f"the list of T12 words {path} is empty; one word a line")
        if len(words) > MOST:
            raise ValueError(f"the list of T12 words {path} has more than {MOST} words")
        return cls(words, hashlib.sha256(raw).hexdigest()[:12])

    def within(self, text: str) -> bool:
        """Whether a text as read holds one of the words."""
        return self._pattern.search(text.lower()) is not None
