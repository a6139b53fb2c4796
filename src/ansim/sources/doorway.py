"""Receiving where the platform comes to us: its requests go through while intake is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from ansim.sources.contract import Delivery, Incoming, Intake, IntakeBusy, Outcome
from ansim.sources.wiring import Opening


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer in JSON, in the form of the intake API."""

    status: int
    body: bytes
    headers: dict[str, str] = {}


class TurnedAway(Exception):
    """A request cannot be taken now, or as it is; ``answer`` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Door(Protocol):
    """What the routes of a connector that is called (``Way.CALLED``) know of the gateway.

    ``routes(door)`` in ``ansim.sources.<name>.routes`` gives their handlers. They serve every
    source of the connector; each source has an address with its id in it.
    """

    @property
    def intake(self) -> Intake: ...

    def opening(self, source: str, connector: str) -> Opening | None:
        """The source of this id, switched on and of this connector; None: answer 404.

        Raises TurnedAway (503) while the list of sources cannot be read; let it pass.
        """
        ...

    async def refused(self, source: str | None, reason: str) -> None:
        """Has a refusal audited (a wrong signature …): at most one row a minute."""
        ...

    async def record(self, message: str, delivery: Delivery) -> None:
        """The platform told what became of words that were WAITING. Raises ConnectionError."""
        ...

    def body(
        self, chunks: AsyncIterator[bytes], declared: str | None, largest: int
    ) -> AbstractAsyncContextManager[bytes]:
        """The whole body of a request, counted among what this process holds until the block ends.

        ``declared`` is its Content-Length and ``largest`` its limit in bytes (never above that of
        a batch). Entering raises TurnedAway with the answer of ``POST /v1/messages``: 408 where it
        comes too slowly, 413 where it is too large, 429 where too much is in work.
        """
        ...

    async def take_batch(self, source: str, body: bytes, content_type: str) -> Answer:
        """Takes what ``POST /v1/messages`` takes, for a source whose sender was proved already.

        The answer is that of ``POST /v1/messages`` too (202, 400, 403, 413, 422, 429, 503), with
        its headers (``Retry-After``).
        """
        ...


class Doorway:
    """Base of connectors that are called by their platform instead of calling it."""

    def __init__(self) -> None:
        self._intake: Intake | None = None

    async def receive(self, intake: Intake) -> None:
        """Lets messages through to ``intake`` until cancelled."""
        self._intake = intake
        try:
            await asyncio.Event().wait()
        finally:
            self._intake = None

    async def take(self, source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        """Hands messages on. Raises IntakeBusy while the door is not open."""
        if self._intake is None:
            raise IntakeBusy("intake is not open yet", 2)
        return await self._intake(source, messages)
