"""A connector at work in this process: what it hands over, tells of itself and says."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import msgspec

from ansim.chat import Source
from ansim.sources import registry
from ansim.sources.contract import (
    Connector,
    Declaration,
    Delivery,
    DeliveryState,
    Incoming,
    IntakeBusy,
    IntakeRefused,
    Outcome,
    Outgoing,
    Revoked,
    Way,
)
from ansim.sources.wiring import Memory, MemoryInProcess, Opening, Wiring
from tests.connectors.door import OneDoor, serve_door
from tests.connectors.platforms import Ordinary, Platform
from tests.stream.conftest import free_port

AGENCY = {"ko": "안심아이 상담센터", "en": "Ansim Eye Counselling"}
SEND_SECONDS = 15.0
"""So long the courier waits for one attempt."""
PATIENCE = 120.0
"""Seconds for what must come: on a busy machine everything takes its time."""
ROOT = Path(__file__).parents[2]


class Gap(msgspec.Struct, frozen=True):
    """A time that was not heard, as told."""

    since: float
    until: float
    why: str


class Told:
    """Keeps ``wiring.Health`` and notes what it is told."""

    def __init__(self) -> None:
        self.connections = 0
        self.gaps: list[Gap] = []
        self.troubles: list[str] = []
        self.objections = 0
        self.counted = 0

    def connected(self) -> None:
        self.connections += 1

    def heard(self, count: int, newest: float) -> None:
        self.counted += count

    def behind(self, messages: int) -> None: ...

    def trouble(self, sentence: str) -> None:
        self.troubles.append(sentence)

    def gap(self, since: float, until: float, why: str) -> None:
        self.gaps.append(Gap(since, until, why))

    def objected(self) -> None:
        self.objections += 1


class Recorder:
    """An intake that keeps what it is given and can be told to fail."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.handed: list[Incoming] = []
        """All of it, repeats too, in the order it came."""
        self._known: set[tuple[str, str]] = set()
        self.busy = 0
        """So many of the next calls are answered "busy"."""
        self.failing = 0
        """So many of the next calls cannot store anything."""

    async def __call__(self, source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        refusal = refusal_of(self._source)
        if refusal is not None or source != self._source.id:
            raise IntakeRefused(refusal or f"the source {source!r} is not declared")
        if self.busy:
            self.busy -= 1
            raise IntakeBusy("told to be", 0)
        if self.failing:
            self.failing -= 1
            return [Outcome.FAILED] * len(messages)
        outcomes = []
        for message in messages:
            self.handed.append(message)
            name = (message.conversation, message.id)
            outcomes.append(Outcome.DUPLICATE if name in self._known else Outcome.STORED)
            self._known.add(name)
        return outcomes


class Running:
    """``async with Running(platform) as running``: a connector that hears, supervised as in the
    gateway: called again where it was cut, left alone where only a person can help."""

    def __init__(
        self,
        platform: Platform,
        *,
        memory: Memory | None = None,
        source: Source | None = None,
        wiring: Wiring | None = None,
    ) -> None:
        self.platform = platform
        self.source = source or platform.source()
        self.memory = memory or MemoryInProcess()
        self.told = Told()
        self.intake = Recorder(self.source)
        self.opening = Opening(
            source=self.source,
            wiring=wiring or platform.wiring(),
            memory=self.memory,
            health=self.told,
            agency=AGENCY,
        )
        self.door = OneDoor(self.opening, self.intake)
        self.ended: Exception | None = None
        """Why it will not hear again by itself."""
        self.broken: list[str] = []
        """What it raised that no connector may raise."""
        self._stack = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Running:
        self.connector = connect(self.platform, self.opening)
        if self.connector.declaration.way is Way.CALLED:
            await self._stack.enter_async_context(
                serve_door(self.door, self.source.connector, port_of(self.platform))
            )
        self._task = asyncio.create_task(self._receive())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
        if error is None:
            assert not self.broken, f"receive raised {self.broken}"

    async def stop(self) -> None:
        """Ends the connector as a gateway does; whatever it holds open must go."""
        left = {self._task} if self._task is not None else set()
        for _ in range(10):
            for task in left:
                task.cancel()
            if left:
                _, left = await asyncio.wait(left, timeout=1.0)
        assert not left, "the connector does not end when it is cancelled"
        self._task = None
        await self._stack.aclose()

    async def _receive(self) -> None:
        pause = 0.1
        while True:
            try:
                await self.connector.receive(self.intake)
                self.broken.append("nothing: it returned by itself")
            except (Revoked, IntakeRefused) as ended:
                self.ended = ended
                return
            except ConnectionError:
                pass
            except Exception as error:
                self.broken.append(f"{type(error).__name__}: {error}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    def heard(self, room: str) -> list[Incoming]:
        """What was handed over of a room, without repeats, in the order it came."""
        return without_repeats(self.intake.handed, room)

    async def send(self, outgoing: Outgoing) -> Delivery:
        return await self.connector.send(outgoing)


def without_repeats(messages: Sequence[Incoming], room: str) -> list[Incoming]:
    """Messages of a room whose id had not come before."""
    known: dict[str, Incoming] = {}
    for message in messages:
        if message.conversation == room:
            known.setdefault(message.id, message)
    return list(known.values())


def extra(platform: Platform, name: str) -> Any:
    """What a Service says about itself besides, or what holds for ordinary ones."""
    return getattr(platform, name, None) or getattr(Ordinary(), name)


def connect(platform: Platform, opening: Opening) -> Connector:
    """The connector that ships, or the one that the Service names."""
    return connector_by(extra(platform, "connects"))(opening)


def connector_by(name: str) -> Callable[[Opening], Connector]:
    """What makes a connector: the registry, or "module:function"."""
    if not name:
        return registry.connect
    module, _, function = name.partition(":")
    return cast(Callable[[Opening], Connector], getattr(import_module(module), function))


def declaration_of(platform: Platform) -> Declaration:
    """Of the registry; of connectors that it does not know, their own."""
    name = platform.source().connector
    own = getattr(platform, "declaration", None)
    return own if own is not None else registry.CONNECTORS[name]


def refusal_of(source: Source) -> str | None:
    """As intake refuses; a connector made for tests is no reason."""
    known = source.connector in registry.CONNECTORS
    return registry.refusal(source) if known else source.refusal()


def port_of(platform: Platform) -> int:
    """Where our routes are called by this platform: the same port for as long as it lives."""
    port: int | None = getattr(platform, "_our_port", None)
    if port is None:
        port = free_port()
        platform._our_port = port  # type: ignore[attr-defined]
        extra(platform, "at")(f"http://127.0.0.1:{port}")
    return port


async def until(
    condition: Callable[[], object] | Callable[[], Awaitable[object]],
    what: str,
    seconds: float | None = None,
) -> None:
    """Waits for a condition; fails with ``what`` did not come in ``seconds`` (PATIENCE)."""
    seconds = PATIENCE if seconds is None else seconds
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(0.03)


async def carry(running: Running, outgoing: Outgoing) -> Delivery:
    """Sends as the courier does: tries again only where that cannot say it twice."""
    deadline = time.monotonic() + PATIENCE
    once = running.connector.declaration.sends_once
    while True:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await running.send(outgoing)
        except TimeoutError:
            if not once:
                return Delivery(DeliveryState.UNKNOWN, "no answer in time")
        except ConnectionError:
            pass
        assert time.monotonic() < deadline, f"not sent within {PATIENCE:.0f} s"
        await asyncio.sleep(0.2)
