"""Dates and times as KakaoTalk writes them, in Korean and English. No zone is given: Seoul's is
assumed, which has been UTC+9 without summer time for as long as KakaoTalk exists."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

SEOUL = timezone(timedelta(hours=9), "Asia/Seoul")

_GAP = "[ \u00a0\u202f]"  # newer systems put a narrow no-break space before AM and PM
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_MONTH = "|".join(f"{name}|{name[:3]}\\.?" for name in _MONTHS) + "|Sept\\.?"
_NUMBER = {name[:3].lower(): number for number, name in enumerate(_MONTHS, 1)}

KO_DATE = r"(?P<y>\d{4})년 ?(?P<m>\d{1,2})월 ?(?P<d>\d{1,2})일"
DOT_DATE = r"(?P<y>\d{4})\. ?(?P<m>\d{1,2})\. ?(?P<d>\d{1,2})\.?"
EN_DATE = (
    rf"(?:(?P<mon>{_MONTH}) (?P<d>\d{{1,2}})|(?P<d2>\d{{1,2}}) (?P<mon2>{_MONTH})),? (?P<y>\d{{4}})"
)
ISO_DATE = r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
KO_TIME = r"(?:(?P<half>오전|오후) )?(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2}))?"
EN_TIME = (
    rf"(?P<h>\d{{1,2}}):(?P<min>\d{{2}})(?::(?P<s>\d{{2}}))?"
    rf"(?:{_GAP}?(?P<half>[AaPp]\.?[Mm]\.?)(?![A-Za-z]))?"
)

_WHENS = [
    re.compile(pattern)
    for pattern in (
        rf"{ISO_DATE}[ T]{KO_TIME}",
        rf"{KO_DATE} {KO_TIME}",
        rf"{DOT_DATE} ?{KO_TIME}",
        rf"{EN_DATE}(?:,| at) {EN_TIME}",
        rf"{ISO_DATE} {EN_TIME}",
    )
]
_DAYS = [
    re.compile(pattern)
    for pattern in (
        rf"{KO_DATE}(?: [월화수목금토일]요일)?",
        rf"{DOT_DATE}(?: [월화수목금토일]요일)?",
        rf"(?:[A-Z][a-z]{{2,8}}, )?{EN_DATE}",
        rf"{ISO_DATE}(?: [월화수목금토일]요일)?",
    )
]


def day(match: re.Match[str]) -> date | None:
    """The date a pattern found, or None when there is no such day."""
    parts = match.groupdict()
    month = parts.get("m")
    name = parts.get("mon") or parts.get("mon2")
    number = int(month) if month else _NUMBER[str(name)[:3].lower()]
    year = int(parts["y"])
    if not 1990 <= year <= 2100:
        return None
    try:
        return date(year, number, int(parts.get("d") or parts["d2"]))
    except ValueError:
        return None


def clock(match: re.Match[str]) -> int | None:
    """Seconds since midnight, or None when there is no such time. 오전 12 is 0, 오후 12 is 12."""
    hour, minute, second = int(match["h"]), int(match["min"]), int(match.groupdict().get("s") or 0)
    half = (match["half"] or "")[:2].lower()
    if half:
        late = half == "오후" or half[0] == "p"
        if hour > 23 or (hour > 12 and not late):
            return None
        hour = hour if hour > 12 else hour % 12 + 12 * late
    if hour > 23 or minute > 59 or second > 59:
        return None
    return hour * 3600 + minute * 60 + second


def moment(on: date, seconds: int) -> float:
    """Seconds since 1970-01-01 UTC of a time of day in Seoul."""
    return datetime(on.year, on.month, on.day, tzinfo=SEOUL).timestamp() + seconds


def day_of(at: float) -> date:
    """The day of a moment in Seoul."""
    return datetime.fromtimestamp(at, SEOUL).date()


def stamped(match: re.Match[str]) -> float | None:
    """The moment of a pattern with both date and time, or None when there is none such."""
    on, seconds = day(match), clock(match)
    return None if on is None or seconds is None else moment(on, seconds)


def when(text: str) -> float | None:
    """The moment written in ``text`` in any of the known ways, or None."""
    for pattern in _WHENS:
        match = pattern.fullmatch(text)
        if match is not None:
            return stamped(match)
    return None


def whole_day(text: str) -> date | None:
    """The day written in ``text`` in any of the known ways, or None."""
    for pattern in _DAYS:
        match = pattern.fullmatch(text)
        if match is not None:
            return day(match)
    return None
