"""First letters that stand for words, believed only side by side: ㅅㅈ ㅂㄴㅈ → 사진 보내줘.

Alone they are left as they are: ㅇㄷ is more often 어디 than 용돈, ㅈㅅ more often 죄송 than 주소.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ansim.reading.lexicon import of_kind
from ansim.reading.offsets import Edit

TRIGGER = "(?<![ㄱ-ㅣ])(?!ㅋㅋ|ㅎㅎ|ㅇㅇ|ㄱㄱ|ㄴㄴ|ㄷㄷ|ㅂㅂ)[ㄱ-ㅎ]{2}"
"""Pattern without which this step has nothing to do."""
_TRIGGER = re.compile(TRIGGER)
_PAIR = re.compile(r"(?<!\S)(\S{1,8})( )(\S{1,8})(?=[?!.~ㅋㅎㅠ]*(?:\s|$))")
_PARTICLES = ("", "을", "를", "으로", "로", "도", "만", "좀")
_LETTERS = re.compile("([ㄱ-ㅎ]+)([가-힣]*)")


@lru_cache(maxsize=1)
def _lists() -> tuple[dict[str, str], dict[str, str]]:
    return of_kind("things"), of_kind("acts")


def spell_out(text: str) -> list[Edit]:
    """The edits that spell out a thing and an act side by side. Time is linear in the text."""
    if _TRIGGER.search(text) is None:
        return []
    things, acts = _lists()
    edits: list[Edit] = []
    at = 0
    while match := _PAIR.search(text, at):
        at = match.start(3)  # the second word may be the first of another pair
        left, right = match[1], match[3].rstrip("?!.~ㅋㅎㅠ")
        thing, thing_letters = _word(left, things)
        act, act_letters = _word(right, acts)
        if thing and act and (thing_letters or act_letters):
            if thing_letters:
                edits.append((match.start(1), match.start(1) + len(left), thing))
            if act_letters:
                edits.append((match.start(3), match.start(3) + len(right), act))
                at = match.end(3)
    return edits


def _word(written: str, listed: dict[str, str]) -> tuple[str, bool]:
    """The word meant, or "" for none, and whether it was written by first letters."""
    letters = _LETTERS.fullmatch(written)
    if letters:
        meant = listed.get(letters[1])
        if meant and letters[2] in _PARTICLES:
            return meant + letters[2], True
        return "", False
    for word in listed.values():
        if written.startswith(word):
            return written, False
    return "", False
