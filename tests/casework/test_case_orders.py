"""Whatever people do in whatever order: an act has its row, and a refused one changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ansim.casework.actions import (
    alerts,
    case_documents,
    case_members,
    case_notes,
    case_people,
    case_retention,
    cases,
    retention,
)
from ansim.casework.actions.case_access import admitted
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    AuditEvent,
    Case,
    CaseAlert,
    CaseState,
    CaseTask,
    SourceRecord,
)
from ansim.casework.roles import Role
from ansim.casework.sealing import SealedTextField
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db

reached: set[str] = set()
"""Acts that happened at least once."""
_OF_A_CASE = ("case", "case_file")


def rows() -> dict[str, list[Any]]:
    """Everything that cases are made of, as it stands in the database."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_app_config("casework").get_models()
        if model.__module__.rpartition(".")[2] in _OF_A_CASE
    }


def words() -> dict[int, int]:
    """By case, how many sealed values it still holds."""
    found: dict[int, int] = {}
    for model in apps.get_app_config("casework").get_models():
        if model.__module__.rpartition(".")[2] not in _OF_A_CASE:
            continue
        path = {"Case": "pk", "CaseConsent": "person__case"}.get(model.__name__, "case")
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedTextField):
                held = model._default_manager.filter(**{f"{field.name}__isnull": False})
                for case in held.values_list(path, flat=True):
                    found[case] = found.get(case, 0) + 1
    return found


PEOPLE = {
    "one": Role.COUNSELLOR,
    "two": Role.COUNSELLOR,
    "lead": Role.SUPERVISOR,
    "liaison": Role.LIAISON,
}
people = st.sampled_from(["one", "one", "lead", "lead", "two", "liaison"])
some = st.sampled_from([0, 0, 0, 1, 2, 3])
"""Which of the alerts or cases there are; one too many on purpose."""


