"""What a person does with an alert: read it, take it, give it back, close it, undo a dismissal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, drafts, folding, interventions, triage, wellbeing
from ansim.casework.actions.permission import require
from ansim.casework.actions.reports import AlertReport, raise_or_update
from ansim.casework.actions.targets import due, in_force
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    Answer,
    HandOff,
    Outcome,
    RepeatPending,
    Reply,
    State,
    StreamCommand,
    Turn,
)
from ansim.casework.models.alert import GROUNDS, Done
from ansim.casework.roles import Act, may
from ansim.detection import Priority

__all__ = [
    "UNDO",
    "AlertReport",
    "claim",
    "close",
    "closed_together",
    "may_reveal",
    "raise_or_update",
    "release",
    "reopen",
    "reveal",
]

CLOSING = ("state", "outcome", "grounds", "done", "outcome_note", "closed_at", "closed_by")

UNDO = timedelta(minutes=10)
"""A dismissal can be taken back for this long; then the text is gone (R06)."""


def _locked(alert_id: int) -> Alert:
    try:
        return Alert.objects.select_for_update(of=("self",)).get(pk=alert_id)
    except Alert.DoesNotExist:
        raise Refused("no_such_alert", _("없는 경보입니다.")) from None


def _still_open(alert: Alert) -> None:
    if alert.state != State.OPEN:
        raise Refused("closed", _("이미 종결된 경보입니다."))


def _tell_stream(kind: str, alert: Alert) -> None:
    """That it was closed or reopened; links with other accounts are looked at anew as well. Of a
    request detection knows nothing, and who asked is linked with nobody."""
    if alert.is_request:
        return
    RepeatPending.objects.create(alert=alert.pk)
    StreamCommand.objects.create(
        kind=kind,
        payload={
            "source": alert.conversation.source_id,
            "conversation": alert.conversation.pseudonym,
            "about": alert.about,
            "episode": alert.episode,
        },
        created_at=timezone.now(),
    )


def may_reveal(alert: Alert, actor: Account) -> bool:
    """Whether this person may read the words: the holder, anyone while nobody holds it, and
    a supervisor."""
    if not may(actor, Act.REVEAL_TEXT):
        return False
    return (
        alert.claimed_by_id is None
        or alert.claimed_by_id == actor.pk
        or may(actor, Act.RELEASE_ANY)
    )


@transaction.atomic
def reveal(alert_id: int, actor: Account, reason: str, turn_id: int | None = None) -> None:
    """Records that this person reads the words of this conversation, and why (R05, R26); with
    ``turn_id`` those of one turn alone. Counts them for the person's own wellbeing.

    Raises Refused without a reason or where another counsellor holds the alert.
    """
    alert = _locked(alert_id)
    if not may_reveal(alert, actor):
        raise Refused("not_allowed", _("이 경보는 다른 상담원이 맡고 있습니다."))
    if not reason.strip():
        raise Refused("reason_missing", _("대화 내용을 보는 까닭을 적어 주세요."))
    turns = Turn.objects.filter(
        conversation_id=alert.conversation_id, by_agency=False, text__isnull=False
    )
    details: dict[str, int] = {}
    if turn_id is not None:
        turns = turns.filter(pk=turn_id)
        details["turn"] = turn_id
        if not turns.exists():
            raise Refused("no_such_turn", _("이 대화에 없는 메시지입니다."))
    shown = list(turns.defer("text", "attachments"))
    wellbeing.count(actor, shown if turn_id is not None else wellbeing.uncovered(actor, shown))
    audit.record("alert.text_revealed", alert, actor=actor, reason=reason, details=details)


@transaction.atomic
def claim(alert_id: int, actor: Account) -> Alert:
    """Takes the alert, and with it what is folded with it and nobody holds.

    Claiming one's own alert again changes nothing; another's is refused. A supervisor who takes an
    escalated alert has answered it.
    """
    require(actor, Act.CLAIM)
    folding.lock(Q(pk=alert_id))
    alert = _locked(alert_id)
    _still_open(alert)
    if alert.claimed_by_id == actor.pk:
        return alert
    if alert.claimed_by_id is not None:
        raise Refused("already_claimed", _("다른 상담원이 먼저 맡았습니다."))
    now = timezone.now()
    for row in triage.together(alert):
        row.claimed_by, row.claimed_at = actor, now
        row.acknowledged_at = row.acknowledged_at or now
        if row.escalated_by_id is None or may(actor, Act.LEAD_SHIFT):
            row.escalated_at = row.escalated_by = None
        row.save(
            update_fields=[
                "claimed_by",
                "claimed_at",
                "acknowledged_at",
                "escalated_at",
                "escalated_by",
            ]
        )
        details = {} if row.pk == alert.pk else {"with": alert.pk}
        audit.record("alert.claimed", row, actor=actor, details=details)
    folding.elect({alert.fold})
    return alert


@transaction.atomic
def release(alert_id: int, actor: Account, reason: str = "") -> Alert:
    """Gives the alert back to the queue, with what is folded with it: one's own, or as supervisor
    anybody's, with a reason. Its timer begins anew."""
    folding.lock(Q(pk=alert_id))
    alert = _locked(alert_id)
    _still_open(alert)
    if alert.claimed_by_id is None:
        return alert
    own = alert.claimed_by_id == actor.pk
    require(actor, Act.RELEASE_OWN if own else Act.RELEASE_ANY)
    if not own and not reason.strip():
        raise Refused("reason_missing", _("다른 사람의 경보를 내려놓으려면 까닭을 적어 주세요."))
    held_by = alert.claimed_by_id
    targets, now = in_force(), timezone.now()
    for row in triage.together(alert):
        row.claimed_by = row.claimed_at = row.hold_until = None
        row.due_at = due(row.priority, now, targets)
        row.save(update_fields=["claimed_by", "claimed_at", "hold_until", "due_at"])
        audit.record(
            "alert.released", row, actor=actor, reason=reason, details={"held_by": held_by}
        )
    folding.elect({alert.fold})
    return alert


