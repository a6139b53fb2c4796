"""Calls people where a source needs one: it falls silent against its habit, has had trouble for
minutes, or more and more waits. Once an episode; it ends by itself when the source is well again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from ansim.casework.actions import audit, notices
from ansim.casework.actions.source_health import GROWTH, MARK_EVERY, fresh
from ansim.casework.models import Notice, SourceAlarm, SourceHealth, SourceHour, SourceRecord

TROUBLE_AFTER = timedelta(minutes=5)
MOST_BEHIND = 5000
LEAST_SILENT = timedelta(minutes=15)
"""Talk comes in bursts: a shorter pause says nothing, however busy the hour."""
EXPECTED = 20.0
"""Messages that would have come by habit while none came: by chance once in e^20."""
DAYS = 14
LEAST_DAYS = 5
LOOK_EVERY = timedelta(minutes=1)
LONGEST_LOOK = 48
"""Hours of silence that are compared with the habit; more would add nothing."""

_HOUR = timedelta(hours=1)
_CALLS = {
    SourceAlarm.Kind.SILENT: Notice.Kind.SOURCE_SILENT,
    SourceAlarm.Kind.TROUBLE: Notice.Kind.SOURCE_TROUBLE,
    SourceAlarm.Kind.BACKLOG: Notice.Kind.BACKLOG,
}


def keep(now: datetime) -> tuple[str, ...]:
    """One round. Returns the alarms that began, as "source kind"; ends those that are over."""
    open_ones = {
        (row.source_id, row.kind): row for row in SourceAlarm.objects.filter(ended_at=None)
    }
    begun = []
    rows = SourceHealth.objects.select_related("source").order_by("pk")
    for row in rows:
        record = row.source
        watched = record.active and record.removed_at is None
        wrong = _wrong(row, now, open_ones) if watched else {}
        if watched and not fresh(row, now):
            continue  # of a gateway that is gone people are told already; nothing new is known
        for kind in SourceAlarm.Kind:
            alarm = open_ones.get((record.pk, kind))
            details = wrong.get(kind)
            if details is not None and alarm is None and _begin(record, kind, now, details):
                begun.append(f"{record.pk} {kind}")
            elif details is None and alarm is not None:
                _end(alarm, now)
    return tuple(begun)


def expected(source_id: str, since: datetime, until: datetime) -> float | None:
    """Messages that by its habit would have come from a source in this time; None where too little
    is known of these hours, or where they have passed without any before."""
    first = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = int((until - first) / _HOUR) + 1
    if hours > LONGEST_LOOK:
        first += _HOUR * (hours - LONGEST_LOOK)
        since, hours = first, LONGEST_LOOK
    known = dict(
        SourceHour.objects.filter(
            source=source_id, hour__gte=first - timedelta(days=DAYS), hour__lt=until
        ).values_list("hour", "messages")
    )
    total = 0.0
    spoken = {days: 0 for days in range(1, DAYS + 1)}
    looked = dict.fromkeys(spoken, True)
    for number in range(hours):
        hour = first + _HOUR * number
        counts = {}
        for days in spoken:
            found = known.get(hour - timedelta(days=days))
            if found is None:
                looked[days] = False
            else:
                counts[days] = found
                spoken[days] += found
        counts = _alike(counts, hour)
        if len(counts) < LEAST_DAYS:
            return None
        part = (min(until, hour + _HOUR) - max(since, hour)) / _HOUR
        total += part * sum(counts.values()) / len(counts)
    # A day that was as silent at this time shows that it is nothing out of the ordinary.
    alike = _alike({days: spoken[days] for days in spoken if looked[days]}, until)
    return None if any(said == 0 for said in alike.values()) else total


def _alike(counts: Mapping[int, int], hour: datetime) -> dict[int, int]:
    """Of counts by days ago those of the same kind of day, working day or weekend, where enough of
    them are known; else all."""
    weekend = _weekend(hour)
    same = {
        days: count
        for days, count in counts.items()
        if _weekend(hour - timedelta(days=days)) == weekend
    }
    return same if len(same) >= LEAST_DAYS else dict(counts)


def _weekend(hour: datetime) -> bool:
    return timezone.localtime(hour).weekday() >= 5


def _wrong(
    row: SourceHealth, now: datetime, open_ones: Mapping[tuple[str, str], SourceAlarm]
) -> dict[str, dict[str, Any]]:
    """What is wrong with a source now, by kind of alarm, with figures for the audit row."""
    found: dict[str, dict[str, Any]] = {}
    if row.unwell_since is not None and now - row.unwell_since >= TROUBLE_AFTER:
        found[SourceAlarm.Kind.TROUBLE] = {
            "state": row.state,
            "sentence": row.sentence,
            "since": row.unwell_since.isoformat(),
        }
    growing = now - row.marked_at >= MARK_EVERY and row.behind >= row.marked_behind + GROWTH
    if growing or row.behind > MOST_BEHIND:
        found[SourceAlarm.Kind.BACKLOG] = {"behind": row.behind, "was": row.marked_behind}
    alarm = open_ones.get((row.source_id, SourceAlarm.Kind.SILENT))
    if alarm is not None:
        # Silent it stays until it speaks; what of it is trouble has an alarm of its own.
        if row.heard_at is None or row.heard_at <= alarm.since:
            found[SourceAlarm.Kind.SILENT] = {}
    elif fresh(row, now) and (missing := _silence(row, now)) is not None:
        found[SourceAlarm.Kind.SILENT] = missing
    return found


def _silence(row: SourceHealth, now: datetime) -> dict[str, Any] | None:
    if row.state != SourceHealth.State.LISTENING or row.since is None:
        return None
    since = max(row.since, row.heard_at or row.since)
    if now - since < LEAST_SILENT:
        return None
    if row.habit_looked_at is not None and now - row.habit_looked_at < LOOK_EVERY:
        return None
    SourceHealth.objects.filter(pk=row.pk).update(habit_looked_at=now)
    by_habit = expected(row.source_id, since, now)
    if by_habit is None or by_habit < EXPECTED:
        return None
    return {"since": since.isoformat(), "expected": round(by_habit, 1)}


def _begin(record: SourceRecord, kind: str, now: datetime, details: dict[str, Any]) -> bool:
    """False where another watch was first."""
    try:
        with transaction.atomic():
            SourceAlarm.objects.create(source=record, kind=kind, since=now)
            notices.call(_CALLS[SourceAlarm.Kind(kind)], None, source=record)
            audit.record(
                "source.alarm",
                record,
                actor=audit.WATCH,
                at=now,
                details={"kind": str(kind), **details},
            )
    except IntegrityError:
        return False
    return True


@transaction.atomic
def _end(alarm: SourceAlarm, now: datetime) -> None:
    if SourceAlarm.objects.filter(pk=alarm.pk, ended_at=None).update(ended_at=now):
        audit.record(
            "source.well", alarm.source, actor=audit.WATCH, at=now, details={"kind": alarm.kind}
        )
