"""What the gateway needs of casework: who may send, whom not to read, what goes out, what was done.

Casework is Django and blocks, so the gateway calls it from threads (``ledger_in_casework``). The
twin in memory keeps the same promises for tests.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Protocol, TypedDict, TypeVar

import msgspec

from ansim.chat import Source
from ansim.sources.wiring import Wiring
from ansim.stream.gateway.reading import Reading

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


class TestMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Fixed words that a person asked to have said in one room, to see whether they get there;
    ``room`` is the platform's own name of it."""

    __test__ = False  # for pytest it is none

    id: str
    source: str
    room: str
    text: str
    language: str
    author: str


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of a conversation under a legal hold; ``conversation``, ``author`` and ``message``
    are pseudonyms, as casework has them."""

    source: str
    conversation: str
    message: str
    author: str
    place: int
    """Among the attachments of its message, from 0."""
    content: bytes


class SourceState(TypedDict):
    """How one source is doing: see ``health.SourceHealth``. ``started_at`` tells the counts of two
    gateways, or of one before and after a restart, apart."""

    source: str
    state: str
    sentence: str
    since: float
    last_message_at: float | None
    last_connected_at: float | None
    received: int
    errors: int
    behind: int
    lag_seconds: float | None
    objections: int
    started_at: float


class Ledger(Protocol):
    """The part of casework that intake and courier stand on. Every verb may block."""

    def sources(self) -> list[tuple[Source, str]]:
        """Declared sources, switched off ones too, each with the SHA-256 (hex) of its key."""
        ...

    def wirings(self) -> dict[str, Wiring]:
        """How each source in use is connected, by its id. Holds secrets."""
        ...

    def unread(self) -> frozenset[tuple[str, str, str]]:
        """Accounts and conversations that are read no more: (source, "account" or "conversation",
        pseudonym)."""
        ...

    def held(self) -> frozenset[tuple[str, str]]:
        """Conversations under a legal hold: (source, pseudonym)."""
        ...

    def keep_original(self, original: Original) -> bool:
        """Stores it sealed, if a hold stands now; False: nothing was stored. The same one again
        changes nothing."""
        ...

    def lost_originals(self, source: str, conversation: str, number: int) -> None:
        """Puts on record that so many could not be stored."""
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

    def tell_health(self, states: list[SourceState]) -> None:
        """How the sources are that this gateway speaks for."""
        ...

    def tell_gap(self, source: str, since: float, until: float, why: str) -> None:
        """Puts on record that what a source said in this time was not heard."""
        ...

    def take_tests(self, limit: int) -> list[TestMessage]:
        """Takes test messages to send; nobody else gets the same ones, and no one twice."""
        ...

    def record_test(self, message: str, state: str, detail: str) -> None:
        """``state`` is sent, waiting, failed or unknown."""
        ...

    def rest(self) -> None:
        """Called after each verb, in its thread, which may never be used again."""
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
        self.holds: set[tuple[str, str]] = set()
        self.originals: dict[tuple[str, str, int], Original] = {}
        self.lost: list[tuple[str, str, int]] = []
        self.wired: dict[str, Wiring] = {}
        self.healths: dict[str, SourceState] = {}
        self.gaps: list[tuple[str, float, float, str]] = []
        self.tests: list[TestMessage] = []
        self.tested: dict[str, tuple[str, str]] = {}

    def sources(self) -> list[tuple[Source, str]]:
        with self._lock:
            return list(self.declared)

    def unread(self) -> frozenset[tuple[str, str, str]]:
        with self._lock:
            return frozenset(self.stops)

    def held(self) -> frozenset[tuple[str, str]]:
        with self._lock:
            return frozenset(self.holds)

    def keep_original(self, original: Original) -> bool:
        with self._lock:
            if (original.source, original.conversation) not in self.holds:
                return False
            name = (original.conversation, original.message, original.place)
            self.originals.setdefault(name, original)
            return True

    def lost_originals(self, source: str, conversation: str, number: int) -> None:
        with self._lock:
            self.lost.append((source, conversation, number))

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

    def wirings(self) -> dict[str, Wiring]:
        with self._lock:
            return dict(self.wired)

    def tell_health(self, states: list[SourceState]) -> None:
        with self._lock:
            self.healths.update({state["source"]: state for state in states})

    def tell_gap(self, source: str, since: float, until: float, why: str) -> None:
        with self._lock:
            self.gaps.append((source, since, until, why))

    def take_tests(self, limit: int) -> list[TestMessage]:
        with self._lock:
            taken, self.tests = self.tests[:limit], self.tests[limit:]
            return taken

    def record_test(self, message: str, state: str, detail: str) -> None:
        with self._lock:
            self.tested[message] = (state, detail)

    def rest(self) -> None:
        pass


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
                self.ledger.rest()

        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
