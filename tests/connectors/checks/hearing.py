"""What is said is handed over: once, in order, as it was said, whatever it is."""

from __future__ import annotations

import asyncio
import time

import msgspec

from ansim.chat.message import MAX_TEXT_BYTES
from ansim.sources.contract import IntakeRefused, Way
from ansim.sources.fitting import MAX_ID, MAX_NAME
from ansim.sources.wiring import MemoryInProcess
from tests.connectors.checks import Case, check, heard, opened, texts
from tests.connectors.platforms import Can
from tests.connectors.running import Running, extra, until

QUIET = 0.6
"""Seconds in which what must not come would have come."""

HOSTILE = [
    "a\0b",
    "\u202e거꾸로 \u2066쓰기\u2069",
    "👩\u200d👩\u200d👧\u200d👦" * 20,
    '{"id": 1, "text": "}{"}',
    "<script>alert(1)</script><!-- ]]> -->",
    "'; DROP TABLE messages; --",
    "%s %n {0} {agency} $(id) `id`",
    "줄\n바꿈\r\n탭\t끝",
    "@everyone @room <@!1> [link](http://x)",
    "/quit !도움 **굵게** _기울임_ ~~줄~~ ||숨김||",
    "\ud7a3\u1112\u1161\u11ab\u3164" * 50,
    "가" * 3000,
]


