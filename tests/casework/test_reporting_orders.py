"""No order of acts sends a report that one person alone stands for, or leaves a state without its
audit row; what is refused leaves no trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ansim.casework.actions import alerts, approving, audit, case_members, cases, duties, reporting
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    AuditEvent,
    Case,
    Referral,
    ReferralPackage,
    ReferralState,
    ReferralVersion,
    ReportDuty,
    SourceRecord,
)
from ansim.casework.reporting.forms import FORMS
from ansim.casework.reporting.questions import Kind, Shape
from ansim.casework.roles import Role
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db

PEOPLE = {
    "responsible": Role.COUNSELLOR,
    "admitted": Role.COUNSELLOR,
    "stranger": Role.COUNSELLOR,
    "lead": Role.SUPERVISOR,
    "lead_within": Role.SUPERVISOR,
    "liaison": Role.LIAISON,
    "researcher": Role.RESEARCHER,
}
WITHIN = ("responsible", "admitted", "lead_within")
who = st.sampled_from(sorted(PEOPLE))
PACKAGE, SHA = "a" * 32, "b" * 64
GONE_OUT = (ReferralState.SENT, ReferralState.ACKNOWLEDGED)
reached: set[str] = set()
"""States that some order led to: of a desk on which nothing works all of this would hold."""


def kept() -> dict[str, Any]:
    """Everything that is kept of reports and duties."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (Referral, ReferralVersion, ReferralPackage, ReportDuty)
    }


