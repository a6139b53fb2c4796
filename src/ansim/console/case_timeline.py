"""What happened in a case, newest first: told from the audit log, which has every act, no words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ansim.casework.models import AuditEvent, Case

GROUPS = {
    "alerts": _("경보"),
    "messages": _("보낸 글"),
    "people": _("사람과 동의"),
    "notes": _("메모와 할 일"),
    "documents": _("문서와 증거"),
    "outside": _("연계와 신고"),
    "case": _("사례"),
}
"""By what the timeline can be narrowed."""

LABELS: dict[str, tuple[str, Any]] = {
    "alert.raised": ("alerts", _("경보가 남")),
    "alert.priority_changed": ("alerts", _("경보의 우선순위가 바뀜")),
    "alert.text_revealed": ("alerts", _("대화 내용을 봄")),
    "alert.claimed": ("alerts", _("경보를 맡음")),
    "alert.released": ("alerts", _("경보를 내려놓음")),
    "alert.handed_over": ("alerts", _("경보를 넘김")),
    "alert.escalated": ("alerts", _("경보를 슈퍼바이저에게 올림")),
    "alert.escalation_answered": ("alerts", _("슈퍼바이저가 답함")),
    "alert.noted": ("notes", _("경보에 메모를 남김")),
    "alert.closed": ("alerts", _("경보를 종결함")),
    "alert.reopened": ("alerts", _("경보의 종결을 되돌림")),
    "alert.text_purged": ("alerts", _("경보의 글이 지워짐")),
    "alert.handed_off": ("outside", _("기관에 연계함")),
    "alert.rescue_requested": ("outside", _("구조를 요청함")),
    "alert.hand_off_answered": ("outside", _("기관의 답을 적음")),
    "alert.plan_written": ("people", _("안전 계획을 적음")),
    "case.opened": ("case", _("사례를 엶")),
    "case.renamed": ("case", _("사례의 이름을 바꿈")),
    "case.waits": ("case", _("기다리기 시작함")),
    "case.resumed": ("case", _("기다림이 끝남")),
    "case.closed": ("case", _("사례를 종결함")),
    "case.reopened": ("case", _("사례를 다시 엶")),
    "case.purged": ("case", _("사례에 적은 것이 기한이 지나 지워짐")),
    "case.admitted": ("case", _("사례에 들어오게 함")),
    "case.left": ("case", _("사례에서 나감")),
    "case.entrusted": ("case", _("책임을 넘김")),
    "case.alert_added": ("alerts", _("경보를 넣음")),
    "case.alert_removed": ("alerts", _("경보를 뺌")),
    "case.person_added": ("people", _("사람을 적음")),
    "case.person_changed": ("people", _("사람에 대해 고쳐 적음")),
    "case.person_removed": ("people", _("사람을 뺌")),
    "case.consent_recorded": ("people", _("동의를 기록함")),
    "case.consent_withdrawn": ("people", _("동의를 거둠")),
    "reading.consent_withdrawn": ("people", _("동의를 거둠")),
    "case.unmasked": ("people", _("계정의 이름을 엶")),
    "case.noted": ("notes", _("메모를 남김")),
    "case.task_added": ("notes", _("할 일을 적음")),
    "case.task_done": ("notes", _("할 일을 끝냄")),
    "case.task_dropped": ("notes", _("할 일이 필요 없어짐")),
    "case.document_added": ("documents", _("문서를 담음")),
    "case.document_fetched": ("documents", _("문서를 내려받음")),
    "case.document_removed": ("documents", _("문서를 뺌")),
    "evidence.ordered": ("documents", _("증거 자료를 만들게 함")),
    "evidence.made": ("documents", _("증거 자료가 만들어짐")),
    "evidence.fetched": ("documents", _("증거 자료를 내려받음")),
    "evidence.unmasked": ("documents", _("증거 자료에 이름을 담음")),
    "message.queued": ("messages", _("글을 보내기로 함")),
    "message.sent": ("messages", _("글이 전달됨")),
    "message.failed": ("messages", _("글을 전달하지 못함")),
    "message.unknown": ("messages", _("글의 전달 여부를 알 수 없음")),
    "referral.begun": ("outside", _("신고서를 쓰기 시작함")),
    "referral.written": ("outside", _("신고서를 고쳐 씀")),
    "referral.attached": ("outside", _("신고서에 증거 자료를 붙임")),
    "referral.detached": ("outside", _("신고서에서 증거 자료를 뺌")),
    "referral.do_not_warn": ("outside", _("알리지 말라는 표시를 바꿈")),
    "referral.submitted": ("outside", _("신고서를 두 번째 사람에게 보임")),
    "referral.given_back": ("outside", _("신고서를 돌려보냄")),
    "referral.approved": ("outside", _("신고서를 승인함")),
    "referral.withdrawn": ("outside", _("신고서를 거두어들임")),
    "referral.taken_out": ("outside", _("신고서를 파일로 꺼냄")),
    "referral.sent": ("outside", _("신고를 보냄")),
    "referral.acknowledged": ("outside", _("신고가 접수됨")),
    "duty.learned": ("outside", _("범죄를 안 때를 적음")),
    "duty.corrected": ("outside", _("범죄를 안 때를 고침")),
    "duty.overdue": ("outside", _("신고할 때가 지남")),
    "duty.ended": ("outside", _("신고 의무를 마침")),
}
"""By audit action: its group, and what it is called. What is not here is no event of a case."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event."""

    at: datetime
    who: Any
    what: Any
    alert: int | None
    reason: str


def entries(case: Case, group: str, most: int) -> tuple[list[Entry], bool]:
    """The newest events, at most so many, and whether there are older ones. ``group`` is one of
    ``GROUPS``, or empty for all."""
    found = _events(case)
    if group in GROUPS:
        names = [action for action, (where, _name) in LABELS.items() if where == group]
        found = found.filter(action__in=names)
    rows = list(found.select_related("actor").order_by("-id")[: most + 1])
    return [_entry(row) for row in rows[:most]], len(rows) > most


def _events(case: Case) -> Any:
    alerts = list(case.joined.values_list("alert", flat=True))
    referrals = case.referrals.values_list("pk", flat=True)
    return AuditEvent.objects.filter(
        Q(subject_type="case", subject_id=str(case.pk))
        | Q(subject_type="alert", subject_id__in=[str(pk) for pk in alerts])
        | Q(subject_type="referral", subject_id__in=[str(pk) for pk in referrals]),
        action__in=list(LABELS),
    )


def _entry(row: AuditEvent) -> Entry:
    alert = row.subject_id if row.subject_type == "alert" else row.details.get("alert")
    return Entry(
        at=row.at,
        who=row.actor.shown if row.actor is not None else _("프로그램"),
        what=LABELS[row.action][1],
        alert=int(alert) if str(alert).isdigit() else None,
        reason=row.reason,
    )
