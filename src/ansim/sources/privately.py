"""Whose private channel belongs to which conversation, shared by what hears and what speaks.

A counsellor's private words about an alert are answered privately: the answer belongs to the
conversation that the alert is about.
"""

from __future__ import annotations

import asyncio

import msgspec

from ansim.sources.wiring import Memory, Remembered

NAME = "people"
MOST_PEOPLE = 5_000
"""People whose private channels are remembered; of more, the longest unused are forgotten."""


class Private(msgspec.Struct, array_like=True):
    """A person's private channel, and the conversation that its words belong to."""

    channel: str
    conversation: str


class People(msgspec.Struct):
    """Who has a private channel with us, by account."""

    known: dict[str, Private] = {}


class Privately:
    """Private channels of one source: opened by a counsellor's words or by a person's own."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._people: People | None = None
        self._lock = asyncio.Lock()

    async def with_person(self, account: str) -> Private | None:
        """Raises ConnectionError."""
        return (await self._read()).known.get(account)

    async def all(self) -> list[tuple[str, Private]]:
        """Accounts and their private channels."""
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

    async def put_back(self, account: str, before: Private | None) -> None:
        """As it was before ``remember``, where the words could not be said. Raises
        ConnectionError."""
        if before is not None:
            await self.remember(account, before.channel, before.conversation)
            return
        people = await self._read()
        async with self._lock:
            if people.known.pop(account, None) is not None:
                await Remembered.write(self._memory, NAME, people)

    async def _read(self) -> People:
        async with self._lock:
            if self._people is None:
                self._people = await Remembered.read(self._memory, NAME, People)
            return self._people