class Desk(RuleBasedStateMachine):
    """Seven people do what they like with the report of one case, in any order."""

    prepare: Callable[[], Case]

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.case = type(self).prepare()
        self.people = {name: Account.objects.get(username=name) for name in PEOPLE}
        self.referral = 0
        self.writers: set[str] = set()
        """Who ever wrote words of it, by our own account of what happened."""
        self.stands: str | None = None
        """Who approved the words as they are now."""

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @contextmanager
    def act(self) -> Iterator[None]:
        """Every change has its row; what is refused changes nothing and has none."""
        before, rows = kept(), AuditEvent.objects.count()
        try:
            with transaction.atomic():
                yield
        except Refused:
            assert kept() == before
            assert AuditEvent.objects.count() == rows
        else:
            assert (kept() != before) == (AuditEvent.objects.count() > rows)
            reached.add(self.row.state)

    @property
    def row(self) -> Referral:
        return Referral.objects.get(pk=self.referral)

    @initialize(
        kind=st.sampled_from([Kind.POLICE, Kind.PLATFORM, Kind.TAKEDOWN]),
        name=st.sampled_from(WITHIN),
        ahead=st.integers(0, 7),
    )
    def begin(self, kind: str, name: str, ahead: int) -> None:
        """Some begin at the beginning, others where the work is nearly done."""
        self.referral = reporting.begin(self.case.pk, self.people[name], kind).pk
        self.writers = {name}
        for _ in range(ahead):
            self.go_on(name, "lead", False)

    @rule(name=who, words=st.sampled_from(["", "한 번", "두 번"]))
    def write(self, name: str, words: str) -> None:
        with self.act():
            before = self.row.version
            after = reporting.write(self.referral, self.people[name], {"what": words}, before)
            self.changed(name, before, after)

    @rule(name=st.sampled_from(WITHIN))
    def answer_everything(self, name: str) -> None:
        with self.act():
            example = {Shape.MOMENT: "2026-03-05 14:30"}
            row, said = self.row, reporting.answers(self.row)
            given = {
                q.name: said[q.name] or example.get(q.shape, "적음")
                for q in FORMS[row.kind]
                if q.required and q.shape != Shape.FIXED
            }
            after = reporting.write(self.referral, self.people[name], given, row.version)
            self.changed(name, row.version, after)

    @rule(name=who, on=st.booleans())
    def pack(self, name: str, on: bool) -> None:
        with self.act():
            before = self.row.version
            act = reporting.attach if on else reporting.detach
            self.changed(name, before, act(self.referral, self.people[name], PACKAGE))

    def changed(self, name: str, before: int, after: Referral) -> None:
        if after.version != before:
            self.writers.add(name)
            self.stands = None

    @rule(name=who)
    def submit(self, name: str) -> None:
        with self.act():
            reporting.submit(self.referral, self.people[name])

    @rule(name=who, late=st.booleans())
    def approve(self, name: str, late: bool) -> None:
        with self.act():
            approving.approve(self.referral, self.people[name], self.row.version - late)
            assert not late
            self.stands = name

    @precondition(lambda self: self.row.state == ReferralState.REVIEW)
    @rule(name=st.sampled_from(["lead", "lead_within", "liaison"]))
    def approve_what_waits(self, name: str) -> None:
        self.approve(name, False)

    @rule(name=who)
    def give_back(self, name: str) -> None:
        with self.act():
            approving.give_back(self.referral, self.people[name], "고쳐 주세요")
            self.stands = None

    @rule(name=who, minutes=st.sampled_from([-60, 0, 60]))
    def send(self, name: str, minutes: int) -> None:
        at = timezone.now() + timedelta(minutes=minutes)
        with self.act():
            approving.sent(self.referral, self.people[name], "post", "경찰서", at)

    @rule(name=who)
    def acknowledge(self, name: str) -> None:
        with self.act():
            approving.acknowledge(self.referral, self.people[name], "번호 7")

    @rule(name=st.sampled_from(["stranger", "liaison", "admitted"]))
    def withdraw(self, name: str) -> None:
        with self.act():
            reporting.withdraw(self.referral, self.people[name], "보내지 않기로 함")
            self.stands = None

    @rule(name=who, on=st.booleans())
    def warn_nobody(self, name: str, on: bool) -> None:
        with self.act():
            reporting.warn_nobody(self.referral, self.people[name], on, "수사팀의 말")

    @rule(name=who)
    def learn(self, name: str) -> None:
        with self.act():
            duties.learn(self.case.pk, self.people[name], timezone.now(), "들음")

    @rule(
        name=st.sampled_from(WITHIN),
        second=st.sampled_from(["lead", "lead_within", "liaison"]),
        again=st.booleans(),
    )
    def go_on(self, name: str, second: str, again: bool) -> None:
        """The next step of those who want to get it done."""
        row = self.row
        gaps = {gap.name for gap in reporting.completeness(row).gaps}
        if row.state == ReferralState.REVIEW:
            self.approve(second, True)
            for eager in (*sorted(self.writers), second):
                self.approve(eager, False)
        elif row.state == ReferralState.APPROVED and again:
            self.write(name, "다시 고침")
            self.send(second, 0)
        elif row.state == ReferralState.APPROVED:
            self.send(second, 0)
        elif row.state == ReferralState.SENT:
            self.acknowledge(second)
        elif "learned_at" in gaps and not ReportDuty.objects.exists():
            self.learn(name)
        elif "evidence" in gaps and not row.packages.exists():
            self.pack(name, True)
        elif gaps:
            self.answer_everything(name)
        else:
            self.submit(name)

    @invariant()
    def a_report_that_is_out_has_two_people_behind_it(self) -> None:
        if not self.referral:
            return
        row = self.row
        stands = row.state in GONE_OUT or row.state == ReferralState.APPROVED
        assert stands == (row.approved_by is not None)
        if stands:
            assert self.stands is not None
            assert row.approved_by == self.people[self.stands]
            assert self.stands not in self.writers
            assert self.stands in ("lead", "lead_within", "liaison")
        if row.state in GONE_OUT:
            assert reporting.completeness(row).complete
            told = AuditEvent.objects.get(action="referral.sent").details
            assert told["approved_by"] != told["written_by"]
            assert told["version"] == row.version
            approval = AuditEvent.objects.filter(action="referral.approved").order_by("-pk")[0]
            assert approval.details["text_sha256"] == told["text_sha256"]
            assert approval.actor_id == told["approved_by"]

    @invariant()
    def its_state_is_that_of_its_newest_row(self) -> None:
        if not self.referral:
            return
        led = {
            "referral.begun": ReferralState.DRAFT,
            "referral.written": ReferralState.DRAFT,
            "referral.given_back": ReferralState.DRAFT,
            "referral.submitted": ReferralState.REVIEW,
            "referral.approved": ReferralState.APPROVED,
            "referral.sent": ReferralState.SENT,
            "referral.acknowledged": ReferralState.ACKNOWLEDGED,
            "referral.withdrawn": ReferralState.WITHDRAWN,
        }
        newest = AuditEvent.objects.filter(subject_type="referral", action__in=led)
        assert self.row.state == led[newest.order_by("-pk")[0].action]


def test_no_order_of_acts_sends_what_one_person_stands_for(source: SourceRecord) -> None:
    for name, role in PEOPLE.items():
        Account.objects.create(username=name, role=role)
    me = Account.objects.get(username="responsible")
    [pk] = alerts.raise_or_update([report(1, turns=(turn(1), risky(2)), raised=True)])
    case = cases.open_case([pk], me, "사례")
    lead = Account.objects.get(username="lead_within")
    for name in ("lead_within", "admitted"):
        case_members.admit(case.pk, lead, Account.objects.get(username=name).pk, "함께")
    audit.row(
        "evidence.made",
        "alert",
        pk,
        actor=lead,
        details={"package": PACKAGE, "manifest_sha256": SHA},
    ).save()
    Desk.prepare = staticmethod(lambda: case)
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=10,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # to make a failure small would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert reached == set(ReferralState.values)
