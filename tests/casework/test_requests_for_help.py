"""Who asks the agency for help reaches a counsellor, and is suspected of nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone, translation

from ansim.casework import repeats as known_again
from ansim.casework import verdicts
from ansim.casework.accountability import figures, statistics
from ansim.casework.actions import (
    alerts,
    cases,
    interventions,
    referrals,
    repeats,
    retention,
    triage,
    watch,
)
from ansim.casework.actions.alerts import AlertReport
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Agency,
    Alert,
    AuditEvent,
    CasePerson,
    Notice,
    RepeatPending,
    Sighting,
    SourceRecord,
    StreamCommand,
)
from ansim.casework.reporting import gathering
from ansim.casework.rights import explaining
from ansim.console import budget
from ansim.detection import Priority, Reason, Turn
from tests.casework.conftest import report, risky, turn
from tests.casework.test_setting_up import run

pytestmark = pytest.mark.django_db


def said(number: int, text: str = "도와주세요", **more: Any) -> Turn:
    return turn(number, author="youth", text=text, to_agency=True, **more)


def asks(sequence: int, *turns: Turn, **more: Any) -> AlertReport:
    values: dict[str, Any] = {
        "kind": "request",
        "about": "youth",
        "risk": 0.0,
        "why": (Reason("asks_agency"),),
        "trajectory": (),
    }
    return report(sequence, turns=turns, **(values | more))


def ask(sequence: int = 10, *turns: Turn) -> Alert:
    [pk] = alerts.raise_or_update([asks(sequence, *(turns or (said(1),)))])
    return Alert.objects.get(pk=pk)


def close(alert: Alert, actor: Account, outcome: str = "answered") -> None:
    alerts.claim(alert.pk, actor)
    alerts.close(alert.pk, actor, outcome)


def test_a_message_to_the_agency_opens_one_request_with_its_words(source: SourceRecord) -> None:
    alert = ask()
    assert (alert.kind, alert.about, alert.priority, alert.state) == (
        "request",
        "youth",
        "P2",
        "open",
    )
    assert alert.due_at is not None
    assert [row.text for row in alert.conversation.turns.all()] == ["도와주세요"]
    again = ask(11, said(1), said(2, "거기 누구 있어요?"))
    assert again.pk == alert.pk
    assert alert.conversation.turns.count() == 2
    assert AuditEvent.objects.filter(action="alert.raised").count() == 1


def test_a_replay_changes_nothing_also_when_it_is_cut_otherwise(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = ask(10, said(1), said(2))
    rows = AuditEvent.objects.count()
    assert ask(9, said(1)).pk == alert.pk
    assert AuditEvent.objects.count() == rows
    close(alert, counsellor)
    alerts.raise_or_update([asks(12, said(1), said(2))])
    assert Alert.objects.count() == 1
    assert Alert.objects.get().state == "closed"


def test_after_a_closing_the_next_message_is_a_new_request_linked_with_the_old(
    source: SourceRecord, counsellor: Account
) -> None:
    first = ask()
    close(first, counsellor)
    second = ask(11, said(1), said(2, "또 연락했어요"))
    assert (second.episode, second.previous_id, second.state) == (2, first.pk, "open")


def test_a_danger_that_was_named_does_not_pass_with_the_next_message(source: SourceRecord) -> None:
    alert = ask()
    danger = (Reason("asks_agency"), Reason("asks_in_danger"))
    alerts.raise_or_update([asks(11, said(1), said(2), priority=Priority.P1, why=danger)])
    alerts.raise_or_update([asks(12, said(1), said(2), said(3))])
    alert.refresh_from_db()
    assert alert.priority == "P1"
    assert [item["code"] for item in alert.why] == ["asks_agency", "asks_in_danger"]


def test_where_an_alert_is_open_the_words_only_join_its_conversation(source: SourceRecord) -> None:
    [risk] = alerts.raise_or_update([report(10, turns=(risky(1),), raised=True)])
    alerts.raise_or_update([asks(11, said(2))])
    assert list(Alert.objects.values_list("pk", flat=True)) == [risk]
    assert Alert.objects.get().conversation.turns.count() == 2


def test_a_risk_in_the_same_conversation_is_an_alert_of_its_own_beside_the_request(
    source: SourceRecord, counsellor: Account
) -> None:
    """Also one about the same account: what they tell in their own words is their turn."""
    request = ask()
    [risk] = alerts.raise_or_update(
        [report(11, about="youth", turns=(risky(2, author="youth"),), raised=True)]
    )
    assert risk != request.pk
    alerts.claim(request.pk, counsellor)
    assert Alert.objects.get(pk=risk).claimed_by == counsellor  # one conversation, one person
    closed = alerts.close(request.pk, counsellor, "answered", together=True)
    assert [row.pk for row in closed] == [request.pk]
    assert Alert.objects.get(pk=risk).state == "open"


def test_who_asks_is_not_folded_with_alerts_about_the_same_account_elsewhere(
    source: SourceRecord,
) -> None:
    request = ask()
    [risk] = alerts.raise_or_update(
        [report(10, conversation="other", about="youth", turns=(risky(1),), raised=True)]
    )
    assert Alert.objects.get(pk=risk).fold != request.fold
    [again] = alerts.raise_or_update([asks(10, said(5), conversation="third")])
    assert Alert.objects.get(pk=again).fold not in (
        Alert.objects.get(pk=risk).fold,
        request.fold,
    )


def test_closing_asks_what_was_done_and_takes_no_verdict(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = ask()
    alerts.claim(alert.pk, counsellor)
    for outcome in ("", "confirmed", "not_grooming"):
        with pytest.raises(Refused) as refused:
            alerts.close(alert.pk, counsellor, outcome, grounds="tactics", done=["contact_made"])
        assert refused.value.code == "outcome_missing"
    alerts.close(alert.pk, counsellor, "handed_off", grounds="tactics")
    alert.refresh_from_db()
    assert (alert.state, alert.outcome, alert.grounds) == ("closed", "handed_off", "")
    risk = alerts.raise_or_update([report(12, turns=(risky(7),), raised=True)])[0]
    alerts.claim(risk, counsellor)
    with pytest.raises(Refused):
        alerts.close(risk, counsellor, "answered", done=["contact_made"])


def test_detection_is_not_told_that_a_request_was_closed(
    source: SourceRecord, counsellor: Account
) -> None:
    """It would close its own episode about the same account."""
    close(ask(), counsellor)
    assert not StreamCommand.objects.exists()


def test_a_request_that_nobody_takes_is_escalated_as_an_alert_is(source: SourceRecord) -> None:
    alert = ask()
    assert alert.due_at is not None
    watch.keep(alert.due_at + timedelta(seconds=1))
    alert.refresh_from_db()
    assert alert.escalated_at is not None
    assert Notice.objects.filter(alert=alert).exists()


def test_a_request_can_be_handed_over_and_held(
    source: SourceRecord, counsellor: Account, supervisor: Account
) -> None:
    alert = ask()
    alerts.claim(alert.pk, counsellor)
    triage.hold(alert.pk, counsellor, 5, "답을 기다려요")
    triage.hand_over(alert.pk, counsellor, supervisor, "교대해요")
    alert.refresh_from_db()
    assert alert.claimed_by == supervisor


def test_no_count_of_verdicts_or_budget_holds_a_request(
    source: SourceRecord, counsellor: Account
) -> None:
    close(ask(), counsellor)
    ask(11, said(2))
    now = timezone.now()
    assert not list(verdicts.judged(now - timedelta(days=1), now + timedelta(days=1)))
    page = budget.overview(7)
    assert (page["came"], page["closed"], page["waiting"]) == (0, 0, 0)
    month = figures.months(timezone.localdate(), 1)
    groups = {
        group.key: [line.numbers[0] for line in group.lines] for group in figures.groups(month)
    }
    assert sum(groups["alerts"]) == sum(groups["closed"]) == 0
    assert groups["asked"] == [2]
    assert groups["asked_closed"] == [1, 0, 0]
    found = statistics.gather(1)
    assert sum(found.alerts) == 0
    waits = next(
        table
        for section in found.document.sections
        for table in section.tables
        if table.key == "waits"
    )
    assert all(row[1] == 0 for row in waits.rows)


def test_who_asks_leaves_no_trace_among_accounts_that_come_back(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = ask()
    ask(11, said(1), said(2))
    close(alert, counsellor)
    assert not RepeatPending.objects.exists()
    RepeatPending.objects.create(alert=alert.pk)  # asked for by a link taken apart, say
    repeats.look()
    assert not Sighting.objects.exists()
    [risk] = alerts.raise_or_update(
        [report(10, conversation="other", about="youth", turns=(risky(1),), raised=True)]
    )
    assert not known_again.elsewhere(Alert.objects.get(pk=risk)).exists()
    assert not known_again.elsewhere(alert).exists()


def test_in_a_case_who_asks_is_no_suspect_and_no_account_to_report(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = ask()
    alerts.claim(alert.pk, counsellor)
    assert cases.candidates(alert) == ["youth"]
    case = cases.open_case([alert.pk], counsellor, "함께 살펴볼 일", young="youth")
    assert list(case.people.values_list("part", "account")) == [(CasePerson.Part.YOUNG, "youth")]
    assert gathering.gather(case, counsellor).talks == ()


def test_nobody_can_be_told_not_to_warn_who_asks(source: SourceRecord, counsellor: Account) -> None:
    alert = ask()
    alerts.claim(alert.pk, counsellor)
    agency = Agency.objects.filter(is_police=True)[0]
    with pytest.raises(Refused) as refused:
        referrals.hand_off(alert.pk, counsellor, agency.pk, "알림", do_not_warn=True)
    assert refused.value.code == "nobody_suspected"
    referrals.hand_off(alert.pk, counsellor, agency.pk, "알림")


def test_who_asks_can_be_written_to_alone_and_a_suspect_cannot(
    source: SourceRecord, counsellor: Account
) -> None:
    SourceRecord.objects.update(private_messages=True)
    alert = ask()
    alerts.claim(alert.pk, counsellor)
    message = interventions.send(
        alert.pk, counsellor, "안녕하세요, 이야기해 줘서 고마워요.", recipient="youth"
    )
    assert message.recipient == "youth"
    [risk] = alerts.raise_or_update([report(11, turns=(risky(2),), raised=True)])
    alerts.claim(risk, counsellor)
    with pytest.raises(Refused):
        interventions.send(risk, counsellor, "안녕하세요.", recipient="stranger")


def test_the_words_go_after_a_year_as_those_of_an_alert(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = ask()
    close(alert, counsellor)
    retention.purge(timezone.now() + timedelta(days=364))
    assert alert.conversation.turns.filter(text__isnull=False).exists()
    retention.purge(timezone.now() + timedelta(days=366))
    assert not alert.conversation.turns.filter(text__isnull=False).exists()


def test_who_asks_what_is_held_of_them_is_told_that_nothing_is_suspected(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = ask()
    close(alert, counsellor)
    alert.refresh_from_db()
    with translation.override("ko"):
        told = " ".join(explaining.explained(alert))
    assert "의심은 없습니다" in told
    assert "위험도" not in told
    assert "답함" in told


OLD = """
from ansim import casework
casework.ready()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

before = ("casework", "0024_source_heard_at")
executor = MigrationExecutor(connection)
executor.migrate([before])
model = executor.loader.project_state([before]).apps.get_model
now = timezone.now()
source = model("casework", "SourceRecord").objects.create(
    id="old", name="old", kind="platform_partner", legal_basis="-", created_at=now
)
room = model("casework", "Conversation").objects.create(source=source, pseudonym="room")
model("casework", "Alert").objects.create(
    conversation=room, about="stranger", episode=1, priority="P2", risk=0.8,
    raised_at=now, updated_at=now, first_event_at=1.0,
)
call_command("migrate", interactive=False, verbosity=0)
from ansim.casework.models import Alert
print(list(Alert.objects.values_list("about", "kind", "state")))
"""


def test_alerts_from_before_are_of_kind_risk(tmp_path: Path) -> None:
    """In a database and a process of its own: others hold connections to that of the tests."""
    done = run(tmp_path, "-c", OLD)
    assert done.stdout.strip() == "[('stranger', 'risk', 'open')]", done.stderr
