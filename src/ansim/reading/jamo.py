"""Hangul pulled apart into letters is put together again: ㅅㅏ진 → 사진, 지ㄴ짜 → 진짜.

Letters that stand alone on purpose stay as they are: ㅋㅋ, ㅠㅠ, ㅇㅇ, ㄱㅅ, faces such as ㅠㅅㅠ.
The rules are written so that a second pass finds nothing left to do.
"""

from __future__ import annotations

import re

from ansim.reading.offsets import Edit

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
"""The 19 initials, 21 vowels and 28 finals (none first) in the order of Unicode's syllables."""

ECHOES = {2: 0, 3: 1, 6: 4, 7: 5, 9: 0, 10: 1, 12: 8, 14: 4, 15: 5, 16: 20, 17: 13, 19: 20}
"""Vowels that sound on as another: ㅑ as ㅏ (야아), ㅕ as ㅓ (녀엉) …"""

_INITIAL = {letter: index for index, letter in enumerate(INITIALS)}
_VOWEL = {letter: index for index, letter in enumerate(VOWELS)}
_FINAL = {letter: index for index, letter in enumerate(FINALS) if index}
JOINED_VOWELS = {
    "ㅗㅏ": "ㅘ",
    "ㅗㅐ": "ㅙ",
    "ㅗㅣ": "ㅚ",
    "ㅜㅓ": "ㅝ",
    "ㅜㅔ": "ㅞ",
    "ㅜㅣ": "ㅟ",
    "ㅡㅣ": "ㅢ",
}
JOINED_FINALS = {
    "ㄱㅅ": "ㄳ",
    "ㄴㅈ": "ㄵ",
    "ㄴㅎ": "ㄶ",
    "ㄹㄱ": "ㄺ",
    "ㄹㅁ": "ㄻ",
    "ㄹㅂ": "ㄼ",
    "ㄹㅅ": "ㄽ",
    "ㄹㅌ": "ㄾ",
    "ㄹㅍ": "ㄿ",
    "ㄹㅎ": "ㅀ",
    "ㅂㅅ": "ㅄ",
}
_CLUSTERS = frozenset(JOINED_FINALS.values())
_DRAWN = frozenset("ㅗㅜㅠㅡ")
"""Vowels that are also drawn as eyes, tears and hands."""
_LAUGHS = frozenset("ㅋㅎ")

_RUN = re.compile("[ㄱ-ㅣ]{2,}|(?<=[가-힣])[ㄱ-ㅎ](?=[가-힣])")
TRIGGER = "[ㄱ-ㅎ][ㅏ-ㅣ]|[가-힣][ㄱ-ㅎ][가-힣]"
"""Pattern without which this step has nothing to do."""
_TRIGGER = re.compile(TRIGGER)


def recompose(text: str) -> list[Edit]:
    """The edits that put separated letters together again. Time is linear in the text."""
    if _TRIGGER.search(text) is None:
        return []
    edits: list[Edit] = []
    for match in _RUN.finditer(text):
        start, end = match.span()
        before = text[start - 1] if start and "가" <= text[start - 1] <= "힣" else ""
        after = end < len(text) and "가" <= text[end] <= "힣"
        edits.extend(_Run(match[0], start, before, after).edits())
    return edits


def syllable(initial: str, vowel: str, final: str = "") -> str:
    index = (_INITIAL[initial] * 21 + _VOWEL[vowel]) * 28
    return chr(0xAC00 + index + (_FINAL[final] if final else 0))


class _Run:
    """An unbroken run of letters, perhaps between whole syllables."""

    def __init__(self, letters: str, offset: int, before: str, after: bool) -> None:
        self.letters = letters
        self.offset = offset
        self.before = before
        self.after = after

    def edits(self) -> list[Edit]:
        letters = self.letters
        if self._is_face():
            return []
        found: list[Edit] = []
        at = self._attach(found)
        loose = False  # whether the letter before ``at`` belongs to no syllable
        while at < len(letters):
            if not self._begins(at, loose):
                loose = True
                at += 1
                continue
            start, initial, vowel = at, letters[at], letters[at + 1]
            at += 2
            if at < len(letters) and vowel + letters[at] in JOINED_VOWELS:
                vowel = JOINED_VOWELS[vowel + letters[at]]
                at += 1
            final, taken = self._final(at)
            at += taken
            new = syllable(initial, vowel, final)
            found.append((self.offset + start, self.offset + at, new))
            loose = False
        return found

    def _is_face(self) -> bool:
        """ㅇㅡㅇ, ㅇㅗㅇ on their own."""
        if len(self.letters) != 3 or self.before or self.after:
            return False
        left, mouth, right = tuple(self.letters)
        return left == right and left in _INITIAL and mouth in _DRAWN

    def _attach(self, found: list[Edit]) -> int:
        """지ㄴ짜, 머ㄱㅇㅓ: a lone consonant closes the whole, open syllable before it."""
        first = self.letters[0]
        if not self.before or (ord(self.before) - 0xAC00) % 28:
            return 0
        if first not in _FINAL or first in _LAUGHS or first in _CLUSTERS:
            return 0
        follows = self.after if len(self.letters) == 1 else self._begins(1, loose=True)
        if not follows:
            return 0
        found.append((self.offset - 1, self.offset + 1, chr(ord(self.before) + _FINAL[first])))
        return 1

    def _begins(self, at: int, loose: bool) -> bool:
        """Whether a syllable begins at ``at``; ``loose``: the letter before belongs to none."""
        letters = self.letters
        if at + 1 >= len(letters) or letters[at] not in _INITIAL or letters[at + 1] not in _VOWEL:
            return False
        vowel = letters[at + 1]
        if vowel not in _DRAWN:
            return True
        if loose or (letters[at] in _LAUGHS and vowel in "ㅠㅜ"):
            return False  # ㅋㅋㅠ, ㄱㅅㅠ, ㅠㅅㅠ: laughing and crying
        following = letters[at + 2] if at + 2 < len(letters) else ""
        return following not in _VOWEL or vowel + following in JOINED_VOWELS  # not ㅇㅠㅠ

    def _final(self, at: int) -> tuple[str, int]:
        """Final consonant at ``at`` and how many letters it takes (0 when there is none)."""
        letters = self.letters
        rest = len(letters) - at
        if rest == 0 or letters[at] not in _FINAL or letters[at] == "ㅋ":
            return "", 0
        first = letters[at]
        if self._begins(at, loose=False):
            return "", 0
        if rest == 1:
            lone = first in _LAUGHS or first in _CLUSTERS
            return (first, 1) if self.after or not lone else ("", 0)
        if self._begins(at + 1, loose=False):
            return first, 1
        if first in _CLUSTERS:
            return "", 0
        joined = JOINED_FINALS.get(letters[at : at + 2])
        if joined and (self.after if rest == 2 else self._begins(at + 2, loose=False)):
            return joined, 2
        if first not in _LAUGHS and letters[at + 1] in _LAUGHS:
            return first, 1  # ㄱㅡㄴㅑㅇㅋㅋ
        return "", 0
