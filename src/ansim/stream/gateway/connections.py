"""Runs the connectors that call their platforms, in one gateway at a time, and gives each what it
starts with.

Which sources are listened to follows what casework declares, within ``LOOK_SECONDS`` of the last
reading: a source that is switched off, removed or wired anew is stopped at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from ansim.chat import Source
from ansim.config import Config
from ansim.sources import registry
from ansim.sources.contract import Connector, Declaration, Hears, Intake, Way
from ansim.sources.wiring import NoticeKind, Opening, Rule, Wiring
from ansim.stream.gateway.admission import Admission
from ansim.stream.gateway.health import SourceHealth, SourceWatch
from ansim.stream.gateway.keeping import ConnectorBucket, KeptMemory
from ansim.stream.gateway.line import Line
from ansim.stream.gateway.turn import CourierTurn

log = logging.getLogger(__name__)

WITHIN = frozenset({"http", "demo"})
"""Connectors that are part of the gateway: one object serves all their sources."""
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 60.0
"""So long a gateway goes on listening while NATS does not answer: nobody else can take the turn
then, and what a platform without history says meanwhile waits in the connector's hands."""

NOT_WIRED = "연결 설정이 없습니다 / nothing was entered for its connection"
NO_NOTICE = (
    "방에 알릴 말을 감독자가 아직 승인하지 않아 듣지 않습니다 / "
    "not listening: a supervisor has not approved the notice to rooms yet"
)
NOT_HERE = "이 서버에서는 꺼져 있습니다 / not offered by this server"


