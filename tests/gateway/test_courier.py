"""Words reach their conversation once, whatever fails on the way; nothing is lost or made up."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import msgspec
import pytest

from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources import http
from ansim.sources.contract import Declaration, Delivery, DeliveryState, Intake, Outgoing
from ansim.stream import layout
from ansim.stream.codec import AlertClosed, decode
from ansim.stream.connection import connect
from ansim.stream.gateway import courier
from ansim.stream.gateway.ledger import AlertClosing, MemoryLedger, Queued
from ansim.stream.routing import ACCOUNT, CONVERSATION
from ansim.stream.server import EmbeddedServer
from tests.gateway.conftest import (
    KEY,
    OTHER,
    OTHER_KEY,
    PARTNER,
    Running,
    digest,
    item,
    serve,
    until,
)

pytestmark = pytest.mark.nats


class Platform:
    """A platform that notes what it was told and can be made to fail."""

    def __init__(self, *, sends_once: bool) -> None:
        self.declaration: Declaration = replace(http.DECLARATION, sends_once=sends_once)
        self.heard: list[Outgoing] = []
        self.problem: Exception | None = None
        self.deaf: set[str] = set()
        self.slow = 0.0

    async def receive(self, intake: Intake) -> None:
        await asyncio.Event().wait()

    async def send(self, outgoing: Outgoing) -> Delivery:
        if self.problem is not None:
            raise self.problem
        if outgoing.source in self.deaf:
            raise ConnectionError("down")
        self.heard.append(outgoing)
        await asyncio.sleep(self.slow)
        return Delivery(DeliveryState.SENT, "ok")


def words(keyring: Keyring, number: int, **more: str) -> Queued:
    source = more.get("source", "partner")
    return Queued(
        **{
            "id": f"o-{number}",
            "source": source,
            "conversation": keyring.pseudonym(CONVERSATION, source, more.pop("room", "room-1")),
            "text": f"{number}번째 말",
            "language": "ko",
            "author": "7",
            **more,
        }
    )


@pytest.fixture
async def platform(running: Running) -> Platform:
    """A platform that must not be told twice, in the place of the http connector."""
    there = Platform(sends_once=False)
    running.gateway.connectors["http"] = there
    await running.send([item(1), item(2, conversation="room-2")])
    await running.send(item(1), key=OTHER_KEY)
    return there


async def test_words_arrive_in_order_with_raw_names_author_and_agency(
    running: Running, platform: Platform, ledger: MemoryLedger, keyring: Keyring, config: Config
) -> None:
    ledger.queued += [words(keyring, number) for number in range(50)]
    await until(lambda: len(ledger.deliveries) == 50)
    assert [each.text for each in platform.heard] == [f"{n}번째 말" for n in range(50)]
    first = platform.heard[0]
    assert (first.conversation, first.author, first.agency) == ("room-1", "7", config.agency_ko)
    assert set(ledger.deliveries.values()) == {("sent", "ok")}


async def test_what_cannot_or_may_not_be_sent_fails_with_the_reason(
    running: Running, platform: Platform, ledger: MemoryLedger, keyring: Keyring
) -> None:
    ledger.queued += [
        words(keyring, 1, author=""),
        words(keyring, 2, room="never seen"),
        words(keyring, 3, source="nobody"),
    ]
    await until(lambda: len(ledger.deliveries) == 3)
    assert ledger.deliveries["o-1"] == ("failed", courier.NO_SENDER)
    assert ledger.deliveries["o-2"] == ("failed", courier.NAME_GONE)
    assert "not declared" in ledger.deliveries["o-3"][1]
    ledger.declared = [(msgspec.structs.replace(PARTNER, active=False), digest(KEY))]
    await running.gateway.admission.refresh()
    ledger.queued.append(words(keyring, 4))
    await until(lambda: len(ledger.deliveries) == 4)
    assert "switched off" in ledger.deliveries["o-4"][1]
    assert platform.heard == []


async def test_private_words_never_go_into_the_room_instead(
    running: Running, platform: Platform, ledger: MemoryLedger, keyring: Keyring
) -> None:
    reader = keyring.pseudonym(ACCOUNT, "partner", "account-1")
    ledger.queued.append(words(keyring, 1, recipient=reader))  # the source did not say it can
    await until(lambda: "o-1" in ledger.deliveries)
    assert ledger.deliveries["o-1"] == ("failed", courier.NO_PRIVATE_WAY)
    ledger.declared = [(msgspec.structs.replace(PARTNER, private_messages=True), digest(KEY))]
    await running.gateway.admission.refresh()
    platform.declaration = replace(platform.declaration, can_message_privately=False)
    ledger.queued.append(words(keyring, 2, recipient=reader))
    await until(lambda: "o-2" in ledger.deliveries)
    assert ledger.deliveries["o-2"] == ("failed", courier.NO_PRIVATE_WAY)
    platform.declaration = replace(platform.declaration, can_message_privately=True)
    ledger.queued += [
        words(keyring, 3, recipient=keyring.pseudonym(ACCOUNT, "partner", "never seen")),
        words(keyring, 4, recipient=reader),
    ]
    await until(lambda: len(ledger.deliveries) == 4)
    assert ledger.deliveries["o-3"] == ("failed", courier.ACCOUNT_GONE)
    assert [(each.id, each.recipient) for each in platform.heard] == [("o-4", "account-1")]


async def test_a_platform_that_is_down_gets_its_words_later_in_order_and_holds_up_no_other(
    running: Running,
    platform: Platform,
    ledger: MemoryLedger,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier, "RETRY_SECONDS", 0.3)
    platform.deaf = {"partner"}
    ledger.queued += [words(keyring, 1), words(keyring, 2), words(keyring, 3, source="other")]
    await until(lambda: "o-3" in ledger.deliveries)
    ledger.queued.append(words(keyring, 4))
    await asyncio.sleep(0.5)
    assert [each.id for each in platform.heard] == ["o-3"]
    platform.deaf = set()
    await until(lambda: len(ledger.deliveries) == 4)
    assert [each.id for each in platform.heard] == ["o-3", "o-1", "o-2", "o-4"]


async def test_a_platform_that_does_not_answer_leaves_the_outcome_unknown_unless_ids_are_said_once(
    running: Running,
    platform: Platform,
    ledger: MemoryLedger,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier, "SEND_SECONDS", 0.2)
    monkeypatch.setattr(courier, "RETRY_SECONDS", 0.2)
    platform.slow = 5
    ledger.queued.append(words(keyring, 1))
    await until(lambda: ledger.deliveries)
    assert ledger.deliveries["o-1"] == ("unknown", courier.NOT_CONFIRMED)
    await asyncio.sleep(0.5)
    assert len(platform.heard) == 1

    platform.declaration = replace(platform.declaration, sends_once=True)
    ledger.queued.append(words(keyring, 2))
    await until(lambda: len(platform.heard) >= 3)
    platform.slow = 0
    await until(lambda: ledger.deliveries.get("o-2") == ("sent", "ok"))


async def test_a_connector_that_breaks_is_unknown_and_does_not_stop_the_courier(
    running: Running, platform: Platform, ledger: MemoryLedger, keyring: Keyring
) -> None:
    platform.problem = RuntimeError("bug")
    ledger.queued.append(words(keyring, 1))
    await until(lambda: ledger.deliveries)
    assert ledger.deliveries["o-1"][0] == "unknown"
    platform.problem = None
    ledger.queued.append(words(keyring, 2))
    await until(lambda: ledger.deliveries.get("o-2") == ("sent", "ok"))


async def test_what_was_left_in_the_middle_is_unknown_or_repeated_by_what_the_platform_can(
    config: Config, keyring: Keyring, server: EmbeddedServer, ledger: MemoryLedger
) -> None:
    async with serve(config, keyring, ledger) as running:
        await running.send(item(1))
    for sends_once in (False, True):
        ledger.deliveries.clear()
        ledger.sending = {"o-1": words(keyring, 1)}
        there = Platform(sends_once=sends_once)
        async with serve(config, keyring, ledger, wait=False) as running:
            running.gateway.connectors["http"] = there
            await until(lambda: ledger.deliveries)
        if sends_once:
            assert ledger.deliveries == {"o-1": ("sent", "ok")}
            assert [each.id for each in there.heard] == ["o-1"]
        else:
            assert ledger.deliveries == {"o-1": ("unknown", courier.CUT_SHORT)}
            assert there.heard == []


class BrokenLedger(MemoryLedger):
    """A ledger whose database goes away."""

    broken = False
    break_after_taking = False

    def take_queued(self, limit: int) -> list[Queued]:
        self._check()
        taken = super().take_queued(limit)
        if taken and self.break_after_taking:
            self.broken = True
        return taken

    def record_delivery(self, message: str, state: str, detail: str) -> None:
        self._check()
        super().record_delivery(message, state, detail)

    def left_sending(self) -> list[Queued]:
        self._check()
        return super().left_sending()

    def pending_commands(self, limit: int) -> list[AlertClosing]:
        self._check()
        return super().pending_commands(limit)

    def _check(self) -> None:
        if self.broken:
            raise OSError("the database is away")


async def test_a_database_that_goes_away_after_sending_does_not_make_words_come_twice(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    ledger = BrokenLedger([(PARTNER, digest(KEY))])
    there = Platform(sends_once=False)
    async with serve(config, keyring, ledger) as running:
        running.gateway.connectors["http"] = there
        await running.send(item(1))
        ledger.break_after_taking = True
        ledger.queued += [words(keyring, 1), words(keyring, 2)]
        await until(lambda: there.heard)
        await asyncio.sleep(1)
        assert ledger.deliveries == {}
        ledger.broken = ledger.break_after_taking = False
        ledger.queued.append(words(keyring, 3))
        await until(lambda: len(ledger.deliveries) == 3)
    assert [each.id for each in there.heard] == ["o-1", "o-2", "o-3"]
    assert set(ledger.deliveries.values()) == {("sent", "ok")}


async def test_nats_going_away_holds_words_back_and_loses_none(
    config: Config, keyring: Keyring, server: EmbeddedServer, ledger: MemoryLedger
) -> None:
    async with serve(config, keyring, ledger) as running:
        await running.send(item(1))
        await until(lambda: running.gateway.courier.turn and running.gateway.courier.turn.held)
        server.kill()
        ledger.queued += [words(keyring, number) for number in range(3)]
        await asyncio.sleep(1.0)
        assert ledger.deliveries == {}
        server.start()
        async with asyncio.timeout(120):
            while True:
                answered = await running.get("/v1/outbox?wait=1")
                found = answered.json().get("messages", [])
                if len(found) == 3:
                    break
        assert [each["text"] for each in found] == [f"{number}번째 말" for number in range(3)]


async def test_closed_alerts_are_told_to_the_stream_once(
    running: Running, ledger: MemoryLedger, config: Config, keyring: Keyring
) -> None:
    closing = AlertClosing(id="c-1", source="partner", conversation="x", about="y", episode=2)
    for _ in range(2):  # the second as after a crash between telling and noting it
        ledger.commands["c-1"] = closing
        await until(lambda: not ledger.commands)
    client = await connect(config, keyring, "test")
    stream = layout.chat_stream(layout.partition_of("x", config.partitions))
    info = await client.jetstream().stream_info(stream)
    assert info.state.messages == 1
    raw = await client.jetstream().get_msg(stream, seq=info.state.last_seq)
    await client.close()
    assert decode(raw.data or b"") == AlertClosed(
        source="partner", conversation="x", about="y", episode=2
    )


@pytest.mark.usefixtures("long_turns")
async def test_of_two_gateways_one_is_the_courier_until_it_ends(
    config: Config, keyring: Keyring, server: EmbeddedServer, ledger: MemoryLedger
) -> None:
    ledger.declared = [(PARTNER, digest(KEY)), (OTHER, digest(OTHER_KEY))]
    async with serve(config, keyring, ledger) as first:
        await first.send(item(1))
        await until(lambda: first.gateway.courier.turn and first.gateway.courier.turn.held)
        async with serve(config, keyring, ledger) as second:
            theirs = Platform(sends_once=True)
            second.gateway.connectors["http"] = theirs
            ledger.queued += [words(keyring, number) for number in range(20)]
            await until(lambda: len(ledger.sending) == 20)
            await asyncio.sleep(1)
            assert theirs.heard == []
            first.gateway.closing.set()
            await first.gateway.stop()
            await until(lambda: len(theirs.heard) == 20)  # it takes over what was left, too
            assert len(ledger.deliveries) == 20
