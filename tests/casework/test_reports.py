"""Alerts are raised once, updated, linked after closing, and replays change nothing."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from ansim.casework.actions import alerts
from ansim.casework.actions.alerts import AlertReport
from ansim.casework.actions.reports import thinned
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    Conversation,
    SourceRecord,
    State,
    Turn,
)
from ansim.casework.models.alert import GROUNDS
from ansim.detection import Priority
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db


def raise_one(sequence: int = 10) -> Alert:
    [pk] = alerts.raise_or_update([report(sequence, turns=(turn(1), risky(2)), raised=True)])
    return Alert.objects.get(pk=pk)


def test_a_raised_report_becomes_one_alert_with_its_turns_and_an_audit_row(
    source: SourceRecord,
) -> None:
    alert = raise_one()
    assert (alert.state, alert.priority, alert.episode, alert.sequence) == ("open", "P2", 1, 10)
    assert alert.first_event_at == risky(2).at
    assert [row.text for row in alert.conversation.turns.all()] == [
        "안녕 1",
        "용돈 줄게 사진 보낼래?",
    ]
    assert alert.conversation.turns.get(message_id="m2").spans == [[0, 5, "T05"], [6, 12, "T09"]]
    event = AuditEvent.objects.get(action="alert.raised")
    assert event.subject_id == str(alert.pk)
    assert event.actor_label == "system:worker"


def test_text_is_sealed_in_the_database(source: SourceRecord) -> None:
    raise_one()
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM casework_turn")
        stored = b"".join(bytes(row[0]) for row in cursor.fetchall())
    assert "용돈".encode() not in stored
    assert stored.startswith(b"k1\0")


def test_an_update_changes_the_alert_and_adds_only_new_turns(source: SourceRecord) -> None:
    alert = raise_one()
    [pk] = alerts.raise_or_update(
        [report(11, turns=(risky(2), turn(3, author="youth")), risk=0.9, priority=Priority.P1)]
    )
    alert.refresh_from_db()
    assert pk == alert.pk
    assert (alert.risk, alert.priority, alert.sequence) == (0.9, "P1", 11)
    assert [point[2] for point in alert.trajectory] == ["m1", "m2", "m3"]
    assert alert.conversation.turns.count() == 3
    change = AuditEvent.objects.get(action="alert.priority_changed")
    assert change.details["from"] == "P2"
    assert change.details["to"] == "P1"


def test_a_replayed_report_changes_nothing(source: SourceRecord) -> None:
    alert = raise_one()
    rows = AuditEvent.objects.count()
    again = report(10, turns=(turn(1), risky(2)), raised=True, risk=0.1)
    assert alerts.raise_or_update([again]) == [alert.pk]
    alert.refresh_from_db()
    assert alert.risk == 0.8
    assert AuditEvent.objects.count() == rows
    assert Alert.objects.count() == 1


def test_many_updates_of_one_batch_write_one_audit_row_an_alert(source: SourceRecord) -> None:
    raise_one()
    alerts.raise_or_update([report(11 + n, turns=(turn(10 + n),)) for n in range(5)])
    assert AuditEvent.objects.filter(action="alert.updated").count() == 1
    assert Alert.objects.get().sequence == 15


def test_raising_and_updating_in_one_batch_gives_the_last_state(source: SourceRecord) -> None:
    ids = alerts.raise_or_update(
        [report(1, turns=(risky(1),), raised=True), report(2, turns=(turn(2),), risk=0.95)]
    )
    alert = Alert.objects.get()
    assert ids == [alert.pk, alert.pk]
    assert (alert.risk, alert.sequence, alert.conversation.turns.count()) == (0.95, 2, 2)


def test_a_second_suspect_in_the_same_room_gets_an_alert_of_their_own(
    source: SourceRecord,
) -> None:
    first, second = alerts.raise_or_update(
        [
            report(1, turns=(risky(1),)),
            report(2, about="other", turns=(risky(1), risky(2, author="other"))),
        ]
    )
    assert first != second
    assert Conversation.objects.count() == 1
    assert Turn.objects.count() == 2


def close(alert: Alert, actor: Account, outcome: str = "confirmed") -> None:
    alerts.claim(alert.pk, actor)
    grounds = GROUNDS[outcome][0]
    alerts.close(alert.pk, actor, outcome, done=["contact_made"], grounds=grounds)


def test_new_evidence_after_closing_opens_the_next_linked_episode(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = raise_one()
    close(alert, counsellor)
    [pk] = alerts.raise_or_update([report(12, turns=(risky(5),))])
    later = Alert.objects.get(pk=pk)
    assert (later.episode, later.previous_id, later.state) == (2, alert.pk, State.OPEN)
    # The worker may still count episode 1; its reports now feed episode 2.
    assert alerts.raise_or_update([report(13, turns=(turn(6),))]) == [pk]
    assert alerts.raise_or_update([report(14, turns=(turn(7),), episode=2)]) == [pk]
    assert Alert.objects.count() == 2


def test_talk_without_new_evidence_after_closing_only_adds_its_turns(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = raise_one()
    close(alert, counsellor)
    reports = [
        report(12, turns=(turn(5, author="youth"),)),
        report(13, turns=(risky(6, author="youth"),)),  # evidence about another account
        report(14, turns=(risky(2),)),  # known before closing
        report(15, turns=(turn(8, tactics={"V1": 0.9, "T01": 0.4}),)),
    ]
    assert alerts.raise_or_update(reports) == [alert.pk] * 4
    alert.refresh_from_db()
    assert alert.state == State.CLOSED
    assert alert.conversation.turns.count() == 5


def test_text_after_a_dismissal_is_not_taken_over(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = raise_one()
    close(alert, counsellor, "not_grooming")
    alerts.raise_or_update([report(12, turns=(turn(5),))])
    assert alert.conversation.turns.count() == 2


def test_a_replay_of_the_raising_after_closing_does_not_reopen(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = raise_one()
    close(alert, counsellor)
    alerts.raise_or_update([report(10, turns=(turn(1), risky(2)), raised=True)])
    assert Alert.objects.count() == 1


def test_the_detector_counting_ahead_gets_its_episode_linked(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = raise_one()
    close(alert, counsellor)
    [pk] = alerts.raise_or_update([report(20, episode=2, turns=(risky(9),), raised=True)])
    later = Alert.objects.get(pk=pk)
    assert (later.episode, later.previous_id) == (2, alert.pk)


def test_an_unknown_source_is_an_error_and_nothing_is_kept(source: SourceRecord) -> None:
    with pytest.raises(Refused, match="nowhere"):
        alerts.raise_or_update(
            [report(1, turns=(risky(1),)), report(1, source="nowhere", turns=(risky(1),))]
        )
    assert Alert.objects.count() == 0


@pytest.mark.parametrize(
    "text", ["half \ud800 pair", "nul \0 here", "", "\u202e거꾸로", "가" * 21845]
)
def test_hostile_text_comes_back_as_it_was(source: SourceRecord, text: str) -> None:
    alerts.raise_or_update([report(1, turns=(risky(1, text=text, spans=()),))])
    assert Turn.objects.get().text == text


def test_text_that_retention_took_stays_unknown(source: SourceRecord) -> None:
    import msgspec

    old = msgspec.structs.replace(turn(1), text=None)
    alerts.raise_or_update([report(1, turns=(old, risky(2)))])
    assert Turn.objects.get(message_id="m1").text is None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1)), max_size=400), st.integers(2, 90))
def test_thinning_keeps_the_limit_and_the_highest_point(
    points: list[tuple[float, float]], limit: int
) -> None:
    curve = [[at, risk, str(n)] for n, (at, risk) in enumerate(sorted(points))]
    kept = thinned(curve, limit)
    assert len(kept) <= limit
    assert kept == [point for point in curve if point in kept]
    if curve:
        assert max(p[1] for p in kept) == max(p[1] for p in curve)
        assert kept[-1] == curve[-1]


def test_many_reports_ask_the_database_together(
    source: SourceRecord,
) -> None:
    """docs/console.md has the measured speed; what would spoil it shows in the questions asked."""

    def asked(reports: list[AlertReport]) -> int:
        with CaptureQueriesContext(connection) as queries:
            alerts.raise_or_update(reports)
        return len(queries)

    def raised(rooms: range) -> list[AlertReport]:
        turns = tuple(risky(k) for k in range(10))
        return [report(1, conversation=f"room{n}", turns=turns, raised=True) for n in rooms]

    def updates(rooms: range) -> list[AlertReport]:
        return [report(2, conversation=f"room{n}", turns=(risky(11),)) for n in rooms]

    rooms = range(200)
    first, later = asked(raised(rooms)), asked(updates(rooms))
    assert Alert.objects.count() == len(rooms)
    assert first < len(rooms), "about one question a report"
    assert later < len(rooms), "about one question a report"
