"""The reviewer at work: takes windows, asks the model in its own time, tells what came of it.

Nothing waits for it. A model that is down, slow or out of budget costs an explanation and nothing
else; ``status`` says so to whoever asks.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Protocol

from ansim.reviewing import answering, asking
from ansim.reviewing.answering import Refused
from ansim.reviewing.breaker import Breaker
from ansim.reviewing.budget import Budget
from ansim.reviewing.cache import Cache
from ansim.reviewing.eyes import Eyes, Fetch
from ansim.reviewing.model import Model
from ansim.reviewing.queue import Queue
from ansim.reviewing.settings import Pictures, Settings
from ansim.reviewing.values import (
    Condition,
    Declined,
    Opinion,
    Picture,
    Refusal,
    Status,
    Window,
)
from ansim.reviewing.windows import with_pictures

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
SLOW_SHARE = 0.5
"""The model is called slow when its answers take more than this share of the time limit."""
RECENT = 9

TRANSPORT = frozenset(
    {
        *(Refusal.CUT_OFF, Refusal.FLOOD, Refusal.TOO_SLOW, Refusal.UNREACHABLE),
        *(Refusal.REDIRECTED, Refusal.REFUSED_BY_SERVER, Refusal.SERVER_ERROR),
        Refusal.NOT_A_MODEL,
    }
)
"""Failures of the model's server; all others are of what it said."""

Told = Callable[[Window, Opinion | Declined], Awaitable[None]]


class Asked(Protocol):
    """What answers a question: ``model.Model``."""

    async def ask(self, messages: list[dict[str, object]]) -> str:
        """The answer's text. Raises Refused."""

    async def close(self) -> None:
        """Ends its connections."""


class Reviewer:
    """One model and what waits for it. All of it in one event loop, nothing on disk."""

    def __init__(
        self,
        settings: Settings,
        told: Told,
        budget: Budget,
        *,
        fetch: Fetch | None = None,
        model: Asked | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._told = told
        self._model: Asked = model or Model(settings)
        self._clock = clock
        self._queue = Queue()
        self._breaker = Breaker()
        self._budget = budget
        self._cache = Cache()
        self._eyes = Eyes(fetch if settings.pictures is Pictures.SHOWN else None)
        self._declined: Counter[str] = Counter()
        self._asked = self._answered = self._from_cache = 0
        self._times: deque[float] = deque(maxlen=RECENT)
        self._wake = asyncio.Event()

    def submit(self, window: Window) -> None:
        """Puts the window in the queue and returns at once."""
        if not _anybody_speaks(window):
            return
        gone = self._queue.put(window, self._clock())
        if gone is not None:
            self._declined[Refusal.PUSHED_OUT] += 1
        self._wake.set()

    def status(self) -> Status:
        """How it is now, in numbers."""
        left = self._budget.left
        middle = median(self._times) if self._times else 0.0
        if self._breaker.failing:
            condition = Condition.DOWN
        elif not left:
            condition = Condition.BUDGET_SPENT
        elif middle > SLOW_SHARE * self._settings.timeout:
            condition = Condition.SLOW
        else:
            condition = Condition.READY
        return Status(
            condition=condition,
            model=self._settings.model,
            waiting=len(self._queue),
            asked=self._asked,
            answered=self._answered,
            from_cache=self._from_cache,
            declined=dict(self._declined),
            left_this_hour=left,
            seconds=round(middle, 3),
        )

    async def run(self) -> None:
        """Asks until cancelled; a question under way is then given up."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._settings.at_once):
                    group.create_task(self._ask_on())
        finally:
            await self._model.close()

    async def _ask_on(self) -> None:
        while True:
            try:
                window = self.next()
            except Exception as error:
                # One broken window must not end the asking while it is still called ready.
                log.error("the reviewer's queue failed: %s", type(error).__name__)
                window = None
            if window is not None and await self.consider(window):
                continue
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._wake.wait()

    def next(self) -> Window | None:
        """The window to ask about now, if one may be."""
        now = self._clock()
        for _ in self._queue.outdated(now):
            self._declined[self._why_not()] += 1
        if not self._breaker.allows(now) or not self._budget.left:
            return None
        return self._queue.take(now)

    async def consider(self, window: Window) -> bool:
        """Asks about one window and tells what came of it. False where it waits again, since no
        question may be asked now. Never raises but when cancelled."""
        said: Opinion | Declined | None
        try:
            said = await self._opinion(window)
        except Exception as error:
            log.error("the reviewer failed on our side: %s", type(error).__name__)
            said = Declined(code=Refusal.FAULT)
        if said is None:
            if self._queue.give_back(window, self._clock()) is not None:
                self._declined[Refusal.PUSHED_OUT] += 1
            return False
        if isinstance(said, Declined):
            self._declined[said.code] += 1
        else:
            self._answered += 1
        try:
            await self._told(window, said)
        except Exception as error:
            log.error("an opinion could not be handed on: %s", type(error).__name__)
        return True

    async def _opinion(self, window: Window) -> Opinion | Declined | None:
        # Before anything is waited for: of a model that was down only one question may go out.
        self._breaker.asked()
        try:
            pictures = await self._eyes.pictures(window, self._clock())
        except BaseException:
            self._breaker.given_up()
            raise
        said = await self._beside(window, pictures)
        if said is None or not pictures or not self._eyes.cannot_see(said, self._clock()):
            return said
        if self._breaker.open or not _anybody_speaks(with_pictures(window, ())):
            return said
        return await self._beside(window, ())

    async def _beside(
        self, window: Window, pictures: Sequence[Picture]
    ) -> Opinion | Declined | None:
        """The opinion about the window with just these pictures shown."""
        window = with_pictures(window, pictures)
        if not _anybody_speaks(window):  # all of it was pictures, and those are gone
            self._breaker.given_up()
            return Declined(code=Refusal.OUTDATED)
        name = f"{asking.prompt_version()}.{asking.window_hash(window)}"
        known = self._cache.get(name, self._clock())
        if known is not None:
            self._breaker.given_up()
            self._from_cache += 1
            return known
        if not await self._may_ask():
            return None
        said = await self._answer(window, pictures)
        if isinstance(said, Opinion) or said.code not in TRANSPORT:
            self._cache.put(name, said, self._clock())
        return said

    async def _may_ask(self) -> bool:
        """Takes a question out of the budget that this worker shares with all others."""
        self._breaker.asked()
        granted = False
        try:
            granted = await self._budget.spend()
        finally:
            if not granted:
                self._breaker.given_up()
        return granted

    async def _answer(self, window: Window, pictures: Sequence[Picture]) -> Opinion | Declined:
        started = self._clock()
        self._asked += 1
        try:
            text = await self._model.ask(asking.messages(window, pictures))
        except Refused as refused:
            seconds = self._clock() - started
            if refused.code in TRANSPORT:
                self._breaker.failed(self._clock())
            else:
                self._breaker.worked()
            self._times.append(seconds)
            return Declined(code=refused.code, seconds=seconds)
        except BaseException:
            self._breaker.given_up()
            raise
        self._breaker.worked()
        seconds = self._clock() - started
        self._times.append(seconds)
        try:
            return answering.opinion(text, window, self._settings.model, seconds)
        except Refused as refused:
            return Declined(code=refused.code, seconds=seconds)

    def _why_not(self) -> Refusal:
        if self._breaker.open:
            return Refusal.RESTING
        return Refusal.OUTDATED if self._budget.left else Refusal.BUDGET_SPENT


def _anybody_speaks(window: Window) -> bool:
    """Whether anybody but the agency says something in it."""
    return any(not line.by_agency for line in window.turns)
