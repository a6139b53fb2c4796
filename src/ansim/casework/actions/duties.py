"""The duty to report an offence to the police at once, from the moment the agency learned of it
(APCJS 34②, R19): its timer, its end, and the call when time runs out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, notices, rounds
from ansim.casework.actions.case_access import inside
from ansim.casework.actions.permission import require
from ansim.casework.actions.reporting import words
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Case, HandOff, Notice, Referral, ReportDuty
from ansim.casework.roles import Act

WITHIN = timedelta(hours=24)
"""The law says "at once"; after this time supervisors and liaison are called. Our own proposal."""
_CLOCKS = timedelta(minutes=2)


@transaction.atomic
def learn(case_id: int, actor: Account, at: datetime, how: str) -> ReportDuty:
    """Starts the timer: the agency learned of an offence at ``at`` (aware, not in the future).

    Said again, it corrects the time, or opens what had been ended without a report. Raises Refused.
    """
    require(actor, Act.WRITE_REFERRAL)
    case = inside(case_id, actor)
    now = timezone.now()
    if at > now + _CLOCKS:
        raise Refused("when_wrong", _("알게 된 때는 지금보다 뒤일 수 없습니다."))
    said = words(how, _("어떻게 알게 되었는지 적어 주세요."))
    row = ReportDuty.objects.select_for_update(of=("self",)).filter(case=case).first()
    reported = (ReportDuty.Ending.REFERRAL, ReportDuty.Ending.HAND_OFF)
    if row is not None and row.ending in reported:
        raise Refused("reported", _("이미 신고했습니다."))
    before = row.learned_at.isoformat() if row else None
    row = row or ReportDuty(case=case)
    row.learned_at, row.how, row.due_at = at, said, at + WITHIN
    row.recorded_by, row.recorded_at = actor, now
    row.ended_at = row.ended_by = row.note = row.escalated_at = None
    row.ending = ""
    row.save()
    audit.record(
        "duty.learned" if before is None else "duty.corrected",
        case,
        actor=actor,
        details={"learned_at": at.isoformat(), "before": before, "due": row.due_at.isoformat()},
    )
    return row


@transaction.atomic
def end(
    case_id: int, actor: Account, ending: str, note: str = "", hand_off_id: int = 0
) -> ReportDuty:
    """Ends it without a written report: the police were told by telephone (a hand-off of this case
    shows it), others have reported, or there is no offence. The last two need a supervisor and a
    reason. Raises Refused."""
    require(actor, Act.WRITE_REFERRAL)
    case = inside(case_id, actor)
    row = _running(case)
    kinds = ReportDuty.Ending
    if ending == kinds.HAND_OFF:
        told = HandOff.objects.filter(
            pk=hand_off_id, alert__joined__case=case, agency__is_police=True
        ).first()
        if told is None:
            raise Refused("no_such_hand_off", _("경찰에 연계한 기록을 골라 주세요."))
        row.hand_off = told
    elif ending in (kinds.OTHERS, kinds.NONE):
        require(actor, Act.LEAD_CASES)
        row.note = words(note, _("왜 신고하지 않는지, 누가 신고했는지 적어 주세요."))
    else:
        raise Refused("ending_missing", _("어떻게 끝났는지 골라 주세요."))
    _end(row, actor, ending)
    return row


def met_by(referral: Referral, actor: Account) -> None:
    """A report to the police was sent: the duty of its case is met. Within the caller's
    transaction."""
    row = (
        ReportDuty.objects.select_for_update(of=("self",))
        .filter(case=referral.case_id, ended_at=None)
        .first()
    )
    if row is not None:
        row.referral = referral
        _end(row, actor, ReportDuty.Ending.REFERRAL)


def overdue(now: datetime) -> tuple[int, ...]:
    """Calls supervisors and liaison, once, where the time is over: numbers of the cases. Part of
    the watch."""
    late = ReportDuty.objects.filter(ended_at=None, escalated_at=None, due_at__lte=now)

    def call(row: ReportDuty) -> None:
        row.escalated_at = now
        row.save(update_fields=["escalated_at"])
        notices.call(Notice.Kind.REPORT_DUE, None)
        audit.record(
            "duty.overdue",
            row.case,
            actor=audit.WATCH,
            at=now,
            details={"due": row.due_at.isoformat()},
        )

    return tuple(row.case_id for row in rounds.each(late.select_related("case"), call))


def _running(case: Case) -> ReportDuty:
    row = (
        ReportDuty.objects.select_for_update(of=("self",)).filter(case=case, ended_at=None).first()
    )
    if row is None:
        raise Refused("no_duty", _("흐르고 있는 신고 시한이 없습니다."))
    return row


def _end(row: ReportDuty, actor: Account, ending: str) -> None:
    row.ending, row.ended_by, row.ended_at = ending, actor, timezone.now()
    row.save()
    audit.record(
        "duty.ended",
        row.case,
        actor=actor,
        reason="",
        details={
            "ending": ending,
            "referral": row.referral_id,
            "hand_off": row.hand_off_id,
            "in_time": row.ended_at <= row.due_at,
        },
    )
