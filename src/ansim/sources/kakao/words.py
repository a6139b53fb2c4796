"""Counsellors' words that wait for a young person to be back: kept in the source's memory, so that
every process of the gateway finds them and no crash says them twice or loses them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Literal
from weakref import WeakKeyDictionary

import msgspec

from ansim.sources.wiring import Memory, Opening, Remembered

_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Lock]] = WeakKeyDictionary()

DONE_SECONDS = 24 * 3600.0
CALLBACK_SECONDS = 55.0
"""An address to call back is good for one minute and one use; a little is left for the way."""


class Word(msgspec.Struct):
    """One text of a counsellor, in pieces that a bubble holds."""

    id: str = ""
    user: str = ""
    parts: list[str] = []
    at: float = 0.0
    state: Literal["waiting", "handing", "handed", "unknown", "given_up"] = "waiting"
    """Handing: an answer with them is on its way, and nobody knows yet whether it went out."""
    since: float = 0.0
    called: bool = False
    """Kakao was asked once to call the person (Event API)."""


class Order(msgspec.Struct):
    """Ids of the words that wait for one person, oldest first."""

    ids: list[str] = []


class Done(msgspec.Struct):
    """Words about which all is said, by id, and since when (seconds since 1970)."""

    since: dict[str, float] = {}


class Callback(msgspec.Struct):
    """Where an answer may still be brought to."""

    address: str = ""
    until: float = 0.0


class Words:
    """The words of one source."""

    def __init__(self, opening: Opening, clock: Callable[[], float] = time.time) -> None:
        self._memory: Memory = opening.memory
        self._source = opening.source.id
        self._clock = clock

    def lock(self) -> asyncio.Lock:
        """Held while something is changed, by all who serve this source in this process."""
        here = _locks.setdefault(asyncio.get_running_loop(), {})
        return here.setdefault(self._source, asyncio.Lock())

    async def word(self, message: str) -> Word | None:
        word = await Remembered.read(self._memory, f"word:{message}", Word)
        return word if word.id else None

    async def keep(self, word: Word) -> None:
        await Remembered.write(self._memory, f"word:{word.id}", word)

    async def finish(self, word: Word, state: Literal["handed", "unknown", "given_up"]) -> None:
        """All is said about them. That remains for a while without their text: whoever carries
        words may ask once more, and must not have them said again."""
        async with self.lock():
            word.state, word.since, word.parts = state, self._clock(), []
            await self.keep(word)
            done = await Remembered.read(self._memory, "done", Done)
            for message, since in list(done.since.items()):
                if word.since - since > DONE_SECONDS:
                    await self._memory.forget(f"word:{message}")
                    del done.since[message]
            done.since[word.id] = word.since
            await Remembered.write(self._memory, "done", done)

    async def line_up(self, word: Word) -> None:
        """Puts words into their person's order where they are not in it."""
        order = await Remembered.read(self._memory, f"order:{word.user}", Order)
        if word.id not in order.ids:
            order.ids.append(word.id)
            await Remembered.write(self._memory, f"order:{word.user}", order)

    async def first(self, user: str) -> str:
        """Id of the oldest words that wait for this person."""
        order = await Remembered.read(self._memory, f"order:{user}", Order)
        for message in order.ids:
            word = await self.word(message)
            if word is not None and word.state == "waiting":
                return message
        return ""

    async def take(self, user: str, bubbles: int, most: int) -> list[Word]:
        """Words that go out now, at most ``bubbles`` pieces of them; the first may have up to
        ``most``. They count as being handed out from here on."""
        async with self.lock():
            order = await Remembered.read(self._memory, f"order:{user}", Order)
            taken: list[Word] = []
            left: list[str] = []
            room = bubbles
            for message in order.ids:
                word = await self.word(message)
                if word is None or word.state != "waiting":
                    continue
                fits = len(word.parts) <= (room if taken else max(room, most))
                if left or not fits:
                    left.append(message)
                    continue
                room -= len(word.parts)
                await self.hand_out(word)
                taken.append(word)
            if left:
                await Remembered.write(self._memory, f"order:{user}", Order(left))
            elif order.ids:
                await self._memory.forget(f"order:{user}")
            return taken

    async def hand_out(self, word: Word) -> None:
        word.state, word.since = "handing", self._clock()
        await self.keep(word)

    async def take_back(self, words: Sequence[Word]) -> None:
        """They surely did not go out: they wait again."""
        async with self.lock():
            for word in words:
                word.state = "waiting"
                await self.keep(word)
                await self.line_up(word)

    async def open_callback(self, user: str, address: str) -> None:
        until = self._clock() + CALLBACK_SECONDS
        await Remembered.write(self._memory, f"callback:{user}", Callback(address, until))

    async def use_callback(self, user: str) -> str:
        """The address to call back, which nobody gets a second time; empty where none is open."""
        callback = await Remembered.read(self._memory, f"callback:{user}", Callback)
        if not callback.address:
            return ""
        await self._memory.forget(f"callback:{user}")
        return callback.address if self._clock() < callback.until else ""
