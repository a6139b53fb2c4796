"""Killed or cut off at any moment, a connector loses nothing it can fetch and repeats nothing."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from ansim.sources.contract import Delivery, DeliveryState, Incoming, Way
from tests.connectors.apart import Apart
from tests.connectors.checks import PROBE, Case, check, heard, nudged, opened, texts
from tests.connectors.child import Die, Told
from tests.connectors.platforms import Can
from tests.connectors.running import Gap, Running, until

MARK = "보라색색연필"
"""In everything said here, so that it would be found in a log."""
KILLS, KILLS_IN_SOAK = 5, 50
CUT_SECONDS, CUT_SECONDS_IN_SOAK = 2.0, 60.0
MOMENTS = ("handed", "stored", "kept", "", "")


@dataclass(frozen=True)
class Uttered:
    id: str
    text: str
    began: float
    at: float
    """It was said between these two."""


class Talk:
    """People who go on talking until they are told to stop."""

    def __init__(self, case: Case, room: str, every: float = 0.08) -> None:
        self._case = case
        self._room = room
        self._every = every
        self._task: asyncio.Task[None] | None = None
        self.said: list[Uttered] = []

    async def __aenter__(self) -> Talk:
        self._task = asyncio.create_task(self._go_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()

    async def goes_on(self) -> None:
        """Waits until something was said that was begun after now: the last may have been lost."""
        enough = len(self.said) + 2
        await until(lambda: len(self.said) >= enough, "people go on talking")

    async def _go_on(self) -> None:
        number = 0
        while True:
            text = f"{number}: {MARK} 어디 있어?"
            began = time.time()
            who = number % self._case.people
            # Not to be cancelled between the saying and its being noted.
            saying = asyncio.ensure_future(self._case.platform.say(self._room, who, text))
            try:
                await asyncio.shield(saying)
            finally:
                self.said.append(Uttered(await saying, text, began, time.time()))
            number += 1
            await asyncio.sleep(self._every)


def all_told(
    said: Sequence[Uttered], handed: Sequence[Incoming], gaps: Sequence[Told | Gap], *, whole: bool
) -> None:
    """Nothing lost that is not told as a gap, nothing under two ids, all in its order.

    ``whole``: the service keeps what was said, so there may be no gap either.
    """
    found = {each.id: each for each in handed}
    place = {each.text: number for number, each in enumerate(said)}
    assert all(each.text in place for each in handed), "words came that nobody said"
    order = [place[each.text] for each in handed]
    assert len(set(order)) == len(order), "one message came under two ids"
    assert order == sorted(order), "the order was lost"
    assert all(found[each.id].text == each.text for each in said if each.id in found)
    lost = [each for each in said if each.id not in found]
    if whole:
        assert not lost, f"{len(lost)} of {len(said)} messages were lost: {[e.text for e in lost]}"
        return
    untold = [
        each
        for each in lost
        if not any(gap.since - 1 <= each.at and each.began <= gap.until + 1 for gap in gaps)
    ]
    assert not untold, f"{len(untold)} messages are missing and no gap tells of them"


def logs_nothing(case: Case, apart: Apart, room: str) -> None:
    """No words, names or credentials in what it or its libraries logged or printed."""
    log = apart.log
    names = {case.platform.account(who) for who in range(3)} | {room}
    secrets = set(case.platform.wiring().credentials.values())
    said = (MARK, PROBE)
    for text in (*said, *sorted(each for each in names | secrets if len(each) > 5)):
        if text in log:
            line = next(each for each in log.splitlines() if text in each)
            what = "words" if text in said else "a name or credential"
            raise AssertionError(f"{what} stand in the log: {line[:200]}")


@check()
async def killed_at_any_moment_it_loses_nothing_and_logs_no_words(case: Case) -> None:
    room = await case.platform.room()
    apart = Apart(case.platform, case.folder)
    dice = random.Random(7)  # the same moments on every run, as far as time allows
    kept = Can.HISTORY in case.platform.can
    await apart.start()
    try:
        await opened(case, apart, room)
        if case.other:
            await opened(case, apart, room, case.other)
        async with Talk(case, room) as talk:
            for number in range(KILLS_IN_SOAK if case.soak else KILLS):
                await asyncio.sleep(dice.uniform(0.0, 0.5))
                await apart.kill()
                moment = MOMENTS[number % len(MOMENTS)]
                await apart.start(Die(moment, dice.randint(1, 8)) if moment else None)
                if moment:
                    await apart.died(3.0)
                else:
                    await apart.died(dice.uniform(0.0, 1.0))
            await apart.kill()
            await apart.start()
            await opened(case, apart, room)
            await talk.goes_on()
        known = {each.id for each in talk.said}

        def all_there() -> bool:
            there = {each.id for each in heard(apart, room)}
            return known <= there if kept else talk.said[-1].id in there

        with suppress(AssertionError):  # said more clearly below
            await until(all_there, "all that was said is heard")
        gaps: list[Told | Gap] = [*apart.gaps]
        if case.declaration.way is Way.CALLED:
            # Whoever calls us learns by itself that nobody answered.
            gaps.append(Gap(0.0, float("inf"), "nobody answered the call"))
        all_told(talk.said, heard(apart, room), gaps, whole=kept)
        logs_nothing(case, apart, room)
    finally:
        await apart.kill()


@check(applies=lambda it: it.can_reply, why="nothing can be said through it")
async def killed_in_the_middle_of_sending_it_never_says_it_twice(case: Case) -> None:
    room = await case.platform.room()
    apart = Apart(case.platform, case.folder)
    await apart.start()
    try:
        await opened(case, apart, room)
        for life in range(6 if case.soak else 2):
            words = case.words(room, f"{life}: 끝까지 못 한 말")
            apart.begin_to_send(words)
            if life % 2 == 0:  # said, and nobody could note it any more
                waited = time.monotonic() + 3.0
                while not await case.said_in(room, words.text) and time.monotonic() < waited:
                    await asyncio.sleep(0.005)
            else:
                await asyncio.sleep(random.Random(life).uniform(0.0, 0.03))
            await apart.kill()
            await apart.start()
            await opened(case, apart, room)
            delivery = Delivery(DeliveryState.UNKNOWN)
            if case.declaration.sends_once:  # as the courier does it
                delivery = await apart.carry(words)
                assert delivery.state in {DeliveryState.SENT, DeliveryState.WAITING}, delivery
            await nudged(case, room, delivery)
            if case.declaration.sends_once:
                await until(
                    lambda text=words.text: case.said_in(room, text), "they are said in the end"
                )
            await asyncio.sleep(0.5)
            assert await case.said_in(room, words.text) <= 1, "it was said twice"
        logs_nothing(case, apart, room)
    finally:
        await apart.kill()


@check(Can.CUT)
async def a_cut_of_the_network_loses_nothing_or_is_told_as_a_gap(case: Case) -> None:
    room = await case.platform.room()
    kept = Can.HISTORY in case.platform.can
    async with Running(case.platform) as running:
        await opened(case, running, room)
        if case.other:
            await opened(case, running, room, case.other)
        async with Talk(case, room) as talk:
            await asyncio.sleep(0.3)
            await case.platform.cut()
            await asyncio.sleep(CUT_SECONDS_IN_SOAK if case.soak else CUT_SECONDS)
            await case.platform.mend()
            await opened(case, running, room)
            await talk.goes_on()
        last = talk.said[-1].id
        await until(lambda: last in {each.id for each in heard(running, room)}, "it hears again")
        all_told(talk.said, heard(running, room), running.told.gaps, whole=kept)


@check(Can.HISTORY)
async def what_was_said_while_we_were_away_is_heard_afterwards(case: Case) -> None:
    room = await case.platform.room()
    apart_memory = Running(case.platform).memory
    async with Running(case.platform, memory=apart_memory) as running:
        await opened(case, running, room)
    said = [f"{number}: 아무도 없을 때" for number in range(12)]
    for text in said:
        await case.platform.say(room, 0, text)
    async with Running(case.platform, memory=apart_memory) as running:
        await until(lambda: len(texts(running, room)) >= len(said), "all is heard")
        assert texts(running, room) == said
