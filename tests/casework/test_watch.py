"""Timers that run out, claims left behind, an empty shift; and calls that reach somebody."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone

from ansim.casework.actions import (
    alerts,
    calling,
    channels,
    notices,
    reading,
    shifts,
    triage,
    watch,
)
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, AuditEvent, Channel, Notice, SourceRecord
from ansim.detection import Priority
from tests.casework.test_triage import raised, refusal
from tests.ports import free_port

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_an_alert_that_nobody_takes_in_time_goes_to_a_supervisor_once(
    source: SourceRecord, counsellor: Account
) -> None:
    urgent = raised("r1", priority=Priority.P1)
    calm = raised("r2", about="two", priority=Priority.P4)
    now = timezone.now()
    assert watch.keep(now + MINUTE).overdue == ()
    assert watch.keep(now + 3 * MINUTE).overdue == (urgent.pk,)
    assert watch.keep(now + 4 * MINUTE).overdue == ()
    assert Notice.objects.filter(kind=Notice.Kind.OVERDUE).count() == 1
    assert Alert.objects.get(pk=calm.pk).due_at is None
    alerts.claim(urgent.pk, counsellor)
    assert Alert.objects.get(pk=urgent.pk).escalated_at is None


def test_what_somebody_took_in_time_is_not_escalated(
    source: SourceRecord, counsellor: Account
) -> None:
    shifts.note_activity(counsellor)
    alerts.claim(raised(priority=Priority.P1).pk, counsellor)
    assert watch.keep(timezone.now() + 5 * MINUTE) == watch.Round()


def test_a_claim_left_behind_returns_by_itself_and_its_timer_begins_anew(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = raised(priority=Priority.P1)
    alerts.claim(alert.pk, counsellor)
    later = timezone.now() + 11 * MINUTE
    Account.objects.filter(pk=counsellor.pk).update(last_active_at=later - 2 * MINUTE)
    assert watch.keep(later).returned == ()
    Account.objects.filter(pk=counsellor.pk).update(last_active_at=later - 11 * MINUTE)
    assert watch.keep(later).returned == (alert.pk,)
    alert.refresh_from_db()
    assert alert.claimed_by is None
    assert alert.due_at == later + 2 * MINUTE
    assert "alert.returned" in actions()


def test_on_hold_a_holder_may_be_away(source: SourceRecord, counsellor: Account) -> None:
    alert = raised(priority=Priority.P1)
    alerts.claim(alert.pk, counsellor)
    triage.hold(alert.pk, counsellor, 30, "답을 기다림")
    assert watch.keep(timezone.now() + 20 * MINUTE).returned == ()
    assert watch.keep(timezone.now() + 31 * MINUTE).returned == (alert.pk,)


def test_somebody_switched_off_holds_nothing(source: SourceRecord, counsellor: Account) -> None:
    alert = raised()
    alerts.claim(alert.pk, counsellor)
    shifts.note_activity(counsellor)
    Account.objects.filter(pk=counsellor.pk).update(is_active=False)
    assert watch.keep(timezone.now()).returned == (alert.pk,)


def test_an_empty_shift_raises_an_alarm_every_ten_minutes(
    source: SourceRecord, counsellor: Account
) -> None:
    now = timezone.now()
    assert not watch.keep(now).unattended
    raised(priority=Priority.P2)
    shifts.note_activity(counsellor)
    assert not watch.keep(timezone.now()).unattended
    Account.objects.update(last_active_at=now - timedelta(hours=1))
    for minutes in (0, 1, 9):
        assert watch.keep(now + minutes * MINUTE).unattended
    assert actions().count("shift.unattended") == 1
    watch.keep(now + 11 * MINUTE)
    assert actions().count("shift.unattended") == 2


def test_an_alert_that_may_wait_raises_the_alarm_of_an_empty_shift_when_its_time_is_over(
    source: SourceRecord,
) -> None:
    alert = raised(priority=Priority.P3)
    raised("another", about="somebody", priority=Priority.P4)  # looked through once a day
    now = timezone.now()
    assert not watch.keep(now).unattended
    assert alert.due_at is not None
    assert watch.keep(alert.due_at + MINUTE).unattended


class Hooks:
    """A web address of ours that takes calls, or fails as told."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, Any], bytes, str]] = []
        self.status = 200
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hooks.heard.append((json.loads(body), body, self.headers["X-Ansim-Signature"]))
                self.send_response(hooks.status)
                if hooks.status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    monkeypatch.setattr(calling, "SECONDS", 120.0)
    made = Hooks()
    yield made
    made.server.shutdown()
    made.server.server_close()


