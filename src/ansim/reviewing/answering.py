"""The answer, read strictly: anything that is not exactly what was asked for is refused.

Tolerated are a ``<think>…</think>`` before the answer and one code fence around it, which many
small models cannot leave out; nothing else may stand beside the object, and no other field in it.
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from ansim.detection.labels import TACTICS
from ansim.reviewing.asking import (
    LONGEST_QUOTE,
    LONGEST_TEXT,
    MOST_QUOTES,
    prompt_version,
    window_hash,
)
from ansim.reviewing.plain import comparable, neutral
from ansim.reviewing.sayable import cleaned, describes, sentences
from ansim.reviewing.values import Opinion, Quote, Refusal, Window

LONGEST_ANSWER = 20_000
"""Characters, a chain of thought included."""
MOST_SENTENCES = 2
_KNOWN = frozenset(TACTICS)
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)
_FENCE = re.compile(r"\A\s*```(?:json|JSON)?[ \t]*\n(.*)\n[ \t]*```\s*\Z", re.DOTALL)
_HANGUL = re.compile(r"[가-힣]")
_LATIN = re.compile(r"[A-Za-z]")


class Refused(Exception):
    """There is no opinion to be had of this answer. Holds a code and no word of it."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code.value)
        self.code = code


class _Quote(msgspec.Struct, forbid_unknown_fields=True):
    turn: Annotated[int, msgspec.Meta(ge=1)]
    text: str
    tactic: str


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    risk: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    tactics: list[str]
    quotes: list[_Quote]
    innocent_reading: str
    watch_for: str
    summary_ko: str
    summary_en: str


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says, every check passed; named as in ``Opinion``."""

    risk: float
    tactics: tuple[str, ...]
    quotes: tuple[Quote, ...]
    innocent_reading: str
    watch_for: str
    summary_ko: str
    summary_en: str


_decoder = msgspec.json.Decoder(_Answer)


def read(answer: str, window: Window) -> Checked:
    """The answer about that window. Raises Refused with the first thing that is wrong."""
    if len(answer) > LONGEST_ANSWER:
        raise Refused(Refusal.TOO_LONG)
    said = _decoded(_THOUGHT.sub("", answer, count=1))
    if len(said.quotes) > MOST_QUOTES or len(said.tactics) > len(TACTICS):
        raise Refused(Refusal.TOO_LONG)
    tactics = tuple(sorted(set(said.tactics)))
    if not _KNOWN.issuperset(tactics) or any(q.tactic not in _KNOWN for q in said.quotes):
        raise Refused(Refusal.UNKNOWN_TACTIC)
    quotes = tuple(_quoted(quote, window) for quote in said.quotes)
    shown = {quote.tactic for quote in quotes}
    if not shown.issuperset(tactics):
        raise Refused(Refusal.TACTIC_WITHOUT_QUOTE)
    if not shown.issubset(tactics):
        raise Refused(Refusal.SCHEMA)
    return Checked(
        risk=said.risk,
        tactics=tactics,
        quotes=tuple(dict.fromkeys(quotes)),
        innocent_reading=_text(said.innocent_reading, korean=True, verdict=True),
        watch_for=_text(said.watch_for, korean=True, may_look=True),
        summary_ko=_text(said.summary_ko, korean=True),
        summary_en=_text(said.summary_en, korean=False),
    )


def opinion(answer: str, window: Window, model: str, seconds: float) -> Opinion:
    """The opinion of that model about that window. Raises Refused as ``read`` does."""
    checked = read(answer, window)
    return Opinion(
        risk=checked.risk,
        tactics=checked.tactics,
        quotes=checked.quotes,
        innocent_reading=checked.innocent_reading,
        watch_for=checked.watch_for,
        summary_ko=checked.summary_ko,
        summary_en=checked.summary_en,
        model=model,
        prompt_version=prompt_version(),
        window_hash=window_hash(window),
        seconds=round(seconds, 3),
        pictures=sum(len(line.shown) for line in window.turns),
    )


def _decoded(answer: str) -> _Answer:
    fenced = _FENCE.match(answer)
    text = (fenced.group(1) if fenced else answer).strip()
    try:
        return _decoder.decode(text.encode("utf-8", "surrogatepass"))
    except msgspec.ValidationError:
        raise Refused(Refusal.SCHEMA) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refused(Refusal.NOT_JSON) from None


def _quoted(quote: _Quote, window: Window) -> Quote:
    """The quote, if those words do stand in that turn and somebody but the agency said them."""
    if len(quote.text) > LONGEST_QUOTE:
        raise Refused(Refusal.TOO_LONG)
    line = next((line for line in window.turns if line.number == quote.turn), None)
    wanted = comparable(quote.text)
    if line is None or line.by_agency or not wanted:
        raise Refused(Refusal.QUOTE_NOT_IN_CHAT)
    if not any(wanted in comparable(words) for words in (line.text, *line.pictures)):
        raise Refused(Refusal.QUOTE_NOT_IN_CHAT)
    return Quote(turn=quote.turn, text=neutral(quote.text), tactic=quote.tactic)


def _text(text: str, *, korean: bool, may_look: bool = False, verdict: bool = False) -> str:
    if len(text) > LONGEST_TEXT:
        raise Refused(Refusal.TOO_LONG)
    text = cleaned(text)
    hangul, latin = len(_HANGUL.findall(text)), len(_LATIN.findall(text))
    if korean and 2 * hangul <= latin:
        raise Refused(Refusal.NO_KOREAN)
    if not korean and latin <= hangul:
        raise Refused(Refusal.NO_ENGLISH)
    if len(sentences(text)) > MOST_SENTENCES:
        raise Refused(Refusal.TOO_LONG)
    if not describes(text, may_look=may_look, verdict=verdict):
        raise Refused(Refusal.UNSAFE_TEXT)
    return text
