"""What passes between people about an alert: ask a supervisor, answer, hold, hand over, note."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, drafts, folding, notices
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, CaseNote, Notice, State
from ansim.casework.roles import Act, may

LONGEST_HOLD = {
    "P1": timedelta(minutes=30),
    "P2": timedelta(hours=2),
    "P3": timedelta(hours=12),
    "P4": timedelta(hours=12),
}
LONGEST_NOTE = 2000
_DRAFTS: dict[str, str] = {
    CaseNote.Kind.NOTE: "note",
    CaseNote.Kind.ESCALATION: "escalate",
    CaseNote.Kind.ANSWER: "answer",
    CaseNote.Kind.HOLD: "hold",
    CaseNote.Kind.HANDOVER: "hand_over",
}
"""In which form each kind of note is typed."""


def locked_open(alert_id: int) -> Alert:
    """The alert, locked. Raises Refused where there is none, or it is closed."""
    try:
        alert = Alert.objects.select_for_update(of=("self",)).get(pk=alert_id)
    except Alert.DoesNotExist:
        raise Refused("no_such_alert", _("없는 경보입니다.")) from None
    if alert.state != State.OPEN:
        raise Refused("closed", _("이미 종결된 경보입니다."))
    return alert


def together(alert: Alert) -> list[Alert]:
    """The alert and what is folded with it under the same holder, locked; itself first."""
    rows = (
        Alert.objects.select_for_update(of=("self",))
        .filter(fold=alert.fold, state=State.OPEN, claimed_by=alert.claimed_by_id)
        .exclude(pk=alert.pk)
        .order_by("pk")
    )
    return [alert, *rows]


def _note(alert: Alert, actor: Account, kind: str, text: str) -> CaseNote:
    drafts.forget(alert, actor, _DRAFTS[kind])
    return CaseNote.objects.create(
        alert=alert, kind=kind, author=actor, at=timezone.now(), text=text.strip()[:LONGEST_NOTE]
    )


@transaction.atomic
def note(alert_id: int, actor: Account, text: str) -> CaseNote:
    """Leaves a note for colleagues. Only its length stands in the audit log."""
    require(actor, Act.CLAIM)
    alert = locked_open(alert_id)
    if not text.strip():
        raise Refused("empty", _("메모를 적어 주세요."))
    row = _note(alert, actor, CaseNote.Kind.NOTE, text)
    audit.record("alert.noted", alert, actor=actor, details={"length": len(row.text)})
    return row


@transaction.atomic
def escalate(alert_id: int, actor: Account, reason: str) -> Alert:
    """Asks a supervisor to look, with a reason; it is told over a second channel as well.

    Who holds the alert goes on holding it. Asking again while nobody has answered is refused.
    """
    require(actor, Act.ESCALATE)
    alert = locked_open(alert_id)
    if alert.claimed_by_id not in (None, actor.pk):
        raise Refused("not_holder", _("이 경보는 다른 상담원이 맡고 있습니다."))
    if not reason.strip():
        raise Refused("reason_missing", _("슈퍼바이저에게 올리는 까닭을 적어 주세요."))
    if alert.escalated_at is not None and alert.escalated_by_id is not None:
        raise Refused("already_escalated", _("이미 슈퍼바이저에게 올린 경보입니다."))
    alert.escalated_at, alert.escalated_by = timezone.now(), actor
    alert.save(update_fields=["escalated_at", "escalated_by"])
    _note(alert, actor, CaseNote.Kind.ESCALATION, reason)
    notices.call(Notice.Kind.ESCALATED, alert)
    audit.record(
        "alert.escalated", alert, actor=actor, details={"priority": alert.priority, "by": "person"}
    )
    return alert


@transaction.atomic
def answer(alert_id: int, actor: Account, text: str) -> Alert:
    """A supervisor answers an escalation in words; holder and alert stay as they are."""
    require(actor, Act.LEAD_SHIFT)
    alert = locked_open(alert_id)
    if alert.escalated_at is None:
        raise Refused("not_escalated", _("슈퍼바이저에게 올라온 경보가 아닙니다."))
    if not text.strip():
        raise Refused("empty", _("답을 적어 주세요."))
    waited = timezone.now() - alert.escalated_at
    alert.escalated_at = alert.escalated_by = None
    alert.save(update_fields=["escalated_at", "escalated_by"])
    _note(alert, actor, CaseNote.Kind.ANSWER, text)
    audit.record(
        "alert.escalation_answered",
        alert,
        actor=actor,
        details={"waited": round(waited.total_seconds())},
    )
    return alert


@transaction.atomic
def hold(alert_id: int, actor: Account, minutes: int, reason: str) -> Alert:
    """The holder waits for something (an answer, a call back) for so many minutes.

    Raises Refused without a reason, or for longer than its priority allows (``LONGEST_HOLD``).
    """
    require(actor, Act.CLAIM)
    alert = locked_open(alert_id)
    if alert.claimed_by_id != actor.pk:
        raise Refused("not_holder", _("먼저 이 경보를 맡아야 보류할 수 있습니다."))
    longest = int(LONGEST_HOLD[alert.priority].total_seconds() // 60)
    if not 1 <= minutes <= longest:
        raise Refused(
            "out_of_range",
            _("%(priority)s 경보는 1분에서 %(minutes)d분까지 보류할 수 있습니다.")
            % {"priority": alert.priority, "minutes": longest},
        )
    if not reason.strip():
        raise Refused("reason_missing", _("무엇을 기다리는지 적어 주세요."))
    alert.hold_until = timezone.now() + timedelta(minutes=minutes)
    alert.save(update_fields=["hold_until"])
    _note(alert, actor, CaseNote.Kind.HOLD, reason)
    audit.record("alert.held", alert, actor=actor, details={"minutes": minutes})
    return alert


@transaction.atomic
def resume(alert_id: int, actor: Account) -> Alert:
    """Ends a hold before its time."""
    require(actor, Act.CLAIM)
    alert = locked_open(alert_id)
    if alert.claimed_by_id != actor.pk:
        raise Refused("not_holder", _("먼저 이 경보를 맡아야 보류할 수 있습니다."))
    if alert.hold_until is not None:
        alert.hold_until = None
        alert.save(update_fields=["hold_until"])
        audit.record("alert.resumed", alert, actor=actor)
    return alert


@transaction.atomic
def hand_over(alert_id: int, actor: Account, to: Account, text: str) -> list[Alert]:
    """Gives one's alert, and what is folded with it, to a colleague; a supervisor anybody's.

    Raises Refused without words for the colleague, or where they may not hold alerts.
    """
    require(actor, Act.HAND_OVER)
    folding.lock(Q(pk=alert_id))
    alert = locked_open(alert_id)
    if alert.claimed_by_id != actor.pk and not may(actor, Act.RELEASE_ANY):
        raise Refused("not_holder", _("맡고 있는 경보만 넘길 수 있습니다."))
    if not may(to, Act.CLAIM):
        raise Refused("cannot_take", _("이 사람은 경보를 맡을 수 없습니다."))
    if to.pk == alert.claimed_by_id:
        raise Refused("same_person", _("이미 그 사람이 맡고 있습니다."))
    if not text.strip():
        raise Refused("reason_missing", _("이어받을 사람에게 남길 말을 적어 주세요."))
    _note(alert, actor, CaseNote.Kind.HANDOVER, text)
    rows = together(alert)
    for row in rows:
        give(row, to, actor)
    folding.elect({alert.fold})
    return rows


def give(alert: Alert, to: Account, actor: Account, **details: object) -> None:
    """Changes the holder of a locked alert, on record; the caller elects its fold."""
    before = alert.claimed_by_id
    now = timezone.now()
    alert.claimed_by, alert.claimed_at, alert.hold_until = to, now, None
    alert.acknowledged_at = alert.acknowledged_at or now
    alert.save(update_fields=["claimed_by", "claimed_at", "hold_until", "acknowledged_at"])
    audit.record(
        "alert.handed_over",
        alert,
        actor=actor,
        details={"from": before, "to": to.pk, **details},
    )
