"""Digits, Latin letters and Chinese characters inside of Korean words are read as what they stand
for: 4진 → 사진, mang했어 → 망했어, ㄱr족 → 가족, 口l안 → 미안, 水상 → 수상.

Ordinary chat is full of such neighbours (3일, 2번, cg가, 고1이라), so a reading is believed only
when the whole word that it makes is a common one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, product

from ansim.reading.jamo import FINALS, INITIALS, VOWELS, recompose, syllable
from ansim.reading.offsets import Edit, apply
from ansim.reading.ordinary import Ordinary, ordinary

_INITIAL_SHAPES = {
    "ㄱ": "7コ┐フㄱ¬", "ㄴ": "L∟└ㄴし", "ㄷ": "⊏匚c⊂亡", "ㄹ": "己2乙근ㄹ", "ㅁ": "口□ロ■",
    "ㅂ": "甘廿凵日",
    "ㅅ": "人^入ʌ∧へ", "ㅇ": "Oo0ο○ОоΟ◯●", "ㅈ": "ス天ズ", "ㅊ": "大え犬", "ㅋ": "ヲ∃ヨ",
    "ㅌ": "E€ε三∈", "ㅍ": "丌立", "ㅎ": "ㆆ方홓",
}  # fmt: skip
_VOWEL_SHAPES = {
    "ㅏ": "rト├卜Γ┠", "ㅓ": "┤┨", "ㅣ": "lI|丨1!ｌ│ᅵ", "ㅡ": "-一_━ー─", "ㅗ": "⊥上┴",
    "ㅜ": "T丁┬ナ", "ㅠ": "π兀Π", "ㅐ": "HЊ", "ㅕ": "╡", "ㅑ": "╞",
}  # fmt: skip
_INITIAL_OF = {shape: letter for letter, shapes in _INITIAL_SHAPES.items() for shape in shapes}
_VOWEL_OF = {shape: letter for letter, shapes in _VOWEL_SHAPES.items() for shape in shapes}
_VOWEL_SIGNS, _INITIAL_SIGNS = "".join(_VOWEL_OF), "".join(_INITIAL_OF)
_SHAPES = "".join(sorted(set(_INITIAL_OF) | set(_VOWEL_OF)))
_FOREIGN = (
    "".join(re.escape(c) for c in _SHAPES if not c.isascii() and not "가" <= c <= "힣")
    + "A-Za-z0-9一-龥"
)
_ASCII_SHAPES = re.escape("|!^_-")
TRIGGER = f"[가-힣ㄱ-ㅣ][{_FOREIGN}]|[{_FOREIGN}][가-힣ㄱ-ㅣ]"
"""Pattern without which this step has nothing to do."""
_TRIGGER = re.compile(TRIGGER)
_TOKEN = re.compile(f"[가-힣ㄱ-ㅣ{_FOREIGN}{_ASCII_SHAPES}]+")
_RUN = re.compile(f"[ㄱ-ㅣ{_FOREIGN}{_ASCII_SHAPES}]+")
_WORD = re.compile("[가-힣]{2,}")

LONGEST = 16
"""Characters of a token that is looked at."""
MOST = 48
"""Readings of one token that are compared."""

_DIGITS = {
    "1": ("일",), "2": ("이",), "3": ("삼",), "4": ("사",), "5": ("오",), "6": ("육",),
    "7": ("칠",), "8": ("팔",), "9": ("구",), "0": ("공", "영", "빵"),
}  # fmt: skip
_LETTERS = {"r": ("라",), "l": ("라",)}
_NUMBERED = re.compile(
    r"[0-9]{2}|제[0-9]|[0-9]$|[OXox]{2}|[A-Z]{2}|(?:^|[가-힣])[0-9](?:일|월|년|시|분|초|개|명|살|번|원|만|천|백|억|학|반|교|장|층|등|"
    r"위|주|차|부|탄|편|점|대|회|호|급|세|인|권|화|박|단|배|도|키|판|강|조|과|곳|가지|승|패|마리|줄|"
    r"달|군|차원|종|문|팀|연|쪽|킬|렙|성|형|관|동|면|타|발|기|수|칸|막|자|모|대로|류|총사|계절|촌|틀)"
)
"""A number and what it counts, more than one digit, a letter that stands for a name (OO, XX) or an
abbreviation (AI): never a disguise."""
_BORROWED = re.compile(
    "[A-Za-z一-龥]+(?:은|는|이|가|을|를|의|에|도|만|로|과|와|랑|나|야|요|님|씨|인|다)"
)
"""A foreign word with a particle."""
LEAST_PAIR, LEAST_PAIR_LATIN = -9.5, -7.5
"""Natural log of the least likely pair of syllables in a word that is not common: with look-alike
letters in it, with Latin ones."""
GAIN_INSIDE, GAIN_INSIDE_COMMON = 8.0, 3.0
"""How much likelier (natural log) a word must be than its halves with a digit between."""
LEAST_REST = -12.0
"""What follows a digit read as a syllable is no word: natural log of the most it may be."""
_LATIN_INSIDE = re.compile("[가-힣]*[a-z]{2,}[가-힣]*")
_HANJA_BEFORE = re.compile("[一-龥][가-힣]")
_OPEN = re.compile(
    f"[{''.join(chr(0xAC00 + 588 * i + 28 * v) for i in range(19) for v in (0, 2, 4, 6))}]"
    "[lI|丨1!](?![a-zA-Z0-9])"
)
_INSIDE = re.compile("[가-힣][0-9][가-힣]{1,4}")
"""One digit after the first syllable: what follows a longer word is its number (시즌2가)."""
_GRADE = re.compile("(?:초|중|고|대)[1-6]")
_HANJA = {
    "水": "수", "火": "화", "木": "목", "金": "금", "土": "토", "日": "일", "月": "월", "大": "대",
    "小": "소", "人": "인", "中": "중", "山": "산", "天": "천", "地": "지", "學": "학", "生": "생",
    "一": "일", "二": "이", "三": "삼", "四": "사", "五": "오", "六": "육", "七": "칠", "八": "팔",
    "九": "구", "十": "십", "神": "신", "女": "여", "男": "남", "子": "자", "門": "문", "美": "미",
    "韓": "한", "國": "국", "王": "왕", "心": "심", "力": "력", "車": "차", "家": "가", "校": "교",
    "先": "선", "物": "물", "錢": "전", "秘": "비", "密": "밀", "愛": "애", "情": "정",
    "夜": "야", "死": "사", "無": "무", "不": "불", "可": "가", "能": "능", "新": "신", "高": "고",
    "上": "상", "下": "하", "外": "외", "內": "내", "口": "구", "手": "수", "目": "목", "耳": "이",
    "父": "부", "母": "모", "兄": "형", "弟": "제", "友": "우", "白": "백", "黑": "흑", "靑": "청",
    "赤": "적", "風": "풍", "雨": "우", "電": "전", "話": "화", "番": "번", "號": "호", "寫": "사",
    "眞": "진", "真": "진", "卒": "졸", "東": "동", "西": "서", "南": "남", "北": "북", "年": "년",
    "時": "시", "分": "분", "今": "금", "來": "래", "本": "본", "明": "명", "名": "명",
    "文": "문", "化": "화", "商": "상", "品": "품", "券": "권", "會": "회", "社": "사", "氣": "기",
    "命": "명", "星": "성", "光": "광", "世": "세", "界": "계", "自": "자", "由": "유", "成": "성",
}  # fmt: skip
_DRAWN = "".join(c for c in _SHAPES if not c.isascii() and c not in _HANJA)
_SHAPED = re.compile(
    f"[ㄱ-ㅎ][{re.escape(_VOWEL_SIGNS)}]|[{re.escape(_INITIAL_SIGNS)}][ㅏ-ㅣ]|[{re.escape(_DRAWN)}]"
)
"""A letter of Korean beside a shape that completes it, or a sign no word has: hardly a chance."""
_LATIN_INITIALS: dict[str, str] = {
    "kk": "ㄲ", "gg": "ㄲ", "tt": "ㄸ", "dd": "ㄸ", "pp": "ㅃ", "bb": "ㅃ", "ss": "ㅆ", "jj": "ㅉ",
    "ch": "ㅊ", "g": "ㄱ", "n": "ㄴ", "d": "ㄷ", "r": "ㄹ", "l": "ㄹ", "m": "ㅁ", "b": "ㅂ",
    "s": "ㅅ", "j": "ㅈ", "k": "ㅋㄱ", "t": "ㅌㄷ", "p": "ㅍㅂ", "h": "ㅎ", "": "ㅇ",
}  # fmt: skip
_LATIN_VOWELS: dict[str, str] = {
    "yae": "ㅒ", "yeo": "ㅕ", "wae": "ㅙ", "ae": "ㅐ", "ya": "ㅑ", "eo": "ㅓ", "ye": "ㅖ",
    "wa": "ㅘ", "oe": "ㅚ", "yo": "ㅛ", "wo": "ㅝ", "we": "ㅞ", "wi": "ㅟ", "yu": "ㅠ", "eu": "ㅡ",
    "ui": "ㅢ", "oo": "ㅜ", "ee": "ㅣ", "a": "ㅏ", "e": "ㅔㅐ", "o": "ㅗ", "u": "ㅜ", "i": "ㅣ",
}  # fmt: skip
_LATIN_FINALS: dict[str, str] = {
    "": "", "ng": "ㅇ", "n": "ㄴㄶ", "m": "ㅁ", "l": "ㄹ", "k": "ㄱㄲ", "g": "ㄱ",
    "t": "ㅅㅆㄷㅌㅊㅈ", "s": "ㅅ", "p": "ㅂㅍㅄ", "b": "ㅂ", "r": "ㄹ",
}  # fmt: skip
_LATIN = re.compile(
    f"({'|'.join(key for key in _LATIN_INITIALS if key)}|)"
    f"({'|'.join(_LATIN_VOWELS)})({'|'.join(key for key in _LATIN_FINALS if key)}|)"
)


def unmix(text: str) -> list[Edit]:
    """The edits that make mixed words Korean. Time is linear in the text."""
    if _TRIGGER.search(text) is None:
        return []
    edits: list[Edit] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if len(token) <= LONGEST and _TRIGGER.search(token) and not _NUMBERED.search(token):
            before = text[match.start() - 1 : match.start()]
            after = text[match.end() : match.end() + 2]
            if before in _ADDRESS_SIGNS or (after[:1] in _ADDRESS_SIGNS and after[1:].isalnum()):
                continue
            word = _reading(token)
            if word is not None:
                edits.append((*match.span(), word))
    return edits


_ADDRESS_SIGNS = frozenset("@#/:.&=%?")


@lru_cache(maxsize=4096)
def _reading(token: str) -> str | None:
    """The likeliest Korean word that a mixed token stands for; None when none is believed."""
    table = ordinary()
    best: tuple[float, str] | None = None
    for word in islice(_readings(token), MOST):
        if not _believed(token, word, table):
            continue
        rank = (table.score(word), word)
        if best is None or rank > best:
            best = rank
    return best[1] if best else None


def _believed(token: str, word: str, table: Ordinary) -> bool:
    if _WORD.fullmatch(word) is None:
        return False
    stem = table.stem(word)
    if stem is not None and not token.startswith(stem):
        return True
    if token[0].isdigit():
        return table.word(word) is not None and table.score(token[1:]) < LEAST_REST
    if _GRADE.search(token) or _BORROWED.fullmatch(token):
        return False
    if _SHAPED.search(token):
        return table.word(word) is not None or table.weakest(word) > LEAST_PAIR
    common = table.word(word) is not None
    if _INSIDE.fullmatch(token) and len(word) < len(token):
        gain = table.score(word) - table.score(token[0]) - table.score(token[2:])
        return gain > (GAIN_INSIDE_COMMON if common else GAIN_INSIDE)
    if common:
        return True
    return (
        len(word) > 2
        and (_LATIN_INSIDE.fullmatch(token) or _HANJA_BEFORE.search(token)) is not None
        and (table.weakest(word) > LEAST_PAIR_LATIN)
    )


def _readings(token: str) -> Iterator[str]:
    """Ways to read the token, one choice for each run of foreign characters."""
    yield from _readings_of(token)
    closed = _OPEN.sub(lambda found: chr(ord(found[0][0]) + 28), token)  # 더l → 데
    if closed != token:
        yield from _readings_of(closed)


def _readings_of(token: str) -> Iterator[str]:
    parts: list[tuple[str, ...]] = []
    at = 0
    for run in _RUN.finditer(token):
        parts.append((token[at : run.start()],))
        parts.append(tuple(_ways(run[0], inside=_INSIDE.fullmatch(token) is not None)) or (run[0],))
        at = run.end()
    parts.append((token[at:],))
    for choice in product(*parts):
        word = "".join(choice)
        yield apply(word, recompose(word))


def _ways(run: str, inside: bool) -> Iterable[str]:
    """What a run of foreign characters may stand for, likeliest first; ``inside`` of a word a digit
    may stand for nothing."""
    found: dict[str, None] = {}
    shaped = _by_shape(run)
    if shaped is not None:
        found[shaped] = None
    sounds = [_HANJA.get(c) or (_DIGITS.get(c) or (None,))[0] for c in run]
    if all(sounds):
        found["".join(sound for sound in sounds if sound)] = None
    if len(run) == 1:
        found.update(dict.fromkeys((*_DIGITS.get(run, ()), *_LETTERS.get(run, ()))))
        if run.isdigit() and inside:
            found[""] = None
    if run.isascii() and run.isalpha() and run.islower():
        found.update(dict.fromkeys(_latin(run)))
    return found


_WITH_STROKE = {"ㅏ": "ㅐ", "ㅑ": "ㅒ", "ㅓ": "ㅔ", "ㅕ": "ㅖ", "ㅡ": "ㅓ"}
"""Vowels and what a stroke on their right makes of them (a dash and a stroke are ㅓ)."""


def _by_shape(run: str) -> str | None:
    """Letters for shapes, initial and vowel by turns; None when a character has no place."""
    out: list[str] = []
    for c in run:
        wants_vowel = bool(out) and out[-1] in INITIALS
        if c in VOWELS or c in INITIALS:
            out.append(c)
        elif wants_vowel and c in _VOWEL_OF:
            out.append(_VOWEL_OF[c])
        elif out and out[-1] in _WITH_STROKE and _VOWEL_OF.get(c) == "ㅣ":
            out[-1] = _WITH_STROKE[out[-1]]
        elif c in _INITIAL_OF:
            out.append(_INITIAL_OF[c])
        else:
            return None
    return "".join(out) if any(c in VOWELS for c in out) else None


@lru_cache(maxsize=1024)
def _latin(run: str) -> tuple[str, ...]:
    """Korean syllables that are romanised so; at most two syllables."""
    words: list[str] = [""]
    at = 0
    taken = 0
    while at < len(run):
        match = _LATIN.match(run, at)
        if match is None or taken == 2:
            return ()
        initial, vowel, final = match.groups()
        if final and match.end() < len(run) and run[match.end()] in "aeiouyw":
            shorter = len(final) - 1 if final == "ng" else 0  # the last consonant begins the next
            final = final[:shorter]
        at = match.start() + len(initial) + len(vowel) + len(final)
        finals = _LATIN_FINALS.get(final, "") or ("",)
        options = [
            syllable(i, v, f)
            for i in _LATIN_INITIALS[initial]
            for v in _LATIN_VOWELS[vowel]
            for f in finals
            if not f or f in FINALS
        ]
        words = [word + option for word in words for option in options][:24]
        taken += 1
    return tuple(words)
