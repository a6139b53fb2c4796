"""What article 15-2 of the Youth Protection Act asks about, counted over a conversation (R15).

Counts and times, nothing more: whether the law is broken is for others to say. How many messages,
when and on how many days are facts; which of them ask or refuse is what the detector marked.
"Sexual talk" is what it calls T12; requests are T09 to T11, T13 and T14 (taxonomy).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.utils import timezone

from ansim.casework.models import Turn

SURE = 0.5
TALK = ("T12",)
ASKING = ("T09", "T10", "T11", "T13", "T14")


@dataclass(frozen=True, slots=True)
class Counts:
    """Places are numbers of turns, oldest first; times are seconds since 1970 UTC."""

    said: int = 0
    days: int = 0
    first: float | None = None
    last: float | None = None
    talk: tuple[int, ...] = ()
    asked: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    after_refusal: tuple[int, ...] = ()
    ages: tuple[int, ...] = ()


def count(turns: Iterable[Turn], about: str) -> Counts:
    """Counts over the turns, which stand in their order. Words of the agency do not count."""
    rows = [turn for turn in turns if not turn.by_agency]
    own = [turn for turn in rows if turn.author == about]
    refusals = [turn for turn in rows if turn.author != about and _has(turn, ("V1",))]
    since = refusals[0].at if refusals else None
    asked = [turn for turn in own if _has(turn, ASKING + TALK)]
    return Counts(
        said=len(own),
        days=len({_day(turn.at) for turn in own}),
        first=own[0].at if own else None,
        last=own[-1].at if own else None,
        talk=_places(turn for turn in own if _has(turn, TALK)),
        asked=_places(turn for turn in own if _has(turn, ASKING)),
        refused=_places(refusals),
        after_refusal=_places(turn for turn in asked if since is not None and turn.at > since),
        ages=_places(turn for turn in rows if turn.author != about and _has(turn, ("V3",))),
    )


def _places(turns: Iterable[Turn]) -> tuple[int, ...]:
    return tuple(turn.pk for turn in turns)


def _has(turn: Turn, names: tuple[str, ...]) -> bool:
    return any(
        isinstance(p := turn.tactics.get(name), (int, float)) and p >= SURE for name in names
    )


def _day(at: float) -> date | None:
    try:
        return timezone.localdate(datetime.fromtimestamp(at, tz=UTC))
    except (ValueError, OverflowError, OSError):
        return None