class Connections:
    """``turn`` and ``bucket`` are set once NATS is connected; until then nothing runs.

    ``built_in`` are the connectors ``WITHIN`` the gateway that run here.
    """

    def __init__(
        self,
        config: Config,
        admission: Admission,
        watch: SourceWatch,
        intake: Intake,
        built_in: Mapping[str, Connector],
    ) -> None:
        self._agency = {"ko": config.agency_ko, "en": config.agency_en}
        self._admission = admission
        self._watch = watch
        self._intake = intake
        self._built_in = built_in
        self.turn: Callable[[], CourierTurn | None] = lambda: None
        self.bucket: ConnectorBucket | None = None
        self._lines: dict[str, Line] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._tidy_for: frozenset[str] | None = None
        self._closed = False

    def connector_of(self, source: str) -> Connector | None:
        """What carries words to this source now; None where nothing runs."""
        line = self._lines.get(source)
        if line is not None:
            return line.connector
        declared = self._admission.source(source)
        return None if declared is None else self._built_in.get(declared.connector)

    def declaration_of(self, source: str) -> Declaration | None:
        """What the source's connector may do, also while it does not run; None where there is no
        way to the source at all."""
        running = self.connector_of(source)
        if running is not None:
            return running.declaration
        declared = self._admission.source(source)
        if declared is None or declared.connector in WITHIN:
            return None
        return registry.CONNECTORS.get(declared.connector)

    def opening(self, source: str, connector: str) -> Opening | None:
        """What the routes of a connector that is called work with, in every gateway; None where
        the source may not be read or is another connector's."""
        declared, wiring = self._admission.source(source), self._admission.wiring(source)
        if declared is None or wiring is None or not self._admission.ready:
            return None
        if self._admission.refusal(source, connector) is not None:
            return None
        return self._opening(declared, wiring, self._watch.of(declared), fenced=False)

    async def run(self) -> None:
        """Keeps the lines as they are wanted until cancelled."""
        told = False
        while True:
            try:
                await self._look()
                told = False
            except Exception as error:
                if not told:
                    log.warning("connections: %s", type(error).__name__)
                    told = True
            await asyncio.sleep(LOOK_SECONDS)

    async def close(self) -> None:
        """Stops all lines, for good."""
        self._closed = True
        for source in list(self._lines):
            self._stop(source)
        if self._ending:
            await asyncio.wait(set(self._ending.values()))

    @property
    def here(self) -> bool:
        """Whether this gateway is the one that listens."""
        turn = self.turn()
        if turn is None or self._closed or not self._admission.ready:
            return False
        return turn.held or (not turn.taken and turn.unrenewed < PATIENCE_SECONDS)

    async def _look(self) -> None:
        self._ending = {source: task for source, task in self._ending.items() if not task.done()}
        here = self.here
        declared = {
            source.id: source
            for source in self._admission.sources
            if _way(source) is not Way.FILE  # a file has no health
        }
        wanted: dict[str, tuple[Source, Wiring]] = {}
        for source in declared.values():
            health = self._watch.of(source)
            wiring = self._wanted(source, health)
            called = _way(source) is Way.CALLED
            # A platform that calls may call any gateway; each tells what it saw itself.
            health.ours = here or (called and health.received > 0)
            if wiring is not None and here:
                wanted[source.id] = (source, wiring)
            elif wiring is not None and called:
                health.open()
        for name, line in list(self._lines.items()):
            if wanted.get(name) != (line.opening.source, line.opening.wiring):
                self._stop(name)
        for name, (source, wiring) in wanted.items():
            if name not in self._lines and name not in self._ending:
                self._start(source, wiring)
        self._watch.keep(declared)
        if here:
            await self._tidy(frozenset(declared))

    def _wanted(self, source: Source, health: SourceHealth) -> Wiring | None:
        """The wiring by which a source is to run now; else its health is told why not."""
        refusal = self._admission.refusal(source.id)
        if not source.active:
            health.paused()
            return None
        if refusal is not None:
            health.stopped(refusal)
            return None
        if source.connector in self._built_in:
            health.open()
            return None
        declaration = registry.CONNECTORS[source.connector]  # else it would be refused
        wiring = self._admission.wiring(source.id)
        if source.connector in WITHIN:
            health.paused(NOT_HERE)  # the demo room, out of demo mode: nobody need come
        elif wiring is None:
            health.stopped(NOT_WIRED)
        elif declaration.hears is Hears.ROOM_THAT_WAS_TOLD and not _may_tell(wiring):
            health.stopped(NO_NOTICE)
        else:
            return wiring
        return None

    def _start(self, source: Source, wiring: Wiring) -> None:
        health = self._watch.of(source)
        opening = self._opening(source, wiring, health, fenced=True)
        line = self._lines[source.id] = Line(opening, health, self._intake)
        line.start()

    def _stop(self, source: str) -> None:
        line = self._lines.pop(source)
        self._ending[source] = asyncio.create_task(line.stop())

    def _opening(
        self, source: Source, wiring: Wiring, health: SourceHealth, *, fenced: bool
    ) -> Opening:
        """``fenced``: its memory takes nothing from a gateway whose turn it is not."""

        async def recorded() -> None:
            await self._watch.settle(source.id)

        def mine() -> bool:
            turn = self.turn()
            return not fenced or (turn is not None and turn.held)

        memory = KeptMemory(source.id, lambda: self.bucket, may_write=mine, before=recorded)
        return Opening(
            source=source, wiring=wiring, memory=memory, health=health, agency=self._agency
        )

    async def _tidy(self, declared: frozenset[str]) -> None:
        """Wipes what was kept of sources that are declared no more, also while none of us ran."""
        if declared == self._tidy_for or self.bucket is None or self._ending:
            return
        await self.bucket.forget_others(declared)
        self._tidy_for = declared


def _way(source: Source) -> Way | None:
    declaration = registry.CONNECTORS.get(source.connector)
    return None if declaration is None else declaration.way


def _may_tell(wiring: Wiring) -> bool:
    """Whether the words are approved with which a room is told before it is read (R02)."""
    kind = NoticeKind.ASK if wiring.rule is Rule.AGREED else NoticeKind.ROOM
    return any(text.strip() for text in wiring.notices.get(kind.value, {}).values())
