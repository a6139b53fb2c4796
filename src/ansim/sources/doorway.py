"""Receiving where the platform comes to us: its requests go through while intake is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ansim.sources.contract import Incoming, Intake, IntakeBusy, Outcome


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
