"""One partition in the hands of one worker: load, replay, and then every message as it comes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec
from nats.aio.client import Client

from ansim.chat import Message
from ansim.detection import Assessment
from ansim.detection.aftermath import closed, forget, reopened
from ansim.detection.detector import Detector
from ansim.detection.state import ConversationState, fits
from ansim.keys import Keyring
from ansim.stream import layout
from ansim.stream.codec import AlertClosed, Item, Reviewed, UnknownItem, decode
from ansim.stream.effects import Effects, Wanted, reports, request
from ansim.stream.lease import Lease, LeaseLost
from ansim.stream.reader import Delivered, Reader, StreamGone
from ansim.stream.routing import MESSAGE
from ansim.stream.second_opinion import SecondMind, heard
from ansim.stream.snapshot import SnapshotLost, SnapshotStore

if TYPE_CHECKING:
    from ansim.casework.actions.reports import AlertReport

log = logging.getLogger(__name__)

BATCH = 256
IDLE_SECONDS = 0.5
POSITION_SECONDS = 1.0
SWEEP_SECONDS = 60.0
"""Texts past their time are dropped from the states this often (R06)."""
SWEEP_STEP = 300
"""States looked at between two batches, so that a sweep never holds up a message."""
SNAPSHOT_SHARE = 20
"""A snapshot is not repeated before this many times as long as it took has passed."""


def day_clock() -> float:
    """Time of day, seconds since 1970: what retention goes by. Replaced in tests."""
    return time.time()


_packer = msgspec.msgpack.Encoder()
_unpacker = msgspec.msgpack.Decoder(dict[str, ConversationState])


def _decoded(items: list[Delivered]) -> tuple[list[tuple[int, Item]], list[tuple[int, str]]]:
    """Items with their places, and the places of bytes that this version cannot read."""
    result: list[tuple[int, Item]] = []
    unreadable: list[tuple[int, str]] = []
    for item in items:
        try:
            result.append((item.sequence, decode(item.data)))
        except UnknownItem:
            unreadable.append((item.sequence, UnknownItem.__name__))
    return result, unreadable


class Partition:
    """States of one partition's conversations, held under a lease."""

    def __init__(
        self,
        client: Client,
        keyring: Keyring,
        detector: Detector,
        effects: Effects,
        lease: Lease,
        number: int,
        *,
        turn: asyncio.Lock,
        snapshot_seconds: float,
        on_gap: Callable[[int, str], None],
        second: SecondMind | None = None,
    ) -> None:
        self._client = client
        self._keyring = keyring
        self._detector = detector
        self._effects = effects
        self._lease = lease
        self._number = number
        self._turn = turn
        self._snapshot_seconds = snapshot_seconds
        self._on_gap = on_gap
        self._second = second
        self._watched: dict[str, tuple[str, Assessment]] = {}
        """Conversations over the low threshold in this batch: source, newest assessment."""
        self._states: dict[str, ConversationState] = {}
        self._position = 0
        self._saved = 0
        self._next_snapshot = 0.0
        self._next_position = 0.0
        self._next_sweep = time.monotonic() + SWEEP_SECONDS
        self._to_sweep: list[str] = []
        self._swept = False

    async def run(self, stop: asyncio.Event) -> None:
        """Works until ``stop``; then writes a last snapshot.

        Raises LeaseLost or Fenced when another worker took over: nothing was written after that.
        """
        js = self._client.jetstream(timeout=10)
        store = SnapshotStore(js, self._keyring, self._number, self._lease.epoch)
        await self._load(store)
        reader = Reader(self._client, self._number, self._position)
        gap = await reader.gap()
        if gap is not None:
            await self._tell(f"items {gap.first} to {gap.last} are gone")
        self._position = self._saved = reader.after
        self._next_snapshot = time.monotonic() + self._snapshot_seconds
        try:
            while not stop.is_set():
                items = await reader.take(BATCH, IDLE_SECONDS)
                if not self._lease.held:
                    raise LeaseLost(f"partition {self._number}")
                for gap in reader.gaps:
                    await self._tell(f"items {gap.first} to {gap.last} are gone")
                reader.gaps.clear()
                if items:
                    await self.process(items)
                await self.sweep()
                await self._tell_position()
                await self._snapshot_when_due(store)
            await self._last_snapshot(store)
        except StreamGone:
            await self._last_snapshot(store)
            raise
        finally:
            await reader.close()

    async def _load(self, store: SnapshotStore) -> None:
        """Takes over the states. What is damaged for good is told; the stream is replayed then."""
        try:
            packed = await store.take_over()
            states = {} if packed is None else _unpacker.decode(packed)
            if not all(fits(state) for state in states.values()):
                raise SnapshotLost(f"states of partition {self._number} have another form")
        except (SnapshotLost, msgspec.MsgspecError) as lost:
            # Going on as if nothing were missing would hide it.
            await self._tell(f"snapshot lost ({lost}); what the stream still holds is read again")
            self._states, self._position = {}, 0
        else:
            self._states, self._position = states, store.sequence

    async def _tell(self, what: str) -> None:
        log.error("partition %d: %s", self._number, what)
        await asyncio.to_thread(self._on_gap, self._number, what)

    async def process(self, items: list[Delivered]) -> None:
        """Takes a run of items into the states; returns when their effects are durable."""
        async with self._turn:
            # One batch of one partition at a time: leases are renewed in between.
            wanted, unreadable = self._assess(items)
            await asyncio.sleep(0)
        for sequence, why in unreadable:
            await self._tell(f"item {sequence} could not be read ({why})")
        await self._effects.apply(wanted)
        self._position = items[-1].sequence
        if self._second is not None:
            for source, assessment in self._watched.values():
                state = self._states.get(assessment.conversation)
                if state is not None:
                    self._second.look(source, state, assessment)
            self._watched.clear()

    def _assess(self, items: list[Delivered]) -> tuple[list[Wanted], list[tuple[int, str]]]:
        """Takes items into the states. Returns what casework must hear, and what was unreadable."""
        wanted: list[Wanted] = []
        decoded, unreadable = _decoded(items)
        for _, run in groupby(decoded, lambda pair: type(pair[1])):
            pairs = list(run)
            try:
                wanted += self._take(pairs)
            except Exception:
                # One of them: each by itself, so that the others are not lost with it.
                for pair in pairs:
                    try:
                        wanted += self._take_or_renew(pair)
                    except Exception as error:
                        unreadable.append((pair[0], type(error).__name__))
        return wanted, unreadable

    def _take_or_renew(self, pair: tuple[int, Item]) -> list[Wanted]:
        """Takes one item; where the state seems at fault, with a new state for its conversation."""
        try:
            return self._take([pair])
        except MemoryError:
            raise
        except Exception:
            old = self._states.pop(pair[1].conversation, None)
            try:
                return self._take([pair])
            except Exception:
                if old is not None:
                    self._states[pair[1].conversation] = old
                raise

    def _take(self, pairs: list[tuple[int, Item]]) -> list[Wanted]:
        """Takes items of one kind into the states, all or none."""
        messages = [item for _, item in pairs if isinstance(item, Message)]
        states, assessments = self._detector.assess(self._states, messages)
        opinions: list[Wanted] = []
        for sequence, item in pairs:
            if isinstance(item, Message) or item.conversation not in self._states:
                continue
            if isinstance(item, Reviewed):
                state = states.get(item.conversation, self._states[item.conversation])
                hidden = partial(self._keyring.pseudonym, MESSAGE, item.conversation)
                versions = self._detector.versions
                states[item.conversation], told = heard(item, state, versions, sequence, hidden)
                opinions += told
                continue
            act = closed if isinstance(item, AlertClosed) else reopened
            state = states.get(item.conversation, self._states[item.conversation])
            states[item.conversation] = act(state, item.about, item.episode)
        wanted = self._reports(messages, states, assessments, pairs[-1][0])
        self._states.update(states)
        if self._second is not None:
            sources = {message.conversation: message.source for message in messages}
            for one in assessments:
                if one.risk >= self._detector.watch and not one.turn.by_agency:
                    self._watched[one.conversation] = sources[one.conversation], one
        return [*wanted, *opinions]

    def _reports(
        self,
        messages: list[Message],
        states: dict[str, ConversationState],
        assessments: list[Assessment],
        sequence: int,
    ) -> list[AlertReport]:
        touched: dict[str, list[Assessment]] = {}
        alerted: set[str] = set()
        asked: set[str] = set()
        for assessment in assessments:
            touched.setdefault(assessment.conversation, []).append(assessment)
            if assessment.alerts:
                alerted.add(assessment.conversation)
            if assessment.turn.to_agency and not assessment.turn.by_agency:
                asked.add(assessment.conversation)
        if not (alerted or asked):
            return []
        source = {message.conversation: message.source for message in messages}
        wanted: list[AlertReport] = []
        for conversation in alerted | asked:
            told = (
                source[conversation],
                states[conversation],
                touched[conversation],
                self._detector.versions,
                sequence,
                partial(self._keyring.pseudonym, MESSAGE, conversation),
            )
            if conversation in alerted:
                wanted += reports(*told)
            # After the risk: where that raised an alert, somebody is called already.
            asking = request(*told) if conversation in asked else None
            if asking is not None:
                wanted.append(asking)
        return wanted

    async def _tell_position(self) -> None:
        if time.monotonic() >= self._next_position:
            self._next_position = time.monotonic() + POSITION_SECONDS
            subject = f"{layout.POSITIONS}.{self._number}"
            await self._client.publish(subject, str(self._position).encode())

    async def _snapshot_when_due(self, store: SnapshotStore) -> None:
        now = time.monotonic()
        if now >= self._next_snapshot and (self._position > self._saved or self._swept):
            await self._snapshot(store)
            took = time.monotonic() - now
            self._next_snapshot = now + max(self._snapshot_seconds, SNAPSHOT_SHARE * took)

    async def _last_snapshot(self, store: SnapshotStore) -> None:
        if self._lease.held and (self._position > self._saved or self._swept):
            await self._snapshot(store)

    async def _snapshot(self, store: SnapshotStore) -> None:
        await store.write(_packer.encode(self._states), self._position)
        self._saved = self._position
        self._swept = False

    async def sweep(self, most: int = SWEEP_STEP) -> None:
        """Drops what retention no longer allows, by the time of day, from the next few states."""
        if not self._to_sweep and time.monotonic() >= self._next_sweep:
            self._to_sweep = list(self._states)
            self._next_sweep = time.monotonic() + SWEEP_SECONDS
        now = day_clock()
        for conversation in self._to_sweep[-most:]:
            state = self._states.get(conversation)
            if state is None:
                continue
            try:
                kept = forget(state, now)
            except Exception as error:
                # Text past its time must not stay because its state is unusable.
                await self._tell(f"an unusable state was dropped ({type(error).__name__})")
                kept = None
            if kept is None:
                del self._states[conversation]
                self._swept = True
            elif kept != state:
                self._states[conversation] = kept
                self._swept = True
        del self._to_sweep[-most:]
