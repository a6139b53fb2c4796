"""Handing messages to intake so that none is lost: waits while it is busy, repeats what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ansim.sources.contract import Incoming, Intake, IntakeBusy, Outcome
from ansim.sources.wiring import Opening

LONGEST_PAUSE = 30.0
AT_ONCE = 200
"""Messages handed in one call: a day's back-fill is no single batch."""


async def hand(opening: Opening, intake: Intake, messages: Sequence[Incoming]) -> list[Outcome]:
    """Returns one outcome a message, none of them FAILED, once all that is taken is durable.

    A connector moves its position on after this, never before: what a crash cuts short is handed
    again and counted as a duplicate. Raises IntakeRefused.
    """
    outcomes: list[Outcome] = []
    for start in range(0, len(messages), AT_ONCE):
        outcomes += await _insist(opening, intake, messages[start : start + AT_ONCE])
    return outcomes


async def _insist(opening: Opening, intake: Intake, messages: Sequence[Incoming]) -> list[Outcome]:
    outcomes: list[Outcome] = [Outcome.FAILED] * len(messages)
    left = list(range(len(messages)))
    pause, waited = 0.5, False
    while left:
        try:
            # What was stored is not sent again; what follows it keeps its order.
            results = await intake(opening.source.id, [messages[place] for place in left])
        except IntakeBusy as busy:
            opening.health.behind(len(left))
            waited = True
            await asyncio.sleep(min(max(float(busy.retry_after), pause), LONGEST_PAUSE))
            continue
        for place, result in zip(left, results, strict=True):
            outcomes[place] = result
        left = [place for place in left if outcomes[place] is Outcome.FAILED]
        if left:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
    if waited:
        opening.health.behind(0)
    opening.health.heard(len(messages), max(message.at for message in messages))
    return outcomes
