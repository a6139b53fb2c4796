"""Takes text away when its time is over (R06). Numbers and the audit log stay."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import Q

from ansim.casework.actions import audit, drafts, interventions, referrals
from ansim.casework.actions.alerts import UNDO
from ansim.casework.models import (
    Alert,
    AuditEvent,
    CaseNote,
    Handover,
    Outcome,
    OutgoingMessage,
    State,
    Turn,
)

FLAGGED = timedelta(days=365)
"""Text of a conversation with an alert is kept this long at most."""


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """What a purge took away: turns, counsellors' messages, and the alerts they belonged to."""

    turns: int
    messages: int
    alerts: int


@transaction.atomic
def purge(now: datetime) -> Purged:
    """Takes away text that may no longer be held at ``now`` (aware).

    Dismissed alerts: ten minutes after closing, unless another alert still needs the
    conversation. Everything else: twelve months after casework took it over, open or not.
    """
    dismissed = Alert.objects.select_for_update().filter(
        state=State.CLOSED,
        outcome=Outcome.NOT_GROOMING,
        closed_at__lte=now - UNDO,
        text_purged_at=None,
    )
    needed = (
        Alert.objects.exclude(Q(state=State.CLOSED) & Q(outcome=Outcome.NOT_GROOMING))
        .filter(text_purged_at=None)
        .values_list("conversation_id", flat=True)
    )
    # A dismissal that can still be undone needs its text as well.
    undoable = Alert.objects.filter(
        state=State.CLOSED, outcome=Outcome.NOT_GROOMING, closed_at__gt=now - UNDO
    ).values_list("conversation_id", flat=True)
    over = [alert for alert in dismissed if alert.conversation_id not in {*needed, *undoable}]
    old = list(
        Alert.objects.select_for_update().filter(
            raised_at__lte=now - FLAGGED, text_purged_at=None, state=State.CLOSED
        )
    )
    turns = _empty_turns(
        Q(conversation__in={alert.conversation_id for alert in over})
        | Q(kept_at__lte=now - FLAGGED)
    )
    going = list(
        OutgoingMessage.objects.filter(
            Q(alert__in=over) | Q(created_at__lte=now - FLAGGED), text__isnull=False
        ).values_list("pk", flat=True)
    )
    interventions.end_gone(going)
    messages = OutgoingMessage.objects.filter(pk__in=going).update(text=None)
    CaseNote.objects.filter(Q(alert__in=over) | Q(at__lte=now - FLAGGED)).update(text=None)
    Handover.objects.filter(offered_at__lte=now - FLAGGED).update(note=None)
    gone = {alert.pk: alert for alert in (*over, *old)}
    Alert.objects.filter(pk__in=gone).update(text_purged_at=now, outcome_note=None)
    referrals.forget(gone)
    drafts.forget_all(list(gone))
    AuditEvent.objects.bulk_create(
        audit.row("alert.text_purged", "alert", pk, actor=audit.RETENTION, at=now) for pk in gone
    )
    done = Purged(turns=turns, messages=messages, alerts=len(gone))
    if turns or messages:
        audit.row(
            "retention.purged",
            "casework",
            "",
            actor=audit.RETENTION,
            at=now,
            details=msgspec.to_builtins(done),
        ).save()
    return done


def _empty_turns(which: Q) -> int:
    # Spans are places in a text: without it they say nothing, and their pattern could hint at it.
    held = Q(text__isnull=False) | Q(attachments__isnull=False)
    return Turn.objects.filter(which & held).update(text=None, attachments=[], spans=[])
