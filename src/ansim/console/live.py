"""News for open pages: one thread a process looks at the audit log and wakes every stream.

The audit log is the one place where every change leaves a row, so nothing else has to tell us.
A page learns only that something changed and the numbers of the alerts; it fetches the rest
through its ordinary views, with their permissions.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from functools import lru_cache
from types import FrameType
from typing import Any, NamedTuple

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
HEARTBEAT_SECONDS = 15.0
LONGEST_SECONDS = 300.0
"""A stream ends after this long; the browser comes back, and its session is looked at again."""
OVERLAP = 200
"""PostgreSQL commits out of order: the last rows are looked at again, each told once."""
MOST_WAITING = 50


class News(NamedTuple):
    """Numbers of alerts that changed, and of those that cannot wait until somebody looks."""

    alerts: frozenset[int] = frozenset()
    urgent: frozenset[int] = frozenset()
    """P1 now: raised as such, or become so."""
    escalated: frozenset[int] = frozenset()
    """A supervisor is asked for."""


class Listener:
    """One open page. ``queue`` holds news; None says that it is over."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.greeted = False
        self.queue: asyncio.Queue[News | None] = asyncio.Queue()

    def tell(self, news: News | None) -> None:
        """Called from any thread. A page that lags is sent away, and comes back afresh."""
        try:
            self._loop.call_soon_threadsafe(self._put, news)
        except RuntimeError:  # its loop is gone
            log.debug("a listener's loop is closed")

    def _put(self, news: News | None) -> None:
        self.queue.put_nowait(None if self.queue.qsize() >= MOST_WAITING else news)


class Newsroom:
    """Watches the audit log while anybody listens."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # close() may come from a signal while it is held
        self._listeners: set[Listener] = set()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def listen(self) -> Listener:
        """A listener on the running loop. Its first news, an empty set, comes once the watch is
        on: whoever looks at the records after that misses nothing."""
        listener = Listener(asyncio.get_running_loop())
        with self._lock:
            if self._closed.is_set():
                listener.queue.put_nowait(None)
                return listener
            self._listeners.add(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="newsroom", daemon=True)
                self._thread.start()
        return listener

    def leave(self, listener: Listener) -> None:
        """Forgets a listener; the thread ends when none is left."""
        with self._lock:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Ends every stream: the server is shutting down."""
        self._closed.set()
        with self._lock:
            for listener in list(self._listeners):
                listener.tell(None)

    def _watch(self) -> None:
        from django.db import connection

        last = -1
        told: deque[int] = deque(maxlen=2 * OVERLAP)
        try:
            while True:
                with self._lock:
                    if not self._listeners or self._closed.is_set():
                        self._thread = None
                        return
                    listeners = list(self._listeners)
                try:
                    last, news = _news(last, told)
                except Exception as error:
                    # The database may be away for a while; the pages keep what they show.
                    log.warning("live updates: %s", type(error).__name__)
                    connection.close()
                    self._closed.wait(2)
                    continue
                for listener in listeners:
                    if not listener.greeted:
                        listener.greeted = True
                        listener.tell(News())
                    if news is not None:
                        listener.tell(news)
                self._closed.wait(POLL_SECONDS)
        finally:
            connection.close()


def _news(last: int, told: deque[int]) -> tuple[int, News | None]:
    """Newest audit id and what rows not told yet say; the first call only takes stock.

    A hand-over changes no alert by itself: it is news without numbers, for all who look.
    """
    from ansim.casework.models import AuditEvent

    first = last < 0
    rows = AuditEvent.objects.order_by("-id").values_list(
        "id", "subject_type", "subject_id", "action", "details"
    )
    fresh = list(rows[:OVERLAP] if first else rows.filter(id__gt=last - OVERLAP))
    known = set(told)
    new = [row for row in fresh if row[0] not in known]
    told.extend(sorted(row[0] for row in new))
    newest = max([last, 0, *(row[0] for row in new)])
    if first:
        return newest, None
    about = {"alert", "handover", "channel"}
    telling = [row for row in new if row[1] in about]
    if not telling:
        return newest, None
    alerts = [row for row in telling if row[1] == "alert"]
    return newest, News(
        alerts=frozenset(int(row[2]) for row in alerts),
        urgent=frozenset(int(row[2]) for row in alerts if _is_urgent(row[3], row[4])),
        escalated=frozenset(int(row[2]) for row in alerts if row[3] == "alert.escalated"),
    )


def _is_urgent(action: str, details: dict[str, Any]) -> bool:
    now = {"alert.raised": "priority", "alert.priority_changed": "to"}.get(action)
    return now is not None and details.get(now) == "P1"


newsroom = Newsroom()
_begins: list[Callable[[], None]] = []
_ends: list[Callable[[], None]] = [newsroom.close]


def at_start(act: Callable[[], None]) -> None:
    """Has ``act`` called when the server begins to serve."""
    _begins.append(act)


def before_stop(act: Callable[[], None]) -> None:
    """Has ``act`` called when the server is asked to stop, for what would hold it up."""
    _ends.append(act)


def _end() -> None:
    for act in _ends:
        act()


@lru_cache(maxsize=4)
def _event(news: News) -> bytes:
    """Written once for all pages that are open."""
    said = json.dumps({name: sorted(ids) for name, ids in news._asdict().items()})
    return f"event: change\ndata: {said}\n\n".encode()


async def stream(room: Newsroom) -> AsyncIterator[bytes]:
    """One page's events, as text/event-stream."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LONGEST_SECONDS
    listener = room.listen()
    try:
        yield b"retry: 1000\n\n"
        while (left := until - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left, HEARTBEAT_SECONDS)):
                    news = await listener.queue.get()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if news is None:
                return
            yield _event(news)
    finally:
        room.leave(listener)


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def with_shutdown(application: Any) -> Application:
    """Adds the lifespan protocol, which Django leaves out; on SIGTERM ends what takes long.

    A server waits for open answers before it tells the application that it stops, so streams
    without an end would hold it up: the signal itself has to reach them.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                _hear_signals()
                for act in _begins:
                    act()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                _end()
                await send({"type": "lifespan.shutdown.complete"})
                return

    return wrapped


def _hear_signals() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def heard(which: int, frame: FrameType | None, before: Any = before) -> None:
            _end()
            if callable(before):
                before(which, frame)

        signal.signal(number, heard)
