"""Requests of people about their own data: answered by a person, in time, and on record (R07)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pypdfium2  # type: ignore[import-untyped]
import pytest
from django.db import connection
from django.utils import timezone, translation

from ansim.casework.actions import (
    accounts,
    alerts,
    calling,
    cases,
    donations,
    evidence,
    holds,
    opinions,
    referrals,
    retention,
    rights,
    rights_measures,
    watch,
)
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Agency,
    Alert,
    AuditEvent,
    Case,
    CaseConsent,
    CasePerson,
    Correction,
    Notice,
    ReadingStop,
    Referral,
    SecondOpinion,
    SourceRecord,
    SubjectRequest,
    Turn,
)
from ansim.casework.rights import drafting, holdings, letter
from ansim.casework.roles import Role
from ansim.casework.sealing import keyring
from tests.casework.conftest import report, risky, turn
from tests.casework.test_opinions import opinion

pytestmark = pytest.mark.django_db

NAME = "byeolha_15"


def pseudonym(name: str = NAME) -> str:
    return keyring().pseudonym("account", "demo", name)


@pytest.fixture
def alert(source: SourceRecord) -> Alert:
    """The stranger is byeolha_15 here: two messages of theirs, one of somebody else."""
    [pk] = alerts.raise_or_update(
        [
            report(
                10,
                about=pseudonym(),
                turns=(
                    turn(1, author=pseudonym()),
                    turn(2, author="friend", text="나는 친구야"),
                    risky(3, author=pseudonym()),
                ),
                raised=True,
            )
        ]
    )
    return Alert.objects.get(pk=pk)


def receive(actor: Account, kind: str = "access", **more: Any) -> SubjectRequest:
    values: dict[str, Any] = {
        "kind": kind,
        "by": "subject",
        "way": "letter",
        "words": "저에 대해 가지고 있는 것을 보여 주세요.",
        "contact": "같은 대화방",
    }
    return rights.receive(actor, **(values | more))


def known(actor: Account, kind: str = "access") -> SubjectRequest:
    """A request that was taken, whose person is known, and for which somebody has looked."""
    row = receive(actor, kind)
    rights.take(row.pk, actor)
    rights.prove(row.pk, actor, "account", "그 계정에서 확인 말이 옴")
    rights.find_by_name(row.pk, actor, "demo", NAME, "열람 요구")
    row.refresh_from_db()
    return row


def on_record(row: SubjectRequest) -> list[str]:
    rows = AuditEvent.objects.filter(subject_type="subjectrequest", subject_id=str(row.pk))
    return list(rows.order_by("pk").values_list("action", flat=True))


def refused(code: str, act: Any, *words: Any, **named: Any) -> None:
    with pytest.raises(Refused) as said:
        act(*words, **named)
    assert said.value.code == code
    assert str(said.value)


def test_ten_days_run_from_when_it_came_in(counsellor: Account) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    row = receive(counsellor, received_at=yesterday)
    assert row.due_at == yesterday + timedelta(days=10)
    for when in (timezone.now() + timedelta(days=1), timezone.now() - timedelta(days=400)):
        refused("received_at", receive, counsellor, received_at=when)
    refused("missing", receive, counsellor, kind="everything")
    refused("missing", receive, counsellor, words="  ")


def test_a_request_goes_from_the_asking_to_the_answer_and_each_step_is_on_record(
    supervisor: Account, alert: Alert
) -> None:
    row = known(supervisor)
    found = rights.holding(row)
    assert found is not None
    text = drafting.draft(row, found)
    rights.write(row.pk, supervisor, text, 0)
    rights.exported(row.pk, supervisor, "0" * 64, with_words=True)
    rights.end(row.pk, supervisor, "granted", told="같은 방에서 전함")
    row.refresh_from_db()
    assert (row.state, row.ended_by) == ("granted", supervisor)
    assert on_record(row) == [
        "request.received",
        "request.taken",
        "request.identity_checked",
        "request.searched",
        "request.answer_written",
        "request.exported",
        "request.ended",
    ]
    refused("ended", rights.write, row.pk, supervisor, "x", 1)


def test_the_draft_tells_what_is_held_and_no_word_of_anybody_else(
    supervisor: Account, alert: Alert
) -> None:
    row = known(supervisor)
    found = rights.holding(row)
    assert found is not None
    assert [text for _, text in holdings.own_words(found)] == ["안녕 1", "용돈 줄게 사진 보낼래?"]
    told = drafting.draft(row, found)
    assert "이 계정의 메시지 2개, 그중 글이 남은 것 2개" in told
    assert "시연" in told, "the legal basis of the source"
    for word in ("나는 친구야", "friend", pseudonym(), supervisor.username):
        assert word not in told


def test_an_explanation_names_signals_versions_threshold_and_what_people_decided(
    supervisor: Account, counsellor: Account, alert: Alert
) -> None:
    alerts.claim(alert.pk, counsellor)
    alerts.close(alert.pk, counsellor, "unclear", grounds="too_little", done=["no_contact"])
    row = known(supervisor, "explanation")
    told = drafting.draft(row, rights.holding(row))
    for words in (
        "이 계정의 메시지 2개",
        "기준은 60%",
        "gate g1",
        "risk r1",
        "상담원이 맡음",
        "사람의 판단: 판단하기 어려움. 까닭: 대화가 너무 적음.",
        "소프트웨어는 아무것도 결정하지 않습니다",
    ):
        assert words in told, words
    assert counsellor.username not in told


def test_the_name_that_was_told_is_compared_and_not_kept(supervisor: Account, alert: Alert) -> None:
    row = known(supervisor)
    assert row.account == pseudonym()
    with connection.cursor() as cursor:
        for table in ("casework_subjectrequest", "casework_auditevent"):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
            assert NAME not in str(cursor.fetchall())


def test_looking_needs_the_right_to_unmask_and_a_reason(
    supervisor: Account, counsellor: Account, person: Any, alert: Alert
) -> None:
    row = receive(counsellor)
    for who in (counsellor, person(Role.ADMINISTRATOR), person(Role.LIAISON)):
        refused("not_allowed", rights.take, row.pk, who)
    rights.take(row.pk, supervisor)
    refused("missing", rights.find_by_name, row.pk, supervisor, "demo", NAME, " ")
    refused("source", rights.find_by_name, row.pk, supervisor, "nowhere", NAME, "요구")
    refused("account", rights.find_by_alert, row.pk, supervisor, alert.pk, "nobody", "요구")
    found = rights.find_by_alert(row.pk, supervisor, alert.pk, "friend", "요구")
    assert [room.messages for room in found.rooms] == [1]
    assert not found.alerts
    assert found.rooms[0].others == (alert,)


def test_only_who_handles_it_works_on_it_and_taking_it_over_needs_a_reason(
    supervisor: Account, person: Any
) -> None:
    other = person(Role.SUPERVISOR, "other")
    row = receive(supervisor)
    refused("not_handler", rights.prove, row.pk, supervisor, "known", "아는 사람")
    rights.take(row.pk, supervisor)
    refused("missing", rights.take, row.pk, other)
    row.refresh_from_db()
    assert rights.may_read(row, supervisor)
    assert not rights.may_read(row, other)
    rights.take(row.pk, other, "휴가")
    refused("not_handler", rights.write, row.pk, supervisor, "답", 0)


def test_an_answer_needs_who_they_are_a_look_and_words(supervisor: Account, alert: Alert) -> None:
    row = receive(supervisor)
    rights.take(row.pk, supervisor)
    end = rights.end
    refused("missing", end, row.pk, supervisor, "granted")
    refused("answer", end, row.pk, supervisor, "granted", told="편지로")
    rights.write(row.pk, supervisor, "답입니다", 0)
    refused("changed", rights.write, row.pk, supervisor, "다른 답", 0)
    refused("proof", end, row.pk, supervisor, "granted", told="편지로")
    refused("proof", rights.exported, row.pk, supervisor, "0" * 64, with_words=True)
    rights.prove(row.pk, supervisor, "paper", "봄")
    refused("looked", end, row.pk, supervisor, "granted", told="편지로")
    rights.find_by_name(row.pk, supervisor, "demo", "somebody-else", "요구")
    refused("ground", end, row.pk, supervisor, "partly", told="편지로")
    refused("state", end, row.pk, supervisor, "open", told="편지로")
    end(row.pk, supervisor, "granted", told="편지로")


def test_who_cannot_be_known_is_refused_with_that_ground_alone(supervisor: Account) -> None:
    row = receive(supervisor)
    rights.take(row.pk, supervisor)
    rights.write(row.pk, supervisor, "본인인지 알 수 없어 답할 수 없습니다.", 0)
    refused("proof", rights.end, row.pk, supervisor, "refused", ground="others", told="편지로")
    rights.end(row.pk, supervisor, "refused", ground="identity", told="편지로")
    event = AuditEvent.objects.get(action="request.ended")
    assert (event.details["state"], event.details["ground"]) == ("refused", "identity")


def test_nobody_is_warned_by_an_answer_against_the_wish_of_the_police(
    supervisor: Account, alert: Alert
) -> None:
    alerts.claim(alert.pk, supervisor)
    police = Agency.objects.filter(is_police=True).order_by("position")[0]
    referrals.hand_off(alert.pk, supervisor, police.pk, "신고", do_not_warn=True)
    row = known(supervisor)
    rights.write(row.pk, supervisor, "답", 0)
    refused("do_not_warn", rights.end, row.pk, supervisor, "granted", told="편지로")
    refused("do_not_warn", rights.exported, row.pk, supervisor, "0" * 64, with_words=True)
    refused("do_not_warn", rights.end, row.pk, supervisor, "partly", ground="others", told="편지로")
    rights.end(
        row.pk, supervisor, "granted", told="편지로", police_asked="12월부터는 알려도 된다고 함"
    )
    rights.exported(row.pk, supervisor, "0" * 64, with_words=True)
    second = known(supervisor)
    rights.write(second.pk, supervisor, "답하지 못합니다.", 0)
    rights.end(second.pk, supervisor, "refused", ground="law", told="편지로")


def test_asking_whether_somebody_may_be_warned_costs_the_same_for_many_alerts(
    source: SourceRecord, alert: Alert, django_assert_max_num_queries: Any
) -> None:
    for room in range(12):
        alerts.raise_or_update([report(1, conversation=f"r{room}", about=pseudonym())])
    found = holdings.of(source, pseudonym())
    assert len(found.alerts) == 13
    with django_assert_max_num_queries(2):
        assert not found.may_not_be_warned


def test_an_answer_is_put_off_once_and_with_a_reason(supervisor: Account) -> None:
    row = receive(supervisor)
    rights.take(row.pk, supervisor)
    refused("missing", rights.postpone, row.pk, supervisor, 5, "")
    refused("days", rights.postpone, row.pk, supervisor, 31, "까닭")
    due = row.due_at
    rights.postpone(row.pk, supervisor, 5, "플랫폼의 확인을 기다림")
    row.refresh_from_db()
    assert row.due_at == due + timedelta(days=5)
    refused("postponed", rights.postpone, row.pk, supervisor, 5, "또")


def test_a_correction_stands_beside_the_original_which_stays_as_it_was(
    supervisor: Account, alert: Alert
) -> None:
    row = known(supervisor, "correction")
    rights.write(row.pk, supervisor, "적었습니다.", 0)
    refused("correction", rights.end, row.pk, supervisor, "granted", told="편지로")
    third = Turn.objects.get(message_id="m3")
    before = third.text
    refused("no_such_alert", rights_measures.correct, row.pk, supervisor, alert.pk + 1, "x")
    refused("no_such_turn", rights_measures.correct, row.pk, supervisor, alert.pk, "x", 0)
    rights_measures.correct(row.pk, supervisor, alert.pk, "동생이 한 말이라고 함", third.pk)
    third.refresh_from_db()
    assert third.text == before
    note = Correction.objects.get()
    assert (note.text, note.turn, note.alert) == ("동생이 한 말이라고 함", third, alert)
    assert "동생이 한 말이라고 함" in drafting.draft(row, rights.holding(row))
    rights.end(row.pk, supervisor, "granted", told="편지로")
    event = AuditEvent.objects.get(action="alert.corrected")
    assert "동생" not in str(event.details)


def test_a_stop_is_handed_to_intake_until_it_is_lifted(supervisor: Account, alert: Alert) -> None:
    row = known(supervisor, "stop")
    room = alert.conversation
    one = rights_measures.stop(row.pk, supervisor)
    refused("stopped", rights_measures.stop, row.pk, supervisor)
    rights_measures.stop(row.pk, supervisor, conversation_id=room.pk)
    refused("no_such_conversation", rights_measures.stop, row.pk, supervisor, conversation_id=0)
    assert rights_measures.unread() == {
        ("demo", "account", pseudonym()),
        ("demo", "conversation", "room"),
    }
    refused("missing", rights_measures.lift, one.pk, supervisor, "")
    rights_measures.lift(one.pk, supervisor, "다시 읽어 달라고 함")
    assert rights_measures.unread() == {("demo", "conversation", "room")}
    refused("no_such_stop", rights_measures.lift, one.pk, supervisor, "또")
    rights_measures.stop(row.pk, supervisor)


def test_words_of_a_stopped_account_go_at_once_unless_somebody_needs_them(
    supervisor: Account, counsellor: Account, alert: Alert
) -> None:
    row = known(supervisor, "stop")
    refused("needed", rights_measures.stop, row.pk, supervisor, erase=True)
    assert not ReadingStop.objects.exists()
    opinions.add([opinion(about=alert.about)])
    alerts.claim(alert.pk, counsellor)
    alerts.close(alert.pk, counsellor, "unclear", grounds="too_little", done=["no_contact"])
    hold = holds.place(alert.pk, supervisor, "법원")
    refused("needed", rights_measures.stop, row.pk, supervisor, erase=True)
    holds.release(hold.pk, supervisor, "끝")
    rights_measures.stop(row.pk, supervisor, erase=True)
    left = Turn.objects.filter(text__isnull=False)
    assert [item.author for item in left] == ["friend"]
    assert AuditEvent.objects.get(action="reading.stopped").details["erased"] == 2
    told = SecondOpinion.objects.get()
    assert (told.quotes, told.summary_ko, told.watch_for) == ([], None, None)


def test_a_stop_is_only_for_who_asked_for_one_and_is_known(
    supervisor: Account, alert: Alert
) -> None:
    refused("kind", rights_measures.stop, known(supervisor).pk, supervisor)
    row = receive(supervisor, "stop")
    rights.take(row.pk, supervisor)
    refused("proof", rights_measures.stop, row.pk, supervisor)
    rights.prove(row.pk, supervisor, "known", "아는 사람")
    refused("looked", rights_measures.stop, row.pk, supervisor)


def test_the_letter_holds_the_answer_and_the_persons_own_words_alone(
    supervisor: Account, alert: Alert
) -> None:
    row = known(supervisor)
    rights.write(row.pk, supervisor, "답입니다.\n\n둘째 문단", 0)
    row.refresh_from_db()
    found = rights.holding(row)
    assert found is not None
    short, long = letter.pdf(row), letter.pdf(row, holdings.own_words(found))
    assert "둘째 문단" in printed(short)
    assert "용돈 줄게" not in printed(short)
    assert "용돈 줄게 사진 보낼래?" in printed(long)
    assert "나는 친구야" not in printed(long)


def printed(document: bytes) -> str:
    pages = pypdfium2.PdfDocument(document)
    return " ".join(page.get_textpage().get_text_range() for page in pages)


@pytest.mark.parametrize(("days", "kept"), [(364, True), (366, False)])
def test_words_of_requests_and_corrections_go_after_a_year(
    supervisor: Account, alert: Alert, days: int, kept: bool
) -> None:
    row = known(supervisor, "correction")
    rights_measures.correct(row.pk, supervisor, alert.pk, "아니라고 함")
    rights.write(row.pk, supervisor, "답", 0)
    done = retention.purge(timezone.now() + timedelta(days=days))
    row.refresh_from_db()
    held = [row.words, row.contact, row.proof_note, row.answer, Correction.objects.get().text]
    assert [words is not None for words in held] == [kept] * 5
    assert (done.requests, done.corrections) == ((0, 0) if kept else (1, 1))
    assert row.kind == "correction"


def test_people_are_called_once_before_the_ten_days_are_over(counsellor: Account) -> None:
    row = receive(counsellor)
    now = timezone.now()
    assert watch.keep(now + timedelta(days=7)).requests == ()
    assert watch.keep(now + timedelta(days=9)).requests == (row.pk,)
    assert watch.keep(now + timedelta(days=9)).requests == ()
    [notice] = Notice.objects.filter(kind=Notice.Kind.REQUEST)
    assert "요구" in calling.words([notice])
    assert on_record(row) == ["request.received", "request.due"]


def test_a_consent_to_reading_in_a_case_is_taken_back_with_the_stop(
    supervisor: Account, alert: Alert
) -> None:
    now = timezone.now()
    case = Case.objects.create(
        title="별", responsible=supervisor, opened_by=supervisor, opened_at=now, changed_at=now
    )
    young = CasePerson.objects.create(
        case=case,
        part="young",
        source_id="demo",
        account=pseudonym(),
        added_by=supervisor,
        added_at=now,
    )
    for purpose in ("reading", "counselling"):
        CaseConsent.objects.create(
            person=young, purpose=purpose, giver="young", given_at=now, recorded_by=supervisor
        )
    rights_measures.stop(known(supervisor, "stop").pk, supervisor)
    reading, counselling = CaseConsent.objects.order_by("-purpose")
    assert (reading.purpose, reading.withdrawn_by) == ("reading", supervisor)
    assert counselling.withdrawn_at is None
    assert AuditEvent.objects.get(action="reading.consent_withdrawn").subject_id == str(case.pk)


def test_a_file_of_a_conversation_that_is_read_no_more_is_not_taken_in(
    counsellor: Account, supervisor: Account
) -> None:
    accounts.declare_donated()
    given = donations.Donation(
        given_by="participant", under_14=False, guardian=False, how="직접", form="f", messages=2
    )
    found = report(source="donated", turns=(turn(1, author="friend"), risky(2)), raised=True)
    [pk] = donations.receive(counsellor, given, [found], risk=0.8).alerts
    row = receive(supervisor, "stop")
    rights.take(row.pk, supervisor)
    rights.prove(row.pk, supervisor, "paper", "봄")
    rights.find_by_alert(row.pk, supervisor, pk, "friend", "요구")
    rights_measures.stop(row.pk, supervisor)
    again = report(20, source="donated", turns=(turn(3, author="friend"), risky(4)))
    refused("reading_stopped", donations.receive, counsellor, given, [again], risk=0.8)
    assert Turn.objects.count() == 2


def test_what_a_person_said_is_wrong_goes_with_the_evidence(
    supervisor: Account, alert: Alert
) -> None:
    row = known(supervisor, "correction")
    said = Turn.objects.get(message_id="m3")
    rights_measures.correct(row.pk, supervisor, alert.pk, "동생이 한 말이라고 함", said.pk)
    order = evidence.order(alert.pk, supervisor, "수사 협조")
    package = evidence.make(order, lambda *_: None, lambda *_: None)
    with ZipFile(BytesIO(package.content)) as files:
        [note] = json.loads(files.read("facts/handling.json"))["corrections"]
        assert "동생이 한 말이라고 함" in printed(files.read("evidence.pdf"))
    assert (note["message"], note["said"]) == ("m3", "동생이 한 말이라고 함")


def test_a_report_to_those_outside_is_told_unless_nobody_may_be_warned(
    supervisor: Account, counsellor: Account, alert: Alert
) -> None:
    alerts.claim(alert.pk, supervisor)
    case = cases.open_case([alert.pk], supervisor, "별")
    now = timezone.now()
    sent = Referral.objects.create(
        case=case,
        kind="police",
        made_by=supervisor,
        written_by=counsellor,
        made_at=now,
        changed_at=now,
        do_not_warn=True,
    )
    row = known(supervisor)
    found = rights.holding(row)
    assert found is not None
    assert found.may_not_be_warned
    assert holdings.reports(found) == []
    Referral.objects.filter(pk=sent.pk).update(
        **{"approved_by": supervisor, "approved_at": now, "sent_by": supervisor, "sent_at": now},
        **{"sent_how": "hand", "state": "sent", "do_not_warn": False},
    )
    assert not found.may_not_be_warned
    told = drafting.draft(row, found)
    assert f"- {timezone.localtime(now):%Y-%m-%d %H:%M} {sent.get_kind_display()}" in told


def test_an_explanation_says_that_a_second_model_read_it_and_what_came_of_that(
    supervisor: Account, alert: Alert
) -> None:
    row = known(supervisor, "explanation")
    assert "두 번째 모델" not in drafting.draft(row, rights.holding(row))
    opinions.add([opinion(about=alert.about, letters={"A": alert.about, "B": "friend"})])
    told = drafting.draft(row, rights.holding(row))
    for words in (
        "두 번째 모델(언어 모델 small-model, 질문 1-abc)도 읽었습니다",
        "추정은 90%",
        "위험도에 더한 것은 없습니다",
        "위험도를 낮추거나 경보를 닫거나 무엇을 보내지 못하며",
        "도는 곳: 지금은 꺼져 있음",
    ):
        assert words in told, words
    for words in ("친척", "용돈을 말하며", "만나자는 말이", "friend"):
        assert words not in told, "what it wrote tells what others said"
    assert "그림" not in told
    opinions.add([opinion(40, about=alert.about, added=0.06, pictures=2)])
    assert "그림 2장의 작은 사본도 보여 주었고" in drafting.draft(row, rights.holding(row))
    with translation.override("en"):
        english = drafting.draft(row, rights.holding(row))
    assert "A second model (language model small-model" in english
    assert "it added 6 points of a hundred to the risk" in english


def test_it_says_where_the_second_model_runs_and_on_what_basis(
    supervisor: Account, alert: Alert, settings: Any
) -> None:
    opinions.add([opinion(about=alert.about)])
    row = known(supervisor, "explanation")
    for url, own, words in (
        ("http://127.0.0.1:8080/v1", False, "도는 곳: 기관의 이 기계."),
        ("http://gpu.example/v1", True, "도는 곳: 기관의 다른 기계."),
        ("https://model.example/v1", False, "처리를 맡긴 근거: 2026년 계약."),
    ):
        settings.ANSIM = replace(
            settings.ANSIM, reviewer_url=url, reviewer_local=own, reviewer_basis="2026년 계약"
        )
        told = drafting.draft(row, rights.holding(row))
        assert words in told
        assert "열린 경보가 없으면 그 의견은 남기지 않으므로" in told
        assert "example" not in told
    settings.ANSIM = replace(settings.ANSIM, reviewer_url="")
    opinions.tell("worker", "ready", "small-model", {})
    assert "이 프로그램의 설정에는 없음" in drafting.draft(row, rights.holding(row))


def test_what_is_held_counts_the_opinions_that_speak_of_the_account_and_their_words(
    supervisor: Account, alert: Alert
) -> None:
    opinions.add([opinion(about=alert.about, letters={"A": alert.about, "B": "friend"})])
    row = known(supervisor)
    found = rights.holding(row)
    assert found is not None
    [room] = found.rooms
    assert (room.opinions, room.opinions_in_words) == (1, 1)
    assert "의견 1건, 그중 글이 남은 것 1건" in drafting.draft(row, found)
    source = alert.conversation.source
    assert holdings.of(source, "friend").rooms[0].opinions == 1, "it speaks of them as well"
    SecondOpinion.objects.update(letters={"A": alert.about})
    assert holdings.of(source, "friend").rooms[0].opinions == 0
    SecondOpinion.objects.update(letters={})
    retention.purge(timezone.now() + retention.FLAGGED)
    [room] = holdings.of(source, alert.about).rooms
    assert (room.opinions, room.opinions_in_words) == (1, 0), "its figures stay, its words went"


def test_who_is_not_suspected_is_told_too_that_a_second_model_read_the_conversation(
    supervisor: Account, alert: Alert
) -> None:
    opinions.add([opinion(about=alert.about, letters={"A": alert.about, "B": "friend"})])
    row = known(supervisor, "explanation")
    told = drafting.draft(row, holdings.of(alert.conversation.source, "friend"))
    assert "그 대화는 두 번째 모델도 읽었습니다" in told
