"""Reads a draft to a young person before it goes out: no blame, no accusation, no request for
identity or money, no links, no promises that nobody approved (R20). The rules are in wording.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")

_HANGUL = re.compile("[가-힣]")
_END = re.compile(r"[.?!。]+(?=\s|$)|\n")
_DENIED_AFTER = re.compile(
    r"\s?[^\s,.?!]{0,4}지\s*(는|도)?\s*(말|마|않(?!을래|겠|나요|니|을까)|못)"
)
"""보내|지 마세요, 알려| 주지 않아도: what is advised against is not asked for."""
_DENIED_BEFORE = re.compile(
    r"\b(not|never|no (need|more)|\w+n't|none|nothing|nobody|cannot|without|instead of|"
    r"rather than)\b[^.?!\n;]{0,60}$",
    re.IGNORECASE,
)
_NO = re.compile(r"\b(no|not|never|any more)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Phrase:
    """How words of one rule look in one language, and the sentence offered in their place."""

    rule: str
    language: Literal["ko", "en", "any"]
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    instead: dict[str, str]
    deny: bool
    """Whether a denial ("지 마세요", "do not") makes the words harmless."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One stretch ``[start, end)`` of a draft that may not be sent as it stands."""

    start: int
    end: int
    rule: str
    phrase: str
    why: dict[str, str]
    """The reason, by language of the page."""
    instead: str
    """What may stand there in the place of the whole sentence, in its language; may be empty."""
    sentence: tuple[int, int]
    """Where that sentence begins and ends."""


@cache
def rules() -> tuple[dict[str, dict[str, str]], tuple[Phrase, ...]]:
    """Reasons by rule and language, and all phrases. Raises KeyError for a phrase without rule."""
    found = tomllib.loads(files("ansim.casework").joinpath("wording.toml").read_text("utf-8"))
    reasons: dict[str, dict[str, str]] = found["rules"]
    phrases = []
    for entry in found["phrases"]:
        if entry["rule"] not in reasons:
            raise KeyError(f"wording.toml: a phrase of the rule {entry['rule']!r}, which is none")
        language = entry["language"]
        instead = {code: entry.get(f"instead_{code}", entry.get("instead")) for code in LANGUAGES}
        phrases.append(
            Phrase(
                rule=entry["rule"],
                language=language,
                pattern=_compiled(entry["match"], language),
                unless=_compiled(entry["unless"], language) if "unless" in entry else None,
                instead={code: words or "" for code, words in instead.items()},
                deny=entry.get("deny", True),
            )
        )
    return reasons, tuple(phrases)


def _compiled(text: str, language: str) -> re.Pattern[str]:
    """Korean is spaced as each person likes, so a space there may be missing."""
    spaced = text.replace(" ?", " ").replace(" ", r"\s*") if language == "ko" else text
    return re.compile(spaced, re.IGNORECASE)


def check(text: str, approved: Iterable[str] = ()) -> list[Finding]:
    """What in ``text`` may not be sent, in its order; of stretches that overlap the first one.

    ``approved`` are wordings of approved first messages: a promise that stands word for word in
    one of them may be made. An empty list means that the draft may go out.
    """
    reasons, phrases = rules()
    allowed = {_plain(part) for body in approved for _, _, part in _sentences(body)}
    found: list[Finding] = []
    for start, end, sentence in _sentences(text):
        promised = _plain(sentence) in allowed
        language: Language = "ko" if _HANGUL.search(sentence) else _language(text)
        for phrase in phrases:
            if promised and phrase.rule == "promise":
                continue
            for low, high in _matches(phrase, sentence):
                found.append(
                    Finding(
                        start=start + low,
                        end=start + high,
                        rule=phrase.rule,
                        phrase=sentence[low:high],
                        why=reasons[phrase.rule],
                        instead=phrase.instead[language],
                        sentence=(start, end),
                    )
                )
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Finding] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def replaced(text: str, finding: Finding) -> str:
    """The draft with the sentence of this finding replaced by the better wording."""
    start, end = finding.sentence
    tail = text[start:end]
    space = tail[len(tail.rstrip()) :]
    head = tail[: len(tail) - len(tail.lstrip())]
    return text[:start] + head + finding.instead + space + text[end:]


def _language(text: str) -> Language:
    return "ko" if _HANGUL.search(text) else "en"


def _sentences(text: str) -> Iterator[tuple[int, int, str]]:
    start = 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        if text[start:end].strip():
            yield start, end, text[start:end]
        start = end


def _plain(sentence: str) -> str:
    return " ".join(sentence.split())


def _matches(phrase: Phrase, sentence: str) -> Sequence[tuple[int, int]]:
    if phrase.unless is not None and phrase.unless.search(sentence):
        return []
    return [
        match.span()
        for match in phrase.pattern.finditer(sentence)
        if match[0] and not (phrase.deny and _denied(phrase, match, sentence))
    ]


def _denied(phrase: Phrase, match: re.Match[str], sentence: str) -> bool:
    if phrase.language == "any":
        return False  # a link is a link, whatever is said about it
    if phrase.language == "ko":
        return _DENIED_AFTER.match(sentence, match.end()) is not None
    before = _DENIED_BEFORE.search(sentence[: match.start()])
    return before is not None or _NO.search(match[0]) is not None
