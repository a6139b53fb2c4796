"""Playful and evasive spellings of a turn, made at random: for harmless turns as for harmful ones.

In the corpus odd spelling stands mostly in grooming; a model that saw it only there would take the
spelling for the crime. The operations are those the research on Korean obfuscation describes
(sound, digits, letters taken apart, signs put between, spacing), kept simple.
"""

from __future__ import annotations

import random
from collections.abc import Callable

_FIRST, _LAST = 0xAC00, 0xD7A3
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_DIGITS = {"일": "1", "이": "2", "삼": "3", "사": "4", "오": "5", "육": "6", "칠": "7", "구": "9"}
_SOUND_ALIKE = {0: 1, 3: 4, 7: 8, 9: 10, 12: 13}
"""Plain initial consonant → its tense twin (ㄱ→ㄲ, ㄷ→ㄸ, ㅂ→ㅃ, ㅅ→ㅆ, ㅈ→ㅉ)."""
_VOWEL_ALIKE = {1: 5, 5: 1, 8: 12, 13: 17, 4: 6}
"""Vowels that sound or look alike (ㅐ↔ㅔ, ㅗ→ㅛ, ㅜ→ㅠ, ㅓ→ㅕ)."""
_ADDED_FINALS = (4, 16, 20, 21, 24)
"""Final consonants put playfully under an open syllable (해→햌)."""


def _parts(syllable: str) -> tuple[int, int, int]:
    rank = ord(syllable) - _FIRST
    return rank // 588, rank % 588 // 28, rank % 28


def _joined(initial: int, vowel: int, final: int) -> str:
    return chr(_FIRST + initial * 588 + vowel * 28 + final)


def _is_syllable(character: str) -> bool:
    return _FIRST <= ord(character) <= _LAST


def _sound(character: str, draw: random.Random) -> str:
    initial, vowel, final = _parts(character)
    if draw.random() < 0.5:
        return _joined(_SOUND_ALIKE.get(initial, initial), vowel, final)
    return _joined(initial, _VOWEL_ALIKE.get(vowel, vowel), final)


def _final(character: str, draw: random.Random) -> str:
    initial, vowel, final = _parts(character)
    return _joined(initial, vowel, final or draw.choice(_ADDED_FINALS))


def _apart(character: str, _draw: random.Random) -> str:
    initial, vowel, final = _parts(character)
    return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final].strip()


def _initial(character: str, _draw: random.Random) -> str:
    return _INITIALS[_parts(character)[0]]


def _sign(character: str, draw: random.Random) -> str:
    return character + draw.choice(".*~^;! ")


def _digit(character: str, _draw: random.Random) -> str:
    return _DIGITS.get(character, character)


_ONE_BY_ONE: tuple[tuple[Callable[[str, random.Random], str], float], ...] = (
    (_sound, 0.3),
    (_final, 0.2),
    (_apart, 0.25),
    (_initial, 0.25),
    (_sign, 0.3),
    (_digit, 1.0),
)


def disguised(text: str, draw: random.Random) -> str:
    """The text with one kind of disguise laid over some of its syllables, or its spaces gone."""
    if draw.random() < 0.15:
        return text.replace(" ", "")
    change, share = draw.choice(_ONE_BY_ONE)
    return "".join(
        change(character, draw) if _is_syllable(character) and draw.random() < share else character
        for character in text
    )
