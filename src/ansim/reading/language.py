"""Whether a text is Korean enough to be judged: the models know Korean only."""

from __future__ import annotations

import re
from collections.abc import Iterable

ENOUGH = 0.3
"""Share of Hangul among letters from which a conversation counts as Korean. Korean teenagers mix
in a lot of English and romanised words; a chat in another language stays far below."""

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_HANGUL = re.compile("[가-힣ㄱ-ㅣ\u1100-\u11ff]")
_LETTER = re.compile(r"[^\W\d_]")
_FOREIGN = re.compile("[^\\W\\d_가-힣ㄱ-ㆎ\u1100-\u11ff]")


def korean_share(texts: Iterable[str]) -> float | None:
    """Hangul letters among all letters, web addresses left out; None when there are no letters."""
    hangul = letters = 0
    for text in texts:
        words = _ADDRESS.sub(" ", text)
        hangul += len(_HANGUL.findall(words))
        letters += len(_LETTER.findall(words))
    return hangul / letters if letters else None


def is_korean(texts: Iterable[str]) -> bool:
    """Whether a conversation can be judged. Nothing to read is nothing to judge: False."""
    share = korean_share(texts)
    return share is not None and share >= ENOUGH


def is_foreign(text: str) -> bool:
    """Whether one message is mostly written in letters other than Hangul.

    Quick for Korean and for what holds no letters at all, which is nearly everything.
    """
    if _FOREIGN.search(text) is None:
        return False
    share = korean_share((text,))
    return share is not None and share < ENOUGH


def without_foreign_letters(text: str) -> str:
    """The text with each letter of another script turned into a space; its length stays."""
    return _FOREIGN.sub(" ", text)
