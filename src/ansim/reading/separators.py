"""Signs and spaces put between the syllables of a word go: 사.진, 사♡진, 사 진 → 사진.

Punctuation without a space after it and words of one syllable are ordinary, so the pieces are put
together only where what comes out is far likelier than the pieces are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ansim.reading.offsets import Edit
from ansim.reading.ordinary import EDGE, UNSEEN, Ordinary, ordinary

_SIGN = r"[^\w\s가-힣ㄱ-ㆎ]|_|[ㆍ]"
_SIGNS = re.compile(rf"[가-힣]+(?:(?:{_SIGN}){{1,4}}[가-힣]+)+")
_SPLIT = re.compile(rf"(?:{_SIGN})+")
_SPACED = re.compile(r"(?<![가-힣])[가-힣](?: [가-힣](?![가-힣]))+")
TRIGGER = rf"[가-힣](?:{_SIGN}){{1,4}}[가-힣]|(?<![가-힣])[가-힣] [가-힣](?![가-힣])"
"""Pattern without which this step has nothing to do."""
_TRIGGER = re.compile(TRIGGER)

GAIN = 9.0
"""How much likelier (natural log) a word of three and more pieces must be than the pieces."""
GAIN_OF_SYLLABLES = 4.0
"""The same where all pieces are single syllables with one sign between them."""
GAIN_IN_LEXICON = 2.0
"""The same for two pieces that make a word of the lexicon."""
GAIN_SPACED = {2: 99.0, 3: 20.0}
GAIN_SPACED_LONG = 12.0
"""The same for so many single syllables with spaces between, and for more of them."""
_RARE_SIGN = re.compile(r"[*_|♡♥❤★☆+^·ㆍ]+")
"""Signs that do not end or divide sentences: two pieces that make a common word may have one."""
FRAMES = dict(zip("《『【〈「[(★~", "》』】〉」])★~", strict=True))
"""Signs around a word that go with the signs inside of it."""

_LIST = frozenset(",/")
"""Signs between the members of a list: 월/수/금."""


def close_up(text: str) -> list[Edit]:
    """The edits that take signs and spaces out of words. Time is linear in the text."""
    if _TRIGGER.search(text) is None:
        return []
    table = ordinary()
    edits: list[Edit] = []
    for match in _SIGNS.finditer(text):
        edits += _without_signs(match, table)
    for match in _SPACED.finditer(text):
        edits += _without_spaces(match, table)
    edits.sort()
    return edits


def _without_signs(match: re.Match[str], table: Ordinary) -> list[Edit]:
    """Joins neighbouring pieces of which one at least is a single syllable."""
    pieces: list[tuple[int, int]] = []
    at = match.start()
    for sign in _SPLIT.finditer(match.string, match.start(), match.end()):
        pieces.append((at, sign.start()))
        at = sign.end()
    pieces.append((at, match.end()))
    edits: list[Edit] = []
    first = 0
    while first < len(pieces) - 1:
        last = first
        while last + 1 < len(pieces) and (_short(pieces[last]) or _short(pieces[last + 1])):
            last += 1
        group = pieces[first : last + 1]
        words = [match.string[a:b] for a, b in group]
        signs = {match.string[a[1] : b[0]] for a, b in pairwise(group)}
        if len(group) > 1 and _belong(words, signs, table):
            start, end = _framed(match.string, group[0][0], group[-1][1])
            edits.append((start, end, "".join(words)))
        first = last + 1
    return edits


def _short(piece: tuple[int, int]) -> bool:
    return piece[1] - piece[0] == 1


def _framed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with the signs that frame it."""
    left, right = text[start - 1 : start], text[end : end + 1]
    if left and FRAMES.get(left) == right:
        return start - 1, end + 1
    if left in "《『【〈「[(" and left and FRAMES[left] in text[start:end]:
        return start - 1, end
    return start, end


def _belong(words: list[str], signs: set[str], table: Ordinary) -> bool:
    if len(set(words)) == 1:
        return False
    joined = "".join(words)
    stem = table.stem(joined)
    if stem is not None and not words[0].startswith(stem):
        pieces = [words[0], *_first(words[1:], len(stem) - len(words[0]))]
        if table.score(stem) - sum(map(table.score, pieces)) >= GAIN_IN_LEXICON:
            return True
    gain = table.score(joined) - sum(map(table.score, words))
    if len(words) == 2:
        return (
            _RARE_SIGN.fullmatch(min(signs)) is not None
            and table.word(joined) is not None
            and gain >= GAIN_OF_SYLLABLES
        )
    even = (
        len(signs) == 1 and _LIST.isdisjoint(min(signs)) and all(len(word) == 1 for word in words)
    )
    return gain >= (GAIN_OF_SYLLABLES if even else GAIN)


def _first(words: list[str], size: int) -> Iterator[str]:
    """The first so many syllables of the words, word by word."""
    for word in words:
        if size <= 0:
            return
        yield word[:size]
        size -= len(word)


def _without_spaces(match: re.Match[str], table: Ordinary) -> list[Edit]:
    """Decides space by space which of a run of single syllables belong together."""
    letters = match[0][::2]
    if len(set(letters)) == 1:
        return []
    pairs = table.pairs
    edits: list[Edit] = []
    at = 0
    gained = 0.0
    listed = False
    while at < len(letters) - 1:
        end = at + 1
        while end < len(letters) and _joins(letters[end - 1], letters[end], pairs):
            end += 1
        if end - at > 1:
            word = letters[at:end]
            gained += table.score(word) - sum(table.score(c) for c in word)
            listed = listed or table.stem(word) is not None
            edits.append((match.start() + 2 * at, match.start() + 2 * end - 1, word))
        at = end
    wanted = GAIN_IN_LEXICON if listed else GAIN_SPACED.get(len(letters), GAIN_SPACED_LONG)
    return edits if gained >= wanted else []


def _joins(left: str, right: str, pairs: dict[str, float]) -> bool:
    apart = pairs.get(left + EDGE, UNSEEN) + pairs.get(EDGE + right, UNSEEN)
    return pairs.get(left + right, UNSEEN) > apart
