"""Whose private channel belongs to which conversation, shared by what hears and what speaks."""

from __future__ import annotations

import asyncio

from ansim.sources.discord.places import MOST_PEOPLE, People, Private
from ansim.sources.wiring import Memory, Remembered

NAME = "people"


class Privately:
    """Private channels between the bot and people: opened by a counsellor's words or by theirs."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._people: People | None = None
        self._lock = asyncio.Lock()

    async def with_person(self, account: str) -> Private | None:
        """Raises ConnectionError."""
        return (await self._read()).known.get(account)

    async def all(self) -> list[tuple[str, Private]]:
        return list((await self._read()).known.items())

    async def remember(self, account: str, channel: str, conversation: str) -> Private:
        """Durable when it returns. What this person says privately belongs to ``conversation``
        from now on. Raises ConnectionError."""
        people = await self._read()
        now = Private(channel, conversation)
        async with self._lock:
            if people.known.get(account) != now:
                people.known.pop(account, None)
                people.known[account] = now
                while len(people.known) > MOST_PEOPLE:
                    del people.known[next(iter(people.known))]
                await Remembered.write(self._memory, NAME, people)
        return now

    async def _read(self) -> People:
        async with self._lock:
            if self._people is None:
                self._people = await Remembered.read(self._memory, NAME, People)
            return self._people