@transaction.atomic
def close(
    alert_id: int,
    actor: Account,
    outcome: str,
    note: str = "",
    *,
    done: Sequence[str] = (),
    grounds: str = "",
    together: bool = False,
) -> list[Alert]:
    """Closes an alert that the actor holds, and tells the stream so, in one transaction; with
    ``together`` all that the actor holds of its fold, with the same outcome. Returns them, the
    alert itself first.

    Words of it that no courier has taken yet are not sent any more.

    ``outcome`` is one of ``Outcome``, ``grounds`` what it rests on (``GROUNDS``), needed for P1 and
    P2; ``done`` says what was done (``Done``), needed unless the outcome is "not grooming". Of P1
    and P2 every hand-off must have its answer (R21). What one alert asks for is asked for all that
    are closed with it. A request for help judges nobody: its outcome is one of ``Reply``, without
    grounds, and never that of an alert on its fold. Raises Refused naming what is missing.
    """
    require(actor, Act.CLOSE)
    folding.lock(Q(pk=alert_id))
    alert = _locked(alert_id)
    _still_open(alert)
    if alert.claimed_by_id != actor.pk:
        raise Refused("not_holder", _("먼저 이 경보를 맡아야 종결할 수 있습니다."))
    if outcome not in (Reply.values if alert.is_request else Outcome.values):
        raise Refused("outcome_missing", _("결과를 골라야 종결할 수 있습니다."))
    steps = [step for step in Done.values if step in done]
    if not alert.is_request and outcome != Outcome.NOT_GROOMING and not steps:
        raise Refused("done_missing", _("무엇을 했는지 하나 이상 골라 주세요."))
    if Done.NO_CONTACT in steps and Done.CONTACT_MADE in steps:
        raise Refused("done_contradicts", _("‘대화함’과 ‘연락하지 않음’을 함께 고를 수 없습니다."))
    rows = triage.together(alert) if together else [alert]
    rows = [row for row in rows if row.kind == alert.kind]
    urgent = [row for row in rows if row.priority in (Priority.P1, Priority.P2)]
    if alert.is_request:
        grounds = ""
    elif (urgent or grounds) and grounds not in GROUNDS[outcome]:
        raise Refused("grounds_missing", _("그렇게 판단한 까닭을 골라 주세요."))
    waiting = HandOff.objects.filter(alert__in=urgent, answer=Answer.WAITING).first()
    if waiting is not None and waiting.alert_id == alert.pk:
        raise Refused(
            "answer_missing", _("답을 기다리는 연계가 있습니다. 결과를 먼저 적어 주세요.")
        )
    if waiting is not None:
        raise Refused(
            "answer_missing",
            _("함께 종결하려는 경보 %(number)d번에 답을 기다리는 연계가 있습니다.")
            % {"number": waiting.alert_id},
        )
    now = timezone.now()  # one moment for all: by it an undo knows what belongs together
    for row in rows:
        row.state = State.CLOSED
        row.outcome = outcome
        row.grounds = grounds
        row.done = steps
        row.outcome_note = note.strip() or None
        row.closed_at = now
        row.closed_by = actor
        row.save(update_fields=CLOSING)
        interventions.end_queued(row, actor)
        _tell_stream("alert_closed", row)
        details = {"outcome": outcome, "done": steps, "grounds": grounds}
        audit.record("alert.closed", row, actor=actor, details=details | _with(row, alert))
    drafts.forget_all([row.pk for row in rows])
    folding.elect({alert.fold})
    return rows


