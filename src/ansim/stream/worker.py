"""A worker: takes its fair share of partitions, works on them, and gives them up again.

Any number of workers may run, on any number of machines. Each makes itself known, counts the
others, and holds at most its share of leases, so that a newcomer is given work and the work of a
silent one is taken over when its leases run out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import secrets

from nats.aio.client import Client
from nats.errors import Error as NatsError

from ansim.config import Config
from ansim.detection.detector import Detector
from ansim.keys import Keyring
from ansim.stream import layout
from ansim.stream.connection import connect
from ansim.stream.effects import Casework, Effects
from ansim.stream.lease import Lease, LeaseLost, holders
from ansim.stream.partition import Partition
from ansim.stream.reader import StreamGone
from ansim.stream.second_opinion import SecondMind
from ansim.stream.snapshot import Fenced, SnapshotClosed

log = logging.getLogger(__name__)

ROUND_SECONDS = 0.5
HOUSEKEEPING_SECONDS = 60.0
LEAVE_SECONDS = 15.0
CUT_OFF_SECONDS = 2.0
"""Without a server nothing more can be saved; the stream is replayed at the next start."""


class _Held:
    """A partition being worked on: its lease, its task and how to end it."""

    def __init__(self, lease: Lease, task: asyncio.Task[None], stop: asyncio.Event) -> None:
        self.lease = lease
        self.task = task
        self.stop = stop


class Worker:
    """Works until told to stop. Once a minute it also has casework keep its retention."""

    def __init__(
        self,
        config: Config,
        keyring: Keyring,
        detector: Detector,
        casework: Casework,
        second: SecondMind | None = None,
    ) -> None:
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._config = config
        self._keyring = keyring
        self._detector = detector
        self._casework = casework
        self._second = second
        self._effects = Effects(casework, second.desk if second else None)
        self._held: dict[int, _Held] = {}
        self._told: set[int] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Connects and works; on ``stop`` writes last snapshots and gives the leases back."""
        client = await self._connect(stop)
        if client is None:
            return
        beside = [
            asyncio.create_task(self._effects.run()),
            asyncio.create_task(self._keep_house()),
        ]
        if self._second is not None:
            beside.append(asyncio.create_task(self._second.run(client, self.name)))
        presence: Lease | None = None
        try:
            while not stop.is_set():
                try:
                    presence = await self._be_present(client, presence)
                    await self._renew()
                    await self._share(client)
                except (NatsError, OSError) as error:
                    log.debug("round: %s", error)
                await _wait(stop, ROUND_SECONDS)
        finally:
            await asyncio.gather(*self._leaving, return_exceptions=True)
            await self._leave(client, list(self._held))
            if presence is not None and client.is_connected:
                await presence.release()
            for task in beside:
                task.cancel()
            if self._second is not None:
                await asyncio.gather(*beside, return_exceptions=True)
                await self._second.stopped(self.name)
            await client.close()

    async def _connect(self, stop: asyncio.Event) -> Client | None:
        told = False
        while not stop.is_set():
            try:
                client = await connect(self._config, self._keyring, f"worker {self.name}")
                try:
                    await layout.ensure(client.jetstream(timeout=10), self._config)
                except BaseException:
                    await client.close()
                    raise
                return client
            except (NatsError, OSError) as error:
                if not told:
                    log.warning("NATS at %s: %s; trying again", self._config.nats_address, error)
                    told = True
                await _wait(stop, 0.5)
        return None

    async def _keep_house(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._casework.keep_house)
            except Exception as error:
                log.error("housekeeping failed (%s); trying again", type(error).__name__)
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    async def _be_present(self, client: Client, presence: Lease | None) -> Lease | None:
        js = client.jetstream(timeout=2)
        if presence is not None:
            try:
                if presence.due:
                    await presence.renew()
                return presence
            except LeaseLost:
                pass
        presence = Lease(js, f"worker.{self.name}", self.name, self._config.lease_seconds)
        return presence if await presence.acquire() else None

    async def _renew(self) -> None:
        await asyncio.gather(*(self._keep(number, held) for number, held in self._held.items()))

    async def _keep(self, number: int, held: _Held) -> None:
        """Renews one lease when due; lets go of a partition that ended or was lost."""
        if held.task.done():
            self._report_end(number, held)
            del self._held[number]
            await held.lease.release()
        elif held.lease.due:
            try:
                await held.lease.renew()
            except LeaseLost:
                log.warning("partition %d: lease lost", number)
                held.task.cancel()
                await asyncio.gather(held.task, return_exceptions=True)
                del self._held[number]

    def _report_end(self, number: int, held: _Held) -> None:
        if held.task.cancelled():
            return
        error = held.task.exception()
        if isinstance(error, SnapshotClosed):
            if number not in self._told:
                log.error("%s", error)
                self._told.add(number)
        elif isinstance(error, LeaseLost | Fenced):
            log.warning("partition %d: %s", number, error)
        elif isinstance(error, NatsError | OSError | TimeoutError | StreamGone):
            log.warning(
                "partition %d: %s: %s; taking it up again", number, type(error).__name__, error
            )
        elif error is not None:
            log.error("partition %d ended", number, exc_info=error)

    async def _share(self, client: Client) -> None:
        js = client.jetstream(timeout=2)
        workers = max(1, len(await holders(js, "worker")))
        share = math.ceil(self._config.partitions / workers)
        if len(self._held) > share:
            # In a task of its own: the leases that we keep have to be renewed meanwhile.
            leaving = asyncio.create_task(self._leave(client, list(self._held)[share:]))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        if len(self._held) >= share or self._leaving:
            return
        await layout.ensure(js, self._config)  # a stream that vanished is made again
        taken = {int(number) for number in await holders(js, "lease")}
        for number in range(self._config.partitions):
            if len(self._held) >= share:
                break
            if number in taken or number in self._held:
                continue
            lease = Lease(js, f"lease.{number}", self.name, self._config.lease_seconds)
            if await lease.acquire():
                self._start(client, number, lease)

    def _start(self, client: Client, number: int, lease: Lease) -> None:
        stop = asyncio.Event()
        partition = Partition(
            client,
            self._keyring,
            self._detector,
            self._effects,
            lease,
            number,
            turn=self._turn,
            snapshot_seconds=self._config.snapshot_seconds,
            on_gap=self._casework.gap,
            second=self._second,
        )
        task = asyncio.create_task(partition.run(stop), name=f"partition {number}")
        self._held[number] = _Held(lease, task, stop)

    async def _leave(self, client: Client, numbers: list[int]) -> None:
        """Lets partitions finish with a snapshot and gives their leases back."""
        # Popped before the first await, so that nobody counts them as held.
        leaving = {number: self._held.pop(number) for number in numbers}
        for held in leaving.values():
            held.stop.set()
        if not leaving:
            return
        await self._finish(client, list(leaving.values()))
        for number, held in leaving.items():
            if held.task.done():
                self._report_end(number, held)
            if client.is_connected:
                with contextlib.suppress(NatsError, OSError):  # else it runs out by itself
                    await held.lease.release()

    async def _finish(self, client: Client, leaving: list[_Held]) -> None:
        """Waits for partitions to end, not longer than makes sense without a server."""
        pending = {held.task for held in leaving}
        cut_off = 0
        for _ in range(int(LEAVE_SECONDS / ROUND_SECONDS)):
            if client.is_connected:
                for held in leaving:
                    with contextlib.suppress(LeaseLost, NatsError, OSError):
                        if held.lease.due and not held.task.done():
                            await held.lease.renew()
            _, pending = await asyncio.wait(pending, timeout=ROUND_SECONDS)
            cut_off = 0 if client.is_connected else cut_off + 1
            if not pending or cut_off * ROUND_SECONDS >= CUT_OFF_SECONDS:
                break
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending, timeout=ROUND_SECONDS)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
