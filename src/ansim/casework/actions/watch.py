"""The watch that nobody has to keep: timers that ran out, claims left behind, an empty shift.

Called every few seconds by every process that runs; what one has done the others find done.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Q

from ansim.casework.actions import (
    audit,
    duties,
    folding,
    notices,
    reading,
    rounds,
    source_alarms,
    source_drafts,
    source_tests,
)
from ansim.casework.actions.rights import SOON
from ansim.casework.actions.targets import due, in_force
from ansim.casework.models import Account, Alert, AuditEvent, Notice, State, SubjectRequest
from ansim.casework.roles import TABLE, Act

URGENT = ("P1", "P2")
ON_SHIFT = timedelta(minutes=15)
"""Who did something at the desk within this time is on shift."""
CALLED_EVERY = timedelta(minutes=10)
"""Time between two calls for as long as nobody is there, or nobody reads."""

_COUNSELLING = [role.value for role, acts in TABLE.items() if Act.CLAIM in acts]


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What one round found: numbers of alerts, and whether nobody was there."""

    overdue: tuple[int, ...] = ()
    returned: tuple[int, ...] = ()
    unattended: bool = False
    unread: bool = False
    requests: tuple[int, ...] = ()
    """Requests of people about their data, whose answer is due soon."""
    unreported: tuple[int, ...] = ()
    """Cases whose report to the police is overdue."""
    sources: tuple[str, ...] = ()
    """Sources that need a person from now on, each with why: "room silent"."""


def on_shift(now: datetime) -> list[Account]:
    """People who may take alerts and have been active lately."""
    return list(
        Account.objects.filter(
            is_active=True, role__in=_COUNSELLING, last_active_at__gt=now - ON_SHIFT
        ).order_by("username")
    )


def keep(now: datetime) -> Round:
    """One round, each alert in a transaction of its own. Changes nothing where nothing is due."""
    source_tests.sweep(now)
    source_drafts.sweep(now)
    return Round(
        overdue=_overdue(now),
        returned=_returned(now),
        unattended=_unattended(now),
        unread=_unread(now),
        requests=_requests(now),
        unreported=duties.overdue(now),
        sources=source_alarms.keep(now),
    )


def _overdue(now: datetime) -> tuple[int, ...]:
    """Asks a supervisor where nobody took an alert in time: once an alert."""
    late = Alert.objects.filter(
        state=State.OPEN, claimed_by=None, due_at__lte=now, escalated_at=None
    )

    def ask(alert: Alert) -> None:
        alert.escalated_at = now
        alert.save(update_fields=["escalated_at"])
        # Of a fold, one call is enough; and what may wait for hours gets nobody out of bed.
        if alert.leads and alert.priority in URGENT:
            notices.call(Notice.Kind.OVERDUE, alert)
        audit.record(
            "alert.escalated",
            alert,
            actor=audit.WATCH,
            at=now,
            details={"priority": alert.priority, "by": "timer"},
        )

    return tuple(alert.pk for alert in rounds.each(late.order_by("due_at"), ask))


def _returned(now: datetime) -> tuple[int, ...]:
    """Gives claims back whose holder has left, or may hold none any more."""
    targets = in_force()
    gone = Q()
    for priority, target in targets.items():
        since = now - timedelta(seconds=target.abandoned)
        gone |= Q(priority=priority, claimed_at__lt=since) & (
            Q(claimed_by__last_active_at__lt=since) | Q(claimed_by__last_active_at=None)
        )
    gone &= Q(hold_until=None) | Q(hold_until__lt=now)
    gone |= Q(claimed_by__is_active=False) | ~Q(claimed_by__role__in=_COUNSELLING)
    left = Q(state=State.OPEN, claimed_by__isnull=False) & gone
    found = []
    for pk in Alert.objects.filter(left).values_list("pk", flat=True)[: rounds.MOST]:
        with transaction.atomic():
            folding.lock(Q(pk=pk))
            alert = Alert.objects.select_for_update(of=("self",)).filter(left, pk=pk).first()
            if alert is None:
                continue
            holder = alert.claimed_by_id
            alert.claimed_by = alert.claimed_at = alert.hold_until = None
            alert.due_at = due(alert.priority, now, targets)
            alert.save(update_fields=["claimed_by", "claimed_at", "hold_until", "due_at"])
            folding.elect({alert.fold})
            if alert.priority in URGENT:
                notices.call(Notice.Kind.RETURNED, alert)
            audit.record(
                "alert.returned", alert, actor=audit.WATCH, at=now, details={"held_by": holder}
            )
            found.append(pk)
    return tuple(found)


def _requests(now: datetime) -> tuple[int, ...]:
    """Calls people, once a request, before its ten days are over."""
    soon = SubjectRequest.objects.filter(
        state=SubjectRequest.State.OPEN, due_at__lte=now + SOON, reminded_at=None
    )

    def remind(row: SubjectRequest) -> None:
        row.reminded_at = now
        row.save(update_fields=["reminded_at"])
        notices.call(Notice.Kind.REQUEST, None)
        audit.record(
            "request.due",
            row,
            actor=audit.WATCH,
            at=now,
            details={"due": row.due_at.isoformat(), "kind": row.kind},
        )

    return tuple(row.pk for row in rounds.each(soon, remind))


@transaction.atomic
def _unattended(now: datetime) -> bool:
    """Calls somebody where P1 or P2 wait, or any alert whose time is over, and nobody is on shift:
    at most every ten minutes."""
    waits = Alert.objects.filter(state=State.OPEN, claimed_by=None).filter(
        Q(priority__in=URGENT) | Q(due_at__lte=now)
    )
    if not waits.exists() or on_shift(now):
        return False
    _call(Notice.Kind.UNATTENDED, "shift.unattended", now, {"waiting": waits.count()})
    return True


@transaction.atomic
def _unread(now: datetime) -> bool:
    """Calls somebody where messages wait and nobody reads them, or where nothing is heard of the
    gateway any more: at most every ten minutes."""
    found = reading.standing(now)
    if found is None or not found.alarming:
        return False
    details = {"kind": found.kind, "since": found.since.isoformat(), "unread": found.unread}
    _call(Notice.Kind.UNREAD, "stream.unread", now, details)
    return True


def _call(kind: Notice.Kind, action: str, now: datetime, details: dict[str, Any]) -> None:
    """Calls somebody about no alert in particular, unless that was done just now."""
    if not AuditEvent.objects.filter(action=action, at__gt=now - CALLED_EVERY).exists():
        notices.call(kind, None)
        about = action.partition(".")[0]
        audit.row(action, about, "", actor=audit.WATCH, at=now, details=details).save()
