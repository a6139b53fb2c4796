"""Which pictures go with a question: those still to be had, or none. No question waits for them.

A model that cannot see refuses the whole question. It is then asked without pictures, and after
some refusals in a row nothing is shown to it for a while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from ansim.reviewing.values import Declined, Opinion, Picture, Refusal, Window
from ansim.reviewing.windows import MOST_SHOWN

log = logging.getLogger(__name__)

SECONDS = 3.0
"""Longest that a question waits for its pictures."""
REFUSALS = 3
"""Refusals in a row after which the model counts as one that cannot see …"""
REST_SECONDS = 3600.0
"""… for so long."""
_CANNOT_SEE = frozenset({Refusal.REFUSED_BY_SERVER, Refusal.SERVER_ERROR})
"""What servers say that cannot show a picture to their model, or take it for text that does not
fit. An answer without an end is not among them: a picture could bring that about."""

MEDIA_TYPE = "image/jpeg"
"""What ``pictures.rendering`` makes."""

Fetch = Callable[[Window], Awaitable[Sequence[Picture]]]
"""The pictures of a window's lines that are still to be had, in the order of its lines."""


class Eyes:
    """What one model is shown. Times come from the caller's clock, in seconds."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch
        self._refused = 0
        self._until = 0.0

    async def pictures(self, window: Window, now: float) -> tuple[Picture, ...]:
        """Those to show with the question about it. Raises nothing but when cancelled."""
        if self._fetch is None or now < self._until:
            return ()
        if not any(line.places for line in window.turns):
            return ()
        try:
            async with asyncio.timeout(SECONDS):
                return tuple(await self._fetch(window))[-MOST_SHOWN:]
        except Exception as error:  # whatever it is: the question goes without
            log.debug("pictures for the reviewer: %s", type(error).__name__)
            return ()

    def cannot_see(self, said: Opinion | Declined, now: float) -> bool:
        """Whether a question with pictures failed in a way in which one without may not."""
        if not isinstance(said, Declined) or said.code not in _CANNOT_SEE:
            self._refused = 0
            return False
        self._refused += 1
        if self._refused >= REFUSALS:
            self._refused = 0
            self._until = now + REST_SECONDS
            log.warning("the reviewing model refuses questions with pictures; it is shown none")
        return True


def chosen(
    window: Window, held: Mapping[tuple[str, int], bytes], hidden: Callable[[str], str]
) -> list[Picture]:
    """The newest pictures of a window's lines that are held, in the order of its lines.

    ``hidden`` makes a message's pseudonym of its id.
    """
    found: list[Picture] = []
    for line in reversed(window.turns):
        if not line.places:
            continue
        name = hidden(line.id)
        mine = [held[name, place] for place in line.places if (name, place) in held]
        found[:0] = [
            Picture(turn=line.number, media_type=MEDIA_TYPE, content=content)
            for content in mine[: MOST_SHOWN - len(found)]
        ]
    return found
