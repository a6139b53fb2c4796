"""Who may do what: one table. Views and actions both ask it; nothing else decides."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from ansim.casework.models import Account


class Role(models.TextChoices):
    COUNSELLOR = "counsellor", _("상담원")
    SUPERVISOR = "supervisor", _("슈퍼바이저")
    LIAISON = "liaison", _("수사 연계 담당")
    ADMINISTRATOR = "administrator", _("관리자")
    RESEARCHER = "researcher", _("연구자")
    AUDITOR = "auditor", _("감사자")


class Act(StrEnum):
    """Things an account may be allowed to do."""

    SEE_ALERTS = "see_alerts"
    REVEAL_TEXT = "reveal_text"
    CLAIM = "claim"
    RELEASE_OWN = "release_own"
    RELEASE_ANY = "release_any"
    ESCALATE = "escalate"
    HAND_OVER = "hand_over"
    LEAD_SHIFT = "lead_shift"
    SEND = "send"
    HAND_OFF = "hand_off"
    CLOSE = "close"
    UPLOAD = "upload"
    OPEN_CASES = "open_cases"
    WORK_CASES = "work_cases"
    LEAD_CASES = "lead_cases"
    APPROVE_TEMPLATES = "approve_templates"
    EDIT_AGENCIES = "edit_agencies"
    EXPORT_VERDICTS = "export_verdicts"
    EXPORT_EVIDENCE = "export_evidence"
    UNMASK = "unmask"
    WRITE_REFERRAL = "write_referral"
    APPROVE_REFERRAL = "approve_referral"
    SEND_REFERRAL = "send_referral"
    SEE_AUDIT = "see_audit"
    REVIEW_AUDIT = "review_audit"
    LINK_ACCOUNTS = "link_accounts"
    HOLD_TEXT = "hold_text"
    RECEIVE_REQUESTS = "receive_requests"
    ANSWER_REQUESTS = "answer_requests"
    SEE_REPORTS = "see_reports"
    SEE_SOURCES = "see_sources"
    ADMINISTER = "administer"


_EVIDENCE = frozenset({Act.EXPORT_EVIDENCE, Act.UNMASK, Act.LINK_ACCOUNTS})
_REFERRING = frozenset({Act.WRITE_REFERRAL, Act.APPROVE_REFERRAL, Act.SEND_REFERRAL})
_COUNSELLING = frozenset(
    {
        Act.SEE_ALERTS,
        Act.REVEAL_TEXT,
        Act.CLAIM,
        Act.RELEASE_OWN,
        Act.ESCALATE,
        Act.HAND_OVER,
        Act.SEND,
        Act.HAND_OFF,
        Act.CLOSE,
        Act.UPLOAD,
        Act.WRITE_REFERRAL,
        Act.OPEN_CASES,
        Act.WORK_CASES,
        Act.RECEIVE_REQUESTS,
    }
)

# Administrators run the installation and never see a case. Researchers see what was judged, as
# numbers. Liaison takes the evidence of an alert out, and sees no queue (need to know). What stands
# in a case is seen by those admitted to it alone, whatever their role (actions/case_access.py).
TABLE: dict[Role, frozenset[Act]] = {
    Role.COUNSELLOR: _COUNSELLING,
    Role.SUPERVISOR: _COUNSELLING
    | _EVIDENCE
    | _REFERRING
    | {
        Act.RELEASE_ANY,
        Act.LEAD_SHIFT,
        Act.LEAD_CASES,
        Act.HOLD_TEXT,
        Act.ANSWER_REQUESTS,
        Act.SEE_REPORTS,
        Act.APPROVE_TEMPLATES,
        Act.EDIT_AGENCIES,
        Act.EXPORT_VERDICTS,
        Act.SEE_AUDIT,
        Act.SEE_SOURCES,
    },
    Role.LIAISON: _EVIDENCE | _REFERRING | {Act.WORK_CASES},
    Role.ADMINISTRATOR: frozenset(
        {Act.ADMINISTER, Act.EDIT_AGENCIES, Act.SEE_AUDIT, Act.SEE_REPORTS, Act.SEE_SOURCES}
    ),
    Role.RESEARCHER: frozenset({Act.EXPORT_VERDICTS, Act.SEE_REPORTS}),
    Role.AUDITOR: frozenset({Act.SEE_AUDIT, Act.REVIEW_AUDIT, Act.SEE_REPORTS}),
}


def may(account: Account | AnonymousUser, act: Act) -> bool:
    """Whether this account may do this; nobody logged out or switched off may do anything."""
    return act in may_do(account)


def may_do(account: Account | AnonymousUser) -> frozenset[Act]:
    """All that this account may do now."""
    if not account.is_authenticated or not account.is_active:
        return frozenset()
    return TABLE.get(Role(account.role), frozenset())
