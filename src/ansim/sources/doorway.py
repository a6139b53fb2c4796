"""Receiving where the platform comes to us: its requests go through while intake is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from ansim.sources.contract import Delivery, Incoming, Intake, IntakeBusy, Outcome
from ansim.sources.wiring import Opening


class Door(Protocol):
    """What the routes of a connector that is called (``Way.CALLED``) know of the gateway.

    ``routes(door)`` in ``ansim.sources.<name>.routes`` gives their handlers. They serve every
    source of the connector; each source has an address with its id in it.
    """

    @property
    def intake(self) -> Intake: ...

    def opening(self, source: str, connector: str) -> Opening | None:
        """The source of this id, switched on and of this connector; None: answer 404."""
        ...

    async def refused(self, source: str | None, reason: str) -> None:
        """Has a refusal audited (a wrong signature …): at most one row a minute."""
        ...

    async def record(self, message: str, delivery: Delivery) -> None:
        """The platform told what became of words that were WAITING. Raises ConnectionError."""
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