def nobody_listens() -> str:
    return f"http://127.0.0.1:{free_port()}/"


def test_a_dead_channel_is_noticed_and_the_next_one_used(
    source: SourceRecord, supervisor: Account, hooks: Hooks
) -> None:
    dead = channels.add("webhook", "메신저", nobody_listens(), supervisor)
    channels.add("webhook", "호출", hooks.address, supervisor)
    alert = raised(priority=Priority.P1)
    watch.keep(timezone.now() + 3 * MINUTE)
    assert notices.deliver() == 2  # overdue, and nobody on shift
    said, body, signature = hooks.heard[0]
    assert (said["alerts"], said["priority"], said["kind"]) == ([alert.pk], "P1", "overdue")
    key = bytes.fromhex(calling.signature_key(Channel.objects.get(name="호출")))
    assert signature == "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    assert "stranger" not in body.decode()
    dead.refresh_from_db()
    assert dead.failing_since is not None
    assert actions().count("channel.failed") == 1
    assert actions().count("notice.delivered") == 2
    assert notices.deliver() == 0


def test_whoever_is_called_at_night_is_called_once(
    source: SourceRecord, supervisor: Account, hooks: Hooks
) -> None:
    channels.add("webhook", "호출", hooks.address, supervisor)
    shifts.note_activity(supervisor)
    for number in range(5):
        raised(f"r{number}", about=f"a{number}", priority=Priority.P2)
    urgent = raised("r9", about="a9", priority=Priority.P1)
    raised("r8", about="a8", priority=Priority.P3)
    watch.keep(timezone.now() + timedelta(hours=5))
    Notice.objects.exclude(kind=Notice.Kind.OVERDUE).delete()
    assert notices.deliver() == 6
    [(said, _, _)] = hooks.heard
    assert len(said["alerts"]) == 6  # the P3 is on the supervisors' queue alone
    assert said["text"].endswith(f"경보 {urgent.pk} (P1) 외 5건")
    assert actions().count("notice.delivered") == 1


def test_a_channel_that_works_again_is_first_again(
    source: SourceRecord, supervisor: Account, hooks: Hooks
) -> None:
    hooks.status = 500
    first = channels.add("webhook", "호출", hooks.address, supervisor)
    assert refusal(lambda: channels.try_now(first.pk, supervisor)) == "call_failed"
    hooks.status = 302
    with pytest.raises(Refused, match="302"):
        channels.try_now(first.pk, supervisor)
    hooks.status = 204
    channels.try_now(first.pk, supervisor)
    first.refresh_from_db()
    assert (first.failing_since, first.last_error) == (None, "")
    assert actions()[-1] == "channel.recovered"


def test_a_notice_that_reaches_nobody_is_on_record_and_tried_again(
    source: SourceRecord, supervisor: Account, hooks: Hooks
) -> None:
    triage.escalate(raised().pk, supervisor, "봐 주세요")
    assert notices.deliver() == 0
    assert actions()[-1] == "notice.undelivered"
    assert notices.undelivered() == 1
    channels.add("webhook", "호출", hooks.address, supervisor)
    Notice.objects.update(next_try_at=timezone.now())
    assert notices.deliver() == 1
    assert notices.undelivered() == 0


