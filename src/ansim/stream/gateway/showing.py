"""Small copies of pictures, laid where the reviewer finds them: only where the settings say so.

Best effort from end to end: a message waits a moment for its copies and never fails with them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any

from ansim.keys import Keyring
from ansim.sources.contract import Incoming
from ansim.stream.routing import CONVERSATION, MESSAGE
from ansim.stream.shown import Copy, Shelf

log = logging.getLogger(__name__)

WAIT_SECONDS = 1.0
"""Longest that a message waits for one copy to lie there."""
MOST_UNDER_WAY = 16
"""Copies on their way at a time; one that finds no room is let go."""
FAREWELL_SECONDS = 2.0

Show = Callable[[int, bytes, float], Awaitable[None]]
"""Takes the small copy of one attachment, with its place among them, and waits at most so many
seconds for it to lie where the reviewer finds it."""


class Showing:
    """Lays copies down and takes back those of messages that were taken back."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self.shelf: Shelf | None = None
        """None until NATS answers."""
        self._under_way: set[asyncio.Task[None]] = set()
        self._told = False

    def shower(self, source: str, message: Incoming) -> Show:
        """Where the copies of this message's pictures go."""
        conversation, name = self._names(source, message.conversation, message.id)

        async def show(place: int, content: bytes, seconds: float) -> None:
            if self.shelf is None:
                return
            if len(self._under_way) >= MOST_UNDER_WAY:
                return
            task = self._start(self.shelf.put(Copy(conversation, name, place, content)))
            await asyncio.wait({task}, timeout=max(0.0, min(seconds, WAIT_SECONDS)))

        return show

    def taken_back(self, source: str, messages: Sequence[Incoming]) -> None:
        """Of what these messages delete nothing is to lie there any more."""
        gone: dict[str, set[str]] = {}
        for message in messages:
            if message.deleted:
                room, name = self._names(source, message.conversation, message.replaces)
                gone.setdefault(room, set()).add(name)
        if self.shelf is not None and gone:
            self._start(self._forget(self.shelf, gone))

    async def _forget(self, shelf: Shelf, gone: Mapping[str, Collection[str]]) -> None:
        for conversation, names in gone.items():
            await shelf.forget(conversation, names)

    async def close(self) -> None:
        """Ends what is under way."""
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=FAREWELL_SECONDS)

    def _names(self, source: str, conversation: str, message: str) -> tuple[str, str]:
        room = self._keyring.pseudonym(CONVERSATION, source, conversation)
        # As the partition hashes it: the reviewer looks for that name.
        return room, self._keyring.pseudonym(MESSAGE, room, message)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self._told:
            log.warning("gateway: no copies for the reviewer for now: %s", type(error).__name__)
        self._told = error is not None
