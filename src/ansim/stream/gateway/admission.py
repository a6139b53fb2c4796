"""Who may send: the sources casework declares, their keys, refusals, which are audited, who of
their people is read no more, and whose conversations are under a legal hold."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable

from ansim.chat import Source
from ansim.sources import registry
from ansim.sources.wiring import Wiring
from ansim.stream.gateway.ledger import LedgerDesk

log = logging.getLogger(__name__)

REFRESH_SECONDS = 2.0
STALE_SECONDS = 60.0
"""A list older than this is not trusted: its sources may have been switched off since."""
AUDIT_SECONDS = 60.0
"""One audit row a source and reason in this time; a flood of refusals must not flood the audit."""


class Admission:
    """The sources as they were at the last reading, at most ``REFRESH_SECONDS`` ago in health."""

    def __init__(self, desk: LedgerDesk, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._clock = clock
        self._by_id: dict[str, Source] = {}
        self._by_key: dict[str, str] = {}
        self._unread: dict[str, frozenset[tuple[str, str]]] = {}
        self._held: dict[str, frozenset[str]] = {}
        self._wirings: dict[str, Wiring] = {}
        self._wirings_told = False
        self._read_at: float | None = None
        self._audited: dict[tuple[str | None, str], float] = {}

    @property
    def ready(self) -> bool:
        """Whether the list is fresh enough to decide by."""
        return self._read_at is not None and self._clock() - self._read_at < STALE_SECONDS

    async def refresh(self) -> None:
        """Reads the list anew. Raises what the ledger raises."""
        declared = await self._desk.ask(self._desk.ledger.sources)
        stops = await self._desk.ask(self._desk.ledger.unread)
        holds = await self._desk.ask(self._desk.ledger.held)
        self._held = {
            source: frozenset(name for where, name in holds if where == source)
            for source in {where for where, _ in holds}
        }
        self._unread = {
            source: frozenset((kind, name) for where, kind, name in stops if where == source)
            for source in {where for where, _, _ in stops}
        }
        self._by_id = {source.id: source for source, _ in declared}
        self._by_key = {digest.lower(): source.id for source, digest in declared if digest}
        self._read_at = self._clock()
        await self._refresh_wirings()

    async def _refresh_wirings(self) -> None:
        """Secrets that cannot be opened must not hold up the sources that need none."""
        try:
            self._wirings = await self._desk.ask(self._desk.ledger.wirings)
            self._wirings_told = False
        except Exception as error:
            if not self._wirings_told:
                log.warning("gateway: wirings cannot be read: %s", type(error).__name__)
                self._wirings_told = True

    async def follow(self) -> None:
        """Keeps the list fresh until cancelled; says once when the ledger cannot be read."""
        told = False
        while True:
            try:
                await self.refresh()
                told = False
            except Exception as error:
                if not told:
                    log.warning("gateway: sources cannot be read: %s", type(error).__name__)
                    told = True
            await asyncio.sleep(REFRESH_SECONDS)

    def source_of(self, key: str) -> Source | None:
        """The source whose key this is. Keys are random, so looking up their hash leaks nothing."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        source = self._by_key.get(digest)
        return None if source is None else self._by_id[source]

    def source(self, name: str) -> Source | None:
        """The declared source of this id."""
        return self._by_id.get(name)

    @property
    def sources(self) -> list[Source]:
        """All declared sources, switched off ones too."""
        return list(self._by_id.values())

    def wiring(self, source: str) -> Wiring | None:
        """How a source is connected, where something was entered for it."""
        return self._wirings.get(source)

    def refusal(self, source: str, connector: str | None = None) -> str | None:
        """Why nothing may come in from ``source`` now, or None when it may.

        ``connector`` is the way it came in by, where that has to be the declared one.
        """
        known = self._by_id.get(source)
        if known is None:
            return f"source {source!r} is not declared"
        if connector is not None and known.connector != connector:
            return f"source {source!r} is declared for connector {known.connector}, not {connector}"
        return registry.refusal(known)

    def unread(self, source: str) -> frozenset[tuple[str, str]]:
        """Of this source, what is read no more: ("account" or "conversation", pseudonym)."""
        return self._unread.get(source, frozenset())

    def held(self, source: str) -> frozenset[str]:
        """Conversations of this source under a legal hold, by pseudonym, as last read: whether one
        still stands is for casework to say."""
        return self._held.get(source, frozenset())

    async def tell_refused(self, source: str | None, reason: str) -> None:
        """Has the refusal audited, at most once a minute for the same reason."""
        now = self._clock()
        last = self._audited.get((source, reason))
        if last is not None and now - last < AUDIT_SECONDS:
            return
        if len(self._audited) > 10_000:
            self._audited.clear()
        self._audited[(source, reason)] = now
        try:
            await self._desk.ask(self._desk.ledger.refuse, source, reason)
        except Exception as error:
            self._audited.pop((source, reason), None)
            log.error("gateway: a refusal could not be audited: %s", type(error).__name__)
