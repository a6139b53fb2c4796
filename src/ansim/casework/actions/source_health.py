"""What gateways say of each source, kept for the page and for the watch: a heartbeat, no act of
anybody. What was missed for good has an audit row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ansim.casework.actions import audit
from ansim.casework.models import SourceGap, SourceHealth, SourceHour, SourceRecord

HOURS_KEPT = timedelta(days=28)
SILENT_GATEWAY = timedelta(seconds=60)
"""What was told longer ago than this is no news."""
GATEWAYS = 4
"""Gateways whose counts are remembered; who has not told for longest is forgotten."""
GROWTH = 200
"""A backlog grows when so many more wait than at a mark, and never fewer in between."""
MARK_EVERY = timedelta(minutes=10)
WELL = frozenset({SourceHealth.State.LISTENING.value, SourceHealth.State.PAUSED.value})


@transaction.atomic
def tell(states: Sequence[Mapping[str, Any]], now: datetime | None = None) -> None:
    """Keeps what a gateway sees of its sources.

    Each has ``source`` (its id), ``state`` (a ``SourceHealth.State``) and ``sentence``; times
    (``since``, ``last_message_at``, ``last_connected_at``) in seconds since 1970 or None; counts
    since that gateway started (``received``, ``errors``, ``objections``); ``behind`` (messages that
    wait at the platform), ``lag_seconds``; and ``started_at``, when that gateway did. What is
    missing counts as none. A source nobody declared is passed over.
    """
    now = now or timezone.now()
    told = {str(state.get("source", "")): state for state in states}
    rows = SourceRecord.objects.filter(pk__in=told, removed_at=None)
    known = SourceHealth.objects.select_for_update().in_bulk(list(told))
    for record in rows:
        row = known.get(record.pk) or SourceHealth(
            source=record, told_at=now, marked_at=now, since=now
        )
        heard = _take(row, told[record.pk], now)
        if heard:
            row.heard_at = now
        row.save()
        if heard or row.state == SourceHealth.State.LISTENING:
            _count(record, heard, now)


@transaction.atomic
def gap(source_id: str, since: float, until: float, why: str) -> None:
    """Records that what was said between these times (seconds since 1970) was not heard: said
    twice, it is kept once. A source nobody declared is passed over."""
    record = SourceRecord.objects.select_for_update().filter(pk=source_id).first()
    if record is None:
        return
    begin, end = _moment(since), _moment(until)
    now = timezone.now()
    sentence = _plain(why)
    row, made = SourceGap.objects.get_or_create(
        source=record,
        since=begin or now,
        until=end or now,
        why=sentence,
        defaults={"recorded_at": now},
    )
    if made:
        audit.record(
            "source.gap",
            record,
            actor=audit.INTAKE,
            reason=sentence,
            details={"since": row.since.isoformat(), "until": row.until.isoformat()},
        )


def fresh(row: SourceHealth | None, now: datetime) -> bool:
    """Whether a gateway tells of this source at all."""
    return row is not None and now - row.told_at <= SILENT_GATEWAY


def _take(row: SourceHealth, state: Mapping[str, Any], now: datetime) -> int:
    """Writes one state into its row; returns how many messages came since the last."""
    kind = str(state.get("state", ""))
    kind = kind if kind in SourceHealth.State.values else SourceHealth.State.TROUBLE.value
    given = _moment(state.get("since"))
    row.since = given or (row.since if row.state == kind else None) or now
    row.state, row.sentence = kind, _plain(str(state.get("sentence") or ""))
    if kind in WELL:
        row.unwell_since = None
    elif row.unwell_since is None:
        row.unwell_since = min(row.since, now)
    row.last_message_at = _later(row.last_message_at, _moment(state.get("last_message_at")))
    row.last_connected_at = _later(row.last_connected_at, _moment(state.get("last_connected_at")))
    row.errors = _number(state.get("errors"))
    row.objections = _number(state.get("objections"))
    lag = state.get("lag_seconds")
    row.lag_seconds = float(lag) if isinstance(lag, int | float) and abs(lag) < 1e9 else None
    row.behind = _number(state.get("behind"))
    grown = row.behind >= row.marked_behind + GROWTH
    if row.behind < row.marked_behind or (now - row.marked_at >= MARK_EVERY and not grown):
        row.marked_behind, row.marked_at = row.behind, now
    row.told_at = now
    row.received = _number(state.get("received"))
    return _heard(row, str(state.get("started_at") or ""), row.received)


def _heard(row: SourceHealth, gateway: str, received: int) -> int:
    """Messages since this gateway last told; one that starts anew counts from nothing."""
    counters = dict(row.counters)
    before = int(counters.pop(gateway, 0))
    counters[gateway] = received  # the newest stands last
    row.counters = dict(list(counters.items())[-GATEWAYS:])
    return received - before if received >= before else received


def _count(record: SourceRecord, heard: int, now: datetime) -> None:
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    row, made = SourceHour.objects.get_or_create(
        source=record, hour=hour, defaults={"messages": heard}
    )
    if made:
        SourceHour.objects.filter(source=record, hour__lt=hour - HOURS_KEPT).delete()
    elif heard:
        SourceHour.objects.filter(pk=row.pk).update(messages=F("messages") + heard)


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _number(given: object) -> int:
    return max(0, min(int(given), 2**62)) if isinstance(given, int | float) else 0


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
