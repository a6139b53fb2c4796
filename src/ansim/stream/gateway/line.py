"""The line to one source's platform: its connector runs, is called again, and stops for good."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from ansim.sources import registry
from ansim.sources.contract import (
    Connector,
    Incoming,
    Intake,
    IntakeRefused,
    Outcome,
    Revoked,
    Way,
)
from ansim.sources.wiring import Opening
from ansim.stream.gateway.health import SourceHealth

log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
WELL_SECONDS = 60.0
"""A connection that held for so long begins anew with short pauses."""
ENDING_SECONDS = 10.0

CUT = "연결이 끊겨 다시 잇는 중입니다 / the connection was cut and is being made again"
UNTRUSTED = (
    "서비스의 인증서를 믿을 수 없어 잇지 않습니다 (만료, 다른 이름, 모르는 발급자). "
    "인증서를 확인해 주세요 / the service's certificate is not trusted (expired, another name, an "
    "unknown authority), so no connection is made: look at the certificate"
)
BROKEN = "연결 프로그램에 오류가 나서 다시 시작합니다 / the connector failed and is started again"


class Line:
    """One connector, from when it is wanted until it is not. Made anew for every other wiring."""

    def __init__(self, opening: Opening, health: SourceHealth, intake: Intake) -> None:
        self.opening = opening
        self.connector: Connector | None = None
        """What carries words out; also between two tries, and after a revoked token, where it
        says so itself."""
        self._health = health
        self._intake = intake
        self._open = True
        self._told: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """From now on nothing is taken, also from a connector that is slow to end."""
        self._open = False
        if self._task is None:
            return
        left = {self._task}
        deadline = time.monotonic() + ENDING_SECONDS
        while left and time.monotonic() < deadline:
            # Told again and again: libraries lose a cancellation.
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=1.0)
        self.connector = None
        if left:
            log.error("connections: the connector of source %s does not end", self._source)

    @property
    def _source(self) -> str:
        return self.opening.source.id

    async def _run(self) -> None:
        self._health.connecting()
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                await self._receive()
                problem: BaseException = ConnectionError("the connector stopped listening")
            except asyncio.CancelledError as cancelled:
                task = asyncio.current_task()
                if not self._open or (task is not None and task.cancelling()):
                    raise
                problem = cancelled  # of something inside the connector
            except (Exception, SystemExit) as error:
                problem = _innermost(error)
            if not self._open:
                return
            if isinstance(problem, Revoked | IntakeRefused):
                log.warning(
                    "connections: source %s stopped: %s", self._source, type(problem).__name__
                )
                self._health.stopped(str(problem))
                return
            if time.monotonic() - began >= WELL_SECONDS:
                pause = FIRST_PAUSE
                self._told.clear()
            self._tell(problem)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _receive(self) -> None:
        name = self.opening.source.connector
        if self.connector is None:
            await asyncio.to_thread(_load, name)
            self.connector = registry.connect(self.opening)
        declaration = registry.CONNECTORS.get(name)
        if declaration is not None and declaration.way is Way.CALLED:
            self._health.connected()  # it may be called from now on
        await self.connector.receive(self._take)

    async def _take(self, source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        if not self._open:
            raise IntakeRefused(f"source {source!r} is not connected here any more")
        if source != self._source:
            raise IntakeRefused(f"this connector was opened for source {self._source!r} alone")
        return await self._intake(source, messages)

    def _tell(self, problem: BaseException) -> None:
        """To the page always, to the log once; never in the error's own words."""
        passing = isinstance(problem, ConnectionError | asyncio.CancelledError)
        if not passing:
            self.connector = None  # who knows what state it is in
        if untrusted(problem):
            self._health.trouble(UNTRUSTED)
        elif passing:
            self._health.cut(CUT)
        else:
            self._health.trouble(f"{BROKEN} ({type(problem).__name__})")
        kind = type(problem).__name__
        if kind not in self._told:
            self._told.add(kind)
            log.warning("connections: source %s: %s, trying again", self._source, kind)


def untrusted(problem: BaseException | None) -> bool:
    """Whether it began with a certificate that nobody we trust vouches for, whatever a library and
    a connector made of it."""
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        if isinstance(problem, ssl.SSLCertVerificationError):
            return True
        seen.add(id(problem))
        problem = problem.__cause__ or problem.__context__
    return False


def _load(connector: str) -> None:
    """Loads a connector's libraries, which can take seconds, while the gateway goes on."""
    with suppress(ImportError):  # connecting tells it
        import_module(f"ansim.sources.{connector}.connector")


def _innermost(error: BaseException) -> BaseException:
    """Of errors that came together, the one that decides: a refusal before all others."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = [_innermost(each) for each in error.exceptions]
    for kinds in ((Revoked, IntakeRefused), (ConnectionError,)):
        for leaf in leaves:
            if isinstance(leaf, kinds):
                return leaf
    return leaves[0]
