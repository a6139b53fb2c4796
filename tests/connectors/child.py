"""A connector in a process of its own, so that it can be killed.

``python -m tests.connectors.child MODULE…`` loads the modules and forks a life for every line of
input (a folder and a socket): libraries take seconds to load, and a check has many lives. A life is
given an ``Errand``, then each ``Outgoing`` to be sent, and answers with one ``Report`` a line. What
it hears and remembers lies in the folder, each entry durable before the connector goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import msgspec

from ansim.chat import Source
from ansim.sources.contract import (
    Connector,
    Incoming,
    IntakeRefused,
    Outcome,
    Outgoing,
    Revoked,
    Way,
)
from ansim.sources.wiring import Opening, Wiring
from tests.connectors.door import OneDoor, serve_door
from tests.connectors.running import connector_by

T = TypeVar("T")


class Die(msgspec.Struct, frozen=True):
    """Where to die: at the n-th time that something is about to be ``handed``, was ``stored``
    (the connector does not know yet), or is about to be ``kept`` in memory."""

    at: str = ""
    time: int = 0


class Errand(msgspec.Struct, frozen=True):
    """What to run."""

    source: Source
    wiring: Wiring
    agency: dict[str, str]
    connects: str = ""
    port: int = 0
    die: Die = Die()


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the parent learns: that we listen, what became of words, why it ended."""

    up: bool = False
    process: int = 0
    sent: str = ""
    state: str = ""
    detail: str = ""
    held_up: bool = False
    ended: str = ""
    broken: str = ""


class Told(msgspec.Struct, frozen=True):
    """A gap, as it lies in the folder."""

    since: float
    until: float
    why: str


class Deaths:
    """Counts the moments and dies at the one that was asked for."""

    def __init__(self, die: Die) -> None:
        self._die = die
        self._times = 0

    def pass_by(self, moment: str) -> None:
        if moment == self._die.at:
            self._times += 1
            if self._times >= self._die.time:
                os.kill(os.getpid(), signal.SIGKILL)


class LastingMemory:
    """A memory on disk: whole before it is there, there before ``put`` returns."""

    def __init__(self, folder: Path, deaths: Deaths) -> None:
        self._folder = folder
        self._deaths = deaths
        folder.mkdir(exist_ok=True)

    async def get(self, name: str) -> bytes | None:
        path = self._path(name)
        return path.read_bytes() if path.exists() else None

    async def put(self, name: str, value: bytes) -> None:
        self._deaths.pass_by("kept")
        new = self._path(name).with_suffix(".new")
        with new.open("wb") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path(name))

    async def forget(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


class LastingIntake:
    """An intake whose messages survive this process."""

    def __init__(self, path: Path, source: Source, deaths: Deaths) -> None:
        self._file = path.open("ab")
        self._source = source
        self._deaths = deaths
        self._known = {(each.conversation, each.id) for each in read_heard(path)}

    async def __call__(self, source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        refusal = self._source.refusal()
        if refusal is not None or source != self._source.id:
            raise IntakeRefused(refusal or "not declared")
        for _ in messages:
            self._deaths.pass_by("handed")
        outcomes = []
        for message in messages:
            kept = msgspec.structs.replace(message, contents=())  # read, and let go
            self._file.write(msgspec.json.encode(kept) + b"\n")
            name = (message.conversation, message.id)
            outcomes.append(Outcome.DUPLICATE if name in self._known else Outcome.STORED)
            self._known.add(name)
        self._file.flush()
        os.fsync(self._file.fileno())
        for _ in messages:
            self._deaths.pass_by("stored")
        return outcomes


class LastingHealth:
    """Gaps lie in the folder; the rest is not asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def connected(self) -> None: ...

    def heard(self, count: int, newest: float) -> None: ...

    def behind(self, messages: int) -> None: ...

    def trouble(self, sentence: str) -> None: ...

    def gap(self, since: float, until: float, why: str) -> None:
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(Told(since, until, why)) + b"\n")

    def objected(self) -> None: ...


def read_heard(path: Path) -> list[Incoming]:
    """What an intake stored; a last line that was cut short counts for nothing."""
    return _lines(path, Incoming)


def read_gaps(path: Path) -> list[Told]:
    return _lines(path, Told)


def _lines(path: Path, kind: type[T]) -> list[T]:
    if not path.exists():
        return []
    *whole, _cut = path.read_bytes().split(b"\n")
    return [msgspec.json.decode(line, type=kind) for line in whole]


class Line:
    """To the test and back, one JSON value a line. The test ends it by hanging up."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def next(self, kind: type[T]) -> T | None:
        line = await self._reader.readline()
        return msgspec.json.decode(line, type=kind) if line else None

    def say(self, report: Report) -> None:
        self._writer.write(msgspec.json.encode(report) + b"\n")


async def receive(connector: Connector, intake: LastingIntake, line: Line) -> None:
    """As the gateway does it: again where it was cut."""
    pause = 0.1
    while True:
        try:
            await connector.receive(intake)
            line.say(Report(broken="it returned by itself"))
        except (Revoked, IntakeRefused) as ended:
            line.say(Report(ended=type(ended).__name__, detail=str(ended)))
            return
        except ConnectionError:
            pass
        except Exception as error:
            line.say(Report(broken=f"{type(error).__name__}: {error}"))
        await asyncio.sleep(pause)
        pause = min(pause * 2, 1.0)


async def send(connector: Connector, outgoing: Outgoing, line: Line) -> None:
    try:
        delivery = await connector.send(outgoing)
        line.say(Report(sent=outgoing.id, state=delivery.state.value, detail=delivery.detail))
    except ConnectionError:
        line.say(Report(sent=outgoing.id, held_up=True))


async def live(folder: Path, socket: str) -> None:
    """One life: from the errand until the test hangs up, or death."""
    line = Line(*await asyncio.open_unix_connection(socket, limit=2**22))
    errand = await line.next(Errand)
    assert errand is not None
    deaths = Deaths(errand.die)
    intake = LastingIntake(folder / "heard", errand.source, deaths)
    opening = Opening(
        source=errand.source,
        wiring=errand.wiring,
        memory=LastingMemory(folder / "memory", deaths),
        health=LastingHealth(folder / "gaps"),
        agency=errand.agency,
    )
    connector = connector_by(errand.connects)(opening)
    async with AsyncExitStack() as stack:
        if connector.declaration.way is Way.CALLED:
            door = OneDoor(opening, intake)
            await stack.enter_async_context(serve_door(door, errand.source.connector, errand.port))
        tasks = {asyncio.create_task(receive(connector, intake, line))}
        line.say(Report(up=True, process=os.getpid()))
        while (outgoing := await line.next(Outgoing)) is not None:
            tasks.add(asyncio.create_task(send(connector, outgoing, line)))
        for task in tasks:
            task.cancel()


def begin(folder: Path, socket: str) -> None:
    """What a forked process does: everything that anybody logs or prints lands in the folder."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    logging.basicConfig(filename=folder / "log", level=logging.DEBUG, force=True)
    try:
        asyncio.run(live(folder, socket))
    except BaseException:
        traceback.print_exc()
    os._exit(0)


def main(modules: Sequence[str]) -> None:
    """Loads a connector's libraries once, then forks a life for every line of input."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for module in modules:
        import_module(module)
    for life in iter(sys.stdin.readline, ""):
        folder, socket = msgspec.json.decode(life, type=tuple[str, str])
        if os.fork() == 0:
            begin(Path(folder), socket)


if __name__ == "__main__":
    main(sys.argv[1:])