@check()
async def what_is_said_is_heard_with_its_id_author_time_and_text(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        before = time.time()
        first = await case.platform.say(room, 0, "오늘 급식 뭐야?")
        await until(lambda: texts(running, room), "what was said is heard")
        found = heard(running, room)[0]
        assert (found.id, found.text) == (first, "오늘 급식 뭐야?")
        assert found.author == case.platform.account(0)
        assert before - 2 <= found.at <= time.time() + 2, "said at another time"
        assert found.replaces == ""
        assert not found.deleted
        assert len(found.id) <= MAX_ID
        assert max(len(found.author), len(found.conversation)) <= MAX_NAME
        assert running.told.connections, "its health was not told that it listens"
        assert running.told.counted or case.declaration.way is Way.CALLED
        await asyncio.sleep(QUIET)
        assert texts(running, room) == ["오늘 급식 뭐야?"], "it came again under another id"


@check()
async def a_conversation_is_heard_in_the_order_in_which_it_was_said(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        if case.other:
            await opened(case, running, room, case.other)
        said = [f"{number}번째 말" for number in range(16)]
        for number, text in enumerate(said):
            await case.platform.say(room, case.other if number % 3 == 2 else 0, text)
        await until(lambda: len(texts(running, room)) >= len(said), "all of it is heard")
        assert texts(running, room) == said
        times = [each.at for each in heard(running, room)]
        assert times == sorted(times), "the times contradict the order"
        authors = [each.author for each in heard(running, room)]
        wanted = [case.platform.account(case.other if n % 3 == 2 else 0) for n in range(16)]
        assert authors == wanted


@check()
async def two_rooms_are_two_conversations(case: Case) -> None:
    rooms = [await case.platform.room(), await case.platform.room()]
    async with Running(case.platform) as running:
        for room in rooms:
            await opened(case, running, room)
        for room in rooms:
            await case.platform.say(room, 0, f"{rooms.index(room)}번 방에서")
        for number, room in enumerate(rooms):
            await until(lambda room=room: texts(running, room), "both rooms are heard")
            assert texts(running, room) == [f"{number}번 방에서"]


@check()
async def what_is_told_again_after_a_crash_keeps_its_id_and_text(case: Case) -> None:
    """As if the process had died before it could remember how far it was."""
    room = await case.platform.room()
    memory = MemoryInProcess()
    async with Running(case.platform, memory=memory) as running:
        await opened(case, running, room)
        before = dict(memory.held)
        for number in range(5):
            await case.platform.say(room, 0, f"{number}번")
        await until(lambda: len(texts(running, room)) == 5, "all is heard")
        known = {each.id: each for each in heard(running, room)}
    memory.held = before
    async with Running(case.platform, memory=memory) as running:
        await opened(case, running, room)
        for each in heard(running, room):
            assert each.id in known, "the same words came under another id"
            first = known[each.id]
            assert (each.text, each.author, each.at) == (first.text, first.author, first.at)


@check()
async def nothing_is_lost_while_intake_is_busy_or_fails(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        running.intake.busy, running.intake.failing = 2, 1
        for number in range(4):
            await case.platform.say(room, 0, f"{number}번")
        await until(lambda: len(texts(running, room)) == 4, "all is heard in the end")
        assert texts(running, room) == [f"{number}번" for number in range(4)]


@check(Can.EDIT)
async def an_edit_is_a_message_of_its_own_that_names_what_it_replaces(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        first = await case.platform.say(room, 0, "내일 볼래?")
        await until(lambda: texts(running, room), "the first words are heard")
        await case.platform.edit(room, 0, first, "아무것도 아니야")
        await until(lambda: len(texts(running, room)) == 2, "the edit is heard")
        original, edit = heard(running, room)
        assert (original.id, original.text, original.replaces) == (first, "내일 볼래?", "")
        assert (edit.replaces, edit.text, edit.deleted) == (first, "아무것도 아니야", False)
        assert edit.id != first
        assert edit.author == original.author
        assert edit.at >= original.at
        await case.platform.edit(room, 0, first, "정말이야")
        await until(lambda: len(texts(running, room)) == 3, "a second edit is heard")
        again = heard(running, room)[2]
        assert (again.replaces, again.text) == (first, "정말이야")
        assert len({original.id, edit.id, again.id}) == 3


@check(Can.DELETE)
async def a_deletion_is_told_and_takes_no_words_with_it(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        first = await case.platform.say(room, 0, "우리 둘만의 비밀이야")
        await until(lambda: texts(running, room), "the words are heard")
        await case.platform.delete(room, 0, first)
        await until(lambda: len(heard(running, room)) == 2, "the deletion is heard")
        original, gone = heard(running, room)
        assert (original.id, original.text) == (first, "우리 둘만의 비밀이야")
        assert (gone.replaces, gone.deleted, gone.text) == (first, True, "")
        assert gone.id != first
        assert gone.author == original.author
        assert not gone.attachments


@check()
async def hostile_texts_arrive_as_they_were_said_and_stop_nothing(case: Case) -> None:
    room = await case.platform.room()
    carries = extra(case.platform, "carries")
    async with Running(case.platform) as running:
        await opened(case, running, room)
        wanted = []
        for text in HOSTILE:
            carried = carries(text)
            if carried is None:
                continue
            await case.platform.say(room, 0, text)
            wanted.append(carried)
        await case.platform.say(room, 0, "그 뒤에 한 말")
        await until(lambda: "그 뒤에 한 말" in texts(running, room), "what follows is heard")
        for found, each in zip(texts(running, room), [*wanted, "그 뒤에 한 말"], strict=True):
            # A NUL, which no database takes, may show as the sign for what cannot be shown.
            assert found in (each, each.replace("\0", "\ufffd"))


@check()
async def a_text_that_is_too_long_is_cut_to_what_intake_takes(case: Case) -> None:
    room = await case.platform.room()
    text = "긴말 " * 15_000
    carried = extra(case.platform, "carries")(text)
    async with Running(case.platform) as running:
        await opened(case, running, room)
        if carried is not None:
            await case.platform.say(room, 0, text)
        await case.platform.say(room, 0, "그 뒤에 한 말")
        await until(lambda: "그 뒤에 한 말" in texts(running, room), "what follows is heard")
        long = [each for each in texts(running, room) if each.startswith("긴말 긴말")]
        assert all(len(each.encode()) <= MAX_TEXT_BYTES for each in long)
        if carried is not None and len(carried.encode()) <= MAX_TEXT_BYTES:
            assert [each.strip() for each in long] == [carried.strip()]
        elif carried is not None and long:
            assert long[0] != carried[: len(long[0])], "a cut has to be visible"


@check()
async def without_a_legal_basis_nothing_is_handed_over(case: Case) -> None:
    room = await case.platform.room()
    source = msgspec.structs.replace(case.platform.source(), legal_basis=" ")
    async with Running(case.platform, source=source) as running:

        async def said() -> bool:
            await case.platform.say(room, 0, "아무도 읽으면 안 되는 말")
            await asyncio.sleep(0.3)
            return running.ended is not None

        if case.declaration.way is Way.CALLED:  # whoever calls is told; there is nobody to end
            for _ in range(3):
                await said()
        else:
            await until(said, "the connector gives up")
            assert isinstance(running.ended, IntakeRefused)
        assert running.intake.handed == []
