"""Originals of pictures on their way to casework: only of conversations under a legal hold.

Everywhere else a picture is read and let go (``noticing``). Its message never waits longer than its
platform does, and never fails with it: an original that could not be kept is told, in the log at
once and in casework as soon as that can be reached.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from ansim.keys import Keyring
from ansim.pictures import sniffing
from ansim.pictures.values import MAX_PICTURE_BYTES, Unread
from ansim.sources.contract import Incoming
from ansim.stream.gateway.admission import Admission
from ansim.stream.gateway.ledger import LedgerDesk, Original
from ansim.stream.routing import ACCOUNT, CONVERSATION, MESSAGE

log = logging.getLogger(__name__)

MOST_WAITING = 4
"""Originals on their way at a time; one that finds no room in its time is lost, and told."""
TELL_SECONDS = 2.0
FAREWELL_SECONDS = 5.0

Keep = Callable[[int, bytes, float], Awaitable[None]]
"""Takes the content of one attachment of a message, with its place among them, and waits at most
so many seconds for it to be stored."""


class Originals:
    """Hands originals over. ``close`` waits a little for what is under way."""

    def __init__(self, desk: LedgerDesk, admission: Admission, keyring: Keyring) -> None:
        self._desk = desk
        self._admission = admission
        self._keyring = keyring
        self._under_way: set[asyncio.Task[None]] = set()
        self._lost: Counter[tuple[str, str]] = Counter()
        self._told = False
        self._room = asyncio.Semaphore(MOST_WAITING)

    def keeper(self, source: str, message: Incoming) -> Keep | None:
        """Where this message's pictures go; None for a conversation under no hold."""
        held = self._admission.held(source)
        if not held:
            return None
        conversation = self._keyring.pseudonym(CONVERSATION, source, message.conversation)
        if conversation not in held:
            return None
        author = self._keyring.pseudonym(ACCOUNT, source, message.author)
        # As the partition hashes it for the turn.
        name = self._keyring.pseudonym(MESSAGE, conversation, message.id)

        async def keep(place: int, content: bytes, seconds: float) -> None:
            if not _is_picture(content):
                return
            original = Original(
                source=source,
                conversation=conversation,
                message=name,
                author=author,
                place=place,
                content=content,
            )
            await self._keep(original, time.monotonic() + seconds)

        return keep

    async def _keep(self, original: Original, until: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self._room.acquire()
        except TimeoutError:
            self._lose(original, "busy")
            return
        task = asyncio.create_task(self._store(original))
        self._under_way.add(task)
        task.add_done_callback(self._over)
        await asyncio.wait({task}, timeout=max(0.0, until - time.monotonic()))

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._room.release()

    async def close(self) -> None:
        """Waits for what is under way, not for long."""
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=FAREWELL_SECONDS)
        with suppress(Exception):  # then the log alone tells it
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._tell_lost()

    async def follow(self) -> None:
        """Tells casework what could not be kept, as soon as it can be reached; until cancelled."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            with suppress(Exception):  # told the next time
                await self._tell_lost()

    async def _store(self, original: Original) -> None:
        try:
            await self._desk.ask(self._desk.ledger.keep_original, original)
        except Exception as failure:  # of any kind: the message goes on
            self._lose(original, type(failure).__name__)
            return
        self._told = False

    def _lose(self, original: Original, why: str) -> None:
        self._lost[original.source, original.conversation] += 1
        if not self._told:
            self._told = True
            log.error("gateway: an original under legal hold could not be kept: %s", why)

    async def _tell_lost(self) -> None:
        for place, number in list(self._lost.items()):
            del self._lost[place]
            try:
                await self._desk.ask(self._desk.ledger.lost_originals, *place, number)
            except Exception:
                self._lost[place] += number
                raise


def _is_picture(content: bytes) -> bool:
    if len(content) > MAX_PICTURE_BYTES:
        return False
    try:
        sniffing.sniff(content)
    except Unread:
        return False
    return True
