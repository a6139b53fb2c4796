"""How far each channel was read, and whose its latest messages were: what outlives a crash.

Discord does not say who wrote a message that is deleted, and tells no deletion that happened while
nobody listened: both are found by what is remembered here.
"""

from __future__ import annotations

import msgspec

from ansim.sources.discord.spoken import Said
from ansim.sources.wiring import Memory, Remembered

REMEMBERED = 300
"""Messages of a channel whose authors are remembered: a deletion of an older one goes unheard."""


class Known(msgspec.Struct, array_like=True):
    """A message that was handed over."""

    author: str
    conversation: str
    edited: int = 0


class Place(msgspec.Struct):
    """Where the reading of one channel, thread or private channel stands."""

    last: int = 0
    """Id of the latest message looked at; 0: never looked."""
    begun: int = 0
    """Where the reading began: nothing before it is ever looked at."""
    recent: dict[str, Known] = {}
    """By id, oldest first."""

    def heard(self, said: Said, conversation: str) -> None:
        self.recent[str(said.id)] = Known(said.author, conversation, said.edited)
        while len(self.recent) > REMEMBERED:
            del self.recent[next(iter(self.recent))]


class Places:
    """The places of one source, as far as this run of it looked at them."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._places: dict[str, Place] = {}
        self._touched: set[str] = set()

    async def of(self, channel: str) -> Place:
        """Raises ConnectionError."""
        place = self._places.get(channel)
        if place is None:
            place = await Remembered.read(self._memory, f"place:{channel}", Place)
            place = self._places.setdefault(channel, place)
        return place

    def touch(self, channel: str) -> None:
        """It changed and is to be kept with the next ``keep``."""
        self._touched.add(channel)

    async def keep(self) -> None:
        """Writes what changed down; call it once all that was heard is durable."""
        for channel in sorted(self._touched):
            await Remembered.write(self._memory, f"place:{channel}", self._places[channel])
            self._touched.discard(channel)
