"""What the gateway needs of casework: who may send, whom not to read, what goes out, what was done.

Casework is Django and blocks, so the gateway calls it from threads. The twin in memory keeps the
same promises for tests.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Protocol, TypeVar

import msgspec

from ansim.chat import Source
from ansim.stream.gateway.reading import Reading

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """A counsellor's message that waits to be carried out; ``conversation`` and ``recipient`` are
    pseudonyms. Without a recipient it is for everybody in the conversation."""

    id: str
    source: str
    conversation: str
    text: str
    language: str
    author: str
    recipient: str = ""


class AlertClosing(msgspec.Struct, frozen=True, kw_only=True):
    """A person closed an alert; the stream has to hear of it."""

    id: str
    source: str
    conversation: str
    about: str
    episode: int
    reopened: bool = False
    """True when a person took an earlier closing back."""


class Ledger(Protocol):
    """The part of casework that intake and courier stand on. Every verb may block."""

    def sources(self) -> list[tuple[Source, str]]:
        """Declared sources, switched off ones too, each with the SHA-256 (hex) of its key."""
        ...

    def unread(self) -> frozenset[tuple[str, str, str]]:
        """Accounts and conversations that are read no more: (source, "account" or "conversation",
        pseudonym)."""
        ...

    def refuse(self, source: str | None, reason: str) -> None:
        """Writes the audit row of a refusal (R01)."""
        ...

    def take_queued(self, limit: int) -> list[Queued]:
        """Takes messages to send and marks them as being sent; nobody else gets the same ones."""
        ...

    def left_sending(self) -> list[Queued]:
        """Messages somebody took and whose outcome was never recorded."""
        ...

    def record_delivery(self, message: str, state: str, detail: str) -> None:
        """``state`` is sent, failed or unknown. Recording the same again changes nothing."""
        ...

    def pending_commands(self, limit: int) -> list[AlertClosing]: ...

    def done(self, command: str) -> None: ...

    def tell_reading(self, reading: Reading | None) -> None:
        """How far the messages that came in are read; None: this gateway was asked to stop."""
        ...


class MemoryLedger:
    """A ledger that forgets with its process: for tests."""

    def __init__(self, sources: list[tuple[Source, str]] | None = None) -> None:
        self._lock = threading.Lock()
        self.declared = list(sources or [])
        self.refusals: list[tuple[str | None, str]] = []
        self.queued: list[Queued] = []
        self.sending: dict[str, Queued] = {}
        self.deliveries: dict[str, tuple[str, str]] = {}
        self.commands: dict[str, AlertClosing] = {}
        self.readings: list[Reading | None] = []
        self.stops: set[tuple[str, str, str]] = set()

    def sources(self) -> list[tuple[Source, str]]:
        with self._lock:
            return list(self.declared)

    def unread(self) -> frozenset[tuple[str, str, str]]:
        with self._lock:
            return frozenset(self.stops)

    def refuse(self, source: str | None, reason: str) -> None:
        with self._lock:
            self.refusals.append((source, reason))

    def take_queued(self, limit: int) -> list[Queued]:
        with self._lock:
            taken, self.queued = self.queued[:limit], self.queued[limit:]
            self.sending.update({message.id: message for message in taken})
            return taken

    def left_sending(self) -> list[Queued]:
        with self._lock:
            return list(self.sending.values())

    def record_delivery(self, message: str, state: str, detail: str) -> None:
        with self._lock:
            self.sending.pop(message, None)
            self.deliveries[message] = (state, detail)

    def pending_commands(self, limit: int) -> list[AlertClosing]:
        with self._lock:
            return list(self.commands.values())[:limit]

    def done(self, command: str) -> None:
        with self._lock:
            self.commands.pop(command, None)

    def tell_reading(self, reading: Reading | None) -> None:
        with self._lock:
            self.readings.append(reading)


class DjangoLedger:
    """The ledger in casework's database, through its actions."""

    def __init__(self) -> None:
        from ansim import casework

        casework.ready()
        from ansim.casework.actions import (
            interventions,
            reading,
            rights_measures,
            sources,
            stream_commands,
        )

        self._sources = sources
        self._interventions = interventions
        self._commands = stream_commands
        self._reading = reading
        self._rights = rights_measures

    def sources(self) -> list[tuple[Source, str]]:
        return self._sources.active_sources()

    def unread(self) -> frozenset[tuple[str, str, str]]:
        return self._rights.unread()

    def refuse(self, source: str | None, reason: str) -> None:
        self._sources.refuse_intake(source, reason)

    def take_queued(self, limit: int) -> list[Queued]:
        return [_queued(each) for each in self._interventions.take_queued(limit)]

    def left_sending(self) -> list[Queued]:
        return [_queued(each) for each in self._interventions.left_sending()]

    def record_delivery(self, message: str, state: str, detail: str) -> None:
        from django.core.exceptions import ObjectDoesNotExist

        try:
            self._interventions.record_delivery(message, state, detail)
        except ObjectDoesNotExist:
            log.warning("courier: message %s is not in the database (any more)", message)

    def pending_commands(self, limit: int) -> list[AlertClosing]:
        closings = []
        for command in self._commands.pending(limit):
            if command.kind not in ("alert_closed", "alert_reopened"):
                log.error("courier: command of unknown kind %r is left", command.kind)
                continue
            told = msgspec.convert(command.payload, _Closed)
            closings.append(
                AlertClosing(
                    id=command.id,
                    source=told.source,
                    conversation=told.conversation,
                    about=told.about,
                    episode=told.episode,
                    reopened=command.kind == "alert_reopened",
                )
            )
        return closings

    def done(self, command: str) -> None:
        self._commands.done(command)

    def tell_reading(self, reading: Reading | None) -> None:
        if reading is None:
            self._reading.stopped()
        else:
            self._reading.tell(reading.unread, reading.still_since)


class _Closed(msgspec.Struct):
    source: str
    conversation: str
    about: str
    episode: int


class _Taken(Protocol):
    """What casework hands to a courier."""

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def conversation(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def author(self) -> int: ...
    @property
    def recipient(self) -> str: ...


def _queued(taken: _Taken) -> Queued:
    return Queued(
        id=taken.id,
        source=taken.source,
        conversation=taken.conversation,
        text=taken.text,
        language=taken.language,
        author=str(taken.author) if taken.author else "",
        recipient=taken.recipient,
    )


class LedgerDesk:
    """The ledger as async code reaches it: its verbs run in two threads of their own."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="ledger")

    async def ask(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs one verb of ``ledger`` and returns its answer; raises what it raises."""

        def call() -> T:
            try:
                return verb(*args, **kwargs)
            finally:
                if isinstance(self.ledger, DjangoLedger):
                    from django.db import connections

                    connections.close_all()  # of this thread: it may never be used again

        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
