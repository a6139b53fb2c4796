"""Takes away what people wrote in a case when its time is over (R06); that there was one stays."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from ansim.casework.actions import audit
from ansim.casework.models import (
    AuditEvent,
    Case,
    CaseAlert,
    CaseConsent,
    CaseDocument,
    CaseMember,
    CaseMemo,
    CasePerson,
    CaseState,
    CaseTask,
)

KEPT = timedelta(days=365)
"""Counted from the last act of a person in the case, open or closed: a case in which nobody did
anything for a year serves nobody."""


def purge(now: datetime, held: Collection[int]) -> int:
    """Empties cases whose time is over, unless an alert of theirs is in a conversation under legal
    hold (``held``). Returns how many; the caller has the transaction."""
    over = Case.objects.select_for_update().filter(purged_at=None, changed_at__lte=now - KEPT)
    kept = CaseAlert.objects.filter(alert__conversation__in=held).values_list("case", flat=True)
    gone = [pk for pk in over.values_list("pk", flat=True) if pk not in set(kept)]
    if not gone:
        return 0
    CasePerson.objects.filter(case__in=gone).update(
        name=None, contact=None, careful=None, needs=None, plan=None
    )
    CaseConsent.objects.filter(person__case__in=gone).update(basis=None, withdrawal=None)
    CaseMemo.objects.filter(case__in=gone).update(text=None)
    CaseTask.objects.filter(case__in=gone).update(what=None)
    CaseDocument.objects.filter(case__in=gone).update(name=None, content=None)
    CaseMember.objects.filter(case__in=gone).update(reason=None)
    Case.objects.filter(pk__in=gone).update(
        title=None, waiting_for=None, outcome_note=None, purged_at=now
    )
    AuditEvent.objects.bulk_create(
        audit.row("case.purged", "case", pk, actor=audit.RETENTION, at=now) for pk in sorted(gone)
    )
    return len(gone)


def needed_conversations() -> set[int]:
    """Conversations of alerts in cases that are not closed: a dismissal does not take their words
    away while people work with them. Their longest time holds all the same."""
    rows = CaseAlert.objects.exclude(case__state=CaseState.CLOSED).filter(case__purged_at=None)
    return set(rows.values_list("alert__conversation", flat=True))


def ends_at(case: Case) -> datetime:
    """When its content goes if nobody does anything in it."""
    return case.changed_at + KEPT
