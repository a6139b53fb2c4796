"""How much comes in through each connector; writes docs/benchmarks-connectors.md.

``python -m bench.connectors [NAME …]``. Matrix goes the whole way, from people's clients through a
real Synapse to messages that are durable in a real gateway with its own NATS; the others as their
own files say (``bench.bots``, ``bench.called``). A new connector adds a function to ``MEASURES``.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream.gateway.ledger import MemoryLedger
from ansim.stream.server import EmbeddedServer
from bench import asked, bots, called
from bench.__main__ import processor
from tests.connectors.platforms import xmpp
from tests.connectors.platforms.matrix import Account, Service
from tests.gateway.conftest import Running, serve, state, until
from tests.stream.conftest import free_port

Row = tuple[str, str, str]
DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks-connectors.md"
ROOMS = 5
PATIENCE = 600.0


def talk(address: str, people: Sequence[tuple[str, str]], rooms: Sequence[str], count: int) -> None:
    """In a process of its own: all people talk at once, in all rooms, ``count`` messages."""

    async def person(who: int, account: str, token: str) -> None:
        client = Account(address, account, token)
        for number in range(who, count, len(people)):
            await client.say(rooms[number % len(rooms)], f"{number}번째 말이야")
        await client.close()

    async def all_of_them() -> None:
        await asyncio.gather(*(person(n, *each) for n, each in enumerate(people)))

    asyncio.run(all_of_them())


async def matrix(seconds: float) -> list[Row]:
    """Live, one message at a time to see how late it is, and what lies ready after an outage."""
    count = int(seconds * 600)
    service = Service()
    await service.start()
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as home:
        config = replace(Config(home=Path(home)), nats_port=free_port())
        keyring = Keyring.load_or_create(config.keys_path)
        server = EmbeddedServer(config, keyring)
        server.start()
        ledger = MemoryLedger([(service.source(), "")])
        ledger.wired = {"matrix": service.wiring()}
        try:
            async with serve(config, keyring, ledger) as running:
                await until(lambda: state(ledger, "matrix") == "listening")
                rooms = [await service.room() for _ in range(ROOMS)]
                for room in rooms:
                    await _read(running, service, room)
                late = await _late(running, service, rooms[0])
                live, said = await _all(running, service, rooms, count, away=False)
                missed, unheard = await _all(running, service, rooms, count, away=True)
        finally:
            await service.stop()
            server.stop()
    return [
        ("matrix: said to Synapse", f"{said:,.0f}", "messages/s, two people at once"),
        ("matrix: said while nobody listens", f"{unheard:,.0f}", "messages/s, Synapse alone"),
        ("matrix: live, durable", f"{live:,.0f}", "messages/s, bounded by Synapse"),
        (
            "matrix: after an outage, durable",
            f"{missed:,.0f}",
            "messages/s, from when it is connected again",
        ),
        ("matrix: said until durable", f"{1000 * late:,.0f}", "ms, median of one at a time"),
    ]


def _received(running: Running) -> int:
    health = running.gateway.watch.sources
    return sum(each.received for each in health if each.source == "matrix")


async def _read(running: Running, service: Service, room: str) -> None:
    """Comes back once what is said in the room is read."""
    before = _received(running)
    while _received(running) == before:
        await service.say(room, 0, "여기 누구 있어?")
        await asyncio.sleep(0.5)
    await asyncio.sleep(1.0)


async def _late(running: Running, service: Service, room: str, times: int = 30) -> float:
    """Seconds from when somebody presses Enter until the message is durable, the median."""
    took = []
    for number in range(times):
        before, began = _received(running), time.perf_counter()
        await service.say(room, number % 2, "오늘 급식 뭐 나와?")
        while _received(running) == before:
            await asyncio.sleep(0.001)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


async def _all(
    running: Running, service: Service, rooms: Sequence[str], count: int, *, away: bool
) -> tuple[float, float]:
    """Messages a second that became durable, and that were said."""
    people = [(each.id, each.token) for each in service.everybody[:2]]
    before = _received(running)
    if away:
        await service.cut()
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as clients:
        await loop.run_in_executor(clients, talk, service.synapse.address, people, rooms, count)
    said = count / (time.perf_counter() - began)
    if away:
        connections = service.cable.connections
        await service.mend()
        # The pause before the next try is not what is measured.
        await until(lambda: service.cable.connections > connections, PATIENCE)
        began = time.perf_counter()
    await until(lambda: _received(running) - before >= count, PATIENCE)
    return count / (time.perf_counter() - began), said


async def _bots(seconds: float) -> list[Row]:
    return await bots.rows(int(seconds * 1000))


async def _xmpp(seconds: float) -> list[Row]:
    rows = await bots.heard("XMPP", xmpp.Service(), int(seconds * 100))
    return [
        (*row[:2], row[2].replace("stand-in", "people's clients, Prosody beside")) for row in rows
    ]


MEASURES: dict[str, Callable[[float], Awaitable[list[Row]]]] = {
    "asked": asked.measure,
    "matrix": matrix,
    "bots": _bots,
    "called": called.measure,
    "xmpp": _xmpp,
}
"""By connector, or by the file that measures several; each for about so many seconds."""


async def measure(names: Sequence[str], seconds: float) -> tuple[list[Row], list[str]]:
    """What was measured, and what could not be and why."""
    rows, failed = [], []
    for name in names:
        try:
            rows += await MEASURES[name](seconds)
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {error}")
    return rows, failed


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.connectors", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    unknown = set(given.names) - MEASURES.keys()
    if unknown:
        parser.error(f"nothing is measured as {', '.join(sorted(unknown))}")
    logging.disable(logging.CRITICAL)
    rows, failed = asyncio.run(measure(given.names or list(MEASURES), given.seconds))
    lines = ["| what | measured | unit |", "|---|--:|---|"]
    lines += [f"| {name} | {value} | {unit} |" for name, value, unit in rows]
    print("\n".join(lines))
    if failed:
        raise SystemExit("not measured, nothing written: " + "; ".join(failed))
    if not given.names:
        DOCUMENT.write_text(
            "# Benchmarks: connectors\n\nWritten by `python -m bench.connectors` (part of "
            "`make bench`). Matrix: people's clients, Synapse\n(SQLite), connector, gateway and "
            "NATS share the cores; what comes in live is bounded by Synapse, which\nalso makes "
            "the people wait. The others: `bench/bots.py`, `bench/called.py`, "
            "`bench/asked.py`; their services allow far less.\n\n" + "\n".join(lines) + "\n\n"
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {processor()}, "
            f"Python {platform.python_version()}.\n",
            "utf-8",
        )


if __name__ == "__main__":
    main()
