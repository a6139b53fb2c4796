"""Hand-offs, safety plans, codes under messages, drafts, verdicts, wellbeing: what must hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from ansim.casework import checking
from ansim.casework.actions import (
    alerts,
    drafts,
    interventions,
    referrals,
    retention,
    templates,
    wellbeing,
)
from ansim.casework.errors import Refused, Unfit
from ansim.casework.models import (
    Account,
    Agency,
    Alert,
    AuditEvent,
    Comfort,
    Draft,
    Exposure,
    HandOff,
    MessageTemplate,
    OutgoingMessage,
    SafetyPlan,
    SourceRecord,
    TemplateVersion,
    Turn,
)
from ansim.casework.models.alert import GROUNDS, Grounds
from ansim.casework.roles import Role
from ansim.detection import Priority
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db
People = Callable[..., Account]


@pytest.fixture
def alert(source: SourceRecord, counsellor: Account) -> Alert:
    """A P2 that the counsellor holds."""
    [pk] = alerts.raise_or_update([report(10, turns=(turn(1), risky(2)), raised=True)])
    return alerts.claim(pk, counsellor)


def police() -> Agency:
    return Agency.objects.get(slug="police-112")


def in_the_database(table: str, column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - names of this test
        return bytes(cursor.fetchone()[0])


# --- wording ----------------------------------------------------------------------------------


def test_words_that_blame_are_not_queued(alert: Alert, counsellor: Account) -> None:
    with pytest.raises(Unfit) as unfit:
        interventions.send(alert.pk, counsellor, "왜 사진을 보냈어요?")
    assert [one.rule for one in unfit.value.findings] == ["blame"]
    assert OutgoingMessage.objects.count() == 0


def test_a_promise_may_be_sent_once_it_stands_in_an_approved_first_message(
    alert: Alert, counsellor: Account, supervisor: Account, person: People
) -> None:
    words = "비밀은 지켜 줄게요."
    row = templates.write("promise", "ko", "약속", "{agency}예요. " + words, supervisor)
    with pytest.raises(Unfit):
        interventions.send(alert.pk, counsellor, words)
    templates.approve(row.pk, person(Role.SUPERVISOR, "second"), row.version)
    assert interventions.send(alert.pk, counsellor, words).state == "queued"


def test_a_first_message_that_asks_for_a_name_is_refused_and_a_second_person_approves(
    supervisor: Account, person: People
) -> None:
    with pytest.raises(Unfit, match="이름을 알려"):
        templates.write("ask", "ko", "질문", "{agency}예요. 이름을 알려 주세요.", supervisor)
    row = templates.write("calm", "ko", "인사", "{agency}예요. 괜찮아요?", supervisor)
    with pytest.raises(Refused) as own:
        templates.approve(row.pk, supervisor, row.version)
    assert own.value.code == "own_words"
    assert templates.approve(row.pk, person(Role.SUPERVISOR, "second"), row.version).approved


def test_every_version_of_a_first_message_is_kept(supervisor: Account, person: People) -> None:
    second = person(Role.SUPERVISOR, "second")
    for words in ("{agency}예요. 하나.", "{agency}예요. 둘."):
        row = templates.write("calm", "ko", "인사", words, supervisor)
    templates.approve(row.pk, second, 2)
    kept = TemplateVersion.objects.filter(template=row)
    assert [(one.version, one.approved_by) for one in kept] == [(2, second), (1, None)]
    assert [one.body for one in kept] == ["{agency}예요. 둘.", "{agency}예요. 하나."]
    seeded = MessageTemplate.objects.get(slug="home", language="ko")
    assert seeded.versions.get().body == seeded.body


# --- the code under a message -------------------------------------------------------------------


def test_a_code_tells_that_a_message_is_real_only_once_it_has_gone_out(
    alert: Alert, counsellor: Account
) -> None:
    message = interventions.send(alert.pk, counsellor, "괜찮아요?")
    code = checking.code(message.pk)
    assert code in (message.text or "")
    assert interventions.check_code(code) is None
    [taken] = interventions.take_queued()
    interventions.record_delivery(taken.id, "sent")
    typed = f"  {code.lower().replace('-', ' ')} "
    found = interventions.check_code(typed)
    assert found is not None
    message.refresh_from_db()
    assert found.sent_at == message.sent_at
    for wrong in ("", "x" * 10_000, code[:-1], code[:-1] + ("2" if code[-1] != "2" else "3")):
        assert interventions.check_code(wrong) is None
    assert code.replace("-", "") not in message.check_hash.upper()


def test_a_failed_message_has_no_valid_code(alert: Alert, counsellor: Account) -> None:
    message = interventions.send(alert.pk, counsellor, "괜찮아요?")
    [taken] = interventions.take_queued()
    interventions.record_delivery(taken.id, "failed", "no room")
    assert interventions.check_code(checking.code(message.pk)) is None


def test_where_codes_can_be_checked_nowhere_none_is_sent(
    alert: Alert, counsellor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(django_settings, "ANSIM", replace(django_settings.ANSIM, demo=False))
    assert interventions.send(alert.pk, counsellor, "괜찮아요?").text == "괜찮아요?"
    elsewhere = replace(django_settings.ANSIM, check_address="ansim.example/check")
    monkeypatch.setattr(django_settings, "ANSIM", elsewhere)
    shown = interventions.send(alert.pk, counsellor, "Are you all right?", language="en").text
    assert "Open ansim.example/check and type " in (shown or "")


# --- hand-offs and plans ------------------------------------------------------------------------


def test_a_hand_off_is_recorded_sealed_and_answered(alert: Alert, counsellor: Account) -> None:
    made = referrals.hand_off(alert.pk, counsellor, police().pk, "만나자는 말이 있음")
    assert AuditEvent.objects.get(action="alert.handed_off").details["agency"] == "police-112"
    assert "만나자".encode() not in in_the_database("casework_handoff", "told")
    done = referrals.answer(made.pk, counsellor, "taken", "출동함", "접수 7")
    assert (done.answer, done.answered_by, done.reference) == ("taken", counsellor, "접수 7")
    event = AuditEvent.objects.get(action="alert.hand_off_answered")
    assert event.details["answer"] == "taken"
    assert "출동" not in str(event.details)


@pytest.mark.parametrize(
    ("agency", "told", "rescue", "when_where", "code"),
    [
        (None, "알림", False, "", "agency_unknown"),
        ("youth-1388", " ", False, "", "told_missing"),
        ("youth-1388", "알림", True, "오늘 8시 역 앞", "rescue_police"),
        ("police-112", "알림", True, " ", "when_where_missing"),
        ("police-112", "가" * 2001, False, "", "too_long"),
    ],
)
def test_a_hand_off_says_what_is_missing(
    alert: Alert,
    counsellor: Account,
    agency: str | None,
    told: str,
    rescue: bool,
    when_where: str,
    code: str,
) -> None:
    pk = Agency.objects.get(slug=agency).pk if agency else 0
    with pytest.raises(Refused) as refused:
        referrals.hand_off(alert.pk, counsellor, pk, told, rescue=rescue, when_where=when_where)
    assert refused.value.code == code
    assert HandOff.objects.count() == 0


def test_a_rescue_request_is_on_record_and_may_bind_to_silence(
    alert: Alert, counsellor: Account
) -> None:
    assert not referrals.warned_off([alert])
    referrals.hand_off(
        alert.pk,
        counsellor,
        police().pk,
        "만남 임박",
        rescue=True,
        when_where="오늘 8시 역 앞",
        do_not_warn=True,
    )
    assert AuditEvent.objects.filter(action="alert.rescue_requested").count() == 1
    assert referrals.warned_off([alert])


def test_others_than_the_holder_and_supervisors_record_nothing(
    alert: Alert, supervisor: Account, person: People
) -> None:
    with pytest.raises(Refused) as refused:
        referrals.hand_off(alert.pk, person(name="colleague"), police().pk, "알림")
    assert refused.value.code == "not_holder"
    for role in (Role.ADMINISTRATOR, Role.LIAISON):
        with pytest.raises(Refused):
            referrals.write_plan(alert.pk, person(role), {"now": "집"})
    referrals.hand_off(alert.pk, supervisor, police().pk, "알림")


def test_a_safety_plan_keeps_its_questions_and_counts_its_versions(
    alert: Alert, counsellor: Account
) -> None:
    with pytest.raises(Refused):
        referrals.write_plan(alert.pk, counsellor, {"now": " ", "nonsense": "x"})
    referrals.write_plan(alert.pk, counsellor, {"next": "내일 4시", "now": "집에 있음"})
    plan = referrals.write_plan(alert.pk, counsellor, {"now": "이모와 있음", "nonsense": "x"})
    assert (plan.version, plan.answers) == (2, [["now", "이모와 있음"]])
    assert "이모".encode() not in in_the_database("casework_safetyplan", "answers")


def test_agencies_are_edited_by_supervisors_and_administrators(
    supervisor: Account, counsellor: Account
) -> None:
    fields = {"name_ko": "가까운 쉼터", "name_en": "Shelter nearby", "contact": "누리집"}
    with pytest.raises(Refused):
        referrals.save_agency(counsellor, None, fields)
    made = referrals.save_agency(supervisor, None, {**fields, "active": True})
    referrals.save_agency(supervisor, made.pk, {**fields, "active": False})
    made.refresh_from_db()
    assert (made.local, made.active) == (True, False)
    with pytest.raises(Refused):
        referrals.save_agency(supervisor, None, {**fields, "name_en": " "})


# --- the verdict --------------------------------------------------------------------------------


def test_an_urgent_alert_is_closed_only_with_grounds_of_its_verdict(
    alert: Alert, counsellor: Account
) -> None:
    for grounds in ("", "peers_n1", "nonsense"):
        with pytest.raises(Refused) as refused:
            alerts.close(alert.pk, counsellor, "confirmed", done=["contact_made"], grounds=grounds)
        assert refused.value.code == "grounds_missing"
    [closed] = alerts.close(
        alert.pk, counsellor, "confirmed", done=["contact_made"], grounds="tactics"
    )
    assert closed.grounds == "tactics"
    assert AuditEvent.objects.get(action="alert.closed").details["grounds"] == "tactics"


def test_of_a_calm_alert_grounds_may_be_left_out(alert: Alert, counsellor: Account) -> None:
    Alert.objects.update(priority=Priority.P3)
    [closed] = alerts.close(alert.pk, counsellor, "unclear", done=["no_contact"])
    assert closed.state == "closed"


def test_an_urgent_alert_waits_for_the_answer_of_every_hand_off(
    alert: Alert, counsellor: Account
) -> None:
    made = referrals.hand_off(alert.pk, counsellor, police().pk, "알림")
    with pytest.raises(Refused) as refused:
        alerts.close(alert.pk, counsellor, "confirmed", done=["no_contact"], grounds="tactics")
    assert refused.value.code == "answer_missing"
    referrals.answer(made.pk, counsellor, "no_answer")
    alerts.close(alert.pk, counsellor, "confirmed", done=["no_contact"], grounds="tactics")


def test_every_verdict_has_grounds_and_no_ground_is_left_over() -> None:
    used = {one for each in GROUNDS.values() for one in each}
    assert used == set(Grounds)


def test_words_of_hand_off_plan_and_drafts_go_with_the_dismissed_text(
    alert: Alert, counsellor: Account
) -> None:
    made = referrals.hand_off(alert.pk, counsellor, police().pk, "알림", reference="7")
    referrals.answer(made.pk, counsellor, "declined", "메모")
    referrals.write_plan(alert.pk, counsellor, {"now": "집"})
    drafts.save(alert.pk, counsellor, "message", [("text", "아직")])
    alerts.close(alert.pk, counsellor, "not_grooming", grounds="peers_n1")
    assert Draft.objects.count() == 0
    retention.purge(timezone.now() + timedelta(minutes=11))
    row = HandOff.objects.get()
    assert (row.told, row.reference, row.answer_note, row.answer) == (None, None, None, "declined")
    assert SafetyPlan.objects.get().answers == []
    assert Alert.objects.get().grounds == "peers_n1"


# --- drafts -------------------------------------------------------------------------------------


def test_a_draft_is_kept_sealed_for_its_writer_alone_until_it_is_sent(
    alert: Alert, counsellor: Account, supervisor: Account
) -> None:
    fields = [("template", ""), ("text", "별하님, 괜찮아요?")]
    assert drafts.save(alert.pk, counsellor, "message", fields)
    assert drafts.of(alert, counsellor) == {"message": [("text", "별하님, 괜찮아요?")]}
    assert drafts.of(alert, supervisor) == {}
    assert "별하".encode() not in in_the_database("casework_draft", "fields")
    interventions.send(alert.pk, counsellor, "별하님, 괜찮아요?")
    assert drafts.of(alert, counsellor) == {}


def test_an_emptied_or_endless_draft_is_not_kept(alert: Alert, counsellor: Account) -> None:
    drafts.save(alert.pk, counsellor, "close", [("note", "메모")])
    assert not drafts.save(alert.pk, counsellor, "close", [("note", " ")])
    assert not drafts.save(alert.pk, counsellor, "plan", [("now", "가" * 9000)])
    assert Draft.objects.count() == 0
    with pytest.raises(Refused):
        drafts.save(alert.pk, counsellor, "diary", [("note", "메모")])


# --- wellbeing ----------------------------------------------------------------------------------


def test_what_is_revealed_is_counted_for_oneself(alert: Alert, counsellor: Account) -> None:
    alerts.reveal(alert.pk, counsellor, "확인")
    hard = Turn.objects.get(message_id="m2")
    alerts.reveal(alert.pk, counsellor, "확인", turn_id=hard.pk)
    row = Exposure.objects.get()
    assert (row.account, row.turns, row.hard) == (counsellor, 3, 2)
    assert AuditEvent.objects.filter(action="alert.text_revealed", details={"turn": hard.pk})
    assert [day.turns for day in wellbeing.week(counsellor)] == [0, 0, 0, 0, 0, 0, 3]


def test_a_turn_of_another_conversation_is_not_revealed(alert: Alert, counsellor: Account) -> None:
    alerts.raise_or_update([report(1, conversation="other", turns=(risky(7),))])
    other = Turn.objects.get(conversation__pseudonym="other")
    with pytest.raises(Refused) as refused:
        alerts.reveal(alert.pk, counsellor, "확인", turn_id=other.pk)
    assert refused.value.code == "no_such_turn"
    assert Exposure.objects.count() == 0


def test_a_break_is_proposed_after_long_or_hard_reading_and_ends_with_rest(
    alert: Alert, counsellor: Account
) -> None:
    assert not wellbeing.break_due(counsellor)
    alerts.reveal(alert.pk, counsellor, "확인")
    now = timezone.now()
    assert not wellbeing.break_due(counsellor)
    Comfort.objects.update(since=now - timedelta(minutes=51))
    assert wellbeing.break_due(counsellor)
    assert not wellbeing.break_due(counsellor, now + timedelta(minutes=16)), "already resting"
    wellbeing.took_break(counsellor)
    assert not wellbeing.break_due(counsellor)
    wellbeing.choose(counsellor, greyed=True, spared=[], break_minutes=0, break_turns=2)
    alerts.reveal(alert.pk, counsellor, "확인")
    alerts.reveal(alert.pk, counsellor, "확인")
    assert wellbeing.break_due(counsellor)


def test_only_hard_kinds_can_be_spared(counsellor: Account) -> None:
    row = wellbeing.choose(
        counsellor, greyed=False, spared=["T12", "T01", "x"], break_minutes=-5, break_turns=9999
    )
    assert (row.spared, row.break_minutes, row.break_turns) == (["T12"], 0, 1000)


def test_words_that_one_is_spared_are_counted_only_when_asked_for(
    alert: Alert, counsellor: Account
) -> None:
    wellbeing.choose(counsellor, greyed=False, spared=["T09"], break_minutes=50, break_turns=80)
    alerts.reveal(alert.pk, counsellor, "확인")
    row = Exposure.objects.get()
    assert (row.turns, row.hard) == (1, 0)
    hard = Turn.objects.get(message_id="m2")
    alerts.reveal(alert.pk, counsellor, "확인", turn_id=hard.pk)
    row.refresh_from_db()
    assert (row.turns, row.hard) == (2, 1)
