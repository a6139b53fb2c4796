"""Counts what a counsellor has read, proposes breaks, keeps how they want to be spared.

Nobody but the person sees any of it, so none of it is written to the audit log; that words were
revealed is there anyway, with the alert.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ansim.casework.actions.permission import require
from ansim.casework.models import Account, AuditEvent, Comfort, Exposure, Turn
from ansim.casework.roles import Act
from ansim.detection.tactics import tactics

PAUSE = timedelta(minutes=15)
"""Nobody who has read nothing for this long is still in the same stretch of reading."""
HARD = 4
"""Severity from which on a tactic is hard to read (taxonomy, 1..5)."""
SURE = 0.5
SIGNS = ("V2", "V5")
"""Signals of the young person that are hard to read as well."""


def hard_kinds() -> list[str]:
    """Ids of the tactics and signals that a person may ask to be spared."""
    return [name for name, one in tactics().items() if one.severity >= HARD or one.id in SIGNS]


def is_hard(turn: Turn) -> bool:
    """Whether the words of this turn are counted as hard to read."""
    kinds = set(hard_kinds())
    return any(
        name in kinds and isinstance(p, (int, float)) and p >= SURE
        for name, p in turn.tactics.items()
    )


def comfort(account: Account) -> Comfort:
    """This person's choices; the defaults where they never chose (not saved)."""
    return Comfort.objects.filter(account=account).first() or Comfort(account=account)


def uncovered(actor: Account, turns: Iterable[Turn]) -> list[Turn]:
    """Of these turns, those that a person sees who has a whole conversation shown: without the
    kinds of content that they asked to be spared."""
    spared = comfort(actor).spared
    return [
        turn
        for turn in turns
        if not any(
            isinstance(p := turn.tactics.get(name), (int, float)) and p >= SURE for name in spared
        )
    ]


def count_new(actor: Account, conversation: int, after: int) -> int:
    """Counts what came into a conversation, which this person has open with all its words, since
    the turn ``after``. Returns the number of the latest turn."""
    rows = list(
        Turn.objects.filter(conversation=conversation, pk__gt=after)
        .order_by("pk")
        .only("tactics", "by_agency")
    )
    if not rows:  # most of the time, and then nothing is written
        return after
    with transaction.atomic():
        count(actor, uncovered(actor, [turn for turn in rows if not turn.by_agency]))
    return rows[-1].pk


def count(actor: Account, turns: Sequence[Turn]) -> None:
    """Adds the revealed turns to this person's own count. Called within the act of revealing."""
    if not turns:
        return
    now = timezone.now()
    hard = sum(is_hard(turn) for turn in turns)
    today = Exposure.objects.filter(account=actor, day=timezone.localdate(now))
    more = {"turns": F("turns") + len(turns), "hard": F("hard") + hard, "last_at": now}
    if not today.update(**more):  # the first of the day
        Exposure.objects.get_or_create(
            account=actor, day=timezone.localdate(now), defaults={"last_at": now}
        )
        today.update(**more)
    row = Comfort.objects.select_for_update().filter(account=actor).first()
    if row is None:
        Comfort.objects.get_or_create(account=actor)
        row = Comfort.objects.select_for_update().get(account=actor)
    if row.last_read_at is None or now - row.last_read_at > PAUSE or row.since is None:
        row.since, row.hard_since_break = now, 0
    row.hard_since_break += hard
    row.last_read_at = now
    row.save(update_fields=["since", "hard_since_break", "last_read_at"])


def break_due(account: Account, now: datetime | None = None) -> bool:
    """Whether it is time to propose a break: long enough, or hard enough, without one."""
    return is_break_due(comfort(account), now)


def is_break_due(row: Comfort, now: datetime | None = None) -> bool:
    """The same for a person whose choices are at hand."""
    moment = now or timezone.now()
    if row.since is None or row.last_read_at is None or moment - row.last_read_at > PAUSE:
        return False
    minutes = (moment - row.since).total_seconds() / 60
    long = bool(row.break_minutes) and minutes >= row.break_minutes
    return long or (bool(row.break_turns) and row.hard_since_break >= row.break_turns)


@transaction.atomic
def took_break(actor: Account) -> None:
    """The person says that they have rested."""
    require(actor, Act.REVEAL_TEXT)
    Comfort.objects.filter(account=actor).update(since=None, hard_since_break=0)


@transaction.atomic
def choose(
    actor: Account,
    *,
    greyed: bool,
    spared: Iterable[str],
    break_minutes: int,
    break_turns: int,
) -> Comfort:
    """Keeps how this person wants to be shown things. Unknown kinds are left out."""
    require(actor, Act.REVEAL_TEXT)
    asked = set(spared)
    row, _made = Comfort.objects.get_or_create(account=actor)
    row.greyed = greyed
    row.spared = [name for name in hard_kinds() if name in asked]
    row.break_minutes = min(max(break_minutes, 0), 240)
    row.break_turns = min(max(break_turns, 0), 1000)
    row.save(update_fields=["greyed", "spared", "break_minutes", "break_turns"])
    return row


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of one's own week."""

    day: date
    turns: int
    hard: int
    closed: int
    """Alerts that this person closed."""


def week(account: Account, today: date | None = None) -> list[Day]:
    """The last seven days of this person, oldest first. Ask it for nobody else."""
    last = today or timezone.localdate()
    days = [last - timedelta(days=back) for back in range(6, -1, -1)]
    read = {row.day: row for row in Exposure.objects.filter(account=account, day__gte=days[0])}
    closings = AuditEvent.objects.filter(
        actor=account,
        action="alert.closed",
        at__gte=timezone.now() - timedelta(days=8),
    ).values_list("at", flat=True)
    closed = [timezone.localdate(at) for at in closings]
    return [
        Day(
            day=day,
            turns=read[day].turns if day in read else 0,
            hard=read[day].hard if day in read else 0,
            closed=closed.count(day),
        )
        for day in days
    ]
