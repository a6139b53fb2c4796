"""What connectors keep: durable, sealed, without a name to be seen, wiped with its source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources.wiring import Remembered
from ansim.stream.connection import connect
from ansim.stream.gateway import keeping
from ansim.stream.gateway.keeping import ConnectorBucket, KeptMemory
from ansim.stream.gateway.ledger import MemoryLedger
from ansim.stream.server import EmbeddedServer
from tests.gateway.conftest import received, serve, until
from tests.gateway.toy import Position, ToyPlatform

pytestmark = pytest.mark.nats


@pytest.fixture
async def client(config: Config, keyring: Keyring, server: EmbeddedServer) -> AsyncIterator[Client]:
    connected = await connect(config, keyring, "test")
    yield connected
    with suppress(OSError):  # the server may have been killed
        await connected.close()


@pytest.fixture
async def bucket(client: Client, keyring: Keyring) -> ConnectorBucket:
    return await ConnectorBucket.open(client, keyring, 1)


async def entries(client: Client) -> dict[str, bytes]:
    """Everything in the bucket as it lies there."""
    js = client.jetstream()
    info = await js.stream_info("KV_connectors", subjects_filter=">")
    found = {}
    for subject in info.state.subjects or {}:
        with suppress(NotFoundError):  # it may have gone since it was counted
            found[subject] = (await js.get_msg("KV_connectors", subject=subject)).data or b""
    return found


async def test_what_was_put_last_is_there_for_every_gateway_and_shows_no_name(
    client: Client, bucket: ConnectorBucket, keyring: Keyring
) -> None:
    memory = KeptMemory("discord-1", lambda: bucket)
    assert await memory.get("room:!secret") is None
    await memory.put("room:!secret", b"who was told")
    await memory.put("room:!secret", b"who was told since")
    other = KeptMemory("discord-1", lambda: other_bucket)
    other_bucket = await ConnectorBucket.open(client, keyring, 1)
    assert await other.get("room:!secret") == b"who was told since"
    assert await KeptMemory("discord-2", lambda: bucket).get("room:!secret") is None
    held = await entries(client)
    assert len(held) == 1
    for subject, value in held.items():
        for plain in ("secret", "discord", "told"):
            assert plain not in subject
            assert plain.encode() not in value


async def test_a_name_or_a_source_is_forgotten_without_a_trace(
    client: Client, bucket: ConnectorBucket
) -> None:
    one, two = KeptMemory("one", lambda: bucket), KeptMemory("two", lambda: bucket)
    for memory in (one, two):
        await memory.put("position", b"1")
        await memory.put("room", b"2")
    await one.forget("room")
    assert (await one.get("room"), await one.get("position")) == (None, b"1")
    assert await bucket.forget_others({"two"}) == 1
    assert await one.get("position") is None
    assert (await two.get("room"), await two.get("position")) == (b"2", b"1")
    assert len(await entries(client)) == 2


async def test_an_entry_cannot_pass_for_another(client: Client, bucket: ConnectorBucket) -> None:
    memory = KeptMemory("one", lambda: bucket)
    await memory.put("position", b"1")
    [(before, sealed)] = (await entries(client)).items()
    await memory.put("room", b"2")
    [after] = (await entries(client)).keys() - {before}
    await client.jetstream().publish(after, sealed)
    with pytest.raises(ValueError, match="another entry"):
        await memory.get("room")


async def test_what_is_too_large_is_refused_by_name_and_the_old_value_stays(
    bucket: ConnectorBucket,
) -> None:
    memory = KeptMemory("one", lambda: bucket)
    await memory.put("room", b"small")
    with pytest.raises(ValueError, match="4 MiB"):
        await memory.put("room", bytes(keeping.MAX_VALUE_BYTES + 1))
    assert await memory.get("room") == b"small"
    await memory.put("room", bytes(keeping.MAX_VALUE_BYTES))
    assert await memory.get("room") == bytes(keeping.MAX_VALUE_BYTES)


async def test_while_nats_is_away_keeping_fails_aloud(
    bucket: ConnectorBucket, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = KeptMemory("one", lambda: None)
    with pytest.raises(ConnectionError):
        await waiting.put("position", b"1")
    server.kill()
    bucket._js._timeout = 0.5
    memory = KeptMemory("one", lambda: bucket)
    for attempt in (memory.put("position", b"1"), memory.get("position"), memory.forget("room")):
        with pytest.raises(ConnectionError):
            await attempt


async def test_a_gateway_that_lost_its_turn_puts_no_position_back(bucket: ConnectorBucket) -> None:
    mine = True
    memory = KeptMemory("one", lambda: bucket, may_write=lambda: mine)
    await memory.put("position", b"1")
    mine = False
    with pytest.raises(ConnectionError, match="another gateway"):
        await memory.put("position", b"0")
    assert await memory.get("position") == b"1"


async def test_what_a_removed_source_kept_is_wiped_also_where_no_gateway_ran(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    toy_ledger: MemoryLedger,
    platform: ToyPlatform,
    client: Client,
) -> None:
    platform.say()
    toy_ledger.declared.append((platform.source("second"), ""))
    toy_ledger.wired["second"] = platform.wiring()
    async with serve(config, keyring, toy_ledger) as running:
        await until(lambda: received(running) == 2)
        await hold(client, 2)
        toy_ledger.declared = toy_ledger.declared[1:]
        await hold(client, 1)
        assert "toy" not in {each.source for each in running.gateway.watch.sources}
        kept = KeptMemory("second", lambda: running.gateway.connections.bucket)
        assert (await Remembered.read(kept, "position", Position)).lines == 1
    toy_ledger.declared = toy_ledger.declared[:1]  # removed while nobody ran
    async with serve(config, keyring, toy_ledger):
        await hold(client, 0)


async def hold(client: Client, count: int) -> None:
    """Waits until the bucket holds so many entries."""
    async with asyncio.timeout(60):
        while len(await entries(client)) != count:
            await asyncio.sleep(0.05)
