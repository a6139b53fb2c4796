"""Connectors that are called by their platform: their routes are served, within intake's limits."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from ansim.chat import Source, SourceKind
from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources.contract import Delivery, DeliveryState
from ansim.sources.doorway import Door, TurnedAway
from ansim.sources.webhook import signing
from ansim.sources.wiring import Wiring
from ansim.stream.gateway import limits
from ansim.stream.gateway.door import GatewayDoor
from ansim.stream.gateway.ledger import MemoryLedger
from ansim.stream.server import EmbeddedServer
from tests.gateway.conftest import Running, item, received, serve, state, stored, until
from tests.gateway.toy import ToyPlatform

pytestmark = pytest.mark.nats

HOOK = Source(
    id="hook",
    name="A platform that signs",
    kind=SourceKind.PLATFORM_PARTNER,
    legal_basis="terms of use",
    connector="webhook",
)
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
async def running(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    toy_ledger: MemoryLedger,
) -> AsyncIterator[Running]:
    toy_ledger.declared.append((HOOK, ""))
    toy_ledger.wired["hook"] = Wiring(credentials={"secret": SECRET})
    async with serve(config, keyring, toy_ledger) as there:
        await until(lambda: state(toy_ledger, "hook") == "listening")
        yield there


async def post(running: Running, body: bytes, source: str = "hook") -> httpx.Response:
    now = str(int(time.time()))
    return await running.client.post(
        f"/v1/webhook/{source}",
        content=body,
        headers={signing.TIMESTAMP: now, signing.SIGNATURE: signing.sign([SECRET], now, body)},
    )


async def test_a_signed_batch_goes_the_way_of_all_batches(
    running: Running, toy_ledger: MemoryLedger, config: Config, keyring: Keyring
) -> None:
    batch = [item(1), {"bad": 1}, item(2), item(1)]
    answered = await post(running, msgspec.json.encode(batch))
    assert answered.status_code == 202
    told = answered.json()
    assert (told["accepted"], told["duplicates"], told["rejected"]) == (2, 1, 1)
    assert [row["index"] for row in told["results"]] == [1]
    assert received(running) == 2
    assert await stored(config, keyring) == ["m-1", "m-2"]
    await until(lambda: toy_ledger.healths["hook"]["received"] == 2)
    assert (await post(running, b"no json")).status_code == 400
    assert running.gateway.in_flight.bytes == 0


async def test_words_go_through_the_running_connector_of_a_source_that_is_called(
    running: Running,
) -> None:
    connector = running.gateway.connections.connector_of("hook")
    assert connector is not None
    assert connector.declaration.name == "webhook"


async def test_a_source_that_is_off_is_not_there_and_a_refusal_is_audited(
    running: Running, toy_ledger: MemoryLedger
) -> None:
    assert (await post(running, b"[]", "nobody")).status_code == 404
    assert (await post(running, b"[]", "partner")).status_code == 404  # of another connector
    off = msgspec.structs.replace(HOOK, active=False)
    toy_ledger.declared = [(off, "")]
    await until(lambda: state(toy_ledger, "hook") == "paused")
    assert (await post(running, msgspec.json.encode([item(1)]))).status_code == 404
    assert toy_ledger.refusals
    assert received(running) == 0


async def test_before_the_sources_are_known_a_platform_is_told_to_come_again(
    config: Config, keyring: Keyring, platform: ToyPlatform
) -> None:
    class Away(MemoryLedger):
        def sources(self) -> list[tuple[Source, str]]:
            raise OSError("the database is away")

    async with serve(config, keyring, Away(), wait=False) as running:
        answered = await post(running, b"[]")
    assert answered.status_code == 503
    assert answered.headers["retry-after"]
    assert answered.json()["error"] == "starting"


async def test_a_body_is_held_within_limits_and_let_go(running: Running) -> None:
    door: Door = GatewayDoor(running.gateway)

    async def chunks(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield bytes(1000)

    async with door.body(chunks(3), None, 5000) as body:
        assert len(body) == running.gateway.in_flight.bytes == 3000
    assert running.gateway.in_flight.bytes == 0
    for declared, largest, status in ((None, 2000, 413), ("9000", 5000, 413)):
        with pytest.raises(TurnedAway) as turned:
            async with door.body(chunks(6), declared, largest):
                pass
        assert turned.value.answer.status == status
    running.gateway.in_flight.bytes = limits.MAX_IN_FLIGHT_BYTES
    with pytest.raises(TurnedAway) as turned:
        async with door.body(chunks(1), None, 5000):
            pass
    assert turned.value.answer.status == 429
    assert "Retry-After" in turned.value.answer.headers


async def test_what_a_platform_confirms_is_recorded_and_a_deaf_database_is_told(
    running: Running, toy_ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = GatewayDoor(running.gateway)
    await door.record("o-1", Delivery(DeliveryState.SENT, "shown"))
    assert toy_ledger.deliveries == {"o-1": ("sent", "shown")}

    def away(message: str, state: str, detail: str) -> None:
        raise OSError

    monkeypatch.setattr(toy_ledger, "record_delivery", away)
    with pytest.raises(ConnectionError):
        await door.record("o-2", Delivery(DeliveryState.SENT))
