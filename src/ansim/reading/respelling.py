"""Words spelled otherwise on purpose are spelled as usual: 싸찐 → 사진, 핝굮읹 → 한국인.

A noisy channel: of all usual spellings within reach of what was written, the likeliest, if it is
likelier than the written one by far. How far depends on the message: one odd word may be a name, a
dialect or a slip; several are a disguise. A word of the lexicon is believed sooner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import permutations

from ansim.reading.jamo import ECHOES, INITIALS
from ansim.reading.lexicon import of_kind
from ansim.reading.offsets import Edit
from ansim.reading.ordinary import EDGE, UNSEEN, Ordinary, ordinary

WEAK = -9.5
"""A word is looked at only when some pair in it is less likely than this (natural log)."""
WEAK_RARE = -8.5
"""What is put in its place has no pair less likely than this, if it is not a common word."""
LONGEST = 12
"""Syllables of a word that are weighed; longer ones are whole sentences without spaces."""
MOST_WEIGHED = 400
"""Odd words of one message that are weighed in one pass; a message of chat has a few."""
WIDTH = 12
"""Spellings kept while a word is read from left to right."""

GAIN_IN_LEXICON = 8.5
"""How much likelier (natural log) a word of the lexicon must be to be believed alone."""
GAIN_OF_STRETCH = 5.0
"""The same for a common word that was stretched."""
GAIN_OF_WORD, GAIN_OF_RARE = 3.0, 8.0
"""In a message known to be in disguise: of a common word, and of one that is not common."""
SHARE_OF_WORDS = 0.25
"""A message is in disguise when at least that share of its words is, by either of these."""
GAIN_OF_COMMON, COMMON_TOGETHER = 5.0, 22.0
"""Common words would stand there, so much likelier each and together."""
GAIN_OF_SEVERAL, SEVERAL_TOGETHER = 8.0, 24.0
"""Two and more words would, one common at least, so much likelier each and together."""

_COST = 3.0
_STRETCH = 1.0
_LINK = 2.0
_SHUFFLED = 6.0
_BREATH = 4.0
_FINAL_COSTS = ((3.0, 4.0), (0.7, 2.0))
"""Of another final of the same sound, and of none: for usual finals, for playful ones."""
_WORD = re.compile("[가-힣]{2,}")
_FIRST = 0xAC00

_SOUNDS = ((0, 1, 15), (3, 4, 16), (7, 8, 17), (9, 10), (12, 13, 14))
"""Initials of one place of sound: ㄱㄲㅋ, ㄷㄸㅌ, ㅂㅃㅍ, ㅅㅆ, ㅈㅉㅊ."""
_ASPIRATED = frozenset((14, 15, 16, 17))
_VOWEL_SOUNDS = (
    (1, 5),
    (8, 12),
    (13, 17),
    (4, 6),
    (0, 2),
    (10, 11, 15),
    (19, 20),
    (3, 7),
    (16, 20),
)
_FINAL_SOUNDS: dict[int, tuple[int, ...]] = {
    1: (2, 24, 3, 9, 0), 2: (1, 0), 3: (1, 0), 4: (5, 6, 0), 5: (4, 0), 6: (4, 0),
    7: (19, 25, 20, 22, 0), 8: (9, 11, 12, 13, 14, 15), 9: (1, 8), 10: (16,), 11: (8,), 12: (8,),
    13: (8,), 14: (26, 17), 15: (8,), 16: (10, 0), 17: (26, 18), 18: (17,), 19: (20, 7, 22, 25, 0),
    20: (19, 7, 0), 21: (0,), 22: (19, 7, 0), 23: (19, 7, 0), 24: (1, 0), 25: (19, 7, 0),
    26: (17, 0), 27: (0,),
}  # fmt: skip
"""Finals by those written for the same sound, and none where one was added for play."""
_PLAYFUL = frozenset((2, 3, 5, 6, 9, 10, 11, 12, 13, 14, 15, 18, 23, 24, 25, 26, 27))
"""Finals that ordinary words have seldom: to take one away costs little."""
_LINKS: dict[int, tuple[tuple[int, int], ...]] = {
    0: ((0, 1),), 1: ((0, 2),), 2: ((0, 4), (0, 6)), 3: ((0, 7),), 5: ((0, 8), (0, 15)),
    6: ((0, 16), (8, 10)), 7: ((0, 17),), 9: ((0, 19), (17, 18)), 10: ((0, 20),),
    11: ((0, 27),), 12: ((0, 22), (4, 5)), 14: ((0, 23),), 16: ((0, 25),), 17: ((0, 26),),
}  # fmt: skip
"""Initial of the second syllable → final of the first as written, and as usually spelled."""
_OUTLINES = {
    "커": "귀", "대": "머", "댕": "멍", "띵": "명", "윾": "유", "네": "비", "넴": "빔", "띤": "면",
    "괄": "팔", "앟": "왕", "윽": "우", "파": "과", "읶": "의", "머": "대", "곰": "문",
}  # fmt: skip
"""Syllables of a like outline (야민정음)."""

Option = tuple[int, str, float]
"""Syllables taken, what they may stand for, and the cost."""


_ALIKE = of_kind("fixed")
TRIGGER = "|".join(sorted(_ALIKE, key=len, reverse=True))
"""Pattern of the spellings that are always alike."""
_SPELLING = re.compile(rf"(?<![\w.-])(?:{TRIGGER})(?![\d.-])")


def wordplay(text: str) -> list[Edit]:
    """The edits that undo spellings that are always alike: 8282, 커엽다. Linear in the text."""
    return [(*found.span(), _ALIKE[found[0]]) for found in _SPELLING.finditer(text)]


def respell(text: str) -> list[Edit]:
    """The edits that respell what is spelled otherwise on purpose. Time is linear in the text."""
    table = ordinary()
    if not table.unusual(text):
        return []
    edits: list[Edit] = []
    sure: list[Edit] = []
    common: dict[str, float] = {}
    several: dict[str, float] = {}
    words = weighed = 0
    for match in _WORD.finditer(text):
        word = match[0]
        words += 1
        if len(word) > LONGEST or table.word(word) is not None:
            continue
        relaxed = relax(word)
        if relaxed != word and _gain(word, relaxed, table) >= GAIN_OF_STRETCH:
            sure.append((*match.span(), relaxed))
            edits.append(sure[-1])
            continue
        if table.weakest(word) > WEAK or len(set(word)) == 1 or weighed == MOST_WEIGHED:
            continue
        weighed += 1
        likely, gain = _likeliest(word)
        if likely == word or gain < GAIN_OF_WORD:
            continue
        is_common = table.word(likely) is not None
        if not is_common and table.weakest(likely) <= WEAK_RARE:
            continue
        if gain >= GAIN_OF_SEVERAL:
            several[word] = gain
        if not is_common and gain < GAIN_OF_RARE:
            continue
        edit = (*match.span(), likely)
        edits.append(edit)
        stem = table.stem(likely)
        if stem is not None and gain >= GAIN_IN_LEXICON and not word.startswith(stem):
            sure.append(edit)
        if is_common and gain >= GAIN_OF_COMMON:
            common[word] = gain
    few = SHARE_OF_WORDS * words
    if (sum(common.values()) >= COMMON_TOGETHER and len(common) >= few) or (
        sum(several.values()) >= SEVERAL_TOGETHER and len(several) >= max(2, few) and common
    ):
        return edits
    return sure


@lru_cache(maxsize=16384)
def _likeliest(word: str) -> tuple[str, float]:
    """The likeliest usual spelling of a word, and by how much it is likelier than the written."""
    table = ordinary()
    pairs = table.pairs
    beams: list[dict[str, float]] = [{} for _ in range(len(word) + 1)]
    beams[0][""] = 0.0
    for at in range(len(word)):
        hypotheses = beams[at]
        if len(hypotheses) > WIDTH:
            best = sorted(hypotheses.items(), key=lambda pair: (-pair[1], pair[0]))[:WIDTH]
            hypotheses = dict(best)
        options = _options(word[at : at + 3])
        for spelled, score in hypotheses.items():
            before = spelled[-1:] or EDGE
            for taken, new, cost in options:
                value = score - cost + pairs.get(before + new[0], UNSEEN)
                if len(new) == 2:
                    value += pairs.get(new, UNSEEN)
                key = spelled + new
                following = beams[at + taken]
                if following.get(key, -1e9) < value:
                    following[key] = value
        beams[at] = {}
    best_word, best_score = word, table.score(word)
    written = best_score
    if 4 <= len(word) <= 6:
        for spelled in _reordered(word):
            common = table.word(spelled)
            if common is not None and common - _SHUFFLED > best_score:
                best_word, best_score = spelled, common - _SHUFFLED
    for spelled, score in beams[-1].items():
        total = score + pairs.get(spelled[-1] + EDGE, UNSEEN)
        common = table.word(spelled)
        if common is not None:
            cost = table.chain(spelled) - total
            total = max(total, common - cost)
        if total > best_score or (total == best_score and spelled < best_word):
            best_word, best_score = spelled, total
    return best_word, best_score - written


def _gain(word: str, common: str, table: Ordinary) -> float:
    """How much likelier a common word is than the written one; nothing for any other word."""
    likely = table.word(common)
    return 0.0 if likely is None else likely - table.score(word)


_VERBAL = frozenset("우운울움")
"""주우면, 누운: forms of verbs, not a vowel that sounds on."""


def relax(word: str) -> str:
    """안녀엉하세요 → 안녕하세요: without syllables that are doubled or sound a vowel on, the last
    one apart, which everybody stretches."""
    out = word[0]
    for at, c in enumerate(word[1:], 1):
        merged = [] if c in _VERBAL else [new for new, _ in _two(out[-1], c) if len(new) == 1]
        out = out[:-1] + merged[-1] if merged and at < len(word) - 1 else out + c
    return out


def _reordered(word: str) -> Iterator[str]:
    """오만랜에 → 오랜만에: the other orders of what is between the first and the last syllable."""
    for inner in permutations(word[1:-1]):
        yield word[0] + "".join(inner) + word[-1]


@lru_cache(maxsize=8192)
def _options(written: str) -> tuple[Option, ...]:
    """What the first syllable of ``written`` (with up to two more to look at) may stand for."""
    found: dict[tuple[int, str], float] = {}

    def add(taken: int, new: str, cost: float) -> None:
        if found.get((taken, new), 1e9) > cost:
            found[taken, new] = cost

    for new, cost in _one(written[0]):
        add(1, new, cost)
    if len(written) > 1:
        for new, cost in _two(written[0], written[1]):
            add(2, new, cost)
    if len(written) > 2 and written[1] == written[2]:
        for new, cost in _two(written[0], written[1]):
            if len(new) == 1:
                add(3, new, cost)
    return tuple((taken, new, cost) for (taken, new), cost in found.items())


def _parts(syllable: str) -> tuple[int, int, int]:
    rank = ord(syllable) - _FIRST
    return rank // 588, rank % 588 // 28, rank % 28


def _joined(initial: int, vowel: int, final: int) -> str:
    return chr(_FIRST + initial * 588 + vowel * 28 + final)


def _alike(groups: tuple[tuple[int, ...], ...], member: int) -> list[int]:
    return [other for group in groups if member in group for other in group if other != member]


def _one(syllable: str) -> list[tuple[str, float]]:
    initial, vowel, final = _parts(syllable)
    initials = [(initial, 0.0)]
    for other in _alike(_SOUNDS, initial):
        initials.append((other, _BREATH if {initial, other} & _ASPIRATED else _COST))
    vowels = [(vowel, 0.0), *((other, _COST) for other in _alike(_VOWEL_SOUNDS, vowel))]
    alike, none = _FINAL_COSTS[final in _PLAYFUL]
    finals = [(f, alike if f else none) for f in _FINAL_SOUNDS.get(final, ())]
    finals.append((final, 0.0))
    found = []
    for i, price in initials:
        for v, more in vowels:
            for f, most in finals:
                changes = (price > 0) + (more > 0) + (most > 0)
                if changes <= 2:
                    found.append((_joined(i, v, f), price + more + most - 0.5 * (changes == 2)))
    if syllable in _OUTLINES:
        found.append((_OUTLINES[syllable], _COST))
    return found


def _two(first: str, second: str) -> list[tuple[str, float]]:
    initial, vowel, final = _parts(first)
    initial2, vowel2, final2 = _parts(second)
    found = []
    if first == second:
        found.append((first, _STRETCH))
    if initial2 == INITIALS.index("ㅇ") and vowel2 in (vowel, ECHOES.get(vowel)) and not final:
        found.append((_joined(initial, vowel, final2), _STRETCH))  # 녀엉 → 녕
    for written, usual in _LINKS.get(initial2, ()):
        if final == written:
            found.append((_joined(initial, vowel, usual) + _joined(11, vowel2, final2), _LINK))
    return found
