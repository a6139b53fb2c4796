"""A report goes out with two people behind it, complete, and with everything about it on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from ansim.casework.actions import (
    alerts,
    approving,
    case_members,
    case_people,
    cases,
    duties,
    evidence,
    holds,
    notices,
    referrals,
    reporting,
    retention,
    watch,
)
from ansim.casework.errors import Refused
from ansim.casework.evidence.packing import Package
from ansim.casework.models import (
    Account,
    Agency,
    Alert,
    AuditEvent,
    Case,
    HandOff,
    Notice,
    Referral,
    ReferralState,
    ReferralVersion,
    ReportDuty,
    SourceRecord,
)
from ansim.casework.reporting.forms import FORMS
from ansim.casework.reporting.questions import Kind, Shape
from ansim.casework.roles import Role
from ansim.console import reporting as shown
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db

EXAMPLE = {Shape.MOMENT: "2026-03-05 14:30", Shape.MAIL: "desk@centre.example"}


@pytest.fixture
def lead(person: Callable[..., Account]) -> Account:
    return person(Role.SUPERVISOR, "lead")


@pytest.fixture
def liaison(person: Callable[..., Account]) -> Account:
    return person(Role.LIAISON)


@pytest.fixture
def case(source: SourceRecord, counsellor: Account) -> Case:
    """Of two alerts on one account in two rooms; the counsellor answers for it."""
    talk = (turn(1), turn(2, author="youth", tactics={"V3": 0.9}), risky(3))
    pks = [
        alerts.raise_or_update([report(1, conversation=room, turns=talk, raised=True)])[0]
        for room in ("one", "two")
    ]
    found = cases.open_case(pks, counsellor, "별의 사례", young="youth")
    young = found.people.get(part="young")
    words = {"name": "별", "age": "under_14", "contact": "학교 상담실"}
    case_people.save_person(found.pk, counsellor, young.pk, words)
    return found


def package_of(case: Case, actor: Account) -> Package:
    joined = case.joined.first()
    assert joined is not None
    order = evidence.order(joined.alert_id, actor, "수사 협조")
    return evidence.make(order, lambda *_: None, lambda *_: None)


def completed(row: Referral, actor: Account, lead: Account) -> Referral:
    """A report in which everything is answered; the package was taken out by ``lead``."""
    if any(gap.name == "learned_at" for gap in reporting.completeness(row).gaps):
        duties.learn(row.case_id, actor, timezone.now() - timedelta(hours=1), "청소년이 말함")
    if any(gap.name == "evidence" for gap in reporting.completeness(row).gaps):
        made = package_of(row.case, lead)
        [(number, item)] = reporting.packages_to_attach(row)
        assert item.sha256 == made.sha256
        row = reporting.attach(row.pk, actor, number)
    said = reporting.answers(row)
    given = {
        question.name: said.get(question.name) or EXAMPLE.get(question.shape, "사람이 적음")
        for question in FORMS[row.kind]
        if question.shape != Shape.FIXED and question.required
    }
    row = reporting.write(row.pk, actor, given, row.version)
    assert reporting.completeness(row).complete, reporting.completeness(row).gaps
    return row


def approved(case: Case, actor: Account, lead: Account, kind: str = Kind.POLICE) -> Referral:
    row = completed(reporting.begin(case.pk, actor, kind), actor, lead)
    row = reporting.submit(row.pk, actor)
    return approving.approve(row.pk, lead, row.version)


def send(row: Referral, actor: Account) -> Referral:
    return approving.sent(row.pk, actor, "online", "경찰청 누리집", timezone.now())


def acts(row: Referral) -> list[str]:
    rows = AuditEvent.objects.filter(subject_type="referral", subject_id=str(row.pk))
    return [event.action for event in rows.order_by("pk")]


def test_a_report_begins_with_the_facts_of_the_case_and_names_what_is_missing(
    case: Case, counsellor: Account
) -> None:
    row = reporting.begin(case.pk, counsellor, Kind.POLICE)
    said = reporting.answers(row)
    assert said["young_name"] == "별"
    assert said["young_age"] == "만 14세 미만"
    assert said["accounts"] == "데모: stranger"
    assert said["rooms"] == "데모 (demo): one\n데모 (demo): two"
    assert "상대 계정이 보낸 것 2건" in said["counts"]
    missing = {gap.name for gap in reporting.completeness(row).gaps}
    assert {"what", "asked", "ages_said", "learned_at", "evidence", "contact"} <= missing
    with pytest.raises(reporting.Incomplete) as refused:
        reporting.submit(row.pk, counsellor)
    assert "기관이 알게 된 때" in str(refused.value)
    assert acts(row) == ["referral.begun"]


def test_from_draft_to_acknowledged_by_two_people(
    case: Case, counsellor: Account, lead: Account, liaison: Account
) -> None:
    row = approved(case, counsellor, lead)
    row = send(row, liaison)
    assert (row.written_by, row.approved_by, row.sent_by) == (counsellor, lead, liaison)
    row = approving.acknowledge(row.pk, liaison, "접수 77번")
    assert row.state == ReferralState.ACKNOWLEDGED
    assert acts(row) == [
        *("referral.begun", "referral.attached", "referral.written", "referral.written"),
        *("referral.submitted", "referral.approved", "referral.sent", "referral.acknowledged"),
    ]
    told = AuditEvent.objects.get(action="referral.sent").details
    assert told["packages"] == [row.packages.get().sha256]
    assert told["text_sha256"] == reporting.digest(reporting.answers(row))
    stored = str(list(AuditEvent.objects.values_list("details", "reason")))
    assert "별" not in stored
    assert "접수 77번" not in stored


def test_the_sha256_of_the_package_stands_in_the_report_and_goes_with_it_again(
    case: Case, counsellor: Account, lead: Account
) -> None:
    row = completed(reporting.begin(case.pk, counsellor, Kind.POLICE), counsellor, lead)
    attached = row.packages.get()
    assert attached.sha256 in reporting.answers(row)["evidence"]
    row = reporting.detach(row.pk, counsellor, attached.package)
    assert reporting.answers(row)["evidence"] == ""
    with pytest.raises(reporting.Incomplete):
        reporting.submit(row.pk, counsellor)
    with pytest.raises(Refused) as refused:
        reporting.attach(row.pk, counsellor, "f" * 32)
    assert refused.value.code == "no_such_package"


def test_the_package_of_the_whole_case_goes_along_under_its_own_name(
    case: Case, counsellor: Account, lead: Account
) -> None:
    case_members.admit(case.pk, lead, lead.pk, "증거 자료")
    order = evidence.order_case(case.pk, lead, "수사 협조")
    made = evidence.make(order, lambda *_: None, lambda *_: None)
    row = reporting.begin(case.pk, counsellor, Kind.POLICE)
    [(number, item)] = reporting.packages_to_attach(row)
    assert (item.name, item.sha256) == (made.name, made.sha256)
    row = reporting.attach(row.pk, counsellor, number)
    assert f"{made.name} (" in reporting.answers(row)["evidence"]


def test_who_wrote_any_version_cannot_be_the_second_person(
    case: Case, counsellor: Account, lead: Account, liaison: Account
) -> None:
    case_members.admit(case.pk, lead, lead.pk, "두 번째 확인")
    row = completed(reporting.begin(case.pk, counsellor, Kind.POLICE), counsellor, lead)
    row = reporting.write(row.pk, lead, {"what": "슈퍼바이저가 고침"}, row.version)
    row = reporting.write(row.pk, counsellor, {"what": "상담원이 다시 고침"}, row.version)
    row = reporting.submit(row.pk, counsellor)
    with pytest.raises(Refused) as refused:
        approving.approve(row.pk, lead, row.version)
    assert refused.value.code == "wrote_it"
    assert approving.approve(row.pk, liaison, row.version).approved_by == liaison


def test_a_counsellor_cannot_approve_and_a_researcher_sees_nothing(
    case: Case, counsellor: Account, lead: Account, person: Callable[..., Account]
) -> None:
    row = completed(reporting.begin(case.pk, counsellor, Kind.POLICE), counsellor, lead)
    reporting.submit(row.pk, counsellor)
    for who in (person(Role.COUNSELLOR, "other"), person(Role.RESEARCHER)):
        with pytest.raises(Refused):
            approving.approve(row.pk, who, row.version)
        assert not reporting.may_see(row, who)
        with pytest.raises(Refused):
            reporting.write(row.pk, who, {"what": "x"}, row.version)


def test_who_gives_the_second_look_sees_no_draft_before_it_is_asked_for(
    case: Case, counsellor: Account, lead: Account, liaison: Account
) -> None:
    row = completed(reporting.begin(case.pk, counsellor, Kind.POLICE), counsellor, lead)
    assert not reporting.may_see(row, liaison)
    row = reporting.submit(row.pk, counsellor)
    assert reporting.may_see(row, liaison)
    with pytest.raises(Refused) as refused:
        reporting.write(row.pk, liaison, {"what": "x"}, row.version)
    assert refused.value.code == "not_admitted"


def test_what_was_withdrawn_is_read_in_its_case_alone(
    case: Case, counsellor: Account, liaison: Account
) -> None:
    """It may never have been shown to anybody else."""
    row = reporting.begin(case.pk, counsellor, Kind.POLICE)
    row = reporting.withdraw(row.pk, counsellor, "청소년이 바라지 않음")
    assert reporting.may_see(row, counsellor)
    assert not reporting.may_see(row, liaison)
    assert row not in shown.listed(liaison)["over"]
    assert row in shown.listed(counsellor)["over"]
    with pytest.raises(Refused) as refused:
        reporting.taken_out(row.pk, liaison, "pdf", "읽어 보려고")
    assert refused.value.code == "no_such_referral"


@pytest.mark.parametrize("change", ["write", "detach"])
def test_a_change_after_the_approval_takes_it_back(
    case: Case, counsellor: Account, lead: Account, liaison: Account, change: str
) -> None:
    case_members.admit(case.pk, lead, liaison.pk, "보내는 사람")
    row = approved(case, counsellor, lead)
    if change == "write":
        row = reporting.write(row.pk, counsellor, {"what": "다시 적음"}, row.version)
    else:
        row = reporting.detach(row.pk, counsellor, row.packages.get().package)
    assert (row.state, row.approved_by, row.approved_at) == (ReferralState.DRAFT, None, None)
    with pytest.raises(Refused) as refused:
        send(row, liaison)
    assert refused.value.code == "not_approved"


def test_saving_the_same_words_changes_nothing(
    case: Case, counsellor: Account, lead: Account
) -> None:
    row = approved(case, counsellor, lead)
    again = reporting.write(row.pk, counsellor, {"what": "사람이 적음"}, row.version)
    assert (again.state, again.version) == (ReferralState.APPROVED, row.version)


def test_nobody_writes_over_what_they_have_not_read(case: Case, counsellor: Account) -> None:
    row = reporting.begin(case.pk, counsellor, Kind.POLICE)
    reporting.write(row.pk, counsellor, {"what": "첫째"}, 1)
    with pytest.raises(Refused) as refused:
        reporting.write(row.pk, counsellor, {"what": "둘째"}, 1)
    assert refused.value.code == "changed_meanwhile"
    assert reporting.answers(Referral.objects.get(pk=row.pk))["what"] == "첫째"


def test_every_version_stays_readable_with_who_wrote_it(
    case: Case, counsellor: Account, lead: Account
) -> None:
    case_members.admit(case.pk, lead, lead.pk, "함께 씀")
    row = reporting.begin(case.pk, counsellor, Kind.TAKEDOWN)
    reporting.write(row.pk, lead, {"kind_of": "게시물"}, 1)
    kept = ReferralVersion.objects.filter(referral=row).order_by("version")
    assert [version.written_by for version in kept] == [counsellor, lead]
    assert [dict(version.answers)["kind_of"] for version in kept] == ["", "게시물"]


def test_a_report_given_back_says_why_and_needs_a_second_look_again(
    case: Case, counsellor: Account, lead: Account
) -> None:
    row = approved(case, counsellor, lead)
    row = approving.give_back(row.pk, lead, "메시지 번호가 빠졌습니다.")
    assert (row.state, row.approved_by) == (ReferralState.DRAFT, None)
    assert row.remark == "메시지 번호가 빠졌습니다."
    row = reporting.submit(row.pk, counsellor)
    assert approving.approve(row.pk, lead, row.version).remark is None


def test_what_was_sent_is_neither_changed_nor_withdrawn(
    case: Case, counsellor: Account, lead: Account
) -> None:
    row = send(approved(case, counsellor, lead), lead)
    tried: tuple[Callable[[], object], ...] = (
        lambda: reporting.write(row.pk, counsellor, {"what": "x"}, row.version),
        lambda: reporting.detach(row.pk, counsellor, row.packages.get().package),
        lambda: reporting.withdraw(row.pk, counsellor, "까닭"),
        lambda: reporting.submit(row.pk, counsellor),
        lambda: send(row, lead),
        lambda: approving.give_back(row.pk, lead, "고쳐요"),
    )
    for act in tried:
        with pytest.raises(Refused):
            act()


@pytest.mark.parametrize("hours", [-2, 1])
def test_a_report_is_sent_after_its_approval_and_not_in_the_future(
    case: Case, counsellor: Account, lead: Account, hours: int
) -> None:
    row = approved(case, counsellor, lead)
    with pytest.raises(Refused) as refused:
        approving.sent(row.pk, lead, "online", "경찰", timezone.now() + timedelta(hours=hours))
    assert refused.value.code == "when_wrong"


def test_the_database_itself_holds_the_two_people_apart(
    case: Case, counsellor: Account, lead: Account
) -> None:
    row = approved(case, counsellor, lead)
    for values in (
        {"approved_by": row.written_by},
        {"approved_by": None},
        {"state": ReferralState.SENT},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Referral.objects.filter(pk=row.pk).update(**values)


# --- do not warn ---------------------------------------------------------------------------------


def rescue(case: Case, actor: Account, *, do_not_warn: bool) -> Any:
    alert = case.joined.order_by("alert_id").first()
    assert alert is not None
    alerts.claim(alert.alert_id, actor)
    police = Agency.objects.filter(is_police=True).order_by("position")[0]
    return referrals.hand_off(
        alert.alert_id, actor, police.pk, "알렸습니다", do_not_warn=do_not_warn
    )


def test_who_may_not_be_warned_is_not_warned_in_any_room_of_theirs(
    case: Case, counsellor: Account, source: SourceRecord
) -> None:
    rescue(case, counsellor, do_not_warn=True)
    [third] = alerts.raise_or_update(
        [report(1, conversation="three", turns=(turn(1), risky(2)), raised=True)]
    )
    [other] = alerts.raise_or_update(
        [report(1, conversation="four", about="x", turns=(turn(1, author="x"),), raised=True)]
    )
    told = {alert.pk: referrals.warned_off([alert]) for alert in Alert.objects.all()}
    assert told[third]
    assert not told[other]
    assert sum(told.values()) == 3
    assert reporting.begin(case.pk, counsellor, Kind.POLICE).do_not_warn


@pytest.mark.parametrize("kind", [Kind.PLATFORM, Kind.TAKEDOWN])
def test_a_platform_is_not_told_while_the_police_ask_for_silence(
    case: Case, counsellor: Account, lead: Account, liaison: Account, kind: str
) -> None:
    row = approved(case, counsellor, lead, kind)
    police = reporting.begin(case.pk, counsellor, Kind.POLICE)
    reporting.warn_nobody(police.pk, counsellor, True, "수사팀이 비밀 수사 중이라고 함")
    with pytest.raises(Refused) as refused:
        send(row, liaison)
    assert refused.value.code == "do_not_warn"
    reporting.warn_nobody(police.pk, counsellor, False, "체포했다고 함")
    assert send(row, liaison).state == ReferralState.SENT
    assert acts(police).count("referral.do_not_warn") == 2


def test_a_platform_is_not_told_of_an_account_about_which_silence_was_asked_in_another_case(
    case: Case, counsellor: Account, lead: Account, liaison: Account
) -> None:
    row = approved(case, counsellor, lead, Kind.PLATFORM)
    [elsewhere] = alerts.raise_or_update([report(1, conversation="three", turns=(risky(2),))])
    other = cases.open_case([elsewhere], lead, "달의 사례")
    made = rescue(other, lead, do_not_warn=True)
    with pytest.raises(Refused) as refused:
        send(row, liaison)
    assert refused.value.code == "do_not_warn"
    HandOff.objects.filter(pk=made.pk).update(do_not_warn=False)
    assert send(row, liaison).state == ReferralState.SENT


# --- the duty to report --------------------------------------------------------------------------


def test_the_time_runs_from_when_the_agency_learned_of_it(case: Case, counsellor: Account) -> None:
    at = timezone.now() - timedelta(hours=20)
    row = duties.learn(case.pk, counsellor, at, "청소년이 말함")
    assert row.due_at == at + duties.WITHIN
    with pytest.raises(Refused):
        duties.learn(case.pk, counsellor, timezone.now() + timedelta(hours=1), "내일")
    earlier = duties.learn(case.pk, counsellor, at - timedelta(hours=1), "더 먼저였음")
    assert earlier.pk == row.pk
    assert AuditEvent.objects.get(action="duty.corrected").details["before"] == at.isoformat()


def test_when_its_time_is_over_people_are_called_once(
    case: Case, counsellor: Account, lead: Account
) -> None:
    duties.learn(case.pk, counsellor, timezone.now(), "청소년이 말함")
    assert watch.keep(timezone.now() + duties.WITHIN - timedelta(minutes=1)).unreported == ()
    late = timezone.now() + duties.WITHIN + timedelta(minutes=1)
    assert watch.keep(late).unreported == (case.pk,)
    assert watch.keep(late).unreported == ()
    called: list[str] = []
    calls = Notice.objects.filter(kind=Notice.Kind.REPORT_DUE)
    assert calls.count() == 1
    from ansim.casework.actions.calling import words
    from ansim.casework.models import Channel

    Channel.objects.create(kind="webhook", name="당직", address="https://desk.invalid/")
    notices.deliver(lambda _channel, batch: called.append(words(batch)))
    assert any("A report to the police is overdue" in said for said in called)


def test_a_sent_report_to_the_police_meets_the_duty_and_one_to_a_platform_does_not(
    case: Case, counsellor: Account, lead: Account
) -> None:
    duties.learn(case.pk, counsellor, timezone.now(), "청소년이 말함")
    send(approved(case, counsellor, lead, Kind.PLATFORM), lead)
    assert ReportDuty.objects.get().ended_at is None
    row = send(approved(case, counsellor, lead), lead)
    duty = ReportDuty.objects.get()
    assert (duty.ending, duty.referral, duty.ended_by) == ("referral", row, lead)
    assert AuditEvent.objects.get(action="duty.ended").details["in_time"] is True
    with pytest.raises(Refused):
        duties.learn(case.pk, counsellor, timezone.now(), "다시")


def test_a_call_to_the_police_meets_it_and_only_a_supervisor_may_say_that_none_is_owed(
    case: Case, counsellor: Account, lead: Account
) -> None:
    duties.learn(case.pk, counsellor, timezone.now(), "청소년이 말함")
    with pytest.raises(Refused) as refused:
        duties.end(case.pk, counsellor, "none", "아닌 것 같음")
    assert refused.value.code == "not_allowed"
    case_members.admit(case.pk, lead, lead.pk, "의무 확인")
    with pytest.raises(Refused) as refused:
        duties.end(case.pk, lead, "none", " ")
    assert refused.value.code == "words_missing"
    duties.end(case.pk, lead, "none", "또래 사이의 말이었음")
    again = duties.learn(case.pk, counsellor, timezone.now(), "새로 알게 됨")
    assert (again.ended_at, again.ending, again.note) == (None, "", None)
    with pytest.raises(Refused):
        duties.end(case.pk, counsellor, "hand_off", hand_off_id=0)
    call = rescue(case, counsellor, do_not_warn=False)
    assert duties.end(case.pk, counsellor, "hand_off", hand_off_id=call.pk).hand_off == call


def test_a_case_that_owes_a_report_is_not_closed(case: Case, counsellor: Account) -> None:
    call = rescue(case, counsellor, do_not_warn=False)
    Alert.objects.update(state="closed", outcome="confirmed")
    duties.learn(case.pk, counsellor, timezone.now(), "청소년이 말함")
    with pytest.raises(Refused) as refused:
        cases.close(case.pk, counsellor, "safe")
    assert refused.value.code == "duty_runs"
    duties.end(case.pk, counsellor, "hand_off", hand_off_id=call.pk)
    assert cases.close(case.pk, counsellor, "safe").state == "closed"


# --- how long ------------------------------------------------------------------------------------


def words_left(row: Referral) -> int:
    row = Referral.objects.get(pk=row.pk)
    duty = ReportDuty.objects.get(case=row.case_id)
    held = (row.sent_to, row.reference, row.remark, duty.how, duty.note)
    kept = row.versions.filter(answers__isnull=False).count()
    return kept + sum(words is not None for words in held)


def test_the_words_of_a_report_go_with_its_case_and_stay_under_a_legal_hold(
    case: Case, counsellor: Account, lead: Account
) -> None:
    row = send(approved(case, counsellor, lead), lead)
    approving.acknowledge(row.pk, lead, "접수 1")
    before = words_left(row)
    assert before > 4
    joined = case.joined.first()
    assert joined is not None
    hold = holds.place(joined.alert_id, lead, "법원의 요청")
    time = retention.TIMES["reports"]
    late = timezone.now() + time + timedelta(hours=1)
    retention.purge(late)
    assert words_left(row) == before
    holds.release(hold.pk, lead, "끝남")
    assert retention.purge(timezone.now() + time - timedelta(hours=1)).reports == 0
    assert words_left(row) == before
    assert retention.purge(late).reports > 0
    assert words_left(row) == 0
    assert reporting.answers(Referral.objects.get(pk=row.pk)) == {}
    with pytest.raises(Refused):
        reporting.taken_out(row.pk, lead, "pdf", "늦게")


def test_no_words_come_back_into_a_report_whose_case_was_emptied(
    case: Case, counsellor: Account
) -> None:
    row = reporting.begin(case.pk, counsellor, Kind.TAKEDOWN)
    retention.purge(timezone.now() + retention.TIMES["reports"] + timedelta(hours=1))
    for act in (
        lambda: reporting.write(row.pk, counsellor, {"wish": "다시"}, row.version),
        lambda: reporting.withdraw(row.pk, counsellor, "다시"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "gone"
    assert not row.versions.filter(answers__isnull=False).exists()


def test_taking_a_report_out_needs_a_reason_and_is_on_record(
    case: Case, counsellor: Account, lead: Account
) -> None:
    row = reporting.begin(case.pk, counsellor, Kind.CYBERTIP)
    with pytest.raises(Refused):
        reporting.taken_out(row.pk, counsellor, "pdf", " ")
    assert reporting.taken_out(row.pk, counsellor, "pdf", "종이로 읽으려고")[1] == ""
    with pytest.raises(Refused) as refused:
        reporting.taken_out(row.pk, counsellor, "xml", "미리")
    assert refused.value.code == "not_approved"
    row = reporting.submit(completed(row, counsellor, lead).pk, counsellor)
    approving.approve(row.pk, lead, row.version)
    assert reporting.taken_out(row.pk, counsellor, "xml", "누리집에 넣으려고")[1] == lead.shown
    reasons = AuditEvent.objects.filter(action="referral.taken_out").values_list(
        "reason", flat=True
    )
    assert sorted(reasons) == ["누리집에 넣으려고", "종이로 읽으려고"]
