"""Names behind pseudonyms: written before they are needed, sealed, renewed, and removable."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client

from ansim.config import Config
from ansim.keys import KeyLost, Keyring
from ansim.stream import routing as routes
from ansim.stream.connection import connect
from ansim.stream.routing import ACCOUNT, CONVERSATION, Routing, RoutingUnavailable
from ansim.stream.server import EmbeddedServer
from tests.gateway.conftest import until

pytestmark = pytest.mark.nats


@pytest.fixture
async def client(config: Config, keyring: Keyring, server: EmbeddedServer) -> AsyncIterator[Client]:
    connected = await connect(config, keyring, "test")
    yield connected
    await connected.close()


@pytest.fixture
async def routing(client: Client, config: Config, keyring: Keyring) -> Routing:
    return await Routing.open(client.jetstream(), config, keyring)


async def writes(client: Client) -> int:
    info = await client.jetstream().stream_info("KV_routing")
    return int(info.state.last_seq)


async def test_a_name_is_written_once_a_day_while_it_is_seen(
    routing: Routing, client: Client
) -> None:
    now = 1.79e9
    routing._clock = lambda: now
    for hour in range(26):
        now = 1.79e9 + hour * 3600.0
        await routing.remember("s", ["room"], ["a", "b"])
    assert await writes(client) == 6
    info = await client.jetstream().stream_info("KV_routing")
    assert info.config.max_age == routes.LIFE_SECONDS == 30 * 86400
    assert info.state.messages == 3


async def test_many_names_at_once_are_all_there_afterwards(
    routing: Routing, keyring: Keyring
) -> None:
    rooms = [f"방-{number}" for number in range(5000)]
    await routing.remember("s", rooms, [])
    for room in rooms[::500]:
        assert await routing.raw(CONVERSATION, keyring.pseudonym(CONVERSATION, "s", room)) == room


async def test_a_process_that_remembers_little_still_writes_everything(
    client: Client, config: Config, keyring: Keyring
) -> None:
    routing = await Routing.open(client.jetstream(), config, keyring)
    routing._capacity = 3
    await routing.remember("s", [], [f"a{number}" for number in range(10)])
    assert len(routing._known) <= 3
    for number in range(10):
        pseudonym = keyring.pseudonym(ACCOUNT, "s", f"a{number}")
        assert await routing.raw(ACCOUNT, pseudonym) == f"a{number}"
        assert routing.pseudonym(ACCOUNT, "s", f"a{number}") == pseudonym


async def test_a_name_that_could_not_be_written_is_tried_again(
    routing: Routing,
    client: Client,
    keyring: Keyring,
    server: EmbeddedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routes, "ACK_SECONDS", 0.5)
    server.kill()
    with pytest.raises(RoutingUnavailable):
        await routing.remember("s", ["room"], [])
    server.start()
    await until(lambda: client.is_connected)
    await routing.remember("s", ["room"], [])
    assert await routing.raw(CONVERSATION, keyring.pseudonym(CONVERSATION, "s", "room")) == "room"


async def test_a_forgotten_name_is_gone_until_it_is_seen_again(
    routing: Routing, keyring: Keyring
) -> None:
    await routing.remember("s", ["room"], [])
    pseudonym = keyring.pseudonym(CONVERSATION, "s", "room")
    await routing.forget(CONVERSATION, pseudonym)
    assert await routing.raw(CONVERSATION, pseudonym) is None
    await routing.remember("s", ["room"], [])
    assert await routing.raw(CONVERSATION, pseudonym) == "room"


async def test_without_the_key_a_name_cannot_be_read(
    routing: Routing, client: Client, config: Config, keyring: Keyring
) -> None:
    await routing.remember("s", ["room"], [])
    pseudonym = keyring.pseudonym(CONVERSATION, "s", "room")
    stranger = await Routing.open(client.jetstream(), config, Keyring.generate())
    with pytest.raises(KeyLost):
        await stranger.raw(CONVERSATION, pseudonym)
