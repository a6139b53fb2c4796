"""Nothing is lost or doubled when workers or the NATS server are killed while messages flow."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from ansim.chat import Message
from ansim.config import Config
from ansim.detection.detector import Detector
from ansim.keys import Keyring
from ansim.stream.publishing import Publisher, PublishState, StreamUnavailable
from ansim.stream.server import EmbeddedServer

from .house import Workers, alerts_in_database, final_states, make_database, until_kept
from .traffic import Expected, traffic, undisturbed

pytestmark = pytest.mark.nats

Trouble = Callable[[Workers, asyncio.Event], Awaitable[None]]


async def publish_all(publisher: Publisher, messages: list[Message], rate: float) -> None:
    """Publishes at ``rate`` a second and sends again what was not confirmed, as callers do."""
    started = time.monotonic()
    for start in range(0, len(messages), 250):
        wanted = messages[start : start + 250]
        while wanted:
            results = await publisher.publish(wanted)
            wanted = [
                message
                for message, result in zip(wanted, results, strict=True)
                if result.state is PublishState.FAILED
            ]
            if wanted:
                await asyncio.sleep(0.2)
        ahead = (start + 250) / rate - (time.monotonic() - started)
        await asyncio.sleep(max(0.0, ahead))


async def until_read(publisher: Publisher, seconds: float = 240) -> None:
    async with asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(StreamUnavailable):
                if await publisher.backlog() == 0:
                    return
            await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def going_on(trouble: Trouble, workers: Workers) -> AsyncIterator[None]:
    """Runs ``trouble`` beside the block and ends it afterwards."""
    done = asyncio.Event()
    task = asyncio.create_task(trouble(workers, done))
    try:
        yield
    finally:
        done.set()
        await task


async def story(
    config: Config, keyring: Keyring, count: int, risky: int, rate: float, trouble: Trouble
) -> None:
    """Messages flow while trouble happens; then everything must be as if nothing had."""
    config = replace(config, snapshot_seconds=1.0, lease_seconds=2.0)
    make_database(config)
    messages = traffic(keyring, count, risky, end=time.time())
    assert len(messages) == count
    expected = undisturbed(messages, Detector.load())
    assert len(expected.alerts) > risky / 3, "traffic without alerts would prove nothing"
    publisher = await Publisher.connect(config, keyring)
    workers = Workers(config, config.home / "workers.log")
    try:
        workers.start()
        workers.start()
        async with going_on(trouble, workers):
            await publish_all(publisher, messages, rate)
        await until_read(publisher)
        await until_kept(config, keyring)
        workers.stop()
    finally:
        await publisher.close()
        for index in reversed(range(len(workers.running))):
            workers.kill(index)
    await compare(config, keyring, expected)


async def compare(config: Config, keyring: Keyring, expected: Expected) -> None:
    found = Counter(alerts_in_database(config))
    assert [key for key, times in found.items() if times > 1] == []
    assert set(found) == expected.alerts
    states = await final_states(config, keyring)
    assert set(states) == set(expected.risks)
    worst = max(abs(states[name].risk - risk) for name, risk in expected.risks.items())
    assert worst <= 1e-3


def kill_workers(seed: int, least: float, most: float) -> Trouble:
    async def trouble(workers: Workers, done: asyncio.Event) -> None:
        chance = random.Random(seed)
        kills = 0
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(least, most)):
                    await done.wait()
            if not done.is_set():
                workers.kill(chance.randrange(len(workers.running)))
                workers.start()
                kills += 1
        assert kills >= 3

    return trouble


def kill_server(server: EmbeddedServer, pauses: list[float]) -> Trouble:
    async def trouble(_workers: Workers, _done: asyncio.Event) -> None:
        for pause in pauses:
            await asyncio.sleep(pause)
            server.kill()
            await asyncio.sleep(0.5)
            await asyncio.to_thread(server.start)

    return trouble


async def test_workers_killed_while_20000_messages_flow_lose_and_double_nothing(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    await story(config, keyring, 20_000, 200, 1000, kill_workers(1, 2.0, 4.5))


async def test_nats_killed_and_restarted_in_mid_stream_loses_and_doubles_nothing(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    await story(config, keyring, 20_000, 200, 2000, kill_server(server, [4.0, 5.0]))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
async def test_many_kills(
    config: Config, keyring: Keyring, server: EmbeddedServer, seed: int
) -> None:
    await story(config, keyring, 60_000, 200, 600, kill_workers(seed, 0.5, 6.0))
