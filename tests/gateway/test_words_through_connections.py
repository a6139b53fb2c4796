"""Words go out through the connector of their own source, and wait while it does not run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources import registry
from ansim.sources.contract import Connector
from ansim.sources.wiring import Opening
from ansim.stream.gateway import courier, trials
from ansim.stream.gateway.ledger import MemoryLedger, Queued, TestMessage
from ansim.stream.routing import CONVERSATION
from ansim.stream.server import EmbeddedServer
from tests.gateway import toy
from tests.gateway.conftest import Running, received, serve, state, until
from tests.gateway.toy import ToyPlatform

pytestmark = pytest.mark.nats


def words(keyring: Keyring, number: int, source: str = "toy") -> Queued:
    return Queued(
        id=f"o-{number}",
        source=source,
        conversation=keyring.pseudonym(CONVERSATION, source, "room-1"),
        text=f"{number}번째 말",
        language="ko",
        author="7",
    )


def trial(number: int, source: str = "toy") -> TestMessage:
    return TestMessage(
        id=f"t-{number}", source=source, room="room-9", text="시험", language="ko", author="boss"
    )


@pytest.fixture
async def listening(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    toy_ledger: MemoryLedger,
    platform: ToyPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Running]:
    monkeypatch.setattr(courier, "RETRY_SECONDS", 0.2)
    platform.say()
    async with serve(config, keyring, toy_ledger) as running:
        await until(lambda: received(running) == 1 and state(toy_ledger) == "listening")
        yield running


async def test_each_sources_words_go_through_its_own_connector(
    listening: Running,
    toy_ledger: MemoryLedger,
    platform: ToyPlatform,
    keyring: Keyring,
    tmp_path: Path,
) -> None:
    other = ToyPlatform(tmp_path / "other")
    other.say()
    toy_ledger.wired = {**toy_ledger.wired, "second": other.wiring()}
    toy_ledger.declared = [*toy_ledger.declared, (other.source("second"), "")]
    await until(lambda: received(listening) == 2)
    toy_ledger.queued += [words(keyring, 1), words(keyring, 2, "second"), words(keyring, 3)]
    await until(lambda: len(toy_ledger.deliveries) == 3)
    assert platform.seen == ["room-1 o-1 '1번째 말'", "room-1 o-3 '3번째 말'"]
    assert other.seen == ["room-1 o-2 '2번째 말'"]


async def test_words_wait_while_the_connector_does_not_run_and_arrive_once(
    listening: Running,
    toy_ledger: MemoryLedger,
    platform: ToyPlatform,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(opening: Opening) -> Connector:
        raise ModuleNotFoundError

    monkeypatch.setattr(registry, "connect", refuse)
    toy_ledger.wired = {"toy": platform.wiring(credentials={"token": "new"})}
    await until(lambda: state(toy_ledger) == "trouble")
    toy_ledger.queued += [words(keyring, 1), words(keyring, 2)]
    await asyncio.sleep(0.7)
    assert toy_ledger.deliveries == {}
    assert set(toy_ledger.sending) == {"o-1", "o-2"}
    monkeypatch.setattr(registry, "connect", toy.connect)
    await until(lambda: len(toy_ledger.deliveries) == 2)
    assert [each.split()[1] for each in platform.seen] == ["o-1", "o-2"]


async def test_words_left_by_a_crash_are_unknown_also_before_the_connector_runs(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    toy_ledger: MemoryLedger,
    platform: ToyPlatform,
) -> None:
    toy_ledger.wired = {}
    toy_ledger.sending = {"o-1": words(keyring, 1)}
    async with serve(config, keyring, toy_ledger):
        await until(lambda: toy_ledger.deliveries)
        assert toy_ledger.deliveries == {"o-1": ("unknown", courier.CUT_SHORT)}
        toy_ledger.wired = {"toy": platform.wiring()}
        await until(lambda: state(toy_ledger) == "listening")
        await asyncio.sleep(0.3)
    assert platform.seen == []


async def test_a_refused_token_fails_words_in_the_connectors_own_sentence(
    listening: Running, toy_ledger: MemoryLedger, platform: ToyPlatform, keyring: Keyring
) -> None:
    platform.become("revoked")
    await until(lambda: state(toy_ledger) == "stopped")
    toy_ledger.queued.append(words(keyring, 1))
    await until(lambda: toy_ledger.deliveries)
    assert toy_ledger.deliveries["o-1"] == ("failed", "the platform does not accept the token")


async def test_a_connection_that_broke_in_mid_send_leaves_the_outcome_unknown(
    listening: Running, toy_ledger: MemoryLedger, platform: ToyPlatform, keyring: Keyring
) -> None:
    platform.become("reset")
    toy_ledger.queued.append(words(keyring, 1))
    await until(lambda: toy_ledger.deliveries)
    assert toy_ledger.deliveries["o-1"] == ("unknown", courier.NOT_CONFIRMED)


async def test_a_test_message_is_said_once_in_the_room_it_names(
    listening: Running, toy_ledger: MemoryLedger, platform: ToyPlatform
) -> None:
    toy_ledger.tests.append(trial(1))
    await until(lambda: toy_ledger.tested)
    assert toy_ledger.tested == {"t-1": ("sent", "ok")}
    await asyncio.sleep(0.3)
    assert platform.seen == ["room-9 t-1 '시험'"]


async def test_a_test_message_that_cannot_be_said_fails_at_once(
    listening: Running, toy_ledger: MemoryLedger, platform: ToyPlatform
) -> None:
    toy_ledger.tests += [trial(1, "nobody")]
    toy_ledger.wired = {}
    await until(lambda: state(toy_ledger) == "stopped")
    toy_ledger.tests += [trial(2)]
    await until(lambda: len(toy_ledger.tested) == 2)
    assert "not declared" in toy_ledger.tested["t-1"][1]
    assert toy_ledger.tested["t-2"] == ("failed", trials.NOT_RUNNING)
    assert platform.seen == []
