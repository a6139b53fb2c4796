"""What assessments make happen in casework: alerts raised and kept up to date.

Effects of all partitions are committed by one thread, several at a time in one transaction, and
only then does a partition move on: a snapshot never covers an effect that is not in the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

import msgspec

from ansim.detection import AlertEvent, Assessment, Turn, Versions
from ansim.detection.requests import asks, urgency
from ansim.detection.roles import roles
from ansim.detection.state import ConversationState

if TYPE_CHECKING:  # casework needs Django set up first, which is the business of ``service``
    from ansim.casework.actions.opinions import OpinionReport
    from ansim.casework.actions.reports import AlertReport

log = logging.getLogger(__name__)

RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)


class Casework(Protocol):
    """What the stream needs of casework. Every verb may block; none is called by the event loop."""

    def raise_or_update(self, reports: Sequence[AlertReport]) -> object:
        """Commits all reports in one transaction, or none."""

    def is_passing(self, error: Exception) -> bool:
        """Whether an error will pass by itself (the database is away or locked)."""

    def refused(self, report: AlertReport, error: Exception) -> None:
        """Records that a report can never be taken, with the reason."""

    def gap(self, partition: int, what: str) -> None:
        """Records that items of a partition were lost before or while they were read."""

    def keep_house(self) -> None:
        """Does what is due now and then: retention."""


class OpinionDesk(Protocol):
    """What the stream needs of casework where a second opinion is asked for."""

    def add_opinions(self, reports: Sequence[OpinionReport]) -> object:
        """Puts opinions beside their open alerts, all or none."""

    def tell_reviewer(
        self, worker: str, condition: str, model: str, counts: dict[str, int | float]
    ) -> None:
        """Keeps how the model is."""

    def reviewer_stopped(self, worker: str) -> None:
        """This worker asks nobody any more."""


Wanted: TypeAlias = "AlertReport | OpinionReport"
"""What casework is to hear."""


def reports(
    source: str,
    state: ConversationState,
    assessments: Sequence[Assessment],
    versions: Versions,
    sequence: int,
    hidden: Callable[[str], str],
) -> list[AlertReport]:
    """One report an alert touched by ``assessments``, which are all of one conversation.

    ``state`` is the state after them and ``sequence`` the place in the partition it covers. The
    report that raises an alert brings all turns still held; an update brings the new ones.
    ``hidden`` makes a keyed hash of a message id: services put account names into theirs. What a
    turn replaces is hashed alike, so that the two still find each other. A deletion is a turn of
    the report, but no point of the risk: it changes none.
    """
    found: dict[tuple[str, int], tuple[AlertEvent, bool]] = {}
    for assessment in assessments:
        for event in assessment.alerts:
            key = (event.about, event.episode)
            raised = event.raised or (key in found and found[key][1])
            found[key] = (event, raised)
    new = tuple(assessment.turn for assessment in assessments)
    return [
        _report(
            source,
            state,
            event,
            versions,
            sequence,
            _told(_held(state, new) if raised else new, hidden),
            raised=raised,
        )
        for event, raised in found.values()
    ]


def alert_report(
    source: str,
    state: ConversationState,
    event: AlertEvent,
    versions: Versions,
    sequence: int,
    hidden: Callable[[str], str],
) -> AlertReport:
    """The report of an alert that no new message raised, with all turns that are held; arguments
    as for ``reports``."""
    turns = _told(_held(state, ()), hidden)
    return _report(source, state, event, versions, sequence, turns, raised=event.raised)


def _report(
    source: str,
    state: ConversationState,
    event: AlertEvent,
    versions: Versions,
    sequence: int,
    turns: tuple[Turn, ...],
    *,
    raised: bool,
) -> AlertReport:
    from ansim.casework.actions.reports import AlertReport

    return AlertReport(
        source=source,
        conversation=state.conversation,
        about=event.about,
        episode=event.episode,
        priority=event.priority,
        risk=event.risk,
        why=event.why,
        versions=versions,
        trajectory=tuple((turn.at, turn.risk, turn.id) for turn in turns if not turn.deleted),
        turns=turns,
        sequence=sequence,
        raised=raised,
        roles={account: str(role) for account, role in roles(state).items()},
    )


def request(
    source: str,
    state: ConversationState,
    assessments: Sequence[Assessment],
    versions: Versions,
    sequence: int,
    hidden: Callable[[str], str],
) -> AlertReport | None:
    """That somebody speaks to the agency itself, where one of ``assessments`` is that, or takes
    such words back; arguments as for ``reports``.

    Whether it opens anything is for casework to say, which knows what is open. What is told of the
    conversation is what was said to the agency and by it: in a room others speak too, who did not
    ask.
    """
    new = tuple(assessment.turn for assessment in assessments)
    said = [turn for turn in new if turn.to_agency and not turn.by_agency]
    if not said:
        return None
    from ansim.casework.actions.reports import AlertReport

    held = [turn for turn in _held(state, new) if turn.to_agency or turn.by_agency]
    asking = [turn for turn in said if asks(turn)]
    priority, why = urgency(asking)
    return AlertReport(
        kind="request",
        source=source,
        conversation=state.conversation,
        about=(asking or said)[0].author,
        episode=1,
        priority=priority,
        risk=0.0,
        why=why,
        versions=versions,
        trajectory=(),
        turns=_told(held, hidden),
        sequence=sequence,
        raised=False,
    )


def _told(turns: Iterable[Turn], hidden: Callable[[str], str]) -> tuple[Turn, ...]:
    """Turns as casework may see them."""
    return tuple(
        msgspec.structs.replace(
            turn,
            id=hidden(turn.id),
            replaces=hidden(turn.replaces) if turn.replaces else "",
            taken_back=None,
        )
        for turn in turns
    )


def _held(state: ConversationState, new: tuple[Turn, ...]) -> tuple[Turn, ...]:
    turns = {turn.id: turn for turn in state.turns}
    gone = (turn.taken_back for turn in state.turns)
    turns.update((turn.id, turn) for turn in gone if turn is not None)
    turns.update((turn.id, turn) for turn in new)
    return tuple(sorted(turns.values(), key=lambda turn: (turn.at, turn.id)))


class Effects:
    """Commits reports in the background, in order of arrival, and tells when they are durable."""

    def __init__(self, casework: Casework, desk: OpinionDesk | None = None) -> None:
        self._casework = casework
        self._desk = desk
        self._waiting: list[tuple[list[Wanted], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()

    async def apply(self, wanted: list[Wanted]) -> None:
        """Returns when the reports are in the database."""
        if not wanted:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, done))
        self._wake.set()
        await done

    async def run(self) -> None:
        """Works until cancelled. A database that is down is tried again for as long as it takes."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch, self._waiting = self._waiting, []
            every = [report for wanted, _ in batch for report in wanted]
            alerts, opinions = _sorted(every)
            if alerts:
                await self._commit(alerts)
            if opinions:  # afterwards: the alert they are about may just have been raised
                await self._add_opinions(opinions)
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    async def _commit(self, wanted: list[AlertReport]) -> None:
        attempt = 0
        while True:
            try:
                await asyncio.to_thread(self._casework.raise_or_update, wanted)
                return
            except Exception as error:
                if not self._casework.is_passing(error):
                    await self._one_by_one(wanted, error)
                    return
                if attempt == 0:
                    log.error("casework is away (%s); trying again", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
                attempt += 1

    async def _one_by_one(self, wanted: list[AlertReport], error: Exception) -> None:
        """One report holds no other up. What casework cannot take is recorded by casework."""
        if len(wanted) > 1:
            for report in wanted:
                await self._commit([report])
            return
        log.error("casework refuses an alert of source %r: %s", wanted[0].source, error)
        while True:
            try:
                await asyncio.to_thread(self._casework.refused, wanted[0], error)
                return
            except Exception as again:
                log.error("that could not be recorded (%s); trying again", type(again).__name__)
                await asyncio.sleep(RETRY_SECONDS[-1])

    async def _add_opinions(self, opinions: list[OpinionReport]) -> None:
        """As ``_commit``; but what casework cannot take is let go: it was an explanation."""
        attempt = 0
        while self._desk is not None:
            try:
                await asyncio.to_thread(self._desk.add_opinions, opinions)
                return
            except Exception as error:
                if not self._casework.is_passing(error):
                    log.error("second opinions could not be kept (%s)", type(error).__name__)
                    return
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
                attempt += 1


def _sorted(every: list[Wanted]) -> tuple[list[AlertReport], list[OpinionReport]]:
    """Alerts, and opinions apart."""
    from ansim.casework.actions.opinions import OpinionReport

    alerts: list[AlertReport] = []
    opinions: list[OpinionReport] = []
    for one in every:
        if isinstance(one, OpinionReport):
            opinions.append(one)
        else:
            alerts.append(one)
    return alerts, opinions
