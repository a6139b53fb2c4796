"""Runs every measurement, prints the table and writes it to docs/benchmarks.md."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ansim.chat import Message
from ansim.config import Config
from ansim.detection.detector import Detector
from ansim.keys import Keyring
from ansim.stream.publishing import Publisher
from ansim.stream.server import EmbeddedServer
from bench.clients import flood, paced
from tests.stream.conftest import free_port
from tests.stream.house import environment, make_database
from tests.stream.traffic import traffic

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
Row = tuple[str, str, str]


def detection_rows(seconds: float, texts: Path | None, dialogues: Path | None) -> list[Row]:
    """Gate, reading and assess, one core, no stream."""
    from ansim.training.speed import measure

    found = measure(seconds, texts=texts, dialogues=dialogues)
    rows = []
    for name, value in found.items():
        if name.endswith("asked"):
            rows.append((name.replace("_", " "), f"{100 * value:.2f}", "% by context model"))
        else:
            rows.append((name.replace("_", " "), f"{value:,.0f}", "messages/s, one core"))
    return rows


class House:
    """NATS, gateway and one worker as real processes in a home of their own."""

    def __init__(self, stack: ExitStack) -> None:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ansim-bench-")))
        self.config = replace(
            Config(home=home, nats_port=free_port()),
            intake_port=free_port(),
            console_port=free_port(),
        )
        self.keyring = Keyring.load_or_create(self.config.keys_path)
        self.key = make_database(self.config)
        server = EmbeddedServer(self.config, self.keyring)
        server.start()
        stack.callback(server.stop)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("worker", "gateway"):
            process = subprocess.Popen(
                [sys.executable, "-m", "ansim.cli", name], env=environment(self.config)
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            self.processes[name] = process
        assert server.process is not None
        self.processes["nats-server"] = server.process
        self._wait()

    def _wait(self) -> None:
        address = f"http://127.0.0.1:{self.config.intake_port}/healthz"
        for _ in range(300):
            try:
                with urllib.request.urlopen(address, timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("bench: the gateway did not start")

    def peak_memory(self) -> list[Row]:
        """Largest resident size of each process so far."""
        rows = []
        for name, process in self.processes.items():
            status = Path(f"/proc/{process.pid}/status").read_text()
            (line,) = [text for text in status.splitlines() if text.startswith("VmHWM")]
            rows.append((f"peak memory, {name}", f"{int(line.split()[1]) / 1024:,.0f}", "MiB"))
        return rows

    def wait_until_read(self) -> None:
        """Returns when the workers have covered everything in the stream."""

        async def wait() -> None:
            publisher = await Publisher.connect(self.config, self.keyring)
            try:
                while await publisher.backlog() > 0:
                    await asyncio.sleep(0.02)
            finally:
                await publisher.close()

        asyncio.run(wait())

    def warm_up(self) -> None:
        """Compiled code loaded, connections made, partitions taken."""
        messages = traffic(self.keyring, 2000, 2, time.time(), seed=1, source="warm")
        flood(messages, self.config.intake_port, self.key, batch=200, connections=2)
        self.wait_until_read()


def throughput_rows(house: House, count: int) -> list[Row]:
    """Whole path: POST in batches of 500 on four connections, until every message is assessed."""
    messages = traffic(house.keyring, count, count // 2000, time.time(), seed=2, source="flood")
    started = time.monotonic()
    accepted = flood(messages, house.config.intake_port, house.key, batch=500, connections=4)
    house.wait_until_read()
    took = time.monotonic() - started
    return [
        ("whole path, accepted durably", f"{count / accepted:,.0f}", "messages/s"),
        ("whole path, until assessed", f"{count / took:,.0f}", "messages/s"),
    ]


def triggers(messages: list[Message]) -> dict[str, str]:
    """Message id that raises the first alert of each conversation, by a run without the stream."""
    _, found = Detector.load().assess({}, messages)
    result: dict[str, str] = {}
    for assessment in found:
        if any(event.raised for event in assessment.alerts):
            result.setdefault(assessment.conversation, assessment.turn.id)
    return result


class RowWatch(threading.Thread):
    """Notes when the first alert row of each conversation becomes visible to another process."""

    def __init__(self, config: Config) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, float] = {}
        self.done = threading.Event()
        self._path = config.sqlite_path

    def run(self) -> None:
        database = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        last = 0
        while not self.done.is_set():
            rows = database.execute(
                "SELECT a.id, c.pseudonym FROM casework_alert a JOIN casework_conversation c"
                " ON c.id = a.conversation_id WHERE a.id > ? ORDER BY a.id",
                (last,),
            ).fetchall()
            now = time.monotonic()
            for number, conversation in rows:
                last = number
                self.seen.setdefault(conversation, now)
            time.sleep(0.002)
        database.close()


def latency_rows(house: House, rate: float, seconds: float) -> list[Row]:
    """From the beginning of the POST of the telling message to the alert row in the database."""
    count = int(rate * seconds)
    messages = traffic(house.keyring, count, count // 75, time.time(), seed=3, source="paced")
    expected = triggers(messages)
    # The API makes its own pseudonyms of the ids that we send.
    stored = {
        house.keyring.pseudonym("conversation", "test", conversation): message
        for conversation, message in expected.items()
    }
    watch = RowWatch(house.config)
    watch.start()
    began, reached = paced(messages, house.config.intake_port, house.key, rate=rate, connections=8)
    house.wait_until_read()
    time.sleep(1)
    watch.done.set()
    watch.join()
    waits = sorted(
        (watch.seen[conversation] - began[message]) * 1000
        for conversation, message in stored.items()
        if conversation in watch.seen
    )
    missing = len(stored) - len(waits)
    assert missing == 0, f"{missing} of {len(stored)} expected alerts are missing"
    percentiles = statistics.quantiles(waits, n=100)
    return [
        ("POST to alert row, p50", f"{percentiles[49]:.0f}", "ms"),
        ("POST to alert row, p99", f"{percentiles[98]:.0f}", "ms"),
        ("POST to alert row, longest", f"{waits[-1]:.0f}", f"ms of {len(waits)} alerts"),
        ("at", f"{reached:,.0f}", "messages/s, one a request"),
    ]


def processor() -> str:
    """Name of the processor, as Linux tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000, help="for the whole path")
    parser.add_argument("--seconds", type=float, default=30, help="of the latency measurement")
    parser.add_argument("--no-write", action="store_true", help="only print")
    parser.add_argument("--whole-path", action="store_true", help="leave out detection alone")
    parser.add_argument("--text", type=Path, metavar="DIR", help="plain lines, for detection alone")
    parser.add_argument(
        "--dialogues", type=Path, metavar="FILE", help="ordinary dialogues, for detection alone"
    )
    arguments = parser.parse_args()
    rows = []
    if not arguments.whole_path:
        rows = detection_rows(3, arguments.text, arguments.dialogues)
    with ExitStack() as stack:
        house = House(stack)
        house.warm_up()
        rows += latency_rows(house, 500, arguments.seconds)
        rows += throughput_rows(house, arguments.messages)
        rows += house.peak_memory()
    width = max(len(name) for name, _, _ in rows)
    lines = [
        f"| {'what':<{width}} | {'measured':>10} | unit |",
        f"|:{'-' * width}-|-{'-' * 9}:|---|",
    ]
    lines += [f"| {name:<{width}} | {value:>10} | {unit} |" for name, value, unit in rows]
    table = "\n".join(lines)
    print(table)
    if not arguments.no_write:
        DOCUMENT.write_text(
            "# Benchmarks\n\n"
            "Written by `make bench`; run it to get the figures of your machine. Clients, NATS, "
            "gateway and worker\nshare the cores. Traffic is synthetic (`data/conversations.jsonl` "
            f"mixed). How each is measured: `bench/__main__.py`.\n\n{table}\n\n"
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {processor()}, "
            f"Python {platform.python_version()}.\n",
            "utf-8",
        )


if __name__ == "__main__":
    main()
