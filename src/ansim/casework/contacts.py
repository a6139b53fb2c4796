"""Ways to reach somebody that a message names: numbers, addresses, invitations, messenger names.

An account that leaves one platform for another tells people where to find it. Two accounts that
tell the same place are perhaps one person's (R25). Only what is named beyond doubt is taken: a
number of the right form, a link, or a name with the service and the word "id" or "@" before it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MOST = 20
"""Different ones taken from one account: who names more is advertising."""

_DIGITS = str.maketrans("공영일이삼사오육륙칠팔구", "001234566789")
_DASHES = dict.fromkeys("‐‑‒–—―−", "-")
_SPOKEN = re.compile(
    r"[공영]\s*[일1]\s*[공영일육칠팔구016789](?:[\s.\-]{0,2}[공영일이삼사오육륙칠팔구\d]){7,8}"
)
_PHONE = re.compile(
    r"(?<![\d+])(?:\+?82[\s.\-]{0,2}0?|0)(1[016789](?:[\s.\-_·~]{0,2}\d){7,8})(?!\d)"
)
_EMAIL = re.compile(
    r"(?<![\w.+-])([A-Za-z0-9][\w.+-]{1,40}@(?:[A-Za-z0-9-]{1,30}\.){1,3}[A-Za-z]{2,10})(?![\w-])"
)
_LINKS = (
    ("kakao", r"open\.kakao\.com/(?:o|me)/([A-Za-z0-9_]{4,40})"),
    ("telegram", r"(?:t|telegram)\.me/(\+[A-Za-z0-9_-]{4,40})"),
    ("discord", r"discord(?:\.gg|(?:app)?\.com/invite)/([A-Za-z0-9-]{3,30})"),
    ("line", r"line\.me/(?:R/)?ti/[pg]/([~@%A-Za-z0-9_.-]{3,40})"),
)
"""Invitations, of which every letter counts as it is written."""
_PROFILES = (
    ("telegram", r"(?:t|telegram)\.me/([A-Za-z0-9_]{4,40})"),
    ("instagram", r"instagram\.com/([A-Za-z0-9_.]{4,30})"),
)
"""Links that hold the very name by which somebody is called there."""
_BEFORE = r"(?<![\w.-])"
_SERVICES = {
    "kakao": r"카톡|카카오톡?|ㅋㅌ|kakao(?:talk)?",
    "telegram": r"텔레그램|텔레|텔그|ㅌㄹ|telegram|tele",
    "line": r"라인|line",
    "discord": r"디스코드|디코|discord",
    "instagram": r"인스타그램|인스타|insta(?:gram)?",
    "wechat": r"위챗|wechat",
    "snapchat": r"스냅챗|스냅|snap(?:chat)?",
}
_ID = r"(?:아이디|아디|id|계정|주소)\s{0,2}(?:은|는|이|가)?"
_NAMED = re.compile(
    "(?:"
    + "|".join(f"(?P<{service}>{words})" for service, words in _SERVICES.items())
    + rf")\s{{0,2}}(?:{_ID}\s{{0,2}}[:=]?\s{{0,2}}@?|[:=]?\s{{0,2}}@)"
    + r"(?P<name>[A-Za-z0-9][A-Za-z0-9_.\-]{3,31}(?:#\d{4})?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach somebody. ``kind`` is phone, email, link or handle; ``value`` in the one
    spelling in which it is compared."""

    kind: str
    service: str
    value: str


def contacts(text: str) -> Iterator[Contact]:
    """What a message names, in no order and possibly twice. Any text can be given."""
    words = unicodedata.normalize("NFKC", text)
    words = "".join(_DASHES.get(c, c) for c in words if unicodedata.category(c) != "Cf")
    for match in _SPOKEN.finditer(words):
        yield from _phones(match[0].translate(_DIGITS))
    yield from _phones(words)
    for match in _EMAIL.finditer(words):
        yield Contact("email", "", match[1].lower())
    for service, link in _LINKS:
        for match in re.finditer(_BEFORE + link, words, re.IGNORECASE):
            yield Contact("link", service, match[1])
    for service, link in _PROFILES:
        for match in re.finditer(_BEFORE + link, words, re.IGNORECASE):
            yield from _handle(service, match[1])
    for match in _NAMED.finditer(words):
        yield from _handle(next(one for one in _SERVICES if match[one]), match["name"])


def _handle(service: str, name: str) -> Iterator[Contact]:
    name = name.rstrip(".-").lower()
    if len(name) > 3:
        yield Contact("handle", service, name)


def _phones(words: str) -> Iterator[Contact]:
    for match in _PHONE.finditer(words):
        digits = "".join(c for c in match[1] if c.isdigit())
        yield Contact("phone", "", f"0{digits}")
