"""Who is at the desk, and how one shift leaves its open alerts to the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, folding, triage
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, Handover, HandoverItem, State
from ansim.casework.roles import Act, may

TO_HALF_A_MINUTE = timedelta(seconds=30)
URGENT = ("P1", "P2")
_OF_A_LINE = (
    "conversation__source__name",
    "claimed_by",
    "priority",
    "raised_at",
    "due_at",
    "hold_until",
    "escalated_at",
)
"""What of an alert the lists of a hand-over show; it has several kilobytes more."""


def note_activity(account: Account) -> None:
    """Remembers that this person is at the desk now. Presence is no act: it leaves no audit row."""
    now = timezone.now()
    last = account.last_active_at
    if last is None or now - last > TO_HALF_A_MINUTE:
        Account.objects.filter(pk=account.pk).update(last_active_at=now)


def open_alerts(giver: Account) -> QuerySet[Alert]:
    """What somebody who leaves has open, most urgent first."""
    return (
        Alert.objects.filter(state=State.OPEN, claimed_by=giver)
        .select_related("conversation__source")
        .only(*_OF_A_LINE)
        .order_by("priority", "raised_at")
    )


def unowned() -> QuerySet[Alert]:
    """P1 and P2 that nobody holds: they go with every hand-over."""
    return (
        Alert.objects.filter(state=State.OPEN, claimed_by=None, priority__in=URGENT)
        .select_related("conversation__source")
        .only(*_OF_A_LINE)
        .order_by("priority", "raised_at")
    )


def pending(account: Account) -> Sequence[Handover]:
    """Hand-overs that wait for this person's signature."""
    waiting = Handover.objects.filter(taker=account, signed_at=None, withdrawn_at=None)
    return list(waiting.select_related("giver"))


def handed(handover: Handover, *, unowned: bool) -> QuerySet[HandoverItem]:
    """What was in a hand-over when it was offered, most urgent first: what its giver held, or what
    nobody did."""
    return (
        handover.items.filter(unowned=unowned)
        .select_related("alert__conversation__source")
        .only("handover", *(f"alert__{part}" for part in _OF_A_LINE))
        .order_by("pk")  # as they were put in
    )


def offered_by(account: Account) -> Handover | None:
    """What this person has offered and nobody has signed yet."""
    waiting = Handover.objects.filter(giver=account, signed_at=None, withdrawn_at=None)
    return waiting.select_related("taker").first()


@transaction.atomic
def offer(giver: Account, taker: Account, note: str = "") -> Handover:
    """Offers everything one holds, and P1 and P2 that nobody holds, to a colleague.

    Nothing changes hands before the colleague signs. Raises Refused where there is nothing to hand
    over, one offer is open already, or the colleague may hold no alerts.
    """
    require(giver, Act.HAND_OVER)
    if taker.pk == giver.pk or not may(taker, Act.CLAIM):
        raise Refused("cannot_take", _("이 사람은 경보를 맡을 수 없습니다."))
    if offered_by(giver) is not None:
        raise Refused("already_offered", _("서명을 기다리는 인수인계가 이미 있습니다."))
    own, nobodys = list(open_alerts(giver)), list(unowned())
    if not own and not nobodys:
        raise Refused("nothing_open", _("넘길 경보가 없습니다."))
    row = Handover.objects.create(
        giver=giver, taker=taker, offered_at=timezone.now(), note=note.strip()[:2000] or None
    )
    HandoverItem.objects.bulk_create(
        HandoverItem(handover=row, alert=alert, unowned=alert.claimed_by_id is None)
        for alert in (*own, *nobodys)
    )
    audit.record(
        "shift.handover_offered",
        row,
        actor=giver,
        details={"to": taker.pk, "alerts": [alert.pk for alert in (*own, *nobodys)]},
    )
    return row


@transaction.atomic
def withdraw(handover_id: int, giver: Account) -> Handover:
    """Takes an unsigned offer back; all stays as it is."""
    row = _open(handover_id)
    if row.giver_id != giver.pk:
        raise Refused("not_giver", _("내놓은 사람만 거둘 수 있습니다."))
    row.withdrawn_at = timezone.now()
    row.save(update_fields=["withdrawn_at"])
    audit.record("shift.handover_withdrawn", row, actor=giver)
    return row


@transaction.atomic
def sign(handover_id: int, taker: Account) -> list[Alert]:
    """The next shift signs: it takes what the giver holds now, and every P1 and P2 of nobody.

    What was closed or taken by others meanwhile is left out; what the giver took since is in it.
    """
    row = _open(handover_id)
    if row.taker_id != taker.pk:
        raise Refused("not_taker", _("받는 사람만 서명할 수 있습니다."))
    require(taker, Act.CLAIM)
    urgent_of_nobody = Q(claimed_by=None, priority__in=URGENT)
    taken = Q(Q(claimed_by=row.giver_id) | urgent_of_nobody, state=State.OPEN)
    folding.lock(taken)
    alerts = list(Alert.objects.select_for_update(of=("self",)).filter(taken).order_by("pk"))
    known = set(row.items.values_list("alert_id", flat=True))
    HandoverItem.objects.bulk_create(
        HandoverItem(handover=row, alert=alert, unowned=alert.claimed_by_id is None)
        for alert in alerts
        if alert.pk not in known
    )
    for alert in alerts:
        triage.give(alert, taker, taker, handover=row.pk)
    folding.elect({alert.fold for alert in alerts})
    row.signed_at = timezone.now()
    row.save(update_fields=["signed_at"])
    audit.record(
        "shift.handover_signed",
        row,
        actor=taker,
        details={"from": row.giver_id, "alerts": [alert.pk for alert in alerts]},
    )
    return alerts


def _open(handover_id: int) -> Handover:
    row = Handover.objects.select_for_update(of=("self",)).filter(pk=handover_id).first()
    if row is None or row.signed_at is not None or row.withdrawn_at is not None:
        raise Refused("no_such_handover", _("서명을 기다리는 인수인계가 아닙니다."))
    return row
