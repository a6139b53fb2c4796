"""Names behind pseudonyms for evidence: those that are known, and an honest word where none can be
asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream import unmasking
from ansim.stream.connection import connect
from ansim.stream.routing import ACCOUNT, CONVERSATION, Routing
from ansim.stream.server import EmbeddedServer
from tests.ports import free_port

pytestmark = pytest.mark.nats


async def test_the_names_that_the_routing_table_knows_are_told(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmasking, "CONNECT_SECONDS", 60.0)
    client = await connect(config, keyring, "test")
    routing = await Routing.open(client.jetstream(), config, keyring)
    await routing.remember("demo", ["방 7"], ["user-3", "user-4"])
    await client.close()
    room = keyring.pseudonym(CONVERSATION, "demo", "방 7")
    three = keyring.pseudonym(ACCOUNT, "demo", "user-3")
    gone = keyring.pseudonym(ACCOUNT, "demo", "user-5")
    found = await asyncio.to_thread(unmasking.names, config, keyring, room, [three, gone])
    assert found == {room: "방 7", three: "user-3"}


async def test_where_nobody_answers_nothing_is_called_unknown(
    config: Config, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmasking, "CONNECT_SECONDS", 0.5)
    away = replace(config, nats_port=free_port())
    assert await asyncio.to_thread(unmasking.names, away, keyring, "room", ["someone"]) is None
