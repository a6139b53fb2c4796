"""Korean typed with the keyboard left on English is read as typed: tkwls → 사진."""

from __future__ import annotations

import re

from ansim.reading.jamo import FINALS, INITIALS, JOINED_FINALS, JOINED_VOWELS, VOWELS, syllable
from ansim.reading.offsets import Edit
from ansim.reading.ordinary import ordinary

_KEYS = {
    "q": "ㅂ", "w": "ㅈ", "e": "ㄷ", "r": "ㄱ", "t": "ㅅ", "y": "ㅛ", "u": "ㅕ", "i": "ㅑ",
    "o": "ㅐ", "p": "ㅔ", "a": "ㅁ", "s": "ㄴ", "d": "ㅇ", "f": "ㄹ", "g": "ㅎ", "h": "ㅗ",
    "j": "ㅓ", "k": "ㅏ", "l": "ㅣ", "z": "ㅋ", "x": "ㅌ", "c": "ㅊ", "v": "ㅍ", "b": "ㅠ",
    "n": "ㅜ", "m": "ㅡ", "Q": "ㅃ", "W": "ㅉ", "E": "ㄸ", "R": "ㄲ", "T": "ㅆ", "O": "ㅒ",
    "P": "ㅖ",
}  # fmt: skip
_LEFT, _RIGHT = "qwertasdfgzxcvQWERT", "yuiophjklbnmOP"
TRIGGER = f"[{_LEFT}][{_RIGHT}][{_LEFT}{_RIGHT}]{{2}}"
"""Pattern without which this step has nothing to do."""
_TRIGGER = re.compile(TRIGGER)
_TOKEN = re.compile(
    rf"(?<![A-Za-z0-9@#/._:+-])(?:[{_LEFT}][{_RIGHT}]{{1,2}}[{_LEFT}]{{0,2}}){{1,12}}"
    r"(?![A-Za-z0-9@#/_:+-]|\.[A-Za-z0-9])"
)
"""A whole token whose keys alternate as Korean syllables do; ids and addresses have other signs
beside them."""
_BEFORE = re.compile(r"([A-Za-z]+)[ ,.'’]{1,2}$")
_AFTER = re.compile(r"[ ,.'’]{1,2}([A-Za-z]{1,24})")
LEAST_LETTERS = 4
LEAST_BESIDE = -12.0
"""Natural log of the least likely pair in what a neighbouring word is, if it is Korean too."""
LEAST_CHAIN, LEAST_CHAIN_OF_TWO = -7.5, -5.0
"""Natural log of the least mean probability of a pair of syllables in a word that is not common."""


def as_typed(text: str) -> list[Edit]:
    """The edits that read Latin letters as Korean keys. Time is linear in the text."""
    if _TRIGGER.search(text) is None:
        return []
    table = ordinary()
    edits: list[Edit] = []
    for match in _TOKEN.finditer(text):
        keys = match[0]
        if len(keys) < LEAST_LETTERS or _among_foreign(text, *match.span()):
            continue
        word = syllables("".join(_KEYS[key] for key in keys))
        if word is None or len(set(word)) < 2:
            continue
        known = table.word(word) is not None or table.stem(word) is not None
        least = LEAST_CHAIN if len(word) > 2 else LEAST_CHAIN_OF_TWO
        likely = table.chain(word) > least * (len(word) + 1)
        if known or likely:
            edits.append((*match.span(), word))
    return edits


def _among_foreign(text: str, start: int, end: int) -> bool:
    """Whether a word beside this one is Latin and no Korean comes of its keys: a foreign phrase."""
    for near in (_BEFORE.search(text, max(0, start - 24), start), _AFTER.match(text, end)):
        if near is None:
            continue
        word = syllables("".join(_KEYS.get(key, key) for key in near[1]))
        if word is None or ordinary().weakest(word) <= LEAST_BESIDE:
            return True
    return False


def syllables(letters: str) -> str | None:
    """Whole syllables made of single letters; None when a letter is left over."""
    out = []
    at = 0
    size = len(letters)
    while at < size:
        if at + 1 >= size or letters[at] not in INITIALS or letters[at + 1] not in VOWELS:
            return None
        initial, vowel = letters[at], letters[at + 1]
        at += 2
        if at < size and vowel + letters[at] in JOINED_VOWELS:
            vowel = JOINED_VOWELS[vowel + letters[at]]
            at += 1
        final = ""
        taken = 0  # consonants up to the next vowel
        while taken < 3 and at + taken < size and letters[at + taken] in INITIALS:
            taken += 1
        if at + taken < size and taken:  # a vowel follows: the last consonant begins its syllable
            taken -= 1
        if taken == 2:
            final = JOINED_FINALS.get(letters[at : at + 2], "")
            if not final:
                return None
        elif taken > 2:
            return None
        elif taken == 1:
            final = letters[at]
            if final not in FINALS:
                return None
        at += taken
        out.append(syllable(initial, vowel, final))
    return "".join(out)
