"""Rooms of the demo, kept in memory: what was said last, who listens, what is being replayed."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from enum import StrEnum

import msgspec

HISTORY = 200
MAX_ROOMS = 200
MAX_LISTENERS = 50
QUEUE = 400
"""Events a listener may lag behind before it is cut off (it then reconnects and catches up)."""


class Voice(StrEnum):
    """Who speaks: what the page shows, never what detection is told."""

    STRANGER = "stranger"
    YOUTH = "youth"
    OTHER = "other"
    """Somebody of the youth's own circle, in samples."""
    AGENCY = "agency"


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something said in a room, as the page shows it."""

    id: str
    voice: Voice
    nickname: str
    text: str
    at: float
    to: str = ""
    """The nickname that alone sees it; empty: everybody in the room."""

    def seen_by(self, nickname: str) -> bool:
        return not self.to or self.to == nickname


class Replaying(msgspec.Struct, frozen=True):
    """Which sample is running (empty: none), and a word when it ended early."""

    sample: str
    problem: str = ""


class Event(msgspec.Struct, frozen=True):
    """One server-sent event."""

    number: int
    name: str
    data: Said | Replaying

    def seen_by(self, nickname: str) -> bool:
        return not isinstance(self.data, Said) or self.data.seen_by(nickname)


class RoomFull(Exception):
    """Too many listeners in this room."""


class Room:
    """One room. Its name is what a platform would call the conversation's id."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.history: deque[Event] = deque(maxlen=HISTORY)
        self.speaking = asyncio.Lock()
        self.replay: asyncio.Task[None] | None = None
        self.replaying = Replaying("")
        self._listeners: set[asyncio.Queue[Event | None]] = set()
        self._number = 0
        self._last_ns = 0

    @property
    def idle(self) -> bool:
        return not self._listeners and (self.replay is None or self.replay.done())

    def next_id(self) -> str:
        """An id that sorts by time and is not given twice, also not after a restart."""
        self._last_ns = max(time.time_ns(), self._last_ns + 1)
        return f"{self._last_ns:x}"

    def show(self, said: Said) -> bool:
        """Shows it to everyone in the room; False when its id was shown before."""
        if any(isinstance(e.data, Said) and e.data.id == said.id for e in self.history):
            return False
        event = self._event("said", said)
        self.history.append(event)
        self._tell(event)
        return True

    def show_replay(self, state: Replaying) -> None:
        self.replaying = state
        self._tell(self._event("replay", state))

    def _event(self, name: str, data: Said | Replaying) -> Event:
        self._number += 1
        return Event(self._number, name, data)

    def _tell(self, event: Event) -> None:
        for queue in list(self._listeners):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._listeners.discard(queue)
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)

    async def listen(
        self, after: int, heartbeat: float, nickname: str = ""
    ) -> AsyncGenerator[Event | None, None]:
        """What was said after event ``after``, then what is said, until cut off; of what is for
        one person alone, what is for ``nickname``.

        Yields None when nothing happened for ``heartbeat`` seconds. Raises RoomFull.
        """
        if len(self._listeners) >= MAX_LISTENERS:
            raise RoomFull
        queue: asyncio.Queue[Event | None] = asyncio.Queue(QUEUE)
        self._listeners.add(queue)
        try:
            for event in [event for event in self.history if event.number > after]:
                if event.seen_by(nickname):
                    yield event
            yield Event(self._number, "replay", self.replaying)
            while True:
                try:
                    event_or_end = await asyncio.wait_for(queue.get(), heartbeat)
                except TimeoutError:
                    yield None
                    continue
                if event_or_end is None:
                    return
                if event_or_end.seen_by(nickname):
                    yield event_or_end
        finally:
            self._listeners.discard(queue)


class Rooms:
    """All rooms. The longest idle make way when there are too many."""

    def __init__(self) -> None:
        self.boot = secrets.token_hex(4)
        """Tells a page that the rooms it knew are gone with the process that held them."""
        self._rooms: OrderedDict[str, Room] = OrderedDict()

    def room(self, name: str) -> Room:
        """The room of this name, made if need be."""
        room = self._rooms.get(name)
        if room is None:
            self._make_way()
            room = self._rooms[name] = Room(name)
        self._rooms.move_to_end(name)
        return room

    def _make_way(self) -> None:
        for name, room in list(self._rooms.items()):
            if len(self._rooms) < MAX_ROOMS:
                return
            if room.idle:
                del self._rooms[name]

    @property
    def full(self) -> bool:
        return len(self._rooms) >= MAX_ROOMS and not any(r.idle for r in self._rooms.values())

    def __contains__(self, name: str) -> bool:
        return name in self._rooms
