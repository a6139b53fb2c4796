"""Knows accounts again that come back: takes the traces of every alert, links what shares one, and
lets traces go when their time is over (R25).

Nothing follows from a link by itself: no block, no report, no message. What people decide about
links is in ``linking.py``.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from ansim.casework.actions import audit
from ansim.casework.actions.alerts import UNDO
from ansim.casework.actions.regrouping import counting, locked, regroup
from ansim.casework.contacts import MOST, contacts
from ansim.casework.models import (
    Alert,
    Kind,
    LegalHold,
    LinkAppeal,
    Outcome,
    RepeatPending,
    Sighting,
    State,
    Trace,
    Turn,
)
from ansim.casework.sealing import keyring
from ansim.keys import KeyLost

LASTS = timedelta(days=180)
"""A trace counts for so long after it was last seen; seen again elsewhere, it counts longer."""
LONGEST = timedelta(days=730)
"""And never longer than this after it was last seen with the same account."""
REFRESH = timedelta(days=7)
"""Renewing is put off until it moves the date by so much."""

A_BATCH = 20
"""Entries a transaction: on SQLite nobody else can write meanwhile."""
BETWEEN_SECONDS = 0.03
"""Until the next transaction: who waits to write on SQLite looks only now and then whether it can,
and would otherwise find it taken again and again."""
SURE = 0.5
_YOUNG = ("V1", "V2", "V3", "V4", "V5")
_MOST_YOUTHS = 200
_DISMISSED = Q(state=State.CLOSED, outcome=Outcome.NOT_GROOMING)

Found = dict[str, tuple[str, str, int, datetime]]
"""By hash: kind, service, in how many messages, and when casework took over the last of them."""

_Place = tuple[int, str]
"""Conversation and account."""


def hashed(kind: str, *value: str) -> str:
    """The keyed hash of a trace. It stays the same when keys are rotated, and says nothing to who
    has only the database."""
    return keyring().pseudonym("repeat", kind, *value)


def keep(seconds: float = 1.0) -> int:
    """Looks at what is waiting, for about so long. Returns how many entries were done."""
    until = time.monotonic() + seconds
    done = some = look()
    while some == A_BATCH and time.monotonic() < until:
        time.sleep(BETWEEN_SECONDS)
        some = look()
        done += some
    return done


def look() -> int:
    """Takes the traces of alerts that had news, and links what they share with others."""
    if not RepeatPending.objects.exists():
        return 0
    with transaction.atomic():
        locked()
        waiting = dict(RepeatPending.objects.order_by("pk").values_list("pk", "alert")[:A_BATCH])
        touched = _look_at(set(waiting.values()))
        if touched:
            regroup(touched, audit.WATCH)
        RepeatPending.objects.filter(pk__in=waiting).delete()
    return len(waiting)


def _look_at(alerts: set[int]) -> list[int]:
    """Brings the sightings of these alerts up to date. The ids of those whose links may change."""
    places = set(
        Alert.objects.filter(kind=Kind.RISK, pk__in=alerts).values_list(
            "conversation", "conversation__source", "about"
        )
    )
    rooms, accounts = {place[0] for place in places}, {place[2] for place in places}
    known = {
        (row.conversation_id, row.account): row
        for row in Sighting.objects.filter(conversation__in=rooms, account__in=accounts)
    }
    spans = {
        (room, account): (first, last, counted)
        for room, account, first, last, counted in Alert.objects.filter(
            kind=Kind.RISK, conversation__in=rooms, about__in=accounts
        )
        .order_by()
        .values_list("conversation", "about")
        .annotate(
            first=Min("raised_at"),
            last=Max("updated_at"),
            counted=Count("pk", filter=~_DISMISSED),
        )
    }
    upheld = list(
        LinkAppeal.objects.filter(account__in=accounts, state=LinkAppeal.State.UPHELD)
        .select_related("conversation")
        .order_by("pk")
    )
    rows: list[tuple[Sighting, str]] = []
    before: dict[_Place, tuple[bool, bool, bool]] = {}
    for room, source, account in sorted(places):
        row = known.get((room, account)) or Sighting(conversation_id=room, account=account)
        before[room, account] = (row.pk is not None, row.alerts > 0, row.apart)
        row.first_at, row.last_at, row.alerts = spans[room, account]
        row.apart = any(_covers(appeal, room, source, account) for appeal in upheld)
        rows.append((row, source))
    found = _take([(row, source) for row, source in rows if row.alerts and not row.apart])
    Sighting.objects.bulk_create([row for row, _ in rows if row.pk is None])
    for row, _ in rows:
        if before[_place(row)][0]:
            row.save()
    fresh = _note([(row, found.get(_place(row), {})) for row, _ in rows])
    _renew({mark for marks in found.values() for mark in marks})
    return [
        row.pk
        for row, _ in rows
        if row.pk in fresh or before[_place(row)] != (True, row.alerts > 0, row.apart)
    ]


def _covers(appeal: LinkAppeal, room: int, source: str, account: str) -> bool:
    if appeal.account != account:
        return False
    return appeal.conversation_id == room or (
        appeal.whole_account and appeal.conversation.source_id == source
    )


def _take(rows: Sequence[tuple[Sighting, str]]) -> dict[_Place, Found]:
    """The traces of what was said since the last look, of each sighting with its source: asks the
    database as often for many as for one."""
    said: dict[int, list[tuple[int, str, datetime, dict[str, object]]]] = defaultdict(list)
    for room, *turn in (
        _since([(row, None) for row, _ in rows])
        .order_by("pk")
        .values_list("conversation", "pk", "author", "kept_at", "tactics")
    ):
        said[room].append(tuple(turn))
    found: dict[_Place, Found] = {}
    spoke: list[tuple[Sighting, int]] = []
    for row, source in rows:
        news = [turn for turn in said[row.conversation_id] if turn[0] > row.last_turn]
        own = [at for _, author, at, _ in news if author == row.account]
        _youths(row, ((who, tactics) for _, who, _, tactics in news if who != row.account))
        marks = found[_place(row)] = {}
        if own or not row.last_turn:
            mark = hashed("account", source, row.account)
            marks[mark] = (Trace.Kind.ACCOUNT, "", 1, max(own, default=row.last_at))
        if own:
            spoke.append((row, news[-1][0]))
    found |= _contacts(spoke, found)
    for row, _ in rows:
        if turns := said[row.conversation_id]:
            row.last_turn = max(row.last_turn, turns[-1][0])
    return found


def _place(row: Sighting) -> _Place:
    return row.conversation_id, row.account


def _since(rows: Iterable[tuple[Sighting, int | None]]) -> QuerySet[Turn]:
    """What people said after each one's last look; with a number, what that account itself did, up
    to that turn."""
    wanted = Q(pk__in=[])
    for row, newest in rows:
        here = Q(conversation=row.conversation_id, pk__gt=row.last_turn)
        if newest is not None:
            here &= Q(author=row.account, pk__lte=newest)
        wanted |= here
    return Turn.objects.filter(wanted, by_agency=False)


def _contacts(
    rows: Sequence[tuple[Sighting, int]], found: Mapping[_Place, Found]
) -> dict[_Place, Found]:
    """The traces in ``found`` with those that these accounts named in their own words."""
    more = {_place(row): dict(found[_place(row)]) for row, _ in rows}
    words = _since(rows).filter(text__isnull=False)
    try:
        for room, account, text, at in words.values_list(
            "conversation", "author", "text", "kept_at"
        ).iterator():
            _named(more[room, account], text, at)
    except KeyLost:
        if len(rows) > 1:  # each by itself: words of the others can be opened
            return {
                place: marks for one in rows for place, marks in _contacts([one], found).items()
            }
        # Words whose key is lost tell nothing; the account itself is known all the same.
    return more


def _youths(row: Sighting, said: Iterable[tuple[str, dict[str, object]]]) -> None:
    known = dict.fromkeys(row.youths)
    for author, tactics in said:
        if any(isinstance(p := tactics.get(name), float) and p >= SURE for name in _YOUNG):
            known[author] = None
    row.youths = list(known)[:_MOST_YOUTHS]


def _named(found: Found, text: Any, kept_at: datetime) -> None:
    for one in set(contacts(text or "")):
        mark = hashed(one.kind, one.service, one.value)
        if mark in found:
            kind, service, seen, at = found[mark]
            found[mark] = (kind, service, seen + 1, max(at, kept_at))
        elif len(found) <= MOST:
            found[mark] = (one.kind, one.service, 1, kept_at)


def _note(rows: Sequence[tuple[Sighting, Found]]) -> set[int]:
    """Keeps the traces with their sightings. The ids of those that have a new one."""
    now = timezone.now()
    hashes = {mark for _, found in rows for mark in found}
    traces = Trace.objects.filter(sighting__in=[row.pk for row, _ in rows], hash__in=hashes)
    known = {(trace.sighting_id, trace.hash): trace for trace in traces}
    fresh, again = [], []
    for row, found in rows:
        for mark, (kind, service, seen, at) in found.items():
            trace = known.get((row.pk, mark))
            if trace is None:
                if at + LASTS > now:
                    fresh.append(
                        Trace(
                            sighting=row,
                            kind=kind,
                            service=service,
                            hash=mark,
                            seen=seen,
                            first_at=at,
                            last_at=at,
                            expires_at=at + LASTS,
                        )
                    )
            elif trace.review != Trace.Review.REJECTED:
                trace.seen += seen if kind != Trace.Kind.ACCOUNT else 0
                trace.last_at = max(trace.last_at, at)
                trace.expires_at = max(trace.expires_at, at + LASTS)
                again.append(trace)
    Trace.objects.bulk_update(again, ["seen", "last_at", "expires_at"], batch_size=200)
    Trace.objects.bulk_create(fresh)
    return {trace.sighting_id for trace in fresh}


def _renew(hashes: set[str]) -> None:
    """The same seen again somewhere: what others carry of it counts longer too."""
    now = timezone.now()
    others = Trace.objects.filter(hash__in=hashes, expires_at__lt=now + LASTS - REFRESH)
    later = []
    for trace in others.exclude(review=Trace.Review.REJECTED):
        until = min(now + LASTS, trace.last_at + LONGEST)
        if until > trace.expires_at:
            trace.expires_at = until
            later.append(trace)
    Trace.objects.bulk_update(later, ["expires_at"], batch_size=200)


@transaction.atomic
def expire(now: datetime) -> int:
    """Takes away traces whose time is over and sightings of nothing but false alarms, and links
    what is left anew. Returns how many traces went. What a legal hold covers stays."""
    locked()
    held = LegalHold.objects.filter(released_at=None).values("alert__conversation")
    needed = Alert.objects.filter(
        kind=Kind.RISK, conversation=OuterRef("conversation"), about=OuterRef("account")
    ).exclude(_DISMISSED & Q(closed_at__lte=now - UNDO))
    free = Sighting.objects.exclude(conversation__in=held)
    dismissed = set(free.filter(~Exists(needed)).values_list("pk", flat=True))
    old = Trace.objects.filter(
        Q(expires_at__lte=now, sighting__in=free) | Q(sighting__in=dismissed)
    )
    touched = dismissed | set(old.values_list("sighting", flat=True))
    if not touched:
        return 0
    groups = set(Sighting.objects.filter(pk__in=touched).values_list("group", flat=True))
    hashes = set(old.values_list("hash", flat=True))
    gone = old.delete()[0]
    near = set(Sighting.objects.filter(group__in=groups).values_list("pk", flat=True))
    near |= set(counting().filter(hash__in=hashes).values_list("sighting", flat=True))
    Sighting.objects.filter(Q(pk__in=dismissed) | Q(pk__in=touched, traces=None)).delete()
    regroup(Sighting.objects.filter(pk__in=near).values_list("pk", flat=True), audit.RETENTION)
    return gone
