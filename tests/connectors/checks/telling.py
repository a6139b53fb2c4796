"""Rooms of a visible bot: nobody is read who was not told first (R02, R04)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from ansim.sources import telling
from ansim.sources.contract import Hears
from ansim.sources.telling import notice
from ansim.sources.wiring import MemoryInProcess, NoticeKind, Remembered, Rule
from tests.connectors.checks import Case, check, heard, opened, texts
from tests.connectors.platforms import Can
from tests.connectors.running import Running, until

ROOM = Hears.ROOM_THAT_WAS_TOLD
QUIET = 0.8


@contextmanager
def notices_at_will() -> Iterator[Callable[[float], None]]:
    """How long newcomers wait for their notice is for the check to say; at first not at all."""

    def wait(seconds: float) -> None:
        telling.JOINED_EVERY = seconds

    before = telling.JOINED_EVERY
    wait(0.0)
    try:
        yield wait
    finally:
        wait(before)


async def told(case: Case, running: Running, room: str, kind: NoticeKind, who: int = 0) -> int:
    """How often a person could read this notice in the room."""
    approved = running.opening.wiring.notices[kind.value]
    forms = {notice(running.opening, kind, language) for language in approved}
    seen = await case.platform.seen(room, who)
    return sum(any(_same(form, each) for form in forms) for each in seen)


def _same(form: str, seen: str) -> bool:
    """The notice as it was approved, whatever name or frame the service puts around it."""
    return "".join(form.split()) in "".join(seen.split())


async def answers_count(running: Running, room: str) -> bool:
    """Whether an agreement said now is said after the question, by clocks of whole seconds too."""
    book = await Remembered.read(running.memory, f"room:{room}", telling.RoomBook)
    return bool(book.told) and time.time() > max(book.told.values()) + 1


@check(hears=ROOM)
async def nothing_said_before_the_room_was_told_is_ever_read(case: Case) -> None:
    room = await case.platform.room()
    memory = MemoryInProcess()
    for who in range(case.people):
        await case.platform.say(room, who, "아무도 못 들었어야 하는 말")
    for life in range(2):
        async with Running(case.platform, memory=memory) as running:
            await opened(case, running, room)
            assert await told(case, running, room, NoticeKind.ROOM) == 1, "told once, not more"
            await case.platform.say(room, 0, f"{life}: 알린 뒤에 한 말")
            await until(lambda: texts(running, room), "what is said afterwards is heard")
            assert texts(running, room) == [f"{life}: 알린 뒤에 한 말"]


@check(Can.JOINERS, hears=ROOM)
async def who_comes_later_is_told_before_being_read(case: Case) -> None:
    room = await case.platform.room()
    with notices_at_will() as wait:
        async with Running(case.platform) as running:
            await opened(case, running, room)
            wait(1e9)  # however quick the bot is, these words are said before the notice
            await case.platform.join(room, 2)
            await case.platform.say(room, 2, "막 들어와서 한 말")
            wait(0.0)
            await opened(case, running, room, 2)
            assert await told(case, running, room, NoticeKind.JOINED, 2), "read without a notice"
            await case.platform.say(room, 2, "알린 뒤에 한 말")
            await until(lambda: texts(running, room), "then they are read")
            assert texts(running, room) == ["알린 뒤에 한 말"]
            assert heard(running, room)[0].author == case.platform.account(2)


@check(hears=ROOM)
async def an_objection_stops_reading_until_it_is_taken_back(case: Case) -> None:
    room = await case.platform.room()
    memory = MemoryInProcess()
    async with Running(case.platform, memory=memory) as running:
        await opened(case, running, room)
        await case.platform.say(room, 0, "읽어도 되는 말")
        await until(lambda: texts(running, room), "the room is read")
        await case.platform.say(room, 0, "!그만")
        await until(
            lambda: told(case, running, room, NoticeKind.STOPPED), "the objection is answered"
        )
        assert running.told.objections == 1
        await case.platform.say(room, case.other, "읽으면 안 되는 말")
        await asyncio.sleep(QUIET)
    async with Running(case.platform, memory=memory) as running:
        await until(lambda: running.told.connections, "it listens")
        await case.platform.say(room, case.other, "다시 시작해도 안 되는 말")
        await asyncio.sleep(QUIET)
        await case.platform.say(room, 0, "!다시")
        await until(
            lambda: told(case, running, room, NoticeKind.RESUMED), "taking it back is answered"
        )
        await opened(case, running, room)
        await case.platform.say(room, case.other, "다시 읽어도 되는 말")
        await until(lambda: texts(running, room), "the room is read again")
        assert "읽으면 안 되는 말" not in texts(running, room)
        assert "다시 시작해도 안 되는 말" not in texts(running, room)


@check(hears=ROOM)
async def where_all_must_agree_nobody_is_read_before_all_have(case: Case) -> None:
    room = await case.platform.room()
    wiring = msgspec.structs.replace(case.platform.wiring(), rule=Rule.AGREED)
    async with Running(case.platform, wiring=wiring) as running:
        await until(lambda: told(case, running, room, NoticeKind.ASK), "the room is asked")
        await until(lambda: answers_count(running, room), "what is answered now counts")
        if case.other:
            await case.platform.say(room, case.other, "!동의")
            await case.platform.say(room, case.other, "아직 모두는 아니야")
            await asyncio.sleep(QUIET)
            assert texts(running, room) == []
        await case.platform.say(room, 0, "!agree")
        await opened(case, running, room)
        await case.platform.say(room, case.other, "이제는 모두")
        await until(lambda: texts(running, room), "the room is read")
        assert texts(running, room) == ["이제는 모두"]


@check(hears=ROOM)
async def without_an_approved_notice_nobody_is_told_and_nobody_read(case: Case) -> None:
    room = await case.platform.room()
    wiring = msgspec.structs.replace(case.platform.wiring(), notices={})
    async with Running(case.platform, wiring=wiring) as running:
        for _ in range(3):
            await case.platform.say(room, 0, "아무도 못 들었어야 하는 말")
            await asyncio.sleep(0.3)
        assert running.intake.handed == []
        assert await case.platform.seen(room, 0) == []
