"""Platforms at a real gateway, with a real NATS behind it: the example of docs/client.md as it
stands there, the outbox by the client, and a Kakao channel."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ansim.chat import Source, SourceKind
from ansim.client import AsyncAnsimClient, Message
from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources.wiring import Wiring
from ansim.stream.gateway.ledger import MemoryLedger, Queued
from ansim.stream.routing import CONVERSATION
from ansim.stream.server import EmbeddedServer
from tests.connectors.platforms import kakao
from tests.gateway.conftest import (
    KEY,
    PARTNER,
    Running,
    config,
    digest,
    keyring,
    serve,
    server,
    state,
    stored,
    until,
)
from tests.ports import free_port

__all__ = ["config", "keyring", "server"]
pytestmark = pytest.mark.nats

GUIDE = Path(__file__).parents[2] / "docs" / "client.md"
SECRET = "a-secret-of-platform-and-agency"
GAME = Source(
    id="game-chat",
    name="A game's chat",
    kind=SourceKind.PLATFORM_PARTNER,
    legal_basis="terms of use and the operator's duty to protect",
    connector="webhook",
)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def channel() -> AsyncIterator[kakao.Service]:
    service = kakao.Service()
    service.events = False
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


@pytest.fixture
def ledger(port: int, channel: kakao.Service) -> MemoryLedger:
    made = MemoryLedger([(GAME, ""), (PARTNER, digest(KEY)), (channel.source(), "")])
    address = {"address": f"http://127.0.0.1:{port}/", "allow_http": "yes"}
    made.wired = {
        "game-chat": Wiring(settings=address, credentials={"secret": SECRET}),
        kakao.ID: channel.wiring(),
    }
    return made


@pytest.fixture
async def running(
    config: Config, keyring: Keyring, server: EmbeddedServer, ledger: MemoryLedger
) -> AsyncIterator[Running]:
    async with serve(config, keyring, ledger) as there:
        await until(lambda: state(ledger, "game-chat") == "listening")
        await until(lambda: state(ledger, kakao.ID) == "listening")
        yield there


def words(keyring: Keyring, source: str, conversation: str) -> Queued:
    return Queued(
        id=f"words-{source}",
        source=source,
        conversation=keyring.pseudonym(CONVERSATION, source, conversation),
        text="혹시 괜찮아요?",
        language="ko",
        author="7",
    )


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(120):
        return (await process.stdout.readline()).decode().strip()


async def test_the_example_of_the_guide_runs_as_it_stands_there(
    running: Running, ledger: MemoryLedger, config: Config, keyring: Keyring, port: int
) -> None:
    example = re.search(r"## Example\n.*?```python\n(.*?)```", GUIDE.read_text(), re.S)
    assert example is not None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", example[1]),
        env={**os.environ, "ANSIM_BASE": running.base, "ANSIM_SECRET": SECRET, "PORT": str(port)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert await line(process) == "taken: 2, not taken: 0"
        assert await stored(config, keyring) == ["m1", "m2"]
        ledger.queued.append(words(keyring, "game-chat", "room-7"))
        assert await line(process) == "room-7 안심아이 상담센터: 혹시 괜찮아요?"
        await until(lambda: "words-game-chat" in ledger.deliveries)
        assert ledger.deliveries["words-game-chat"][0] == "sent"
        assert process.stdin is not None
        process.stdin.write(b"\n")
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_platform_without_an_address_takes_words_from_the_outbox(
    running: Running, ledger: MemoryLedger, keyring: Keyring
) -> None:
    message = Message(id="m1", conversation="room-1", author="kim", text="오늘 같이 할래?")
    async with AsyncAnsimClient(running.base, key=KEY) as client:
        assert (await client.send([message])).accepted == 1
        assert (await client.send([message])).duplicates == 1
        ledger.queued.append(words(keyring, "partner", "room-1"))
        async with asyncio.timeout(120):
            async for found in client.outbox():
                assert (found.agency, found.text) == ("안심아이 상담센터", "혹시 괜찮아요?")
                await client.shown(found.id)
                break
    await until(lambda: "words-partner" in ledger.deliveries)
    assert ledger.deliveries["words-partner"][0] == "sent"


async def test_what_is_written_to_the_channel_is_stored_and_answered_by_a_counsellor(
    running: Running,
    ledger: MemoryLedger,
    config: Config,
    keyring: Keyring,
    channel: kakao.Service,
) -> None:
    channel.at(running.base)
    room = await channel.room()
    name = await channel.say(room, 0, "도와주세요")
    assert await stored(config, keyring) == [name]
    ledger.queued.append(words(keyring, kakao.ID, room))
    await until(lambda: f"words-{kakao.ID}" in ledger.sending)
    said = "[안심아이 상담센터] 혹시 괜찮아요?"

    async def asked() -> bool:
        await channel.say(room, 0, "거기 있어요?")
        return said in await channel.seen(room, 0)

    async with asyncio.timeout(120):
        while not await asked():
            await asyncio.sleep(0.2)
    await until(lambda: f"words-{kakao.ID}" in ledger.deliveries)
    assert ledger.deliveries[f"words-{kakao.ID}"][0] == "sent"
    assert (await channel.seen(room, 0)).count(said) == 1
    assert channel.errors == 0
