"""What assessments make happen in casework: alerts raised and kept up to date.

Effects of all partitions are committed by one thread, several at a time in one transaction, and
only then does a partition move on: a snapshot never covers an effect that is not in the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ansim.detection import AlertEvent, Assessment, Turn, Versions
from ansim.detection.state import ConversationState

if TYPE_CHECKING:  # casework needs Django set up first, which is the business of ``service``
    from ansim.casework.actions.reports import AlertReport

log = logging.getLogger(__name__)

RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)


class Casework(Protocol):
    """The one verb of casework that the stream needs."""

    def __call__(self, reports: Sequence[AlertReport]) -> object: ...


def reports(
    source: str,
    state: ConversationState,
    assessments: Sequence[Assessment],
    versions: Versions,
    sequence: int,
) -> list[AlertReport]:
    """One report an alert touched by ``assessments``, which are all of one conversation.

    ``state`` is the state after them and ``sequence`` the place in the partition it covers. The
    report that raises an alert brings all turns still held; an update brings the new ones.
    """
    found: dict[tuple[str, int], tuple[AlertEvent, bool]] = {}
    for assessment in assessments:
        for event in assessment.alerts:
            key = (event.about, event.episode)
            raised = event.raised or (key in found and found[key][1])
            found[key] = (event, raised)
    from ansim.casework.actions.reports import AlertReport

    new = tuple(assessment.turn for assessment in assessments)
    result = []
    for (about, episode), (event, raised) in found.items():
        turns = _held(state, new) if raised else new
        result.append(
            AlertReport(
                source=source,
                conversation=state.conversation,
                about=about,
                episode=episode,
                priority=event.priority,
                risk=event.risk,
                why=event.why,
                versions=versions,
                trajectory=tuple((turn.at, turn.risk, turn.id) for turn in turns),
                turns=turns,
                sequence=sequence,
                raised=raised,
            )
        )
    return result


def _held(state: ConversationState, new: tuple[Turn, ...]) -> tuple[Turn, ...]:
    turns = {turn.id: turn for turn in state.turns}
    turns.update((turn.id, turn) for turn in new)
    return tuple(sorted(turns.values(), key=lambda turn: (turn.at, turn.id)))


class Effects:
    """Commits reports in the background, in order of arrival, and tells when they are durable."""

    def __init__(self, commit: Casework) -> None:
        self._commit = commit
        self._waiting: list[tuple[list[AlertReport], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()

    async def apply(self, wanted: list[AlertReport]) -> None:
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
            everything = [report for wanted, _ in batch for report in wanted]
            attempt = 0
            while everything:
                try:
                    await asyncio.to_thread(self._commit, everything)
                    break
                except Exception as error:
                    # Whatever it is, going on would lose alerts: say so and try again.
                    log.error("casework refuses alerts (%s); trying again", type(error).__name__)
                    log.debug("%s", error)
                    await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
                    attempt += 1
            for _, done in batch:
                if not done.done():
                    done.set_result(None)
