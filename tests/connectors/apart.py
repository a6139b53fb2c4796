"""A connector in a process of its own, seen from the test: it can be killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
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


class Apart:
    """One source's connector over several lives. ``folder`` is what outlasts them."""

    def __init__(self, platform: Platform, folder: Path, wiring: Wiring | None = None) -> None:
        self.platform = platform
        self.folder = folder
        self.source: Source = platform.source()
        self._wiring = wiring or platform.wiring()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self.reports: list[Report] = []

    async def start(self, die: Die | None = None) -> None:
        """A new life; ``die`` says where it ends by itself."""
        called = declaration_of(self.platform).way is Way.CALLED
        errand = Errand(
            source=self.source,
            wiring=self._wiring,
            agency=AGENCY,
            connects=extra(self.platform, "connects"),
            port=port_of(self.platform) if called else 0,
            die=die or Die(),
        )
        self.reports = []
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.connectors.child", str(self.folder)),
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        self._reader = asyncio.create_task(self._read(self._process))
        self._write(errand)
        await until(lambda: self._up or not self.alive, "the connector's process starts", 60)

    @property
    def _up(self) -> bool:
        return any(report.up for report in self.reports)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def died(self, seconds: float) -> bool:
        """Whether it came to its end by itself in this time."""
        assert self._process is not None
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return False
        assert self._process.returncode == -signal.SIGKILL, (self.folder / "log").read_text()
        return True

    async def kill(self) -> None:
        """SIGKILL, now."""
        if self._process is None:
            return
        if self.alive:
            self._process.kill()
        await self._process.wait()
        if self._reader is not None:
            await self._reader
        broken = [report.broken for report in self.reports if report.broken]
        assert not broken, f"receive raised {broken}"

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
        return (self.folder / "log").read_text("utf-8", "replace")

    def _report(self, message: str) -> Report | None:
        return next((each for each in self.reports if each.sent == message), None)

    def _write(self, what: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(what) + b"\n")

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self.reports.append(msgspec.json.decode(line, type=Report))
