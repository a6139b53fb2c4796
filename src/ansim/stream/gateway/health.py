"""How every source is doing, as this gateway sees it: told to casework and to Prometheus.

What was missed is another matter: a gap is kept until casework has it on record, and a connector's
position does not move past it before.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
import time
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum

import msgspec

from ansim.chat import Source
from ansim.sources.contract import Incoming, Intake, Outcome
from ansim.stream.gateway.ledger import LedgerDesk, SourceState

log = logging.getLogger(__name__)

TELL_SECONDS = 5.0
GAP_SECONDS = 1.0
PASSING_SECONDS = 60.0
"""A trouble that was not told again for so long while messages came in is over."""
MAX_SENTENCE = 300
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class State(StrEnum):
    """Where a source stands."""

    CONNECTING = "connecting"
    LISTENING = "listening"
    TROUBLE = "trouble"
    """Something failed; it is tried again."""
    STOPPED = "stopped"
    """Only a person can help."""
    PAUSED = "paused"
    """A person switched it off."""


class Gap(msgspec.Struct, frozen=True):
    """What was said between these times (seconds since 1970) was not heard."""

    source: str
    since: float
    until: float
    why: str


class SourceHealth:
    """One source; keeps ``sources.wiring.Health``. Times are seconds since 1970-01-01 UTC."""

    def __init__(
        self,
        source: str,
        connector: str,
        tell_gap: Callable[[Gap], None],
        clock: Callable[[], float],
    ) -> None:
        self.source = source
        self.connector = connector
        self.ours = True
        """Whether this gateway speaks for the source; else another does."""
        self.state = State.CONNECTING
        self.sentence = ""
        self.since = clock()
        self.last_message_at: float | None = None
        self.last_connected_at: float | None = None
        self.received = 0
        """Messages taken in, repeats not counted, since this process started."""
        self.errors = self.waiting = self.objections = self.gaps = 0
        self.lag_seconds: float | None = None
        self._troubled_at = 0.0
        self._tell_gap = tell_gap
        self._clock = clock

    def connected(self) -> None:
        self.last_connected_at = self._clock()
        self._become(State.LISTENING, "")

    def heard(self, count: int, newest: float) -> None:
        """What came in is counted at intake (``took``); this says that the way in works."""
        self.waiting = max(0, self.waiting - count)
        self._saw(newest)
        passing = self._clock() - self._troubled_at > PASSING_SECONDS
        if self.state is State.CONNECTING or (self.state is State.TROUBLE and passing):
            self._become(State.LISTENING, "")

    def behind(self, messages: int) -> None:
        self.waiting = max(0, messages)

    def trouble(self, sentence: str) -> None:
        self.errors += 1
        self._troubled_at = self._clock()
        self._become(State.TROUBLE, sentence)

    def gap(self, since: float, until: float, why: str) -> None:
        self.gaps += 1
        now = self._clock()
        fit = [moment if math.isfinite(moment) else now for moment in (since, until)]
        self._tell_gap(Gap(self.source, min(fit), max(fit), plain(why)))

    def objected(self) -> None:
        self.objections += 1

    def connecting(self) -> None:
        self._become(State.CONNECTING, "")

    def cut(self, sentence: str) -> None:
        """The connection ended by an error, which the connector may have told in better words."""
        if self.state is not State.TROUBLE:
            self.trouble(sentence)

    def stopped(self, sentence: str) -> None:
        if self.state is not State.STOPPED:
            self.errors += 1
        self._become(State.STOPPED, sentence)

    def paused(self, sentence: str = "") -> None:
        self._become(State.PAUSED, sentence)

    def open(self) -> None:
        """The platform calls us, and may now."""
        if self.state is not State.LISTENING:
            self.connected()

    def took(self, messages: Sequence[Incoming], outcomes: Sequence[Outcome]) -> None:
        """What intake did with messages of this source."""
        stored = outcomes.count(Outcome.STORED)
        if stored:
            self.received += stored
            self._saw(max(message.at for message in messages))

    def _saw(self, newest: float) -> None:
        if math.isfinite(newest):
            now = self._clock()
            self.lag_seconds = max(0.0, now - newest)
            self.last_message_at = max(self.last_message_at or 0.0, min(newest, now))

    def _become(self, state: State, sentence: str) -> None:
        if state is not self.state:
            self.since = self._clock()
        self.state = state
        self.sentence = plain(sentence)


class SourceWatch:
    """The health of all sources in this process, and who tells casework."""

    def __init__(self, desk: LedgerDesk, clock: Callable[[], float] = time.time) -> None:
        self._desk = desk
        self._clock = clock
        self._started_at = clock()
        self._sources: dict[str, SourceHealth] = {}
        self._gaps: list[Gap] = []
        self._recording = asyncio.Lock()

    def of(self, source: Source) -> SourceHealth:
        """The health of this source, which lasts as long as the process."""
        found = self._sources.get(source.id)
        if found is None or found.connector != source.connector:
            found = SourceHealth(source.id, source.connector, self._gaps.append, self._clock)
            self._sources[source.id] = found
        return found

    def keep(self, sources: Collection[str]) -> None:
        """Drops those that are declared no more."""
        for gone in self._sources.keys() - set(sources):
            del self._sources[gone]

    @property
    def sources(self) -> list[SourceHealth]:
        """Those this gateway speaks for, by their ids."""
        return sorted(
            (each for each in self._sources.values() if each.ours), key=lambda each: each.source
        )

    def took(self, source: str, messages: Sequence[Incoming], outcomes: Sequence[Outcome]) -> None:
        found = self._sources.get(source)
        if found is not None:
            found.took(messages, outcomes)

    def states(self) -> list[SourceState]:
        """What casework is told."""
        return [
            {
                "source": each.source,
                "state": each.state.value,
                "sentence": each.sentence,
                "since": each.since,
                "last_message_at": each.last_message_at,
                "last_connected_at": each.last_connected_at,
                "received": each.received,
                "errors": each.errors,
                "behind": each.waiting,
                "lag_seconds": each.lag_seconds,
                "objections": each.objections,
                "started_at": self._started_at,
            }
            for each in self.sources
        ]

    async def follow(self) -> None:
        """Tells casework until cancelled; what it could not be told is told the next time."""
        told = False
        tell_at = 0.0
        while True:
            try:
                if time.monotonic() >= tell_at:
                    tell_at = time.monotonic() + TELL_SECONDS
                    if states := self.states():
                        await self._desk.ask(self._desk.ledger.tell_health, states)
                await self.settle()
                told = False
            except Exception as error:
                if not told:
                    log.warning("gateway: health cannot be told: %s", type(error).__name__)
                    told = True
            await asyncio.sleep(min(GAP_SECONDS, TELL_SECONDS))

    async def settle(self, source: str | None = None) -> None:
        """Has the gaps of a source, or of all, recorded. Raises ConnectionError when they are not,
        and then keeps them."""
        if not self._gaps:
            return
        problem: Exception | None = None
        async with self._recording:
            for gap in [each for each in self._gaps if source in (None, each.source)]:
                try:
                    await self._desk.ask(
                        self._desk.ledger.tell_gap, gap.source, gap.since, gap.until, gap.why
                    )
                except Exception as error:
                    problem = error  # those of other sources are not held up by it
                else:
                    self._gaps.remove(gap)
        if problem is not None:
            raise ConnectionError(f"a gap was not recorded: {type(problem).__name__}") from problem


class CountedIntake:
    """Intake, with what it took counted for the source's health."""

    def __init__(self, intake: Intake, watch: SourceWatch) -> None:
        self._intake = intake
        self._watch = watch

    async def __call__(self, source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        outcomes = await self._intake(source, messages)
        self._watch.took(source, messages, outcomes)
        return outcomes


def plain(sentence: str) -> str:
    """One line of a length that fits a page."""
    line = _UNFIT.sub(" ", sentence).strip()
    return line if len(line) <= MAX_SENTENCE else line[: MAX_SENTENCE - 1] + "…"
