"""Playful and evasive spellings of a turn, made at random: for harmless turns as for harmful ones.

In the corpus odd spelling stands mostly in grooming; a model that saw it only there would take the
spelling for the crime. The kinds are those that Korean writers are known to use and that the
research on Korean obfuscation describes (KOTOX: sound, shape, other scripts, order, signs), one
kind a call. The same kinds, drawn from another stream of chance, measure how much ``ansim.reading``
restores.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

from ansim.training import shapes
from ansim.training.shapes import (
    INITIALS,
    apart,
    joined,
    parts,
)

STRENGTH = 0.5
"""Share of the words a person would disguise; at least one is."""

_KEPT = re.compile(r"\[[가-힣 ]+\]|(?:https?://|www\.)\S+")
"""Stand-ins such as ``[사진]`` and addresses: nobody types these letter by letter."""
_WORD = re.compile("[가-힣]+")

Draw = random.Random
Change = Callable[[str, Draw], str]


def _jamo(word: str, draw: Draw) -> str:
    """사진 → ㅅㅏ진: some syllables fall apart into letters."""
    chosen = _some(word, draw, 0.6)
    return "".join(apart(c) if at in chosen else c for at, c in enumerate(word))


def _decomposed(word: str, _draw: Draw) -> str:
    """The conjoining letters that some systems store."""
    return unicodedata.normalize("NFD", word)


def _zero_width(word: str, draw: Draw) -> str:
    """Characters nobody sees between the syllables."""
    return _between(word, lambda: draw.choice(shapes.UNSEEN) * draw.randint(1, 2))


def _look_alike(word: str, draw: Draw) -> str:
    """가족 → ㄱr족, 미안 → 口l안: letters of other scripts with the same shape."""
    chosen = _some(word, draw, 0.6)
    return "".join(shapes.drawn(c, draw) if at in chosen else c for at, c in enumerate(word))


def _signs(word: str, draw: Draw) -> str:
    """사진 → 사.진, 사♡진: one sign between all syllables."""
    sign = draw.choice(shapes.SIGNS) * draw.choice((1, 1, 2))
    return _between(word, lambda: sign)


def _spaced(word: str, _draw: Draw) -> str:
    """사진 → 사 진."""
    return " ".join(word)


def _decorated(word: str, draw: Draw) -> str:
    """호갱 → 《호..갱》: framed, with several signs or pictures between."""
    left, right = draw.choice(shapes.FRAMES)
    sign = draw.choice(shapes.PICTURES)
    return left + _between(word, lambda: sign) + right


def _stretched(word: str, draw: Draw) -> str:
    """안녕 → 안녀엉, 사진 → 사아아진: the vowel sounds on."""
    at = draw.randrange(len(word))
    initial, vowel, final = parts(word[at])
    echo = joined(11, vowel, 0) * draw.randint(0, 1) + joined(11, vowel, final)
    return word[:at] + joined(initial, vowel, 0) + echo + word[at + 1 :]


def _doubled(word: str, draw: Draw) -> str:
    """사진 → 사사진, 사진진진."""
    at = draw.randrange(len(word))
    return word[:at] + word[at] * draw.randint(2, 4) + word[at + 1 :]


def _tense(word: str, draw: Draw) -> str:
    """사진 → 싸찐, 용돈 → 옹돈, 진짜 → 진자: harder or softer than it is written."""
    out = []
    chosen = _some(word, draw, 0.7)
    for at, c in enumerate(word):
        initial, vowel, final = parts(c)
        if at in chosen:
            if initial in shapes.HARDER and draw.random() < 0.85:
                initial = draw.choice(shapes.HARDER[initial])
            elif vowel in shapes.VOWELS_ALIKE:
                vowel = draw.choice(shapes.VOWELS_ALIKE[vowel])
        out.append(joined(initial, vowel, final))
    return "".join(out)


def _finals(word: str, draw: Draw) -> str:
    """한국인 → 핝굮읹, 해 → 햌: finals that change nothing or little in the sound."""
    chosen = _some(word, draw, 0.8)
    out = []
    for at, c in enumerate(word):
        initial, vowel, final = parts(c)
        if at in chosen and final in shapes.FINALS_ALIKE:
            final = draw.choice(shapes.FINALS_ALIKE[final])
        out.append(joined(initial, vowel, final))
    return "".join(out)


def _linked(word: str, _draw: Draw) -> str:
    """한국인 → 한구긴: written as it is spoken."""
    syllables = [parts(c) for c in word]
    for at in range(len(syllables) - 1):
        initial, vowel, final = syllables[at]
        following = syllables[at + 1]
        if final in shapes.LINKS and following[0] == 11:
            kept, moved = shapes.LINKS[final]
            syllables[at] = initial, vowel, kept
            syllables[at + 1] = moved, following[1], following[2]
    return "".join(joined(*syllable) for syllable in syllables)


def _keyboard(word: str, _draw: Draw) -> str:
    """사진 → tkwls: typed with the keyboard left on English."""
    return "".join(shapes.KEYS[letter] for c in word for letter in apart(c))


def _digits(word: str, draw: Draw) -> str:
    """사진 → 4진; where no syllable sounds like a number, one stands in between: 바2보."""
    if any(c in shapes.NUMBERS for c in word):
        return "".join(shapes.NUMBERS.get(c, c) for c in word)
    at = draw.randrange(1, len(word))
    return word[:at] + draw.choice("123456789") + word[at:]


def _turned(word: str, draw: Draw) -> str:
    """귀엽다 → 커엽다: syllables of a like outline (야민정음)."""
    return "".join(
        shapes.OUTLINES[c] if c in shapes.OUTLINES and draw.random() < 0.9 else c for c in word
    )


def _romanised(word: str, draw: Draw) -> str:
    """망했어 → mang했어, 수상해 → 水상해: one syllable in another script."""
    at = draw.randrange(len(word))
    other = shapes.HANJA.get(word[at])
    if other is None or draw.random() < 0.7:
        other = shapes.romanised(word[at])
    return word[:at] + other + word[at + 1 :]


def _shuffled(word: str, draw: Draw) -> str:
    """오랜만에 → 오만랜에: first and last stay, what is between changes places."""
    if len(word) < 4:
        return word
    inner = list(word[1:-1])
    draw.shuffle(inner)
    return word[0] + "".join(inner) + word[-1]


def _initials(word: str, _draw: Draw) -> str:
    """사진 → ㅅㅈ."""
    return "".join(INITIALS[parts(c)[0]] for c in word)


_BY_WORD: dict[str, Change] = {
    "jamo": _jamo,
    "decomposed": _decomposed,
    "zero_width": _zero_width,
    "look_alike": _look_alike,
    "signs": _signs,
    "spaced": _spaced,
    "decorated": _decorated,
    "stretched": _stretched,
    "doubled": _doubled,
    "tense": _tense,
    "finals": _finals,
    "linked": _linked,
    "keyboard": _keyboard,
    "digits": _digits,
    "turned": _turned,
    "romanised": _romanised,
    "shuffled": _shuffled,
    "initials": _initials,
}


def _joined_words(text: str, _draw: Draw) -> str:
    """Missing spaces."""
    return text.replace(" ", "")


def _misplaced(text: str, draw: Draw) -> str:
    """화장실 더럽고 별로 → 화장 실더럽 고별로: as many spaces, elsewhere."""
    spaces = text.count(" ")
    letters = text.replace(" ", "")
    if len(letters) < 3 or not spaces:
        return text
    cuts = sorted(draw.sample(range(1, len(letters)), min(spaces, len(letters) - 1)))
    return " ".join(letters[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True))


_BY_TEXT: dict[str, Change] = {"joined": _joined_words, "misplaced": _misplaced}

CLASSES: tuple[str, ...] = (*_BY_WORD, *_BY_TEXT)
"""Kinds of disguise that ``disguise`` knows."""


def disguise(text: str, kind: str, rng: random.Random, strength: float = STRENGTH) -> str:
    """The text with one kind of disguise over about ``strength`` of its words (at least one).

    Words are runs of two and more syllables; stand-ins such as ``[사진]`` and web addresses stay.
    The same state of ``rng`` gives the same text. Raises ValueError for a kind not in CLASSES.
    """
    if kind not in CLASSES:
        raise ValueError(f"no kind of disguise {kind!r}; known: {', '.join(CLASSES)}")
    pieces: list[str] = []
    done = 0
    for kept in _KEPT.finditer(text):
        pieces += [_stretch(text[done : kept.start()], kind, rng, strength), kept[0]]
        done = kept.end()
    pieces.append(_stretch(text[done:], kind, rng, strength))
    return "".join(pieces)


def disguised(text: str, draw: random.Random) -> str:
    """The text with one kind of disguise, chosen at random."""
    return disguise(text, draw.choice(CLASSES), draw)


def _stretch(text: str, kind: str, draw: Draw, strength: float) -> str:
    if kind in _BY_TEXT:
        return _BY_TEXT[kind](text, draw)
    words = [found for found in _WORD.finditer(text) if len(found[0]) > 1]
    if not words:
        return text
    chosen = [word for word in words if draw.random() < strength] or [draw.choice(words)]
    pieces: list[str] = []
    done = 0
    for word in chosen:
        pieces += [text[done : word.start()], _BY_WORD[kind](word[0], draw)]
        done = word.end()
    return "".join((*pieces, text[done:]))


def _some(word: str, draw: Draw, share: float) -> set[int]:
    """Places of about ``share`` of the syllables, at least one."""
    chosen = {at for at in range(len(word)) if draw.random() < share}
    return chosen or {draw.randrange(len(word))}


def _between(word: str, sign: Callable[[], str]) -> str:
    return "".join(c if at == 0 else sign() + c for at, c in enumerate(word))
