"""What writers put in the place of a Korean letter or syllable: the tables of ``disguise``.

Kept apart from the tables by which ``ansim.reading`` undoes such spellings, so that measuring one
by the other is not a table compared with itself.
"""

from __future__ import annotations

import random

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FIRST, _LAST = 0xAC00, 0xD7A3


def parts(syllable: str) -> tuple[int, int, int]:
    """Numbers of initial, vowel and final (0: none) in the order of Unicode's syllables."""
    rank = ord(syllable) - _FIRST
    return rank // 588, rank % 588 // 28, rank % 28


def joined(initial: int, vowel: int, final: int) -> str:
    """The syllable of these numbers."""
    return chr(_FIRST + initial * 588 + vowel * 28 + final)


def is_syllable(character: str) -> bool:
    """Whether it is a whole Korean syllable."""
    return _FIRST <= ord(character) <= _LAST


def apart(syllable: str) -> str:
    """사 → ㅅㅏ."""
    initial, vowel, final = parts(syllable)
    return INITIALS[initial] + VOWELS[vowel] + FINALS[final].strip()


UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\u180e"
SIGNS = (".", "*", "~", "♡", "-", "_", "/", "·", "♥", "★", "^", ",", "'", "|", "!", "+", "ㆍ", "❤")
FRAMES = (("《", "》"), ("『", "』"), ("【", "】"), ("(", ")"), ("★", "★"), ("~", "~"), ("", ""))
PICTURES = ("..", "💕", "✨", "❤️", "--", "~~", "🌸", "☆", "^^", "…")

HARDER: dict[int, tuple[int, ...]] = {
    0: (1,),
    1: (0,),
    3: (4,),
    4: (3,),
    7: (8,),
    8: (7,),
    9: (10,),
    10: (9,),
    12: (13,),
    13: (12,),
    14: (13,),
    15: (1,),
    16: (4,),
    17: (8,),
}
"""Initials by those that sound harder or softer (ㄱ-ㄲ, ㅈ-ㅉ, ㅋ-ㄲ …)."""
VOWELS_ALIKE: dict[int, tuple[int, ...]] = {
    1: (5,),
    5: (1,),
    8: (12,),
    12: (8,),
    13: (17,),
    17: (13,),
    4: (6,),
    6: (4,),
    11: (10, 15),
    10: (11, 15),
    19: (20,),
    3: (7,),
}
"""ㅐ-ㅔ, ㅗ-ㅛ, ㅜ-ㅠ, ㅓ-ㅕ, ㅚ-ㅙ-ㅞ, ㅢ-ㅣ, ㅒ-ㅖ."""
FINALS_ALIKE: dict[int, tuple[int, ...]] = {
    0: (4, 16, 20, 21, 24, 27, 19),
    1: (2, 24),
    4: (5, 6),
    7: (19, 25),
    8: (15, 13),
    16: (10,),
    17: (26, 18),
    19: (20, 22, 25),
    20: (19, 25),
    21: (4, 16),
}
LINKS: dict[int, tuple[int, int]] = {
    1: (0, 0),
    2: (0, 1),
    4: (0, 2),
    5: (4, 12),
    6: (0, 2),
    7: (0, 3),
    8: (0, 5),
    9: (8, 0),
    10: (8, 6),
    15: (0, 5),
    16: (0, 6),
    17: (0, 7),
    18: (17, 9),
    19: (0, 9),
    20: (0, 10),
    22: (0, 12),
    23: (0, 14),
    25: (0, 16),
    26: (0, 17),
    27: (0, 11),
}
"""Final before ㅇ → what stays under the syllable and what begins the next."""

KEYS = dict(
    zip(
        "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅃㅉㄸㄲㅆㅒㅖ",
        "qwertyuiopasdfghjklzxcvbnmQWERTOP",
        strict=True,
    )
)
KEYS |= {
    joint: "".join(KEYS[letter] for letter in letters)
    for joint, letters in {
        "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ",
        "ㅢ": "ㅡㅣ", "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ",
        "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
    }.items()
}  # fmt: skip
"""Keys of the usual Korean keyboard (두벌식)."""

