"""Pages are made a few at a time; the others wait their turn.

One process makes pages on one core, however many threads it has. More of them at once make none
sooner: whenever they ask the database they take the interpreter from each other, and fifty people
who work together wait several times as long for every page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from django.core.handlers.asgi import ASGIHandler
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

AT_ONCE = {"sqlite": 1, "postgresql": 4}
"""SQLite works in our own process; while PostgreSQL works, other pages can be made."""
LONGEST_SECONDS = 0.5
"""Who takes longer (for somebody else's mail server, say) goes on beside the others."""


class InTurn(ASGIHandler):
    """Django's handler. A turn begins when a request has been read, and ends before its answer is
    sent: neither a slow line nor an open stream keeps anybody waiting."""

    def __init__(self, at_once: int = 0) -> None:
        super().__init__()
        self._turns = asyncio.Semaphore(at_once or AT_ONCE.get(connection.vendor, 1))

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        await self._turns.acquire()
        give_up = _once(self._turns.release)
        late = asyncio.get_running_loop().call_later(LONGEST_SECONDS, give_up)
        try:
            return await super().get_response_async(request)
        finally:
            late.cancel()
            give_up()


def _once(act: Callable[[], None]) -> Callable[[], None]:
    """Does ``act`` when called first, nothing after that."""
    left = [act]

    def acted() -> None:
        if left:
            left.pop()()

    return acted
