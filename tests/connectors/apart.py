"""A connector in a process of its own, seen from the test: it can be killed and started again."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec

from ansim.chat import Source
from ansim.sources.contract import Delivery, DeliveryState, Incoming, Outgoing, Way
from ansim.sources.wiring import Wiring
from tests.connectors.child import Die, Errand, Report, Told, read_gaps, read_heard
from tests.connectors.platforms import Platform
from tests.connectors.running import (
    AGENCY,
    PATIENCE,
    ROOT,
    declaration_of,
    extra,
    port_of,
    until,
    without_repeats,
)


@functools.cache
def template(module: str) -> subprocess.Popen[str]:
    """The process that has loaded a connector and forks its lives; it ends with this one."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.connectors.child", module],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"},
        stdin=subprocess.PIPE,
        text=True,
    )


class Apart:
    """One source's connector over several lives. ``folder`` is what outlasts them."""

    def __init__(self, platform: Platform, folder: Path, wiring: Wiring | None = None) -> None:
        self.platform = platform
        self.folder = folder
        self.source: Source = platform.source()
        self._wiring = wiring or platform.wiring()
        self._process = 0
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.Task[None] | None = None
        self.reports: list[Report] = []

    async def start(self, die: Die | None = None) -> None:
        """A new life; ``die`` says where it ends by itself."""
        connects: str = extra(self.platform, "connects")
        called = declaration_of(self.platform).way is Way.CALLED
        errand = Errand(
            source=self.source,
            wiring=self._wiring,
            agency=AGENCY,
            connects=connects,
            port=port_of(self.platform) if called else 0,
            die=die or Die(),
        )
        self.reports, self._writer = [], None
        module = connects.partition(":")[0] or f"ansim.sources.{self.source.connector}.connector"
        with tempfile.TemporaryDirectory(prefix="apart-") as name:  # short enough for a socket
            socket = f"{name}/s"
            server = await asyncio.start_unix_server(self._called, socket)
            try:
                mother = template(module)
                assert mother.stdin is not None
                mother.stdin.write(json.dumps([str(self.folder), socket]) + "\n")
                mother.stdin.flush()
                await until(lambda: self._writer or mother.poll(), "a life begins", PATIENCE)
                self._write(errand)
                await until(
                    lambda: self._process or not self.alive, "the connector starts", PATIENCE
                )
            finally:
                server.close()

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._process = 0
        self._reader = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                report = msgspec.json.decode(line, type=Report)
                self._process = report.process or self._process
                self.reports.append(report)

    @property
    def alive(self) -> bool:
        return self._reader is not None and not self._reader.done()

    async def died(self, seconds: float) -> bool:
        """Whether it came to its end by itself in this time."""
        assert self._reader is not None
        await asyncio.wait({self._reader}, timeout=seconds)
        return not self.alive

    async def kill(self) -> None:
        """SIGKILL, now."""
        if self.alive and self._process:
            with suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
        elif self._writer is not None:
            self._writer.close()  # it had not begun: hearing nobody, it ends
        if self._reader is not None:
            await self._reader
        if self._writer is not None:
            self._writer.close()
        broken = [report.broken for report in self.reports if report.broken]
        assert not broken, f"receive raised {broken}"
        log = self.log
        assert "Traceback" not in log or "asyncio.run(live" not in log, log[-2000:]

    async def send(self, outgoing: Outgoing) -> Delivery | None:
        """Has words sent; None where it was held up and nothing was said."""
        self._write(outgoing)
        await until(lambda: self._report(outgoing.id) is not None, "an outcome of sending")
        report = self._report(outgoing.id)
        assert report is not None
        self.reports.remove(report)
        if report.held_up:
            return None
        return Delivery(DeliveryState(report.state), report.detail)

    def begin_to_send(self, outgoing: Outgoing) -> None:
        """Has words sent without waiting for what becomes of them."""
        self._write(outgoing)

    async def carry(self, outgoing: Outgoing) -> Delivery:
        """Has words sent, again and again while they are held up."""
        async with asyncio.timeout(PATIENCE):
            while (delivery := await self.send(outgoing)) is None:
                await asyncio.sleep(0.2)
        return delivery

    def heard(self, room: str) -> list[Incoming]:
        return without_repeats(read_heard(self.folder / "heard"), room)

    @property
    def gaps(self) -> list[Told]:
        return read_gaps(self.folder / "gaps")

    @property
    def log(self) -> str:
        """Everything that any life of it logged or printed."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def _report(self, message: str) -> Report | None:
        return next((each for each in self.reports if each.sent == message), None)

    def _write(self, what: object) -> None:
        assert self._writer is not None, "the connector's process does not begin"
        self._writer.write(msgspec.json.encode(what) + b"\n")
