"""Pages are made a few at a time; the others wait their turn.

One process makes pages on one core, however many threads it has. More of them at once make none
sooner: whenever they ask the database they take the interpreter from each other, and fifty people
who work together wait several times as long for every page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections, connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ansim.console.processes import share

AT_ONCE = {"sqlite": 1, "postgresql": 4}
"""SQLite works in our own process; while PostgreSQL works, other pages can be made."""
LONGEST_SECONDS = 0.5
"""Who takes longer (for somebody else's mail server, say) goes on beside the others."""
MOST_THREADS = 64
"""Those who take longer included, in all processes together. A thread keeps its connection to the
database, and PostgreSQL has a hundred."""


class InTurn(ASGIHandler):
    """Django's handler. A turn begins when a request has been read, and ends before its answer is
    sent: neither a slow line nor an open stream keeps anybody waiting.

    One thread makes all of a page. As Django does it by itself, every middleware changes from the
    loop to a new thread and back, twice a request, and every page opens the database anew: that
    costs as much as the page.
    """

    def __init__(self, at_once: int = 0) -> None:
        super().__init__()
        self.load_middleware(is_async=False)
        self._turns = asyncio.Semaphore(at_once or AT_ONCE.get(connection.vendor, 1))
        self._threads = ThreadPoolExecutor(share(MOST_THREADS), thread_name_prefix="page")

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        await self._turns.acquire()
        give_up = _once(self._turns.release)
        loop = asyncio.get_running_loop()
        late = loop.call_later(LONGEST_SECONDS, give_up)
        # What belongs to this request alone, such as its language, ends with it.
        make = partial(copy_context().run, self._made, request)
        try:
            return await loop.run_in_executor(self._threads, make)
        finally:
            late.cancel()
            give_up()

    def _made(self, request: HttpRequest) -> HttpResponseBase:
        """In a thread of ours, which keeps its connection for the next page (``CONN_MAX_AGE``)."""
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()


def _once(act: Callable[[], None]) -> Callable[[], None]:
    """Does ``act`` when called first, nothing after that."""
    left = [act]

    def acted() -> None:
        if left:
            left.pop()()

    return acted
