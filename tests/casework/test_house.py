"""Sources, demo accounts, first messages and retention."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from ansim.casework.actions import (
    accounts,
    alerts,
    audit,
    gaps,
    interventions,
    retention,
    sources,
)
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    MessageTemplate,
    OutgoingMessage,
    SourceRecord,
    Turn,
)
from ansim.casework.roles import Role
from ansim.chat import Consent, SourceKind
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "basis", "consent", "word"),
    [
        ("", "동의", None, "declares no kind"),
        ("private_chat", "동의", None, "declares no kind"),
        (SourceKind.PUBLIC_ROOM, " ", None, "legal basis"),
        (SourceKind.DONATED, "동의", None, "consent"),
        (SourceKind.VISIBLE_BOT, "동의", None, "consent"),
    ],
)
def test_a_source_without_basis_is_refused(
    administrator: Account, kind: str, basis: str, consent: Consent | None, word: str
) -> None:
    with pytest.raises(Refused, match=word):
        sources.declare("s", "이름", kind, basis, actor=administrator, consent=consent)
    assert SourceRecord.objects.count() == 0


def test_a_key_is_shown_once_and_kept_as_a_hash(administrator: Account) -> None:
    record, key = sources.declare("s", "이름", SourceKind.PUBLIC_ROOM, "공개", actor=administrator)
    [(value, stored)] = sources.active_sources()
    assert value.refusal() is None
    assert stored == sources.key_hash(key) != key
    renewed = sources.rotate_key("s", administrator)
    assert sources.active_sources()[0][1] == sources.key_hash(renewed) != stored
    sources.switch("s", administrator, active=False, reason="점검")
    refusal = sources.active_sources()[0][0].refusal()
    assert refusal is not None
    assert "switched off" in refusal
    record.refresh_from_db()
    assert not record.active


def test_a_source_cannot_be_changed_into_an_unlawful_one(administrator: Account) -> None:
    sources.declare("s", "이름", SourceKind.PUBLIC_ROOM, "공개", actor=administrator)
    with pytest.raises(Refused):
        sources.change("s", administrator, kind="donated")
    assert SourceRecord.objects.get().kind == "public_room"


def test_only_administrators_declare_sources(counsellor: Account) -> None:
    with pytest.raises(Refused):
        sources.declare("s", "이름", SourceKind.PUBLIC_ROOM, "공개", actor=counsellor)


def test_repeated_refusals_write_one_row_a_minute(db: None) -> None:
    assert sources.refuse_intake("s", "switched off")
    assert not sources.refuse_intake("s", "switched off")
    assert sources.refuse_intake("s", "no legal basis")
    assert sources.refuse_intake(None, "unknown key")
    assert AuditEvent.objects.filter(action="intake.refused").count() == 3


def test_demo_accounts_get_new_passwords_at_every_start(db: None) -> None:
    first = accounts.create_demo()
    second = accounts.create_demo()
    assert [row[2] for row in first] == ["counsellor", "supervisor", "administrator"]
    assert Account.objects.count() == 3
    for (name, old, _role), (_name, new, _) in zip(first, second, strict=True):
        account = Account.objects.get(username=name)
        assert account.check_password(new)
        assert not account.check_password(old)
    assert {value.id for value, _ in sources.active_sources()} == {"demo", "donated"}
    assert all(value.refusal() is None for value, _ in sources.active_sources())
    assert all(template.approved for template in MessageTemplate.objects.all())


def test_a_demo_start_leaves_accounts_of_people_alone(db: None) -> None:
    person = Account.objects.create_user(
        "counsellor", password="mine", role=Role.AUDITOR, is_active=False
    )
    for _ in range(2):
        log_ins = {name: password for name, password, _role in accounts.create_demo()}
        assert list(log_ins) == ["counsellor-demo", "supervisor", "administrator"]
        demo = Account.objects.get(username="counsellor-demo")
        assert demo.check_password(log_ins["counsellor-demo"])
    before = (person.password, person.role, person.is_active, person.is_demo)
    person.refresh_from_db()
    assert (person.password, person.role, person.is_active, person.is_demo) == before
    assert Account.objects.count() == 4


def test_what_an_administrator_did_to_a_demo_account_stays(db: None) -> None:
    accounts.create_demo()
    Account.objects.filter(username="counsellor").update(is_active=False)
    Account.objects.filter(username="supervisor").update(role=Role.COUNSELLOR)
    again = accounts.create_demo()
    assert [(name, role) for name, _, role in again] == [
        ("supervisor", "counsellor"),
        ("administrator", "administrator"),
    ]
    assert not Account.objects.get(username="counsellor").is_active


def test_there_are_no_demo_accounts_in_service(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django_settings, "ANSIM", replace(django_settings.ANSIM, demo=False))
    with pytest.raises(Refused):
        accounts.create_demo()
    assert Account.objects.count() == 0


def test_nobody_changes_their_own_role(administrator: Account, counsellor: Account) -> None:
    with pytest.raises(Refused):
        accounts.change(administrator.pk, administrator, role="supervisor")
    accounts.change(counsellor.pk, administrator, role="supervisor", active=False)
    assert AuditEvent.objects.get(action="account.changed").details == {
        "role": ["counsellor", "supervisor"],
        "active": False,
    }


def test_every_first_message_names_agency_and_helplines_and_blames_nobody(db: None) -> None:
    rows = list(MessageTemplate.objects.all())
    assert len(rows) == 12
    assert {row.slug for row in rows if row.language == "ko"} == {
        row.slug for row in rows if row.language == "en"
    }
    for row in rows:
        assert not row.approved
        assert "{agency}" in row.body
        assert "{" not in row.text
        for number in ("112", "1388", "1366"):
            assert number in row.body
        assert len(row.text) < interventions.MAX_LENGTH
        assert "http" not in row.body
        kind = ("잘못", "답하지 않아도", "다른 사람도") if row.language == "ko" else (
            "nothing wrong", "do not have to answer", "Other people"
        )  # fmt: skip
        assert all(words in row.body for words in kind)


def raised(conversation: str = "room") -> Alert:
    [pk] = alerts.raise_or_update(
        [report(10, conversation=conversation, turns=(turn(1), risky(2)), raised=True)]
    )
    return Alert.objects.get(pk=pk)


def texts(alert: Alert) -> list[str | None]:
    return [row.text for row in Turn.objects.filter(conversation=alert.conversation_id)]


def after(**delta: float) -> datetime:
    return timezone.now() + timedelta(**delta)


def test_a_dismissed_alert_loses_its_text_after_ten_minutes(
    source: SourceRecord, counsellor: Account
) -> None:
    alert, other = raised(), raised("other")
    alerts.claim(alert.pk, counsellor)
    alerts.close(alert.pk, counsellor, "not_grooming", "잡담", grounds="peers_n1")
    assert retention.purge(after(minutes=9)).turns == 0
    done = retention.purge(after(minutes=11))
    assert (done.turns, done.alerts) == (2, 1)
    alert.refresh_from_db()
    assert texts(alert) == [None, None]
    assert alert.outcome_note is None
    assert [row.spans for row in Turn.objects.filter(conversation=alert.conversation)] == [[], []]
    assert Turn.objects.filter(conversation=alert.conversation, tactics__T05=0.9).exists()
    assert None not in texts(other)
    assert retention.purge(after(minutes=12)).alerts == 0
    assert AuditEvent.objects.filter(action="alert.text_purged").count() == 1


def test_text_stays_while_another_alert_needs_it(source: SourceRecord, counsellor: Account) -> None:
    alert = raised()
    alerts.raise_or_update([report(11, about="other", turns=(risky(3, author="other"),))])
    alerts.claim(alert.pk, counsellor)
    alerts.close(alert.pk, counsellor, "not_grooming", grounds="peers_n1")
    assert retention.purge(after(hours=1)).turns == 0
    second = Alert.objects.get(about="other")
    alerts.claim(second.pk, counsellor)
    alerts.close(second.pk, counsellor, "not_grooming", grounds="peers_n1")
    assert retention.purge(after(hours=1)).turns == 3


def test_flagged_text_goes_after_twelve_months(source: SourceRecord, counsellor: Account) -> None:
    alert = raised()
    alerts.claim(alert.pk, counsellor)
    interventions.send(alert.pk, counsellor, "안녕하세요")
    alerts.close(
        alert.pk, counsellor, "confirmed", "메모", done=["contact_made"], grounds="tactics"
    )
    assert retention.purge(after(days=364)) == retention.Purged(turns=0, messages=0, alerts=0)
    done = retention.purge(after(days=366))
    assert (done.turns, done.messages, done.alerts) == (2, 1, 1)
    assert OutgoingMessage.objects.get().text is None
    assert texts(alert) == [None, None]


def test_words_that_still_wait_when_their_time_is_over_are_never_sent_empty(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = raised()
    alerts.claim(alert.pk, counsellor)
    interventions.send(alert.pk, counsellor, "잘 지내요?")
    [taken] = interventions.take_queued()
    interventions.send(alert.pk, counsellor, "안녕하세요")
    assert retention.purge(after(days=366)).messages == 2
    assert interventions.left_sending() == []
    assert OutgoingMessage.objects.get(pk=taken.id).state == "unknown"
    assert AuditEvent.objects.filter(action="message.unknown").count() == 1
    OutgoingMessage.objects.filter(pk=taken.id).delete()
    message = OutgoingMessage.objects.get()
    assert (message.state, message.text) == ("failed", None)
    assert AuditEvent.objects.get(action="message.failed").actor_label == audit.RETENTION
    OutgoingMessage.objects.update(state="queued")  # as one that came back from a try
    assert interventions.take_queued() == []
    assert OutgoingMessage.objects.get().state == "failed"


def test_a_gap_in_the_stream_is_on_record(db: None) -> None:
    gaps.record(3, "items 5 to 9 are gone")
    event = AuditEvent.objects.get()
    assert (event.action, event.subject_id, event.actor_label) == ("stream.gap", "3", audit.WORKER)


def test_the_database_is_the_one_that_was_asked_for(db: None) -> None:
    """Guards test_postgresql.py: without this its run could be SQLite unnoticed."""
    import os

    from django.db import connection

    wanted = "postgresql" if os.environ.get("ANSIM_DATABASE_URL") else "sqlite"
    assert connection.vendor == wanted
