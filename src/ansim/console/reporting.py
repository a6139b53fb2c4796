"""What the pages of reports show: read here, for one person, and only what they may know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from ansim.casework.actions import reporting
from ansim.casework.actions.case_access import admitted
from ansim.casework.models import (
    Account,
    Case,
    CaseMember,
    CaseState,
    HandOff,
    Outcome,
    Referral,
    ReferralState,
    ReportDuty,
    SentBy,
)
from ansim.casework.reporting.completeness import Gap
from ansim.casework.reporting.forms import FORMS, WARNS
from ansim.casework.reporting.questions import SECTIONS, Kind, Question, Shape
from ansim.casework.roles import Act, may

MOST = 200
_OVER = (ReferralState.ACKNOWLEDGED, ReferralState.WITHDRAWN)


def listed(user: Account) -> dict[str, Any]:
    """The list: duties that run, cases in which nobody said when the offence was learned of, and
    reports that this person may see, those that wait for somebody first."""
    mine = CaseMember.objects.filter(account=user, left_at=None).values("case")
    seen = Q(case__in=mine)
    if may(user, Act.APPROVE_REFERRAL):
        seen |= Q(state__in=reporting.SHOWN_TO_THE_SECOND)
    rows = Referral.objects.filter(seen).select_related("case", "written_by", "approved_by")
    waiting = list(rows.filter(state=ReferralState.REVIEW).order_by("changed_at")[:MOST])
    under_way = rows.exclude(state__in=(*_OVER, ReferralState.REVIEW))
    running = ReportDuty.objects.filter(ended_at=None).select_related("case__responsible")
    unsaid = Case.objects.filter(joined__alert__outcome=Outcome.CONFIRMED, duty=None)
    return {
        "now": timezone.now(),
        "duties": list(running.order_by("due_at")[:MOST]),
        "unsaid": list(
            unsaid.exclude(state=CaseState.CLOSED)
            .select_related("responsible")
            .distinct()
            .order_by("pk")[:MOST]
        ),
        "waiting": waiting,
        "under_way": list(under_way.order_by("-changed_at")[:MOST]),
        "over": list(rows.filter(state__in=_OVER).order_by("-changed_at")[:50]),
    }


@dataclass(frozen=True, slots=True)
class Field:
    """One question with its answer, and what is wrong with it."""

    question: Question
    words: str
    gap: Gap | None

    @property
    def chosen(self) -> set[str]:
        return set(self.words.split())

    @property
    def long(self) -> bool:
        return self.question.shape == Shape.WORDS

    @property
    def fixed(self) -> bool:
        return self.question.shape == Shape.FIXED

    @property
    def rows(self) -> int:
        return min(14, max(3 if self.question.longest > 500 else 2, self.words.count("\n") + 2))


def of_referral(row: Referral, user: Account, typed: dict[str, str] | None) -> dict[str, Any]:
    """Everything that the page of one report shows."""
    said = reporting.answers(row)
    found = reporting.completeness(row)
    gaps = {gap.name: gap for gap in found.gaps}
    sections: list[tuple[Any, list[Field]]] = []
    for question in FORMS[row.kind]:
        heading = SECTIONS[question.section][0]
        if not sections or sections[-1][0] is not heading:
            sections.append((heading, []))
        words = (typed or {}).get(question.name, said.get(question.name, ""))
        sections[-1][1].append(Field(question, words, gaps.get(question.name)))
    within = admitted(row.case, user)
    is_open = row.state in reporting.OPEN
    wrote = row.versions.filter(written_by=user).exists()
    return {
        "row": row,
        "gone": not said,
        "sections": sections,
        "found": found,
        "may_write": within and is_open and bool(said),
        "within": within,
        "may_approve": row.state == ReferralState.REVIEW
        and may(user, Act.APPROVE_REFERRAL)
        and not wrote,
        "wrote_it": row.state == ReferralState.REVIEW and wrote,
        "may_give_back": row.state in (ReferralState.REVIEW, ReferralState.APPROVED)
        and may(user, Act.APPROVE_REFERRAL),
        "may_send": may(user, Act.SEND_REFERRAL),
        "silence": row.do_not_warn or reporting.warned_off(row.case),
        "blocked_by_silence": row.kind in WARNS and reporting.warned_off(row.case),
        "packages": list(row.packages.all()),
        "more_packages": reporting.packages_to_attach(row) if within and is_open else [],
        "versions": list(row.versions.select_related("written_by").defer("answers")[:50]),
        "hows": SentBy.choices,
        "now": timezone.now(),
        "forms": ("pdf", "xml", "json")
        if row.kind == Kind.CYBERTIP and row.approved_by_id
        else ("pdf",),
    }


def of_case(case: Case, user: Account) -> dict[str, Any]:
    """What the page of a case shows of its reports and of the duty to report."""
    calls = HandOff.objects.filter(alert__joined__case=case, agency__is_police=True)
    return {
        "reports": list(case.referrals.select_related("written_by")),
        "report_kinds": Kind.choices if may(user, Act.WRITE_REFERRAL) else [],
        "duty": ReportDuty.objects.filter(case=case).select_related("ended_by").first(),
        "police_calls": list(calls.select_related("agency").order_by("-made_at")[:20]),
        "silence": reporting.warned_off(case),
        "may_say_none": may(user, Act.LEAD_CASES),
    }
