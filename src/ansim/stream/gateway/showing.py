"""Small copies of pictures, laid where the reviewer finds them: only where the settings say so.

Best effort from end to end: a message waits a moment for its copies and never fails with them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from ansim.keys import Keyring
from ansim.sources.contract import Incoming
from ansim.stream.routing import CONVERSATION, MESSAGE
from ansim.stream.shown import Copy, Shelf

log = logging.getLogger(__name__)

WAIT_SECONDS = 1.0
"""Longest that a message waits for one copy to lie there."""
MOST_UNDER_WAY = 16
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

    def shower(self, source: str, message: Incoming) -> Show:
        """Where the copies of this message's pictures go."""
        conversation, name = self._names(source, message.conversation, message.id)

        async def show(place: int, content: bytes, seconds: float) -> None:
            if self.shelf is None:
                return
            copy = Copy(conversation, name, place, content)
            task = self._start(self.shelf.put(copy))
            if task is not None:
                await asyncio.wait({task}, timeout=max(0.0, min(seconds, WAIT_SECONDS)))

        return show

    def taken_back(self, source: str, message: Incoming) -> None:
        """Of the message that this one deletes nothing is to lie there any more."""
        if self.shelf is not None and message.deleted:
            names = self._names(source, message.conversation, message.replaces)
            self._start(self.shelf.forget(*names))

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

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        if len(self._under_way) >= MOST_UNDER_WAY:
            work.close()
            return None
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("gateway: a copy for the reviewer: %s", type(error).__name__)
