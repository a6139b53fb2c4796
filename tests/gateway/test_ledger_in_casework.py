"""The gateway's ledger on a real database: casework's actions take and give what we mean."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ansim.casework.actions import (
    accounts,
    alerts,
    audit,
    holds,
    source_notices,
    source_tests,
    sources,
)
from ansim.casework.models import (
    Account,
    AuditEvent,
    PictureOriginal,
    SourceGap,
    SourceHealth,
    SourceHour,
)
from ansim.casework.roles import Role
from ansim.chat import SourceKind
from ansim.sources import registry
from ansim.sources.wiring import NoticeKind, Rule
from ansim.stream.gateway.health import SourceWatch
from ansim.stream.gateway.ledger import LedgerDesk, Original
from ansim.stream.gateway.ledger_in_casework import DjangoLedger
from tests.casework.conftest import report, risky, source
from tests.gateway import toy
from tests.gateway.conftest import CONSENT
from tests.pictures.drawn import encoded, words

__all__ = ["source"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> DjangoLedger:
    monkeypatch.setitem(registry.CONNECTORS, "toy", toy.DECLARATION)
    sources.declare(
        "bot",
        "A room",
        SourceKind.VISIBLE_BOT,
        "all were told",
        actor=audit.SETUP,
        consent=CONSENT,
        connector="toy",
        settings={"folder": str(tmp_path)},
        rule=Rule.AGREED,
        language="en",
    )
    return DjangoLedger()


def person(role: Role) -> Account:
    return accounts.create(role.value, "a-long-enough-password-1", role, actor=audit.SETUP)


def test_a_source_is_connected_as_it_was_declared_and_with_approved_words_only(
    ledger: DjangoLedger, tmp_path: Path
) -> None:
    wiring = ledger.wirings()["bot"]
    assert (wiring.entry("folder"), wiring.rule, wiring.language, wiring.notices) == (
        str(tmp_path),
        Rule.AGREED,
        "en",
        {},
    )
    source_notices.approve("bot", {NoticeKind.ASK.value: 1}, person(Role.SUPERVISOR))
    assert set(ledger.wirings()["bot"].notices) == {"ask"}
    assert "{agency}" in ledger.wirings()["bot"].notices["ask"]["ko"]
    sources.switch("bot", audit.SETUP, active=False, reason="쉼")
    assert "bot" not in ledger.wirings()
    assert [source.id for source, _ in ledger.sources()] == ["bot"]
    sources.remove("bot", person(Role.ADMINISTRATOR), confirm="bot", reason="그만둠")
    assert ledger.sources() == []


def test_what_a_gateway_sees_of_its_sources_arrives_whole(ledger: DjangoLedger) -> None:
    clock = [time.time()]
    watch = SourceWatch(LedgerDesk(ledger), lambda: clock[0])
    source = ledger.sources()[0][0]
    health = watch.of(source)
    health.connected()
    health.received = 7
    health.heard(7, clock[0] - 2)
    health.behind(3)
    health.objected()
    ledger.tell_health(watch.states())
    row = SourceHealth.objects.get()
    assert (row.state, row.received, row.behind, row.objections) == ("listening", 7, 3, 1)
    assert row.lag_seconds == pytest.approx(2, abs=0.01)
    assert row.last_message_at is not None
    assert row.last_message_at.timestamp() == pytest.approx(clock[0] - 2, abs=0.01)
    assert row.last_connected_at is not None
    # A gateway that starts anew counts from nothing; what it hears comes on top.
    clock[0] += 10
    again = SourceWatch(LedgerDesk(ledger), lambda: clock[0])
    again.of(source).received = 2
    health.received = 8
    health.trouble("끊김 / cut")
    ledger.tell_health(again.states())
    ledger.tell_health(watch.states())
    assert sum(SourceHour.objects.values_list("messages", flat=True)) == 10
    row.refresh_from_db()
    assert (row.state, row.sentence, row.errors) == ("trouble", "끊김 / cut", 1)


def test_a_gap_is_on_record_once_and_one_of_nobody_holds_nothing_up(ledger: DjangoLedger) -> None:
    for _ in range(2):
        ledger.tell_gap("bot", 100.0, 200.0, "잊음 / forgotten")
    ledger.tell_gap("nobody", 100.0, 200.0, "x")
    gap = SourceGap.objects.get()
    assert (gap.since.timestamp(), gap.until.timestamp()) == (100.0, 200.0)
    assert AuditEvent.objects.filter(action="source.gap", subject_id="bot").count() == 1


def test_a_test_message_is_taken_once_and_its_end_recorded(ledger: DjangoLedger) -> None:
    administrator = person(Role.ADMINISTRATOR)
    asked = source_tests.ask("bot", "room-9", administrator)
    [taken] = ledger.take_tests(5)
    assert (taken.id, taken.source, taken.room) == (str(asked.pk), "bot", "room-9")
    assert taken.author == administrator.get_username()
    assert ledger.take_tests(5) == []
    ledger.record_test(taken.id, "sent", "ok")
    asked.refresh_from_db()
    assert (asked.state, asked.detail) == ("sent", "ok")


@pytest.mark.usefixtures("source")
def test_an_original_is_stored_while_a_hold_stands_and_then_no_more(
    ledger: DjangoLedger,
) -> None:
    [pk] = alerts.raise_or_update([report(1, turns=(risky(1),), raised=True)])
    original = Original(
        source="demo",
        conversation="room",
        message="m1",
        author="stranger",
        place=0,
        content=encoded(words(("용돈 줄게",), 30)),
    )
    assert ledger.held() == frozenset()
    assert not ledger.keep_original(original)
    supervisor = person(Role.SUPERVISOR)
    hold = holds.place(pk, supervisor, "법원의 보존 요청")
    assert ledger.held() == {("demo", "room")}
    assert ledger.keep_original(original)
    assert PictureOriginal.objects.get().content == original.content
    ledger.lost_originals("demo", "room", 2)
    assert AuditEvent.objects.get(action="original.lost").details["number"] == 2
    holds.release(hold.pk, supervisor, "끝남")
    assert ledger.held() == frozenset()
    assert not ledger.keep_original(original)
    assert not PictureOriginal.objects.exists()
