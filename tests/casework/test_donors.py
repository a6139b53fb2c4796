"""Who handed a conversation in opens with a code what was written to them, and may answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from ansim.casework import letterbox
from ansim.casework.actions import (
    accounts,
    alerts,
    donations,
    donor_notices,
    donors,
    holds,
    interventions,
    retention,
)
from ansim.casework.actions.reports import AlertReport
from ansim.casework.codes import ALPHABET
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    DonorLine,
    OutgoingMessage,
    Turn,
)
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(counsellor: Account) -> Alert:
    accounts.declare_donated()
    talk = (turn(1, author="youth"), risky(2))
    [pk] = alerts.raise_or_update([report(10, source="donated", turns=talk, raised=True)])
    return alerts.claim(pk, counsellor)


@pytest.fixture
def opened(alert: Alert, counsellor: Account) -> donors.Opened:
    return donors.open_line(alert.conversation, counsellor, given_by="participant", under_14=False)


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ANSIM", replace(settings.ANSIM, smtp_url="smtp://localhost"))


def write(alert: Alert, counsellor: Account, line: DonorLine, text: str) -> OutgoingMessage:
    return interventions.send(alert.pk, counsellor, text, donor=line.pk)


def said(found: donors.Letters | None) -> list[tuple[bool, str]]:
    assert found is not None
    return [(letter.mine, letter.text) for letter in found.letters]


def actions(prefix: str) -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(action__startswith=prefix).order_by("pk")
    return list(rows.values_list("action", "actor_label"))


def test_a_letter_waits_until_its_reader_opens_it_with_the_code(
    alert: Alert, counsellor: Account, opened: donors.Opened
) -> None:
    sent = write(alert, counsellor, opened.line, "괜찮아요?")
    assert sent.state == "laid"
    assert interventions.take_queued() == [], "it goes into no conversation"
    assert said(donors.look(opened.code.lower().replace("-", " "))) == [(False, "괜찮아요?")]
    sent.refresh_from_db()
    assert sent.state == "sent"
    assert sent.sent_at is not None
    donors.look(opened.code)
    assert actions("message.") == [
        ("message.queued", "counsellor"),
        ("message.read", "system:code-page"),
    ]
    details = AuditEvent.objects.get(action="message.queued").details
    assert details["private"] is True
    assert details["line"] == opened.line.pk


def test_an_answer_comes_into_the_same_conversation_for_the_agency_alone(
    alert: Alert, counsellor: Account, opened: donors.Opened
) -> None:
    write(alert, counsellor, opened.line, "괜찮아요?")
    donors.look(opened.code)
    known = uuid4()
    for _ in range(2):  # a second press
        assert donors.answer(opened.code, "네, 무서웠어요", known) is not None
    [row] = Turn.objects.filter(author=opened.line.pseudonym)
    assert (row.text, row.to_agency, row.by_agency, row.assessed) == (
        "네, 무서웠어요", True, False, False,
    )  # fmt: skip
    assert said(donors.look(opened.code)) == [(False, "괜찮아요?"), (True, "네, 무서웠어요")]
    [event] = AuditEvent.objects.filter(action="donor.answered")
    assert (event.subject_id, event.actor_label) == (str(alert.pk), "system:code-page")
    assert "무서" not in str(event.details)
    assert donors.unread([alert.conversation_id]) == {alert.conversation_id}
    donors.read(alert, Account.objects.create_user("other", password="x", role="counsellor"))
    assert donors.unread([alert.conversation_id]), "who does not hold it has not read it"
    donors.read(alert, counsellor)
    assert donors.unread([alert.conversation_id]) == set()


def test_one_code_opens_nobody_elses_letters(
    alert: Alert, counsellor: Account, opened: donors.Opened
) -> None:
    guardian = donors.open_line(alert.conversation, counsellor, given_by="guardian", under_14=False)
    write(alert, counsellor, opened.line, "본인에게")
    write(alert, counsellor, guardian.line, "보호자에게")
    donors.answer(guardian.code, "보호자의 답", uuid4())
    assert said(donors.look(opened.code)) == [(False, "본인에게")]
    assert said(donors.look(guardian.code)) == [(False, "보호자에게"), (True, "보호자의 답")]


@pytest.mark.parametrize("typed", ["", "AAAA", "가나다라", "AAAA-AAAA-AAAA-AAAA", "2" * 60])
def test_what_is_no_code_opens_nothing(opened: donors.Opened, typed: str) -> None:
    assert donors.look(typed) is None
    assert donors.answer(typed, "말", uuid4()) is None
    assert not donors.end(typed)


def test_codes_are_long_random_and_kept_only_as_keyed_hashes(opened: donors.Opened) -> None:
    codes = {letterbox.new_code() for _ in range(500)}
    assert len(codes) == 500
    assert {len(code.replace("-", "")) for code in codes} == {16}
    assert {letter for code in codes for letter in code} - {"-"} == set(ALPHABET)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            for row in cursor.fetchall():
                assert not any(opened.code in str(value) for value in row), table
    assert len(opened.line.code_hash) == 26


def test_a_new_code_takes_the_old_one_out_of_use_and_only_the_holder_makes_it(
    alert: Alert, counsellor: Account, opened: donors.Opened, supervisor: Account
) -> None:
    write(alert, counsellor, opened.line, "괜찮아요?")
    with pytest.raises(Refused) as refused:
        donors.renew_code(opened.line.pk, alert.pk, supervisor)
    assert refused.value.code == "not_holder"
    code = donors.renew_code(opened.line.pk, alert.pk, counsellor)
    assert donors.look(opened.code) is None
    assert said(donors.look(code)) == [(False, "괜찮아요?")]
    assert actions("donor.code") == [("donor.code_renewed", "counsellor")]


def test_who_wants_no_more_is_written_to_no_more(
    alert: Alert, counsellor: Account, mail: None
) -> None:
    opened = donors.open_line(
        alert.conversation, counsellor, given_by="participant", under_14=True, address="a@b.example"
    )
    waiting = write(alert, counsellor, opened.line, "괜찮아요?")
    assert donors.end(opened.code)
    waiting.refresh_from_db()
    assert waiting.state == "failed"
    line = DonorLine.objects.get()
    assert (line.address, line.notice_due_at, line.ended_by) == (None, None, "donor")
    found = donors.look(opened.code)
    assert found is not None
    assert found.ended
    assert found.letters == []
    with pytest.raises(Refused) as refused:
        write(alert, counsellor, line, "한 번 더")
    assert refused.value.code == "line_ended"
    with pytest.raises(Refused):
        donors.answer(opened.code, "말", uuid4())
    assert donors.lines(alert.conversation_id) == []


def test_after_closing_letters_can_be_read_and_not_answered(
    alert: Alert, counsellor: Account, opened: donors.Opened
) -> None:
    write(alert, counsellor, opened.line, "1388에서 이어서 도와요.")
    alerts.close(
        alert.pk, counsellor, "confirmed", "메모", done=["contact_made"], grounds="tactics"
    )
    found = donors.look(opened.code)
    assert said(found) == [(False, "1388에서 이어서 도와요.")]
    assert found is not None
    assert not found.may_answer
    with pytest.raises(Refused) as refused:
        donors.answer(opened.code, "고마워요", uuid4())
    assert refused.value.code == "closed"


@pytest.mark.parametrize(
    ("text", "code"), [("  ", "empty"), ("가" * 2001, "too_long"), ("가\x00", "unreadable")]
)
def test_what_cannot_be_an_answer_is_refused(opened: donors.Opened, text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        donors.answer(opened.code, text, uuid4())
    assert refused.value.code == code


def test_nobody_fills_the_database_with_one_code(
    opened: donors.Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(donors, "MOST_ANSWERS_A_DAY", 2)
    for number in range(2):
        donors.answer(opened.code, f"말 {number}", uuid4())
    with pytest.raises(Refused) as refused:
        donors.answer(opened.code, "말 3", uuid4())
    assert refused.value.code == "too_many"
    Turn.objects.update(kept_at=timezone.now() - timedelta(days=2))
    donors.answer(opened.code, "말 3", uuid4())


def test_a_line_of_another_conversation_is_not_written_to(
    alert: Alert, counsellor: Account, opened: donors.Opened
) -> None:
    [other] = alerts.raise_or_update(
        [report(10, source="donated", conversation="else", turns=(risky(3),), raised=True)]
    )
    alerts.claim(other, counsellor)
    for line in (opened.line.pk, 999):
        with pytest.raises(Refused) as refused:
            interventions.send(other, counsellor, "괜찮아요?", donor=line)
        assert refused.value.code == "no_such_person"
    with pytest.raises(Refused) as refused:
        interventions.send(other, counsellor, "괜찮아요?")
    assert refused.value.code == "no_way_back"


def test_where_the_page_is_nowhere_no_code_is_promised(
    alert: Alert, counsellor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ANSIM", replace(settings.ANSIM, demo=False))
    with pytest.raises(Refused) as refused:
        donors.open_line(alert.conversation, counsellor, given_by="guardian", under_14=False)
    assert refused.value.code == "no_page"


def test_words_address_and_line_go_when_their_time_is_over(
    alert: Alert, counsellor: Account, supervisor: Account, mail: None
) -> None:
    opened = donors.open_line(
        alert.conversation,
        counsellor,
        given_by="participant",
        under_14=False,
        address="a@b.example",
    )
    write(alert, counsellor, opened.line, "괜찮아요?")
    write(alert, counsellor, opened.line, "기다릴게요.")
    donors.answer(opened.code, "네", uuid4())
    hold = holds.place(alert.pk, supervisor, "수사 협조")
    year = timezone.now() + timedelta(days=366)
    assert retention.purge(year).contacts == 0
    holds.release(hold.pk, supervisor, "끝남")
    done = retention.purge(year)
    assert (done.contacts, done.messages, done.turns) == (1, 2, 3)
    line = DonorLine.objects.get()
    assert (line.address, line.ended_by) == (None, "retention")
    assert set(OutgoingMessage.objects.values_list("state", "text")) == {("failed", None)}
    assert not Turn.objects.filter(text__isnull=False).exists()
    assert retention.purge(year).contacts == 0


def test_a_false_alarm_ends_the_line_with_its_words(
    alert: Alert, counsellor: Account, opened: donors.Opened
) -> None:
    alerts.close(alert.pk, counsellor, "not_grooming", grounds="peers_n1")
    assert retention.purge(timezone.now() + timedelta(minutes=9)).contacts == 0
    assert retention.purge(timezone.now() + timedelta(minutes=11)).contacts == 1


# --- e-mail -------------------------------------------------------------------------------------


def test_a_notice_has_no_content_and_letters_close_together_are_one(
    alert: Alert, counsellor: Account, mail: None
) -> None:
    opened = donors.open_line(
        alert.conversation,
        counsellor,
        given_by="participant",
        under_14=False,
        address="a@b.example",
    )
    out: list[tuple[str, str, str]] = []

    def send(*mail: str) -> None:
        out.append((mail[0], mail[1], mail[2]))

    assert donor_notices.deliver(send) == 0
    write(alert, counsellor, opened.line, "비밀스러운 말")
    write(alert, counsellor, opened.line, "하나 더")
    assert donor_notices.deliver(send) == 1
    assert donor_notices.deliver(send) == 0
    [(subject, body, address)] = out
    assert address == "a@b.example"
    assert "비밀스러운" not in subject + body
    assert opened.code not in body
    assert letterbox.address() in body
    assert "1388" in body
    write(alert, counsellor, opened.line, "또 하나")
    assert donor_notices.deliver(send) == 0, "half an hour has not gone by"
    DonorLine.objects.update(notice_due_at=timezone.now())
    assert donor_notices.deliver(send) == 1
    assert actions("donor.notice") == [("donor.notice_sent", "system:watch")] * 2


def test_a_mail_server_that_is_away_is_tried_three_times_and_told(
    alert: Alert, counsellor: Account, mail: None
) -> None:
    opened = donors.open_line(
        alert.conversation,
        counsellor,
        given_by="participant",
        under_14=False,
        address="a@b.example",
    )
    write(alert, counsellor, opened.line, "괜찮아요?")

    def away(*_: str) -> None:
        raise ConnectionRefusedError("nobody there: a@b.example")

    for _ in range(4):
        assert donor_notices.deliver(away) == 0
        DonorLine.objects.filter(notice_due_at__isnull=False).update(notice_due_at=timezone.now())
    line = DonorLine.objects.get()
    assert (line.notice_tries, line.notice_due_at, line.notice_error) == (
        3, None, "ConnectionRefusedError",
    )  # fmt: skip
    [event] = AuditEvent.objects.filter(action="donor.notice_failed")
    assert "a@b.example" not in event.reason


@pytest.mark.parametrize("address", ["", "no address", "a@b\nBcc: c@d.example"])
def test_an_address_that_is_none_is_refused(mail: None, address: str) -> None:
    with pytest.raises(Refused) as refused:
        donors.check_address(address)
    assert refused.value.code == "bad_address"


def test_without_a_mail_server_no_address_is_taken(db: None) -> None:
    with pytest.raises(Refused) as refused:
        donors.check_address("a@b.example")
    assert refused.value.code == "no_mail_server"


# --- without an account ---------------------------------------------------------------------------


@pytest.mark.parametrize("given_by", ["participant", "guardian", "teacher"])
def test_who_hands_over_by_themselves_gets_a_code_and_no_account_is_named(
    db: None, given_by: str
) -> None:
    received = donations.receive(None, donation(given_by, student=True), found(), risk=0.9)
    assert Alert.objects.get().pk in received.alerts
    assert donors.look(received.code) is not None
    line = DonorLine.objects.get()
    assert (line.given_by, line.opened_by) == (given_by, None)
    assert actions("donation.") == [("donation.received", "system:hand-over")]
    assert actions("donor.") == [("donor.line_opened", "system:hand-over")]


def test_a_teacher_gives_nothing_without_the_student(db: None) -> None:
    with pytest.raises(Refused) as refused:
        donations.receive(None, donation("teacher"), found(), risk=0.9)
    assert refused.value.code == "student_missing"
    with pytest.raises(Refused) as refused:
        donations.receive(None, donation("teacher", student=True, under_14=True), found(), risk=0.9)
    assert refused.value.code == "guardian_missing"
    assert Alert.objects.count() == DonorLine.objects.count() == 0


def test_without_an_alert_no_way_back_is_opened(db: None) -> None:
    received = donations.receive(None, donation("participant"), [], risk=0.1)
    assert (received.alerts, received.code) == ([], "")
    assert DonorLine.objects.count() == 0


def test_an_account_still_needs_the_right_to_take_files_in(db: None) -> None:
    nobody = Account.objects.create_user("looker", password="x", role="researcher")
    with pytest.raises(Refused) as refused:
        donations.receive(nobody, donation("participant"), found(), risk=0.9)
    assert refused.value.code == "not_allowed"
    assert Alert.objects.count() == 0


def donation(given_by: str, *, student: bool = False, under_14: bool = False) -> donations.Donation:
    return donations.Donation(
        given_by=given_by,
        under_14=under_14,
        guardian=False,
        student=student,
        how="page without log-in",
        form="screenshots",
        messages=2,
        reach=True,
    )


def found() -> list[AlertReport]:
    talk = (turn(1, author="youth"), risky(2))
    return [report(10, source="donated", turns=talk, raised=True)]
