"""When each message was said, as far as the screens show dates and times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from ansim.pictures.screens.values import Shown

SEOUL = ZoneInfo("Asia/Seoul")
STEP = 20.0
"""Seconds between two messages of which no time is known."""
_NEXT_DAY = 6 * 60
"""Minutes by which a time has to go back to be that of the next day, not a misread one."""


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """The times of all messages, never going back."""

    at: tuple[float, ...]
    """Seconds since 1970."""
    dated: bool
    """A date was shown; without one the last message counts as one of today."""
    clocked: bool
    """A time was shown."""


def timed(shown: Sequence[Shown], now: float) -> Timed:
    """Times of the messages, which are in order. Without any, they are seconds apart until
    ``now`` (seconds since 1970): what nobody can date may be of this moment."""
    minutes = _minutes(shown)
    days = _days(shown, now)
    dated = any(day is not None for day in days)
    known: list[float | None] = []
    extra, before = 0, -1
    for minute, day, again in zip(minutes, days, [None, *days], strict=False):
        if day != again:
            extra, before = 0, -1
        if minute is None:
            known.append(None if day is None or day == again else day.timestamp())
            continue
        if before - minute >= _NEXT_DAY:
            extra += 1
            before = minute
        before = max(before, minute)
        start = day or datetime.fromtimestamp(0, SEOUL).replace(hour=0)
        known.append((start + timedelta(days=extra, minutes=before)).timestamp())
    clocked = any(minute is not None for minute in minutes)
    if not dated and clocked:
        known = _until(known, now)
    return Timed(at=tuple(_filled(known, now)), dated=dated, clocked=clocked)


def _minutes(shown: Sequence[Shown]) -> list[int | None]:
    """Minutes of the day; where half of it was not said, the one that goes on."""
    found: list[int | None] = []
    before = 0
    for one in shown:
        if one.minute < 0:
            found.append(None)
            continue
        minute = one.minute
        if not one.half and minute < 720 and minute < before <= minute + 720:
            minute += 720
        before = minute
        found.append(minute)
    return found


def _days(shown: Sequence[Shown], now: float) -> list[datetime | None]:
    today = datetime.fromtimestamp(now, SEOUL)
    found: list[datetime | None] = []
    latest: datetime | None = None
    for one in shown:
        year, month, day = one.day
        if month:
            try:
                date = datetime(year or today.year, month, day, tzinfo=SEOUL)
                if not year and date > today:
                    date = date.replace(year=today.year - 1)
            except ValueError:
                date = None  # no such day: misread
            if date is not None and date <= today and (latest is None or date >= latest):
                latest = date
        found.append(latest)
    # What stands above the first date is of that day or before.
    first = next((day for day in found if day is not None), None)
    return [day or first for day in found]


def _until(known: list[float | None], now: float) -> list[float | None]:
    """Moved by whole days so that the last is the latest moment before ``now``."""
    last = max(one for one in known if one is not None)
    days = (now - last) // 86400
    return [None if one is None else one + days * 86400 for one in known]


def _filled(known: list[float | None], now: float) -> list[float]:
    """Without holes: who has no time said it with the next that has one, or with the last."""
    if not any(one is not None for one in known):
        return [now - STEP * (len(known) - place) for place in range(len(known))]
    filled: list[float] = []
    following: float | None = None
    for one in reversed(known):
        following = one if one is not None else following
        filled.append(following if following is not None else -1.0)
    filled.reverse()
    latest = max(one for one in known if one is not None)
    highest = 0.0
    for place, one in enumerate(filled):
        highest = max(highest, one if one >= 0 else latest)
        filled[place] = highest
    return filled
