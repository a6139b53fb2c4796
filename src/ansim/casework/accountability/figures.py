"""Counts of what was done, by month where the house stands. Numbers only: no text, no person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Count, Model, Q
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from ansim.casework.actions.auditing import month_after, month_begins
from ansim.casework.models import (
    Alert,
    AuditEvent,
    Case,
    CaseOutcome,
    Delivery,
    HandOff,
    Kind,
    Outcome,
    OutgoingMessage,
    Referral,
    Reply,
    ReportDuty,
    SubjectRequest,
)
from ansim.detection import Priority


@dataclass(frozen=True, slots=True)
class Line:
    """One thing counted: its number in every month of the report, oldest first."""

    name: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together. ``whole``: every case is in just one of them, so that they add
    up."""

    key: str
    title: str
    lines: tuple[Line, ...] = field(default=())
    whole: bool = True


def months(last: date, number: int) -> list[date]:
    """The first days of so many months, the newest last."""
    found = [last.replace(day=1)]
    while len(found) < number:
        first = found[0]
        found.insert(0, date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1))
    return found


def groups(of: list[date]) -> list[Group]:
    """Everything counted, in the order in which it is told."""
    count = _Counter(of)
    return [
        Group(
            "alerts",
            _("들어온 경보 (우선순위)"),
            count.by(
                Alert,
                "raised_at",
                "priority",
                [(one.value, one.value) for one in Priority],
                Q(kind=Kind.RISK),
            ),
        ),
        Group(
            "closed",
            _("종결한 경보 (사람의 판단)"),
            count.by(Alert, "closed_at", "outcome", Outcome.choices, Q(kind=Kind.RISK)),
        ),
        Group(
            "asked",
            _("도움 요청 (기관에 직접 말을 건 사람)"),
            (count.line(_("들어온 요청"), Alert, "raised_at", Q(kind=Kind.REQUEST)),),
        ),
        Group(
            "asked_closed",
            _("종결한 도움 요청"),
            count.by(Alert, "closed_at", "outcome", Reply.choices, Q(kind=Kind.REQUEST)),
        ),
        Group(
            "messages",
            _("상담원이 보낸 글"),
            (count.line(_("전달된 글"), OutgoingMessage, "sent_at", Q(state=Delivery.SENT)),),
        ),
        Group(
            "hand_offs",
            _("기관에 연계한 것"),
            (
                count.line(_("수사기관"), HandOff, "made_at", Q(agency__is_police=True)),
                count.line(_("다른 기관"), HandOff, "made_at", Q(agency__is_police=False)),
            ),
        ),
        Group("cases", _("연 사례"), (count.line(_("사례"), Case, "opened_at"),)),
        Group(
            "cases_closed",
            _("종결한 사례"),
            count.by(Case, "closed_at", "outcome", CaseOutcome.choices),
        ),
        Group(
            "referrals",
            _("밖으로 보낸 신고 (두 사람이 확인하고 사람이 보냄)"),
            count.by(
                Referral,
                "sent_at",
                "kind",
                list(Referral._meta.get_field("kind").flatchoices),
            ),
        ),
        Group(
            "duties",
            _("신고 의무가 시작된 사례"),
            (count.line(_("안 날부터 셈"), ReportDuty, "learned_at"),),
        ),
        Group(
            "requests",
            _("정보주체의 요구"),
            count.by(SubjectRequest, "received_at", "kind", SubjectRequest.Kind.choices),
        ),
        Group(
            "requests_ended",
            _("정보주체의 요구에 답한 것"),
            count.by(
                SubjectRequest,
                "ended_at",
                "state",
                [one for one in SubjectRequest.State.choices if one[0] != "open"],
            ),
        ),
        Group(
            "trust",
            _("내부 통제"),
            tuple(
                count.line(name, AuditEvent, "at", Q(action=action))
                for action, name in (
                    ("alert.text_revealed", _("대화 내용을 봄")),
                    ("evidence.fetched", _("증거 자료를 내려받음")),
                    ("evidence.unmasked", _("계정 이름을 엶")),
                    ("request.searched", _("계정으로 찾아봄")),
                    ("hold.placed", _("법적 보존")),
                    ("audit.reviewed", _("감사 기록 월별 검토")),
                )
            ),
            whole=False,
        ),
    ]


class _Counter:
    """Counts rows of a model month by month, one query a group."""

    def __init__(self, of: list[date]) -> None:
        self.of = of
        self.begin: datetime = month_begins(of[0])
        self.end: datetime = month_begins(month_after(of[-1]))

    def _within(self, at: str) -> Q:
        return Q(**{f"{at}__gte": self.begin, f"{at}__lt": self.end})

    def line(self, name: str, model: type[Model], at: str, which: Q | None = None) -> Line:
        rows = model._default_manager.filter(self._within(at), which or Q())
        found = dict(
            rows.order_by()
            .annotate(month=TruncMonth(at, tzinfo=timezone.get_current_timezone()))
            .values_list("month")
            .annotate(number=Count("pk"))
        )
        by_day = {timezone.localtime(month).date(): number for month, number in found.items()}
        return Line(name, tuple(by_day.get(month, 0) for month in self.of))

    def by(
        self,
        model: type[Model],
        at: str,
        column: str,
        choices: Iterable[tuple[str, object]],
        which: Q | None = None,
    ) -> tuple[Line, ...]:
        rows = model._default_manager.filter(self._within(at), which or Q())
        counted: dict[tuple[str, date], int] = {}
        for value, month, number in (
            rows.order_by()
            .annotate(month=TruncMonth(at, tzinfo=timezone.get_current_timezone()))
            .values_list(column, "month")
            .annotate(number=Count("pk"))
        ):
            counted[value, timezone.localtime(month).date()] = number
        return tuple(
            Line(str(name), tuple(counted.get((value, month), 0) for month in self.of))
            for value, name in choices
        )
