"""The hour's questions are those of the whole system: several ask, and together never too often."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from ansim.config import Config
from ansim.keys import Keyring
from ansim.reviewing.budget import HOUR
from ansim.stream import layout
from ansim.stream import questions as module
from ansim.stream.connection import connect
from ansim.stream.questions import Questions
from ansim.stream.server import EmbeddedServer
from tests.reviewing.stand_in import StandIn
from tests.reviewing.talk import answer
from tests.stream.house import environment

from .test_partition import until

pytestmark = pytest.mark.nats


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no NATS that cannot be reached."""
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 60.0)


@asynccontextmanager
async def connected(config: Config, keyring: Keyring) -> AsyncIterator[Client]:
    client = await connect(config, keyring, "questions")
    try:
        await layout.ensure(client.jetstream(), config)
        yield client
    finally:
        await client.close()


def counting(client: Client, hourly: int) -> Questions:
    questions = Questions(hourly)
    questions.connect(client)
    return questions


async def until_granted(questions: Questions, seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not await questions.spend():
            await asyncio.sleep(0.05)


async def test_many_who_ask_at_the_same_time_get_just_as_many_as_the_hour_has(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(config, keyring)) for _ in range(4)]
        granted = 0

        async def ask_on(questions: Questions) -> None:
            nonlocal granted
            while True:
                if await questions.spend():
                    granted += 1
                elif not questions.left:
                    return

        # Two in each: they share what their worker knows.
        workers = [counting(client, 21) for client in clients]
        async with asyncio.timeout(120):
            await asyncio.gather(*(ask_on(worker) for worker in workers for _ in range(2)))
        assert granted == 21
        for worker in workers:
            await worker.look()
            assert worker.left == 0


async def test_a_question_counts_for_an_hour_and_no_longer(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with connected(config, keyring) as client:
        js = client.jetstream()
        made = await js.stream_info(layout.QUESTIONS)
        assert made.config.max_age is not None
        assert HOUR < made.config.max_age < HOUR + 60
        await js.delete_stream(layout.QUESTIONS)
        await js.add_stream(
            StreamConfig(name=layout.QUESTIONS, subjects=[layout.ASKED], max_age=3.0)
        )
        questions = counting(client, 2)
        assert [await questions.spend() for _ in range(2)] == [True, True]
        await until_granted(questions)


async def test_where_the_count_cannot_be_reached_nothing_may_be_asked_and_nothing_is_forgotten(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not await Questions(5).spend(), "not connected yet"
    async with connected(config, keyring) as client:
        questions = counting(client, 3)
        assert await questions.spend()
        server.stop()
        with monkeypatch.context() as hasty:
            hasty.setattr(module, "TIMEOUT_SECONDS", 1.0)
            assert not await questions.spend()
            await questions.look()
            assert questions.left == 2, "what was heard last"
            server.start()
            await until_granted(questions)
        await questions.look()
        # One more may have been counted without being asked, where its answer was lost.
        assert questions.left <= 1
        while await questions.spend():
            pass
        assert (await client.jetstream().stream_info(layout.QUESTIONS)).state.messages == 3


async def test_without_its_stream_nothing_may_be_asked_until_it_is_made_again(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with connected(config, keyring) as client:
        await client.jetstream().delete_stream(layout.QUESTIONS)
        questions = counting(client, 3)
        assert not await questions.spend()
        await layout.ensure(client.jetstream(), config)
        assert await questions.spend()


async def test_a_lower_setting_holds_for_whoever_has_it_at_once(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with connected(config, keyring) as client:
        before, after = counting(client, 10), counting(client, 3)
        assert [await before.spend() for _ in range(3)] == [True] * 3
        assert not await after.spend()
        assert after.left == 0
        assert await before.spend()


@pytest.mark.timeout(600)
async def test_reviewers_in_several_processes_never_exceed_it_together_whatever_is_killed(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    hourly = 9
    async with AsyncExitStack() as stack, StandIn(lambda _: answer(), "silent") as model:
        processes: list[asyncio.subprocess.Process] = []

        async def start(name: str) -> asyncio.subprocess.Process:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.stream.asking_process"),
                *(model.url, str(hourly), name),
                env=environment(config) | {"PYTHONPATH": os.pathsep.join(sys.path)},
                stdout=asyncio.subprocess.PIPE,
            )
            processes.append(process)
            stack.push_async_callback(ended, process)
            return process

        async def ended(process: asyncio.subprocess.Process) -> None:
            if process.returncode is None:
                process.kill()
            await process.wait()

        async def says_spent(process: asyncio.subprocess.Process) -> None:
            assert process.stdout is not None
            async with asyncio.timeout(120):
                assert await process.stdout.readline() == b"spent\n"

        await start("first")
        await start("second")
        # Both of both ask and wait for a model that says nothing.
        await until(lambda: len(model.questions) == 4, 120)
        await ended(processes[0])
        dying = await start("dies")
        async with asyncio.timeout(120):
            assert await dying.wait() == -signal.SIGKILL
        await start("third")
        await until(lambda: len(model.questions) == 6, 120)
        model.manner = "whole"
        model.released.set()  # now it answers everybody
        await says_spent(processes[1])
        await says_spent(processes[3])
        await says_spent(await start("fourth"))
        async with connected(config, keyring) as client:
            state = (await client.jetstream().stream_info(layout.QUESTIONS)).state
        assert state.messages == hourly
        # One was counted by who then died; at most two, had its other task been as quick.
        await until(lambda: len(model.questions) >= hourly - 2)
        assert len(model.questions) < hourly
