"""Times and dates as messengers write them, in Korean and English, through a reader's mistakes."""

from __future__ import annotations

import re
from typing import NamedTuple

_NUMBER = r"(\d{1,2})\s?[:;.,·]\s?(\d{2})"
_TIME = re.compile(
    rf"(?:(오전|오후|[오모]\s?[전후후]|AM|PM|am|pm)\s?)?{_NUMBER}(?:\s?(AM|PM|am|pm))?(?!\d)"
)
_CLOSED = re.compile(r"(오전|오후|[오모]\s?[전후])\s?(\d{1,2}?)[7:;.,·]?\s?([0-5]\d)(?!\d)")
"""After morning or afternoon a colon may be read as a seven, or not at all."""
_HALF = re.compile(r"^[오모]\s?[전후]\s?(?=[^가-힣]*[\d:;/])[^가-힣]{1,7}$")
"""Morning or afternoon, and figures of which not all were read."""
_WHOLE = re.compile(rf"^[^\d]{{0,4}}\s?{_NUMBER}\s?(?:AM|PM|am|pm)?\W?$")
_KOREAN_DAY = re.compile(r"(?:(\d{4})\s?년?\s?)?(\d{1,2})\s?[월윌]\s?(\d{1,2})\s?[일길]")
_NUMERIC_DAY = re.compile(
    r"(20\d{2})(?:\s?[.,\-/·]\s?(\d{1,2})\s?[.,\-/·]\s?(\d{1,2})|\s?[.,·]?(\d{2})\s?[.,·]?(\d{2}))"
    r"(?!\d)\s?[.,·]?"
)
_ENGLISH_DAY = re.compile(
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\s+(\d{1,2})(?:,?\s+(20\d{2}))?"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORDS = re.compile(r"오늘|어제|그저께|Today|Yesterday|today|yesterday|\bat\b|[월화수목금토일]요일")
_NEARBY = re.compile(r"^(오늘|어제|그저께|Today|Yesterday|[월화수목금토일]요일)\b")


class Clock(NamedTuple):
    """Minutes since midnight; ``half`` tells whether morning or afternoon was said."""

    minute: int
    half: bool


def clock(text: str) -> Clock | None:
    """The time in ``text``, if there is one."""
    found = _TIME.search(text)
    closed = _CLOSED.search(text) if found is None else None
    if found is not None:
        word = (found[1] or found[4] or "").lower()
        hour, minute = int(found[2]), int(found[3])
    elif closed is not None:
        word, hour, minute = closed[1], int(closed[2]), int(closed[3])
    else:
        return None
    if hour > 24 or minute > 59:
        return None
    late = "후" in word or word == "pm"
    early = "전" in word or word == "am"
    if (late or early) and hour <= 12:
        hour = hour % 12 + (12 if late else 0)
    return Clock(hour % 24 * 60 + minute, late or early or hour > 12)


def is_clock(text: str) -> bool:
    """Whether ``text`` is a time and nothing else."""
    bare = text.strip()
    return _WHOLE.match(bare) is not None or _CLOSED.fullmatch(bare) is not None


def like_clock(text: str) -> bool:
    """Whether ``text`` ends like a time whose first word was misread, or begins like one whose
    figures were: nobody's name does."""
    bare = text.strip()
    return re.search(r"\d\s?[:;]\s?\d{2}\W?$", bare) is not None or _HALF.match(bare) is not None


def day(text: str) -> tuple[int, int, int] | None:
    """Year (0 where it is not said), month and day in ``text``, if they are there."""
    if found := _KOREAN_DAY.search(text):
        year, month, date = int(found[1] or 0), int(found[2]), int(found[3])
    elif found := _NUMERIC_DAY.search(text):
        year, month, date = (int(part) for part in found.groups() if part is not None)
    elif found := _ENGLISH_DAY.search(text):
        year, month, date = int(found[3] or 0), _MONTHS.index(found[1]) + 1, int(found[2])
    else:
        return None
    if not (1 <= month <= 12 and 1 <= date <= 31 and (year == 0 or 2000 <= year <= 2100)):
        return None
    return year, month, date


def is_day(text: str) -> bool:
    """Whether ``text`` is a date, or a word for a day close by, and no message."""
    bare = text.strip()
    return len(bare) <= 32 and (day(bare) is not None or _NEARBY.match(bare) is not None)


def heading(text: str) -> tuple[str, Clock | None, tuple[int, int, int] | None] | None:
    """Of a line such as ``별하 2024.05.20. 오후 7:14``: the name, the time and the day."""
    places = [
        found.start()
        for pattern in (
            _NUMERIC_DAY,
            _KOREAN_DAY,
            _TIME,
            _CLOSED,
            _WORDS,
        )
        if (found := pattern.search(text)) is not None
    ]
    if not places or min(places) == 0:
        return None
    name = text[: min(places)].strip(" ·|-—~,.'")
    rest = text[min(places) :]
    if not name or len(name) > 24 or len(rest) > 28:
        return None
    bare = _NUMERIC_DAY.sub("", rest).lstrip(". ")
    time, date = clock(bare), day(rest)
    left = _KOREAN_DAY.sub("", _CLOSED.sub("", _TIME.sub("", _WORDS.sub("", bare))))
    if (time is None and date is None) or sum(map(str.isalpha, left)) > 3:
        return None  # somebody says something about a time
    return name, time, date
