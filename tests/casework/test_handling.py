"""What people do with alerts: each act needs its conditions and leaves an audit row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from ansim.casework.actions import alerts, interventions, stream_commands, templates
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    MessageTemplate,
    OutgoingMessage,
    SourceRecord,
    StreamCommand,
)
from ansim.casework.models.record import AppendOnly
from ansim.casework.roles import Role
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db
People = Callable[..., Account]


@pytest.fixture
def alert(source: SourceRecord) -> Alert:
    [pk] = alerts.raise_or_update([report(10, turns=(turn(1), risky(2)), raised=True)])
    return Alert.objects.get(pk=pk)


def last_action() -> str:
    event = AuditEvent.objects.first()
    assert event is not None
    return event.action


def test_only_one_person_holds_an_alert(
    alert: Alert, counsellor: Account, supervisor: Account
) -> None:
    assert alerts.claim(alert.pk, counsellor).claimed_by == counsellor
    assert last_action() == "alert.claimed"
    rows = AuditEvent.objects.count()
    alerts.claim(alert.pk, counsellor)
    assert AuditEvent.objects.count() == rows
    with pytest.raises(Refused, match="다른 상담원"):
        alerts.claim(alert.pk, supervisor)


def test_only_the_holder_or_a_supervisor_with_a_reason_releases(
    alert: Alert, counsellor: Account, supervisor: Account, person: People
) -> None:
    alerts.claim(alert.pk, counsellor)
    with pytest.raises(Refused):
        alerts.release(alert.pk, person(name="colleague"), "교대")
    with pytest.raises(Refused) as missing:
        alerts.release(alert.pk, supervisor)
    assert missing.value.code == "reason_missing"
    assert alerts.release(alert.pk, supervisor, "교대").claimed_by is None
    event = AuditEvent.objects.get(action="alert.released")
    assert (event.actor, event.reason) == (supervisor, "교대")


@pytest.mark.parametrize("role", [Role.LIAISON, Role.ADMINISTRATOR, Role.RESEARCHER, Role.AUDITOR])
def test_other_roles_may_do_nothing_with_alerts(alert: Alert, person: People, role: Role) -> None:
    somebody = person(role)
    for act in (
        lambda: alerts.claim(alert.pk, somebody),
        lambda: alerts.reveal(alert.pk, somebody, "왜"),
        lambda: alerts.close(
            alert.pk, somebody, "confirmed", done=["contact_made"], grounds="tactics"
        ),
        lambda: interventions.send(alert.pk, somebody, "안녕"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "not_allowed"


def test_reading_the_words_needs_a_reason_and_is_recorded(
    alert: Alert, counsellor: Account, person: People
) -> None:
    with pytest.raises(Refused):
        alerts.reveal(alert.pk, counsellor, "  ")
    alerts.reveal(alert.pk, counsellor, "경보 확인")
    event = AuditEvent.objects.get(action="alert.text_revealed")
    assert (event.actor, event.reason) == (counsellor, "경보 확인")
    alerts.claim(alert.pk, counsellor)
    with pytest.raises(Refused):
        alerts.reveal(alert.pk, person(name="colleague"), "궁금해서")


@pytest.mark.parametrize(
    ("outcome", "done", "code"),
    [
        ("", ["contact_made"], "outcome_missing"),
        ("whatever", ["contact_made"], "outcome_missing"),
        ("confirmed", [], "done_missing"),
        ("confirmed", ["nonsense"], "done_missing"),
        ("confirmed", ["contact_made", "no_contact"], "done_contradicts"),
    ],
)
def test_closing_says_what_is_missing(
    alert: Alert, counsellor: Account, outcome: str, done: list[str], code: str
) -> None:
    alerts.claim(alert.pk, counsellor)
    with pytest.raises(Refused) as refused:
        alerts.close(alert.pk, counsellor, outcome, done=done)
    assert refused.value.code == code
    assert StreamCommand.objects.count() == 0


def test_closing_needs_the_holder(alert: Alert, counsellor: Account) -> None:
    with pytest.raises(Refused) as refused:
        alerts.close(alert.pk, counsellor, "confirmed", done=["contact_made"], grounds="tactics")
    assert refused.value.code == "not_holder"


def test_closing_tells_the_stream_in_the_same_transaction(
    alert: Alert, counsellor: Account
) -> None:
    alerts.claim(alert.pk, counsellor)
    alerts.close(
        alert.pk, counsellor, "confirmed", "112에 알림", done=["handed_off_112"], grounds="tactics"
    )
    [command] = stream_commands.pending(10)
    assert command.kind == "alert_closed"
    assert command.payload == {
        "source": "demo",
        "conversation": "room",
        "about": "stranger",
        "episode": 1,
    }
    stream_commands.done(command.id)
    stream_commands.done(command.id)
    assert stream_commands.pending(10) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT outcome_note FROM casework_alert")
        assert "112에".encode() not in bytes(cursor.fetchone()[0])
    with pytest.raises(Refused):
        alerts.claim(alert.pk, counsellor)


def test_a_dismissal_can_be_taken_back_for_ten_minutes(alert: Alert, counsellor: Account) -> None:
    alerts.claim(alert.pk, counsellor)
    alerts.close(alert.pk, counsellor, "not_grooming", grounds="peers_n1")
    [again] = alerts.reopen(alert.pk, counsellor, "잘못 누름")
    assert again.state == "open"
    alerts.close(alert.pk, counsellor, "not_grooming", grounds="peers_n1")
    Alert.objects.update(closed_at=timezone.now() - timedelta(minutes=11))
    with pytest.raises(Refused) as refused:
        alerts.reopen(alert.pk, counsellor, "늦음")
    assert refused.value.code == "too_late"


def test_taking_a_dismissal_back_tells_the_stream_as_well(
    alert: Alert, counsellor: Account
) -> None:
    alerts.claim(alert.pk, counsellor)
    alerts.close(alert.pk, counsellor, "not_grooming", grounds="peers_n1")
    alerts.reopen(alert.pk, counsellor, "잘못 누름")
    closed, reopened = stream_commands.pending(10)
    assert (closed.kind, reopened.kind) == ("alert_closed", "alert_reopened")
    assert reopened.payload == closed.payload


@pytest.mark.parametrize("outcome", ["not_grooming", "confirmed"])
def test_words_that_waited_are_not_sent_after_a_closing(
    alert: Alert, counsellor: Account, outcome: str
) -> None:
    alerts.claim(alert.pk, counsellor)
    message = interventions.send(alert.pk, counsellor, "괜찮아요?")
    grounds = {"not_grooming": "peers_n1", "confirmed": "tactics"}[outcome]
    alerts.close(alert.pk, counsellor, outcome, done=["no_contact"], grounds=grounds)
    assert interventions.take_queued() == []
    message.refresh_from_db()
    assert message.state == "failed"
    assert "closed before sending" in message.detail
    event = AuditEvent.objects.get(action="message.failed")
    assert event.actor == counsellor
    assert event.details["message"] == str(message.pk)
    if outcome == "not_grooming":
        alerts.reopen(alert.pk, counsellor, "잘못 누름")
        assert interventions.take_queued() == []


def test_words_put_back_into_the_queue_after_a_closing_are_not_sent(
    alert: Alert, counsellor: Account
) -> None:
    alerts.claim(alert.pk, counsellor)
    interventions.send(alert.pk, counsellor, "괜찮아요?")
    [taken] = interventions.take_queued()
    alerts.close(alert.pk, counsellor, "confirmed", done=["no_contact"], grounds="tactics")
    assert [left.id for left in interventions.left_sending()] == [taken.id]
    assert interventions.record_delivery(taken.id, "queued", "대화방이 답하지 않음")
    assert interventions.take_queued() == []
    message = OutgoingMessage.objects.get()
    assert (message.state, "closed before sending" in message.detail) == ("failed", True)


def test_words_go_out_only_from_the_holder(alert: Alert, counsellor: Account) -> None:
    with pytest.raises(Refused) as refused:
        interventions.send(alert.pk, counsellor, "안녕하세요")
    assert refused.value.code == "not_holder"


@pytest.mark.parametrize(
    ("text", "code"),
    [(" \n", "empty"), ("가" * 2001, "too_long"), ("a\0b", "unreadable"), ("\ud800", "unreadable")],
)
def test_unfit_words_are_refused(alert: Alert, counsellor: Account, text: str, code: str) -> None:
    alerts.claim(alert.pk, counsellor)
    with pytest.raises(Refused) as refused:
        interventions.send(alert.pk, counsellor, text)
    assert refused.value.code == code


def test_an_unapproved_template_cannot_be_sent(
    alert: Alert, counsellor: Account, supervisor: Account
) -> None:
    alerts.claim(alert.pk, counsellor)
    template = MessageTemplate.objects.get(slug="first-words", language="ko")
    with pytest.raises(Refused) as refused:
        interventions.send(alert.pk, counsellor, template.text, template)
    assert refused.value.code == "not_approved"
    with pytest.raises(Refused):
        templates.approve(template.pk, counsellor, template.version)
    template = templates.approve(template.pk, supervisor, template.version)
    interventions.send(alert.pk, counsellor, template.text, template)
    changed = templates.write("first-words", "ko", "새 제목", "{agency}입니다. 112", supervisor)
    assert not changed.approved
    assert changed.version == 2


def test_nobody_can_be_written_to_through_a_donated_file(alert: Alert, counsellor: Account) -> None:
    alerts.claim(alert.pk, counsellor)
    SourceRecord.objects.update(kind="donated", connector="kakaotalk")
    with pytest.raises(Refused) as refused:
        interventions.send(alert.pk, counsellor, "안녕")
    assert refused.value.code == "no_way_back"


def test_a_message_is_handed_to_the_courier_once_and_accounted_for(
    alert: Alert, counsellor: Account
) -> None:
    alerts.claim(alert.pk, counsellor)
    message = interventions.send(alert.pk, counsellor, " 괜찮아요?\r\n여기 있어요 ")
    [taken] = interventions.take_queued(5)
    assert (taken.id, taken.source, taken.conversation) == (str(message.pk), "demo", "room")
    assert taken.text.split("\n\n")[0] == "괜찮아요?\n여기 있어요"
    assert interventions.take_queued(5) == []
    assert [left.id for left in interventions.left_sending()] == [taken.id]
    assert interventions.record_delivery(taken.id, "sent")
    assert not interventions.record_delivery(taken.id, "sent")
    assert not interventions.record_delivery(taken.id, "failed", "late news")
    message.refresh_from_db()
    assert (message.state, message.sent_at is not None, message.attempts) == ("sent", True, 1)
    assert interventions.left_sending() == []
    with pytest.raises(ValueError, match="lost"):
        interventions.record_delivery(taken.id, "lost")
    with pytest.raises(OutgoingMessage.DoesNotExist):
        interventions.record_delivery("00000000-0000-0000-0000-000000000000", "sent")


def test_no_act_happens_without_its_audit_row(
    alert: Alert, counsellor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansim.casework.actions import audit

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(RuntimeError):
        alerts.claim(alert.pk, counsellor)
    alert.refresh_from_db()
    assert alert.claimed_by is None


def test_audit_rows_can_be_neither_changed_nor_deleted(alert: Alert) -> None:
    event = AuditEvent.objects.get(action="alert.raised")
    for act in (
        event.delete,
        event.save,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(reason="x"),
    ):
        with pytest.raises(AppendOnly):
            act()
    for statement in (
        "UPDATE casework_auditevent SET reason = 'x'",
        "DELETE FROM casework_auditevent",
    ):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert AuditEvent.objects.get(action="alert.raised").reason == ""


def test_a_reason_cannot_break_a_log_line(alert: Alert, counsellor: Account) -> None:
    alerts.reveal(alert.pk, counsellor, "확인\n2026-01-01 alert.closed \x1b[2J\u202e")
    reason = AuditEvent.objects.get(action="alert.text_revealed").reason
    assert reason == "확인 2026-01-01 alert.closed [2J"
