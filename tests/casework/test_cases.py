"""Cases: one young person's alerts together, seen by those who need to, and every act on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ansim.casework.actions import alerts, case_members, case_notes, case_people, cases
from ansim.casework.actions.case_access import admitted
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    AuditEvent,
    Case,
    CaseAlert,
    CasePerson,
    SourceRecord,
)
from ansim.casework.roles import Role
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db


def raised(room: str = "room", about: str = "stranger", young: str = "youth") -> int:
    turns = (turn(1, author=young, text="15살이요"), risky(2, author=about))
    [pk] = alerts.raise_or_update([report(2, conversation=room, about=about, turns=turns)])
    return pk


@pytest.fixture
def alert(source: SourceRecord) -> int:
    return raised()


@pytest.fixture
def case(alert: int, counsellor: Account) -> Case:
    return cases.open_case([alert], counsellor, "중학생", young="youth")


@pytest.fixture
def colleague(person: Callable[..., Account]) -> Account:
    return person(Role.COUNSELLOR, "colleague")


def told(case: Case) -> list[str]:
    rows = AuditEvent.objects.filter(subject_type="case", subject_id=str(case.pk))
    return list(rows.order_by("pk").values_list("action", flat=True))


def code(act: Callable[..., Any], *values: Any, **named: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*values, **named)
    return refused.value.code


def test_a_case_begins_with_an_alert_its_suspect_and_its_young_person(
    case: Case, alert: int, counsellor: Account
) -> None:
    assert [row.alert_id for row in case.joined.all()] == [alert]
    assert {(row.part, row.account) for row in case.people.all()} == {
        ("suspect", "stranger"),
        ("young", "youth"),
    }
    assert case.responsible == counsellor
    assert admitted(case, counsellor)
    assert told(case) == ["case.opened", "case.alert_added", "case.person_added"]
    joined = AuditEvent.objects.get(action="alert.joined_case")
    assert (joined.subject_id, joined.details) == (str(alert), {"case": case.pk})
    words = str(list(AuditEvent.objects.values_list("details", "reason")))
    assert "중학생" not in words


def test_an_alert_belongs_to_one_case_at_most(case: Case, alert: int, supervisor: Account) -> None:
    assert code(cases.open_case, [alert], supervisor, "둘째") == "in_a_case"
    assert Case.objects.count() == 1
    cases.add_alert(case.pk, raised("other"), case.responsible, sure=True)
    cases.remove_alert(case.pk, alert, case.responsible, "다른 청소년")
    cases.open_case([alert], supervisor, "둘째")
    assert CaseAlert.objects.get(alert=alert).case_id != case.pk


def test_what_another_counsellor_holds_is_not_taken_into_a_case(
    alert: int, counsellor: Account, colleague: Account, supervisor: Account
) -> None:
    alerts.claim(alert, colleague)
    assert code(cases.open_case, [alert], counsellor, "이름") == "not_holder"
    cases.open_case([alert], supervisor, "이름")


def test_a_case_needs_a_name_an_alert_and_an_account_that_is_there(
    alert: int, counsellor: Account
) -> None:
    assert code(cases.open_case, [alert], counsellor, " ") == "title_missing"
    assert code(cases.open_case, [], counsellor, "이름") == "no_alert"
    assert code(cases.open_case, [alert], counsellor, "이름", young="stranger") == "no_such_account"
    assert code(cases.open_case, [0], counsellor, "이름") == "no_such_alert"
    assert not Case.objects.exists()


def test_alerts_of_the_same_accounts_are_suggested_and_others_are_not(case: Case) -> None:
    same_account = raised("second", young="another")
    same_young = raised("third", about="somebody")
    raised("fourth", about="nobody", young="stranger2")
    assert {row.pk for row in cases.suggested(case)} == {same_account, same_young}
    cases.add_alert(case.pk, same_young, case.responsible)
    assert {row.pk for row in cases.suggested(case)} == {same_account}


def test_an_alert_without_the_young_person_needs_a_second_look(case: Case) -> None:
    other = raised("second", young="another")
    assert code(cases.add_alert, case.pk, other, case.responsible) == "another_person"
    cases.add_alert(case.pk, other, case.responsible, sure=True)
    assert case.people.filter(part="suspect").count() == 1, "it is the same account"


def test_the_last_alert_stays(case: Case, alert: int) -> None:
    assert code(cases.remove_alert, case.pk, alert, case.responsible, "까닭") == "last_alert"


ACTS: dict[str, Callable[[Case, Account], object]] = {
    "name": lambda case, who: cases.rename(case.pk, who, "새 이름"),
    "wait": lambda case, who: cases.wait(case.pk, who, "답"),
    "resume": lambda case, who: cases.resume(case.pk, who),
    "close": lambda case, who: cases.close(case.pk, who, "safe"),
    "reopen": lambda case, who: cases.reopen(case.pk, who, "까닭"),
    "note": lambda case, who: case_notes.write(case.pk, who, "메모"),
    "task": lambda case, who: case_notes.add_task(case.pk, who, "전화", timezone.now()),
    "person": lambda case, who: case_people.save_person(
        case.pk, who, None, {"part": "helper", "name": "담임"}
    ),
}


@pytest.mark.parametrize("name", list(ACTS))
def test_who_is_not_admitted_does_nothing_in_a_case_whatever_their_rank(
    case: Case, name: str, colleague: Account, supervisor: Account, administrator: Account
) -> None:
    rows = AuditEvent.objects.count()
    for who in (colleague, supervisor):
        assert code(ACTS[name], case, who) == "not_admitted"
    assert code(ACTS[name], case, administrator) == "not_allowed"
    assert AuditEvent.objects.count() == rows


def test_admission_is_by_the_responsible_or_a_leader_and_has_a_reason(
    case: Case,
    counsellor: Account,
    colleague: Account,
    supervisor: Account,
    person: Callable[..., Account],
) -> None:
    assert code(case_members.admit, case.pk, colleague, colleague.pk, "궁금함") == (
        "not_responsible"
    )
    assert code(case_members.admit, case.pk, counsellor, colleague.pk, " ") == "reason_missing"
    case_members.admit(case.pk, counsellor, colleague.pk, "밤에 이어 봄")
    assert admitted(case, colleague)
    assert code(case_members.admit, case.pk, supervisor, colleague.pk, "또") == "admitted"
    case_members.admit(case.pk, supervisor, supervisor.pk, "슈퍼비전")
    assert admitted(case, supervisor)
    researcher = person(Role.RESEARCHER)
    assert code(case_members.admit, case.pk, supervisor, researcher.pk, "연구") == "cannot_work"
    case_members.leave(case.pk, colleague, colleague.pk)
    assert not admitted(case, colleague)
    assert code(case_members.leave, case.pk, supervisor, counsellor.pk) == "responsible"
    case_members.admit(case.pk, supervisor, colleague.pk, "다시")
    reasons = AuditEvent.objects.filter(action="case.admitted").order_by("pk")
    assert [row.reason for row in reasons] == ["밤에 이어 봄", "슈퍼비전", "다시"]


def test_a_leader_without_admission_may_pass_the_responsibility_on(
    case: Case,
    counsellor: Account,
    colleague: Account,
    supervisor: Account,
    person: Callable[..., Account],
) -> None:
    case_members.entrust(case.pk, supervisor, colleague.pk, "휴가")
    case.refresh_from_db()
    assert case.responsible == colleague
    assert admitted(case, colleague)
    assert not admitted(case, supervisor)
    liaison = person(Role.LIAISON)
    assert code(case_members.entrust, case.pk, supervisor, liaison.pk, "까닭") == "cannot_answer"
    assert code(case_members.entrust, case.pk, counsellor, counsellor.pk, "다시") == (
        "not_responsible"
    )


def test_somebody_switched_off_sees_no_case_any_more(case: Case, counsellor: Account) -> None:
    counsellor.is_active = False
    counsellor.save()
    assert not admitted(case, counsellor)


def test_closing_waits_for_open_alerts_and_tasks_and_can_be_taken_back(
    case: Case, alert: int, counsellor: Account
) -> None:
    task = case_notes.add_task(case.pk, counsellor, "보호자에게 전화", timezone.now())
    assert code(cases.close, case.pk, counsellor, "") == "outcome_missing"
    assert code(cases.close, case.pk, counsellor, "safe") == "alerts_open"
    alerts.claim(alert, counsellor)
    alerts.close(alert, counsellor, "confirmed", done=["contact_made"], grounds="tactics")
    assert code(cases.close, case.pk, counsellor, "safe") == "tasks_open"
    case_notes.finish_task(case.pk, counsellor, task.pk, needed=False)
    cases.close(case.pk, counsellor, "safe", "잘 지냄")
    assert code(case_notes.write, case.pk, counsellor, "메모") == "closed"
    assert code(cases.reopen, case.pk, counsellor, "") == "reason_missing"
    case = cases.reopen(case.pk, counsellor, "다시 연락이 옴")
    assert (case.state, case.outcome, case.outcome_note) == ("open", "", None)
    assert told(case)[-3:] == ["case.task_dropped", "case.closed", "case.reopened"]


def test_only_the_responsible_or_an_admitted_leader_closes(
    case: Case, alert: int, counsellor: Account, colleague: Account, supervisor: Account
) -> None:
    case_members.admit(case.pk, counsellor, colleague.pk, "도움")
    alerts.claim(alert, counsellor)
    alerts.close(alert, counsellor, "confirmed", done=["contact_made"], grounds="tactics")
    assert code(cases.close, case.pk, colleague, "safe") == "not_responsible"
    case_members.admit(case.pk, supervisor, supervisor.pk, "슈퍼비전")
    cases.close(case.pk, supervisor, "safe")


def test_waiting_has_words_and_a_day_that_is_to_come(case: Case, counsellor: Account) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    assert code(cases.wait, case.pk, counsellor, "답", yesterday) == "past"
    assert code(cases.wait, case.pk, counsellor, "") == "waiting_missing"
    assert cases.wait(case.pk, counsellor, "경찰의 답", timezone.localdate()).state == "waiting"
    case = cases.resume(case.pk, counsellor)
    assert (case.state, case.waiting_for, case.waiting_until) == ("open", None, None)


def test_notes_are_read_by_those_for_whom_they_are(
    case: Case, counsellor: Account, colleague: Account, supervisor: Account
) -> None:
    for audience in ("team", "leaders", "me"):
        case_notes.write(case.pk, counsellor, f"메모 {audience}", audience)
    case_members.admit(case.pk, counsellor, colleague.pk, "도움")

    def read(who: Account) -> set[str]:
        return {row.audience for row in case_notes.readable(case, who)}

    assert read(counsellor) == {"team", "leaders", "me"}
    assert read(colleague) == {"team"}
    assert read(supervisor) == set(), "a leader who was not admitted reads nothing"
    case_members.admit(case.pk, supervisor, supervisor.pk, "슈퍼비전")
    assert read(supervisor) == {"team", "leaders"}
    assert "메모" not in str(list(AuditEvent.objects.values_list("details", flat=True)))
    assert code(case_notes.write, case.pk, counsellor, "글", "everybody") == "audience_missing"


def test_tasks_are_given_to_those_in_the_case_alone(
    case: Case, counsellor: Account, colleague: Account
) -> None:
    soon = timezone.now() + timedelta(hours=1)
    assert code(case_notes.add_task, case.pk, counsellor, "전화", soon, colleague.pk) == (
        "not_admitted"
    )
    case_members.admit(case.pk, counsellor, colleague.pk, "도움")
    task = case_notes.add_task(case.pk, counsellor, "전화", soon, colleague.pk)
    done = case_notes.finish_task(case.pk, colleague, task.pk)
    assert (done.done_by, told(case)[-1]) == (colleague, "case.task_done")
    other = cases.open_case([raised("second", about="x", young="y")], colleague, "다른 사례")
    assert code(case_notes.finish_task, other.pk, colleague, task.pk) == "no_such_task"


def young(case: Case, **fields: str) -> CasePerson:
    row = case.people.get(part="young")
    return case_people.save_person(case.pk, case.responsible, row.pk, fields)


def test_what_is_known_of_a_person_is_sealed_and_only_named_in_the_log(
    case: Case, counsellor: Account
) -> None:
    from django.db import connection

    person = young(
        case, needs="쉴 곳", contact="담임을 통해", careful="집 전화는 안 됨", plan="면담"
    )
    assert case.people.get(pk=person.pk).careful == "집 전화는 안 됨"
    with connection.cursor() as cursor:
        cursor.execute("SELECT needs, contact, careful, plan FROM casework_caseperson")
        stored = b"".join(bytes(value) for row in cursor for value in row if value)
    assert "쉴 곳".encode() not in stored
    event = AuditEvent.objects.filter(action="case.person_changed").get()
    assert set(event.details["fields"]) == {"needs", "contact", "careful", "plan"}
    assert (
        code(
            case_people.save_person, case.pk, counsellor, None, {"part": "helper", "needs": "쉴 곳"}
        )
        == "young_only"
    )
    assert code(case_people.save_person, case.pk, counsellor, None, {"part": "helper"}) == (
        "name_missing"
    )
    assert (
        code(
            case_people.save_person,
            case.pk,
            counsellor,
            None,
            {"part": "young", "account": "elsewhere"},
        )
        == "no_such_account"
    )


def test_a_person_taken_out_leaves_no_words_and_a_suspect_stays_while_the_alert_does(
    case: Case, counsellor: Account
) -> None:
    helper = case_people.save_person(case.pk, counsellor, None, {"part": "helper", "name": "담임"})
    case_people.remove_person(case.pk, counsellor, helper.pk, "관계 없음")
    helper.refresh_from_db()
    assert helper.name is None
    assert helper.removed_at is not None
    suspect = case.people.get(part="suspect")
    assert code(case_people.remove_person, case.pk, counsellor, suspect.pk, "까닭") == "in_alert"


def agree(case: Case, giver: str, purpose: str = "counselling") -> Any:
    return case_people.record_consent(
        case.pk,
        case.responsible,
        case.people.get(part="young").pk,
        purpose=purpose,
        giver=giver,
        basis="전화로 말함",
    )


def test_under_fourteen_a_guardian_agrees_first(case: Case) -> None:
    young(case, age="under_14")
    with pytest.raises(Refused) as refused:
        agree(case, "young")
    assert refused.value.code == "guardian_missing"
    consent = agree(case, "guardian")
    agree(case, "young")
    person = case.people.get(part="young")
    assert case_people.in_force(person, "counselling")
    assert not case_people.in_force(person, "sharing")
    case_people.withdraw_consent(case.pk, case.responsible, consent.pk, "보호자가 그만두길 원함")
    assert not case_people.in_force(case.people.get(part="young"), "counselling"), (
        "the young person's word alone does not carry it"
    )
    assert told(case)[-1] == "case.consent_withdrawn"
    assert code(case_people.withdraw_consent, case.pk, case.responsible, consent.pk) == "withdrawn"


def test_an_unknown_age_is_not_taken_for_old_enough(case: Case) -> None:
    agree(case, "young")
    assert not case_people.in_force(case.people.get(part="young"), "counselling")
    young(case, age="under_19")
    assert case_people.in_force(case.people.get(part="young"), "counselling")


def test_a_consent_names_what_it_rests_on_and_lies_in_the_past(case: Case) -> None:
    pk = case.people.get(part="young").pk
    given: dict[str, Any] = {"purpose": "sharing", "giver": "young", "basis": "종이"}
    who = case.responsible
    later = timezone.now() + timedelta(hours=1)
    assert code(case_people.record_consent, case.pk, who, pk, **given, given_at=later) == "future"
    assert code(case_people.record_consent, case.pk, who, pk, **given | {"basis": ""}) == (
        "basis_missing"
    )
    suspect = case.people.get(part="suspect").pk
    assert code(case_people.record_consent, case.pk, who, suspect, **given) == "young_only"