def test_what_is_settled_or_stale_calls_nobody_any_more(
    source: SourceRecord, supervisor: Account, hooks: Hooks
) -> None:
    channels.add("webhook", "호출", hooks.address, supervisor)
    alert = raised(priority=Priority.P1)
    shifts.note_activity(supervisor)
    watch.keep(timezone.now() + 3 * MINUTE)
    alerts.claim(alert.pk, supervisor)
    old = notices.call(Notice.Kind.UNATTENDED, None)
    Notice.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert notices.deliver() == 0
    assert hooks.heard == []
    assert not Notice.objects.filter(ended_at=None).exists()


def test_email_needs_a_mail_server_and_names_nobody(
    source: SourceRecord, supervisor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = lambda: channels.add("email", "당직", "duty@example.org", supervisor)  # noqa: E731
    assert refusal(asked) == "no_mail_server"
    monkeypatch.setattr(settings, "ANSIM", replace(settings.ANSIM, smtp_url="smtp://localhost"))
    asked()
    alert = raised()
    triage.escalate(alert.pk, supervisor, "사정을 적은 글")
    assert notices.deliver() == 1
    [letter] = mail.outbox
    assert str(alert.pk) in letter.subject
    assert "사정" not in letter.subject + letter.body
    assert letter.to == ["duty@example.org"]


@pytest.mark.parametrize(
    "address", ["http://example.org/", "ftp://x/", "https://", "https://a:b@x/", "http://[", "x"]
)
def test_a_webhook_goes_over_https_or_to_this_machine(address: str, supervisor: Account) -> None:
    assert refusal(lambda: channels.add("webhook", "밖", address, supervisor)) == "bad_address"


def test_addresses_of_channels_lie_nowhere_in_clear(supervisor: Account) -> None:
    from django.db import connection

    row = channels.add("webhook", "밖", "https://hooks.example.org/secret-token", supervisor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM casework_channel WHERE id = %s", [row.pk])
        stored = bytes(cursor.fetchone()[0])
    assert b"secret-token" not in stored
    assert "secret-token" not in str([event.details for event in AuditEvent.objects.all()])


def test_only_supervisors_change_channels(counsellor: Account, supervisor: Account) -> None:
    assert refusal(lambda: channels.add("webhook", "밖", "https://x.org/", counsellor)) == (
        "not_allowed"
    )
    one = channels.add("webhook", "하나", "https://one.example.org/", supervisor)
    two = channels.add("webhook", "둘", "https://two.example.org/", supervisor)
    channels.put_first(two.pk, supervisor)
    assert [row.pk for row in Channel.objects.all()] == [two.pk, one.pk]
    channels.switch(two.pk, False, supervisor)
    assert list(Channel.objects.filter(active=True)) == [one]


def test_messages_that_nobody_reads_raise_an_alarm_every_ten_minutes(db: None) -> None:
    now = timezone.now()
    assert reading.standing(now) is None, "no gateway ever ran"
    reading.tell(5, (now - timedelta(seconds=30)).timestamp(), now)
    assert reading.standing(now) is None
    assert not watch.keep(now).unread
    reading.tell(7, (now - timedelta(seconds=61)).timestamp(), now)
    found = reading.standing(now)
    assert found is not None
    assert (found.kind, found.unread) == ("unread", 7)
    for _round in range(3):
        assert watch.keep(now).unread
    assert actions().count("stream.unread") == 1
    assert Notice.objects.get().kind == Notice.Kind.UNREAD
    reading.tell(0, None, now)
    assert reading.standing(now) is None


def test_a_gateway_that_falls_silent_raises_the_alarm_and_one_that_was_stopped_does_not(
    db: None,
) -> None:
    now = timezone.now()
    reading.tell(0, None, now)
    found = reading.standing(now + timedelta(seconds=61))
    assert found is not None
    assert found.kind == "silent"
    assert watch.keep(now + timedelta(seconds=61)).unread
    reading.stopped(now)
    found = reading.standing(now + timedelta(hours=8))
    assert found is not None
    assert found.kind == "stopped"
    assert not watch.keep(now + timedelta(hours=8)).unread
