"""Handing messages to intake so that none is lost: waits while it is busy, repeats what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ansim.sources.contract import Incoming, Intake, IntakeBusy, Outcome
from ansim.sources.wiring import Opening

LONGEST_PAUSE = 30.0


async def hand(opening: Opening, intake: Intake, messages: Sequence[Incoming]) -> list[Outcome]:
    """Returns one outcome a message, none of them FAILED, once all that is taken is durable.

    A connector moves its position on after this, never before: what a crash cuts short is handed
    again and counted as a duplicate. Raises IntakeRefused.
    """
    if not messages:
        return []
    outcomes: list[Outcome] = [Outcome.FAILED] * len(messages)
    left = list(range(len(messages)))
    pause = 0.5
    while left:
        try:
            # In order, and nothing after what failed: a conversation is read as it was said.
            results = await intake(opening.source.id, [messages[place] for place in left])
        except IntakeBusy as busy:
            opening.health.behind(len(left))
            await asyncio.sleep(min(max(float(busy.retry_after), pause), LONGEST_PAUSE))
            continue
        for place, result in zip(left, results, strict=True):
            outcomes[place] = result
        left = [place for place in left if outcomes[place] is Outcome.FAILED]
        if left:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
    opening.health.heard(len(messages), max(message.at for message in messages))
    return outcomes
