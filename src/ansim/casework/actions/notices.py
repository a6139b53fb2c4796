"""Calls people over a second channel; one that does not work is noticed and the next is used.

A notice is written in the transaction of what it tells of, and delivered afterwards, outside of
any transaction: a slow mail server holds up no counsellor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ansim.casework.actions import audit
from ansim.casework.actions.calling import CallFailed, call_over
from ansim.casework.models import Alert, Channel, Notice, SourceAlarm, SourceRecord, State

log = logging.getLogger(__name__)

STALE = timedelta(minutes=30)
"""Older than this a call helps nobody: the console has told everybody who came since."""
LEASE = timedelta(seconds=60)
"""Whoever delivers a notice has this long before another process may try."""
RETRY_CHANNEL = timedelta(minutes=10)

MOST_AT_ONCE = 500

Call = Callable[[Channel, Sequence[Notice]], None]


def call(kind: str, alert: Alert | None, *, source: SourceRecord | None = None) -> Notice:
    """Asks for people to be called, within the transaction of what happened."""
    now = timezone.now()
    return Notice.objects.create(
        kind=kind, alert=alert, source=source, created_at=now, next_try_at=now
    )


def deliver(call_now: Call = call_over) -> int:
    """Delivers what is due over the first channel that works. Returns how many notices got out.

    Notices of one kind go out as one call: whoever is called at night is called once.
    ``call_now`` sends them over one channel, or raises CallFailed.
    """
    out = 0
    while batch := _take(timezone.now()):
        out += len(batch) if _deliver(batch, call_now) else 0
    return out


def undelivered() -> int:
    """Notices that no channel has carried yet, though at least one try was made."""
    return Notice.objects.filter(ended_at=None, tries__gt=0).count()


@transaction.atomic
def _take(now: datetime) -> list[Notice]:
    """What is due of the kind that waits longest, taken by us for ``LEASE``."""
    waiting = list(
        Notice.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("alert")
        .filter(ended_at=None, next_try_at__lte=now)
        .order_by("created_at")[:MOST_AT_ONCE]
    )
    over = [row for row in waiting if row.created_at < now - STALE or _settled(row)]
    if over:
        Notice.objects.filter(pk__in=[row.pk for row in over]).update(ended_at=now)
    due = [row for row in waiting if row not in over]
    batch = [row for row in due if row.kind == due[0].kind]
    for row in batch:
        row.tries += 1
        row.next_try_at = now + LEASE * min(row.tries, 10)
    Notice.objects.bulk_update(batch, ["tries", "next_try_at"])
    return batch


def _settled(notice: Notice) -> bool:
    """Whether what it calls for has happened meanwhile."""
    if notice.source_id is not None:
        over = SourceAlarm.objects.filter(
            source=notice.source_id, kind=notice.kind, ended_at__isnull=True
        )
        return not over.exists()
    alert = notice.alert
    if alert is None:
        return False
    if notice.kind == Notice.Kind.ESCALATED:
        return alert.state != State.OPEN or alert.escalated_at is None
    return alert.state != State.OPEN or alert.claimed_by_id is not None


def _deliver(batch: Sequence[Notice], call_now: Call) -> bool:
    channels = _in_order(timezone.now())
    for channel in channels:
        try:
            call_now(channel, batch)
        except CallFailed as failure:
            failed(channel, str(failure))
            continue
        worked(channel)
        _end(batch, channel)
        return True
    new = [notice for notice in batch if notice.tries == 1]
    if new:
        if channels:  # that there is none, supervisors read on their queue
            log.error("a call reached nobody: no channel works")
        _record("notice.undelivered", new)
    return False


def _in_order(now: datetime) -> Sequence[Channel]:
    """Those that work by their place; those that failed lately after them."""
    channels = Channel.objects.filter(active=True)
    resting = Q(failing_since__isnull=False, retry_at__gt=now)
    return [*channels.exclude(resting), *channels.filter(resting)]


@transaction.atomic
def _end(batch: Sequence[Notice], channel: Channel) -> None:
    ids = [notice.pk for notice in batch]
    Notice.objects.filter(pk__in=ids).update(channel=channel, ended_at=timezone.now())
    _record("notice.delivered", batch, channel=channel.name)


def _record(action: str, batch: Sequence[Notice], **details: object) -> None:
    """One audit row for notices that shared their fate."""
    sources = [notice.source_id for notice in batch if notice.source_id]
    audit.record(
        action,
        batch[0],
        actor=audit.WATCH,
        details={
            "kind": batch[0].kind,
            "alerts": [notice.alert_id for notice in batch],
            **({"sources": sources} if sources else {}),
            **details,
        },
    )


@transaction.atomic
def failed(channel: Channel, why: str) -> None:
    """Notes that a channel did not work; on record when it stops working, not every time."""
    now = timezone.now()
    row = Channel.objects.select_for_update().get(pk=channel.pk)
    new = row.failing_since is None
    row.failing_since = row.failing_since or now
    row.retry_at = now + RETRY_CHANNEL
    row.last_error = why[:200]
    row.save(update_fields=["failing_since", "retry_at", "last_error"])
    if new:
        audit.record("channel.failed", row, actor=audit.WATCH, reason=why)


@transaction.atomic
def worked(channel: Channel) -> None:
    """Notes that a channel works (again)."""
    row = Channel.objects.select_for_update().get(pk=channel.pk)
    again = row.failing_since is not None
    row.failing_since, row.retry_at, row.last_error = None, None, ""
    row.last_ok_at = timezone.now()
    row.save(update_fields=["failing_since", "retry_at", "last_error", "last_ok_at"])
    if again:
        audit.record("channel.recovered", row, actor=audit.WATCH)