def _with(row: Alert, alert: Alert) -> dict[str, int]:
    return {} if row.pk == alert.pk else {"with": alert.pk}


def closed_together(alert: Alert) -> list[Alert]:
    """The other alerts that were dismissed in the same step as this one."""
    if alert.state != State.CLOSED or alert.closed_at is None:
        return []
    rows = Alert.objects.filter(
        state=State.CLOSED,
        outcome=alert.outcome,
        fold=alert.fold,
        closed_at=alert.closed_at,
        closed_by=alert.closed_by_id,
    )
    return list(rows.exclude(pk=alert.pk).order_by("pk"))


@transaction.atomic
def reopen(alert_id: int, actor: Account, reason: str) -> list[Alert]:
    """Takes back a dismissal within ten minutes, while its text is still there (R06), with all
    that was dismissed in the same step. Returns what is open again, the alert itself first; one
    whose account has a new alert meanwhile stays closed.

    Tells the stream so in the same transaction, as closing did.
    """
    require(actor, Act.CLOSE)
    asked = Alert.objects.filter(pk=alert_id).first()
    others = closed_together(asked) if asked is not None else []
    folding.lock(Q(pk__in=[alert_id, *(row.pk for row in others)]))
    alert = _locked(alert_id)
    if alert.state != State.CLOSED or alert.outcome != Outcome.NOT_GROOMING:
        raise Refused("not_dismissed", _("오경보로 종결한 경보만 되돌릴 수 있습니다."))
    if alert.closed_by_id != actor.pk and not may(actor, Act.RELEASE_ANY):
        raise Refused("not_holder", _("종결한 사람만 되돌릴 수 있습니다."))
    if alert.text_purged_at or alert.closed_at is None or timezone.now() > alert.closed_at + UNDO:
        raise Refused("too_late", _("되돌릴 수 있는 10분이 지났습니다."))
    if _has_later(alert):
        raise Refused("later_episode", _("이 계정에 대한 새 경보가 이미 있습니다."))
    others = [_locked(row.pk) for row in closed_together(alert)]
    rows = [alert, *(row for row in others if not _has_later(row))]
    for row in rows:
        row.state = State.OPEN
        row.outcome = row.grounds = ""
        row.done = []
        row.outcome_note = None
        row.closed_at = None
        row.closed_by = None
        row.save(update_fields=CLOSING)
        _tell_stream("alert_reopened", row)
        audit.record("alert.reopened", row, actor=actor, reason=reason, details=_with(row, alert))
    folding.elect({alert.fold})
    return rows


def _has_later(alert: Alert) -> bool:
    return Alert.objects.filter(
        conversation_id=alert.conversation_id,
        kind=alert.kind,
        about=alert.about,
        episode__gt=alert.episode,
    ).exists()
