"""Everything one gateway process holds, and the tasks that run as long as it does."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from nats.aio.client import Client

from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources.contract import Connector
from ansim.sources.demo.connector import DemoConnector
from ansim.sources.http import HttpConnector, Outbox
from ansim.stream.gateway import reading
from ansim.stream.gateway.admission import Admission
from ansim.stream.gateway.answers import BatchAnswer
from ansim.stream.gateway.connections import Connections
from ansim.stream.gateway.courier import Courier
from ansim.stream.gateway.health import CountedIntake, SourceWatch
from ansim.stream.gateway.intake import Intake
from ansim.stream.gateway.keeping import ConnectorBucket
from ansim.stream.gateway.ledger import Ledger, LedgerDesk
from ansim.stream.gateway.limits import InFlight
from ansim.stream.gateway.link import Link
from ansim.stream.gateway.noticing import Noticing
from ansim.stream.gateway.originals import Originals
from ansim.stream.gateway.reading import Behind, ReadingWatch
from ansim.stream.gateway.showing import Showing
from ansim.stream.gateway.trials import Trials
from ansim.stream.gateway.turn import CourierTurn
from ansim.stream.reviewer_settings import shows_pictures
from ansim.stream.shown import Shelf

log = logging.getLogger(__name__)
T = TypeVar("T")
FAREWELL_SECONDS = 2.0


class Counts:
    """What intake did since the process started."""

    def __init__(self) -> None:
        self.accepted = self.duplicates = self.rejected = self.not_stored = self.refused = 0

    def add(self, batch: BatchAnswer) -> None:
        self.accepted += batch.accepted
        self.duplicates += batch.duplicates
        self.rejected += batch.rejected
        self.not_stored += batch.not_stored


class Gateway:
    """One process of intake, demo room and courier."""

    def __init__(self, config: Config, keyring: Keyring, ledger: Ledger) -> None:
        self.config = config
        self._keyring = keyring
        self.desk = LedgerDesk(ledger)
        self.admission = Admission(self.desk)
        self.link = Link(config, keyring)
        self.noticing = Noticing.from_config(config)
        self.originals = Originals(self.desk, self.admission, keyring)
        self.showing = Showing(keyring) if shows_pictures(config) else None
        self.intake = Intake(
            self.link,
            self.admission,
            config.max_backlog,
            noticing=self.noticing,
            originals=self.originals,
            showing=self.showing,
        )
        self.watch = SourceWatch(self.desk)
        self.counted = CountedIntake(self.intake, self.watch)
        self.in_flight = InFlight()
        self.counts = Counts()
        self.long_polls = 0
        self.closing = asyncio.Event()
        self.http = HttpConnector()
        self.demo = DemoConnector() if config.demo else None
        self.connectors: dict[str, Connector] = {"http": self.http}
        if self.demo is not None:
            self.connectors["demo"] = self.demo
        self.connections = Connections(
            config, self.admission, self.watch, self.counted, self.connectors
        )
        self.courier = Courier(config, self.desk, self.link, self.admission, self.connections)
        self.connections.turn = lambda: self.courier.turn
        self.trials = Trials(config, self.desk, self.admission, self.connections, self.courier)
        self._tasks: list[asyncio.Task[None]] = []
        self._told: set[str] = set()
        self._tells = False

    async def start(self) -> None:
        """Starts the tasks; returns at once, whether or not NATS and database are there."""
        work: list[Coroutine[Any, Any, None]] = [
            self.admission.follow(),
            self.link.run(self._when_up),
            self.courier.run(),
            self.courier.keep_turn(),
            self.connections.run(),
            self.trials.run(),
            self.watch.follow(),
            self._follow_reading(),
            self.originals.follow(),
            *(connector.receive(self.counted) for connector in self.connectors.values()),
        ]
        self._tasks = [asyncio.create_task(each) for each in work]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            log.error("gateway: %s", task.exception())

    async def _when_up(self, client: Client) -> None:
        if self.http.outbox is None:
            self.http.outbox = await Outbox.open(client, self._keyring, self.config.replicas)
            self._tasks.append(asyncio.create_task(self.http.outbox.follow()))
        self.connections.bucket = await ConnectorBucket.open(
            client, self._keyring, self.config.replicas
        )
        self.courier.turn = await CourierTurn.open(client, self.config.replicas)
        if self.showing is not None:
            self.showing.shelf = Shelf(client, self._keyring)

    async def _follow_reading(self) -> None:
        """Tells casework how far messages are read. Silence tells of what cannot be told."""
        watch = ReadingWatch()
        while True:
            await asyncio.sleep(reading.TELL_SECONDS)
            if not self.link.up:
                continue
            try:
                behind = await self.link.publisher.behind()
                seen = watch.look([Behind(*each) for each in behind], time.time())
                await self.desk.ask(self.desk.ledger.tell_reading, seen)
                self._tells = True
            except Exception as failure:
                self.say_once("reading", failure)

    async def stop(self) -> None:
        """Ends waiting requests, the tasks and the connections."""
        self.closing.set()
        await self.connections.close()
        if self._tells:
            with suppress(Exception):  # then our silence tells it
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await self.desk.ask(self.desk.ledger.tell_reading, None)
        # Until Python 3.12 ``asyncio.wait_for`` loses a cancellation that comes just as what it
        # waits for is there; a task that goes on is told again.
        left = set(self._tasks)
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=1.0)
        self.noticing.close()
        await self.originals.close()
        if self.showing is not None:
            await self.showing.close()
        await self.courier.close()
        await self.link.close()
        self.desk.close()

    async def unless_closing(self, waiting: Coroutine[Any, Any, T]) -> T | None:
        """Awaits something slow, or None as soon as the process ends."""
        task = asyncio.ensure_future(waiting)
        closing = asyncio.ensure_future(self.closing.wait())
        try:
            await asyncio.wait({task, closing}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            for each in (task, closing):
                each.cancel()

    def say_once(self, what: str, failure: BaseException) -> None:
        """Logs the first failure of a kind, by its type: its message may hold what users said."""
        name = f"{what}: {type(failure).__name__}"
        if name not in self._told:
            self._told.add(name)
            log.warning("gateway: %s", name)
