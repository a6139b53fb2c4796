"""What gateways tell of sources, and when people are called: by a clock that the tests turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansim.casework.actions import (
    calling,
    notices,
    source_alarms,
    source_health,
    source_tests,
    sources,
    watch,
)
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    AuditEvent,
    Channel,
    Notice,
    SourceAlarm,
    SourceGap,
    SourceHealth,
    SourceHour,
    SourceRecord,
    SourceTest,
)
from ansim.stream.gateway.ledger_in_casework import DjangoLedger

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
"""A Wednesday."""
MINUTE = timedelta(minutes=1)


def tell(now: datetime, **more: Any) -> None:
    """Tells of the source "demo" that it listens, has since an hour before noon, unless told."""
    state = {
        "source": "demo",
        "state": "listening",
        "sentence": "",
        "since": (NOON - timedelta(hours=1)).timestamp(),
        "last_message_at": None,
        "last_connected_at": None,
        "received": 0,
        "errors": 0,
        "behind": 0,
        "lag_seconds": None,
        "objections": 0,
        "started_at": 1.0,
    }
    source_health.tell([state | more], now)


def habit(days: int, an_hour: int, *, hours: int = 24) -> None:
    """The last ``days`` days, the same number of messages in every hour that is not yet over."""
    SourceHour.objects.bulk_create(
        SourceHour(source_id="demo", hour=NOON - timedelta(days=day, hours=-hour), messages=an_hour)
        for day in range(1, days + 1)
        for hour in range(hours)
    )


def open_alarms() -> set[str]:
    return {str(row.kind) for row in SourceAlarm.objects.filter(ended_at=None)}


def test_what_a_gateway_tells_stands_there_and_counts_by_the_hour(source: SourceRecord) -> None:
    tell(NOON, received=3, last_message_at=NOON.timestamp() - 5, lag_seconds=0.4, behind=7)
    tell(NOON + 5 * MINUTE, received=10)
    row = SourceHealth.objects.get()
    assert (row.state, row.received, row.lag_seconds, row.behind) == ("listening", 10, None, 0)
    assert row.last_message_at == NOON - timedelta(seconds=5)
    assert SourceHour.objects.get().messages == 10
    tell(NOON + 6 * MINUTE, received=4, started_at=2.0)  # another gateway counts from nothing
    tell(NOON + 7 * MINUTE, received=11)
    tell(NOON + 8 * MINUTE, received=6, started_at=2.0)
    assert SourceHour.objects.get().messages == 17
    tell(NOON + 9 * MINUTE, received=2)  # it began anew and did not say so
    assert SourceHour.objects.get().messages == 19


def test_a_quiet_hour_of_a_source_that_listens_is_known_and_one_in_trouble_is_not(
    source: SourceRecord,
) -> None:
    tell(NOON, state="trouble")
    assert SourceHour.objects.count() == 0
    tell(NOON)
    assert SourceHour.objects.get().messages == 0


def test_counts_older_than_four_weeks_go(source: SourceRecord) -> None:
    habit(30, 1, hours=1)
    tell(NOON)
    assert SourceHour.objects.count() == 29


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"source": "nobody", "state": "listening"},
        {"source": "demo"},
        {"source": "demo", "state": 5, "since": "x", "received": None, "lag_seconds": "y"},
        {"source": "demo", "state": "trouble", "since": 1e300, "received": -4, "behind": 2**80},
        {"source": "demo", "state": "trouble", "since": float("nan"), "lag_seconds": 1e300},
        {"source": "demo", "state": "trouble", "sentence": "a\0b\u202e" * 400},
    ],
)
def test_an_odd_state_keeps_no_other_from_being_told(
    source: SourceRecord, odd: dict[str, Any]
) -> None:
    source_health.tell([odd, {"source": "demo", "state": "listening"}], NOON)
    source_health.tell([odd], NOON)
    assert SourceHealth.objects.get().told_at == NOON


def test_a_gap_is_on_record_once(source: SourceRecord) -> None:
    for _again in range(2):
        source_health.gap("demo", 1000.0, 2000.0, "the service keeps\nno history")
    source_health.gap("nobody", 1000.0, 2000.0, "of no source of ours")
    row = SourceGap.objects.get()
    assert (row.since.timestamp(), row.until.timestamp()) == (1000.0, 2000.0)
    event = AuditEvent.objects.get(action="source.gap")
    assert event.reason == "the service keeps no history"
    assert event.subject_id == "demo"


def test_trouble_calls_somebody_after_five_minutes_once_and_ends_when_it_is_over(
    source: SourceRecord,
) -> None:
    for minute in range(5):  # called by one name or the other: it does not listen
        state = "trouble" if minute % 2 else "connecting"
        at = NOON + minute * MINUTE
        tell(at, state=state, since=at.timestamp(), sentence="no answer")
        assert watch.keep(at).sources == ()
    at = NOON + 5 * MINUTE
    tell(at, state="trouble", since=at.timestamp(), sentence="no answer")
    assert watch.keep(at).sources == ("demo trouble",)
    for minute in range(6, 60):
        tell(NOON + minute * MINUTE, state="stopped", sentence="token refused")
        assert watch.keep(NOON + minute * MINUTE).sources == ()
    notice = Notice.objects.get()
    assert (notice.kind, notice.source_id) == ("trouble", "demo")
    assert AuditEvent.objects.get(action="source.alarm").details["sentence"] == "no answer"
    tell(NOON + 60 * MINUTE)
    watch.keep(NOON + 60 * MINUTE)
    assert open_alarms() == set()
    assert AuditEvent.objects.filter(action="source.well").count() == 1
    for minute in range(61, 68):
        tell(NOON + minute * MINUTE, state="trouble", since=None)
        watch.keep(NOON + minute * MINUTE)
    assert Notice.objects.count() == 2  # another episode


def test_a_paused_source_calls_nobody_and_pausing_ends_the_alarm(
    source: SourceRecord, administrator: Account
) -> None:
    tell(NOON, state="trouble", since=(NOON - 10 * MINUTE).timestamp())
    assert watch.keep(NOON).sources == ("demo trouble",)
    sources.pause("demo", administrator, "하루 쉼")
    watch.keep(NOON + MINUTE)
    assert open_alarms() == set()


def test_of_a_gateway_that_is_gone_the_sources_say_nothing_new(source: SourceRecord) -> None:
    tell(NOON, state="trouble", since=NOON.timestamp())
    assert watch.keep(NOON + 30 * MINUTE).sources == ()


def test_a_backlog_that_grows_for_ten_minutes_is_told(source: SourceRecord) -> None:
    waiting = [0, 50, 120, 90, 150, 210, 260, 300, 280, 350, 400]
    for minute, behind in enumerate(waiting):
        tell(NOON + minute * MINUTE, behind=behind)
        begun = watch.keep(NOON + minute * MINUTE).sources
        assert begun == (("demo backlog",) if minute == 10 else ()), minute
    tell(NOON + 11 * MINUTE, behind=300)
    watch.keep(NOON + 11 * MINUTE)
    assert open_alarms() == {"backlog"}
    tell(NOON + 12 * MINUTE, behind=40)
    watch.keep(NOON + 12 * MINUTE)
    assert open_alarms() == set()


def test_a_backlog_that_comes_and_goes_is_no_alarm_and_a_huge_one_is_at_once(
    source: SourceRecord,
) -> None:
    for minute in range(120):
        tell(NOON + minute * MINUTE, behind=(minute % 9) * 40)
        assert watch.keep(NOON + minute * MINUTE).sources == ()
    at = NOON + 120 * MINUTE
    tell(at, behind=source_alarms.MOST_BEHIND + 1)
    assert watch.keep(at).sources == ("demo backlog",)


def test_a_source_that_falls_silent_against_its_habit_is_told_once_until_it_speaks(
    source: SourceRecord,
) -> None:
    habit(10, 60)
    tell(NOON, received=7)
    first = 0
    for minute in range(1, 60):
        at = NOON + minute * MINUTE
        tell(at, received=7)
        if watch.keep(at).sources:
            assert not first, "told twice"
            first = minute
    assert first == 20  # 60 an hour: 20 are missing after 20 minutes
    details = AuditEvent.objects.get(action="source.alarm").details
    assert (details["kind"], details["expected"]) == ("silent", 20.0)
    at = NOON + 61 * MINUTE
    tell(at, received=8)
    watch.keep(at)
    assert open_alarms() == set()


def test_a_source_that_brings_old_messages_is_not_silent(source: SourceRecord) -> None:
    habit(10, 1000)
    for minute in range(0, 60):
        at = NOON + minute * MINUTE
        tell(at, received=minute + 1, last_message_at=(at - timedelta(hours=2)).timestamp())
        assert watch.keep(at).sources == ()


@pytest.mark.parametrize(
    ("days", "an_hour"),
    [(4, 1000), (10, 1), (10, 0)],
    ids=["too few days known", "a quiet source", "an unused source"],
)
def test_silence_that_is_no_surprise_calls_nobody(
    source: SourceRecord, days: int, an_hour: int
) -> None:
    habit(days, an_hour)
    tell(NOON, received=7)
    for minute in range(0, 600, 5):
        at = NOON + minute * MINUTE
        tell(at, received=7)
        assert watch.keep(at).sources == ()


def test_a_day_that_was_as_silent_at_this_time_shows_that_it_is_nothing_unusual(
    source: SourceRecord,
) -> None:
    habit(14, 100, hours=2)
    quiet = NOON - timedelta(days=6)  # a Thursday: a working day as this one
    SourceHour.objects.filter(hour__gte=quiet, hour__lt=quiet + timedelta(hours=2)).update(
        messages=0
    )
    tell(NOON, received=7)
    at = NOON + 90 * MINUTE
    tell(at, received=7)
    assert watch.keep(at).sources == ()


def test_weekends_are_measured_by_all_days_and_working_days_by_their_own(
    source: SourceRecord,
) -> None:
    habit(14, 100, hours=2)
    for row in SourceHour.objects.all():
        if row.hour.weekday() >= 5:
            SourceHour.objects.filter(pk=row.pk).update(messages=0)
    tell(NOON, received=7)
    at = NOON + 90 * MINUTE
    tell(at, received=7)
    assert watch.keep(at).sources == ("demo silent",)  # silent weekends excuse no Wednesday


def test_a_short_pause_in_a_busy_hour_calls_nobody(source: SourceRecord) -> None:
    habit(10, 100_000)
    tell(NOON, received=7)
    at = NOON + 14 * MINUTE
    tell(at, received=7)
    assert watch.keep(at).sources == ()


def test_a_source_that_has_just_begun_to_listen_is_not_silent(source: SourceRecord) -> None:
    habit(10, 1000)
    at = NOON + 50 * MINUTE
    tell(NOON, received=7)
    tell(at, received=7, since=(at - MINUTE).timestamp())
    assert watch.keep(at).sources == ()


def test_a_call_names_the_source_and_no_call_goes_out_for_what_is_over(
    source: SourceRecord,
) -> None:
    Channel.objects.create(kind="webhook", name="메신저", address="https://hook.example")
    tell(NOON, state="trouble", since=(NOON - 10 * MINUTE).timestamp())
    watch.keep(NOON)
    said: list[str] = []
    notices.deliver(lambda _channel, batch: said.append(calling.words(batch)))
    assert said == ["연결에 문제가 있는 출처 / A source has trouble · demo"]
    assert AuditEvent.objects.get(action="notice.delivered").details["sources"] == ["demo"]
    tell(NOON + MINUTE)
    watch.keep(NOON + MINUTE)
    tell(NOON + 2 * MINUTE, state="trouble", since=(NOON - 10 * MINUTE).timestamp())
    watch.keep(NOON + 2 * MINUTE)
    tell(NOON + 3 * MINUTE)
    watch.keep(NOON + 3 * MINUTE)
    said.clear()
    notices.deliver(lambda _channel, batch: said.append(calling.words(batch)))
    assert said == []


def test_a_test_message_is_handed_out_once_and_tells_what_became_of_it(
    source: SourceRecord, administrator: Account
) -> None:
    row = source_tests.ask("demo", " !room:example ", administrator)
    [(pk, where, room, text, language, author)] = source_tests.pending()
    assert (pk, where, room, language) == (str(row.pk), "demo", "!room:example", "ko")
    assert author == "administrator"
    assert "연결 시험" in text
    assert "connection test" in text
    assert source_tests.pending() == []
    source_tests.record(pk, "queued")  # nothing was said: it may be tried again
    assert len(source_tests.pending()) == 1
    source_tests.record(pk, "sent", "ok\0")
    source_tests.record(pk, "failed", "too late to say so")
    row.refresh_from_db()
    assert (row.state, row.detail) == ("sent", "ok ")
    assert AuditEvent.objects.filter(action="source.test_ended").count() == 1
    assert "room:example" not in str(list(AuditEvent.objects.values_list("details", "reason")))
    assert not source_tests.record("00000000-0000-0000-0000-000000000000", "sent")


def test_a_test_laid_ready_is_sent_once_the_platform_confirms_it(
    source: SourceRecord, administrator: Account
) -> None:
    row = source_tests.ask("demo", "room", administrator)
    source_tests.pending()
    source_tests.record(row.pk, "waiting", "lies ready")
    ledger = DjangoLedger()
    ledger.record_delivery(str(row.pk), "sent", "confirmed")  # as for a counsellor's words
    row.refresh_from_db()
    assert (row.state, row.detail) == ("sent", "confirmed")


def test_the_room_of_a_test_is_sealed_and_forgotten_after_a_day(
    source: SourceRecord, administrator: Account
) -> None:
    from django.db import connection

    row = source_tests.ask("demo", "room-of-friends", administrator)
    with connection.cursor() as cursor:
        cursor.execute("SELECT room FROM casework_sourcetest")
        assert b"friends" not in bytes(cursor.fetchone()[0])
    watch.keep(row.asked_at + timedelta(hours=23))
    assert SourceTest.objects.get().room == "room-of-friends"
    watch.keep(row.asked_at + timedelta(hours=24))
    assert SourceTest.objects.get().room is None


def test_a_test_that_nobody_sends_or_tells_of_comes_to_an_end(
    source: SourceRecord, administrator: Account
) -> None:
    waiting = source_tests.ask("demo", "one", administrator)
    taken = source_tests.ask("demo", "two", administrator)
    SourceTest.objects.filter(pk=taken.pk).update(state="sending")
    source_tests.sweep(waiting.asked_at + timedelta(minutes=59))
    states = dict(SourceTest.objects.values_list("pk", "state"))
    assert states == {waiting.pk: "queued", taken.pk: "unknown"}
    source_tests.sweep(waiting.asked_at + timedelta(minutes=61))
    assert SourceTest.objects.get(pk=waiting.pk).state == "failed"


def test_no_test_goes_where_nothing_can_or_may_be_said(
    source: SourceRecord, administrator: Account, supervisor: Account
) -> None:
    for room, actor, code in (
        ("", administrator, "room_missing"),
        ("a\nb", administrator, "room_missing"),
        ("x" * 501, administrator, "room_missing"),
        ("room", supervisor, "not_allowed"),
    ):
        with pytest.raises(Refused) as refused:
            source_tests.ask("demo", room, actor)
        assert refused.value.code == code
    source_tests.ask("demo", "room", administrator)
    sources.pause("demo", administrator, "쉼")
    assert source_tests.pending() == []
    assert SourceTest.objects.get().state == "failed"
    with pytest.raises(Refused) as refused:
        source_tests.ask("demo", "room", administrator)
    assert refused.value.code == "source_off"