class Desk(RuleBasedStateMachine):
    """Four people, three alerts, and the cases that they open; the first is there already."""

    alerts: tuple[int, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.who = {name: Account.objects.get(username=name) for name in PEOPLE}
        cases.open_case(self.alerts[:1], self.who["one"], "이름", young="youth")

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def _do(self, act: Callable[[], object], who: str, case: int = 0) -> None:
        """Does it, or is refused; one leaves a row of that person, the other leaves no trace."""
        before, events = rows(), AuditEvent.objects.count()
        row = Case.objects.filter(pk=case).first()
        was_in = row is not None and admitted(row, self.who[who])
        try:
            act()
        except Refused:
            assert rows() == before
            assert AuditEvent.objects.count() == events
            return
        if rows() == before:
            return  # nothing was to be done
        new = list(AuditEvent.objects.order_by("pk")[events:])
        reached.update(event.action for event in new)
        assert new, "an act without its row"
        assert all(event.actor_id == self.who[who].pk for event in new)
        assert any(event.subject_type == "case" for event in new)
        if case:
            leads = PEOPLE[who] == Role.SUPERVISOR
            assert was_in or (
                leads and new[0].action in ("case.admitted", "case.entrusted", "case.left")
            )

    def _case(self, place: int) -> int:
        found = list(Case.objects.order_by("pk").values_list("pk", flat=True))
        return found[place] if place < len(found) else 10**6

    def _alert(self, place: int) -> int:
        return self.alerts[place] if place < len(self.alerts) else 10**6

    @rule(who=people, chosen=st.lists(some, max_size=3))
    def open(self, who: str, chosen: list[int]) -> None:
        numbers = [self._alert(place) for place in chosen]
        self._do(lambda: cases.open_case(numbers, self.who[who], "이름", young="youth"), who)

    @rule(who=people, place=some, alert=some, out=st.booleans(), sure=st.booleans())
    def move_alert(self, who: str, place: int, alert: int, out: bool, sure: bool) -> None:
        case, number, actor = self._case(place), self._alert(alert), self.who[who]
        if out:
            self._do(lambda: cases.remove_alert(case, number, actor, "까닭"), who, case)
        else:
            self._do(lambda: cases.add_alert(case, number, actor, sure=sure), who, case)

    @rule(who=people, place=some, other=people, what=st.sampled_from(["admit", "leave", "entrust"]))
    def member(self, who: str, place: int, other: str, what: str) -> None:
        case, actor, pk = self._case(place), self.who[who], self.who[other].pk
        acts: dict[str, Callable[[], object]] = {
            "admit": lambda: case_members.admit(case, actor, pk, "까닭"),
            "leave": lambda: case_members.leave(case, actor, pk),
            "entrust": lambda: case_members.entrust(case, actor, pk, "까닭"),
        }
        self._do(acts[what], who, case)

    @rule(
        who=people, place=some, what=st.sampled_from(["note", "task", "person", "document", "name"])
    )
    def write(self, who: str, place: int, what: str) -> None:
        case, actor = self._case(place), self.who[who]
        acts: dict[str, Callable[[], object]] = {
            "note": lambda: case_notes.write(case, actor, "메모"),
            "task": lambda: case_notes.add_task(case, actor, "전화", timezone.now()),
            "person": lambda: case_people.save_person(
                case, actor, None, {"part": "helper", "name": "담임"}
            ),
            "document": lambda: case_documents.add(case, actor, "글.txt", "요약".encode()),
            "name": lambda: cases.rename(case, actor, "새 이름"),
        }
        self._do(acts[what], who, case)

    @rule(
        who=people, place=some, what=st.sampled_from(["wait", "resume", "close", "reopen", "done"])
    )
    def go_on(self, who: str, place: int, what: str) -> None:
        case, actor = self._case(place), self.who[who]
        task = CaseTask.objects.filter(case=case, done_at=None).first()
        acts: dict[str, Callable[[], object]] = {
            "wait": lambda: cases.wait(case, actor, "답"),
            "resume": lambda: cases.resume(case, actor),
            "close": lambda: cases.close(case, actor, "safe"),
            "reopen": lambda: cases.reopen(case, actor, "까닭"),
            "done": lambda: case_notes.finish_task(case, actor, task.pk if task else 0),
        }
        self._do(acts[what], who, case)

    @rule(alert=some)
    def dismiss(self, alert: int) -> None:
        """Somebody closes an alert, in a case or not."""
        lead = self.who["lead"]
        try:
            alerts.claim(self._alert(alert), lead)
            alerts.close(self._alert(alert), lead, "not_grooming", grounds="peers_n1")
        except Refused:
            pass

    @rule(who=people, place=some)
    def end(self, who: str, place: int) -> None:
        """Everything that stands in the way of closing a case is done, then somebody closes it."""
        case, actor = self._case(place), self.who[who]
        for joined in CaseAlert.objects.filter(case=case):
            self.dismiss(self.alerts.index(joined.alert_id))
        for task in CaseTask.objects.filter(case=case, done_at=None):
            self._do(partial(case_notes.finish_task, case, actor, task.pk), who, case)
        self._do(lambda: cases.close(case, actor, "unfounded"), who, case)

    @rule(days=st.sampled_from([90, 90, 400]))
    def time_passes(self, days: int) -> None:
        Case.objects.filter(purged_at=None).update(
            changed_at=F("changed_at") - timedelta(days=days)
        )
        if retention.purge(timezone.now()).cases:
            reached.add("case.purged")

    @invariant()
    def no_words_outlive_their_date(self) -> None:
        over = Case.objects.filter(changed_at__lte=timezone.now() - case_retention.KEPT)
        held = words() if over.exists() else {}
        purged = Case.objects.exclude(purged_at=None).values_list("pk", flat=True)
        assert not {case for case in (*over.values_list("pk", flat=True), *purged)} & held.keys()

    @invariant()
    def every_case_is_in_order(self) -> None:
        assert not Case.objects.filter(joined=None).exists(), "a case is about alerts"
        assert CaseAlert.objects.count() == CaseAlert.objects.values("alert").distinct().count()
        for case in Case.objects.filter(state=CaseState.CLOSED):
            assert case.outcome
            assert not case.tasks.filter(done_at=None).exists()
        for case in Case.objects.all():
            assert admitted(case, case.responsible)


def test_no_order_of_acts_leaves_one_without_its_row_or_words_past_their_date(
    source: SourceRecord,
) -> None:
    for name, role in PEOPLE.items():
        Account.objects.create(username=name, role=role)
    Desk.alerts = tuple(
        alerts.raise_or_update(
            [report(n, conversation=f"room {n}", turns=(turn(1, author="youth"), risky(2)))]
        )[0]
        for n in (1, 2, 3)
    )
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=10,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {"case.opened", "case.purged", "case.closed", "case.entrusted"} <= reached