NUMBERS = {
    "일": "1", "이": "2", "삼": "3", "사": "4", "오": "5", "육": "6", "칠": "7", "팔": "8",
    "구": "9", "공": "0", "빵": "0",
}  # fmt: skip
OUTLINES = {
    "귀": "커", "대": "머", "멍": "댕", "명": "띵", "유": "윾", "비": "네", "빔": "넴", "면": "띤",
    "팔": "괄", "왕": "앟", "머": "대", "댕": "멍", "네": "비", "며": "띠", "펴": "꼬",
    "우": "윽", "과": "파", "교": "꼬", "광": "팡", "공": "곰", "논": "곤", "문": "곰",
}  # fmt: skip
"""Syllables of a like outline."""
HANJA = {
    "수": "水", "화": "火", "대": "大", "소": "小", "인": "人", "일": "日", "월": "月", "금": "金",
    "중": "中", "산": "山", "천": "天", "지": "地", "학": "學", "생": "生", "사": "四", "이": "二",
    "신": "神", "여": "女", "남": "男", "자": "子", "문": "門", "미": "美", "한": "韓", "국": "國",
}  # fmt: skip
_DRAWN_INITIALS = {
    "ㄱ": ("7", "ㄱ", "コ", "┐"),
    "ㄴ": ("L", "ㄴ", "∟", "└"),
    "ㄷ": ("⊏", "ㄷ", "匚", "c"),
    "ㄹ": ("己", "ㄹ", "2"),
    "ㅁ": ("口", "ㅁ", "□"),
    "ㅂ": ("ㅂ", "甘", "廿"),
    "ㅅ": ("人", "ㅅ", "^", "入", "ʌ"),
    "ㅇ": ("O", "0", "ㅇ", "ο", "○", "o"),
    "ㅈ": ("ス", "ㅈ", "天"),
    "ㅊ": ("大", "ㅊ", "え"),
    "ㅋ": ("ㅋ", "ヲ", "∃"),
    "ㅌ": ("E", "ㅌ", "€"),
    "ㅍ": ("ㅍ", "丌"),
    "ㅎ": ("ㅎ", "ㆆ"),
}
_DRAWN_VOWELS = {
    "ㅏ": ("r", "ト", "卜", "ㅏ", "├"),
    "ㅓ": ("ㅓ", "-l", "┤"),
    "ㅣ": ("l", "I", "ㅣ", "|", "丨", "1", "!"),
    "ㅡ": ("-", "ㅡ", "一", "_"),
    "ㅗ": ("ㅗ", "⊥", "ㅗ", "上"),
    "ㅜ": ("T", "ㅜ", "丁", "┬"),
    "ㅠ": ("ㅠ", "π", "ㅠ"),
    "ㅐ": ("H", "ㅐ", "ㅏl"),
    "ㅔ": ("ㅔ", "ㅓl"),
    "ㅕ": ("ㅕ", "╡"),
    "ㅑ": ("ㅑ", "╞", "ㅑ"),
}


def drawn(syllable: str, draw: random.Random) -> str:
    """The syllable written with letters of like shape from anywhere; itself when none fits."""
    initial, vowel, final = parts(syllable)
    if final or INITIALS[initial] not in _DRAWN_INITIALS or VOWELS[vowel] not in _DRAWN_VOWELS:
        return syllable
    while True:
        left = draw.choice(_DRAWN_INITIALS[INITIALS[initial]])
        right = draw.choice(_DRAWN_VOWELS[VOWELS[vowel]])
        if left != INITIALS[initial] or right != VOWELS[vowel]:
            return left + right


_LATIN_INITIALS = (
    "g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t",
    "p", "h",
)  # fmt: skip
_LATIN_VOWELS = (
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo",
    "we", "wi", "yu", "eu", "ui", "i",
)  # fmt: skip
_LATIN_FINALS = {
    0: "", 1: "k", 2: "k", 4: "n", 7: "t", 8: "l", 16: "m", 17: "p", 18: "p", 19: "t", 20: "t",
    21: "ng", 22: "t", 23: "t", 25: "t", 26: "p",
}  # fmt: skip


def romanised(syllable: str) -> str:
    """The syllable in Latin letters, roughly as the Revised Romanization has it."""
    initial, vowel, final = parts(syllable)
    if final not in _LATIN_FINALS:
        return syllable
    return _LATIN_INITIALS[initial] + _LATIN_VOWELS[vowel] + _LATIN_FINALS[final]
