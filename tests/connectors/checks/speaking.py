"""A counsellor's words come to whom they were meant for, under the agency's name, and once."""

from __future__ import annotations

import asyncio

from ansim.sources.contract import DeliveryState, Revoked, Way
from tests.connectors.checks import Case, check, heard, nudged, opened, texts
from tests.connectors.platforms import Can
from tests.connectors.running import AGENCY, PATIENCE, SEND_SECONDS, Running, carry, extra, until

QUIET = 0.6
ARRIVED = {DeliveryState.SENT, DeliveryState.WAITING}


@check(applies=lambda it: it.can_reply, why="nothing can be said through it")
async def words_are_said_in_the_room_under_the_agencys_name_and_are_nobodys_message(
    case: Case,
) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        words = case.words(room, "괜찮아? 걱정돼서 말을 걸어. <b>&amp;</b> **별**")
        delivery = await carry(running, words)
        assert delivery.state in ARRIVED, delivery.detail
        await nudged(case, room, delivery)
        for who in range(case.people):
            await until(
                lambda who=who: case.said_in(room, "걱정돼서 말을 걸어", who), "all can read it"
            )
            said = next(each for each in await case.platform.seen(room, who) if "걱정돼서" in each)
            assert AGENCY["ko"] in said, "the agency's name is missing"
            assert words.text in said, "the words were changed"
        await asyncio.sleep(QUIET)
        assert await case.said_in(room, "걱정돼서 말을 걸어") == 1
        assert texts(running, room) == [], "our own words were handed over as somebody's"
        if delivery.state is DeliveryState.WAITING:
            await until(lambda: words.id in running.door.recorded, "the delivery is on record")
            assert running.door.recorded[words.id].state is DeliveryState.SENT


@check(applies=lambda it: it.can_reply, why="nothing can be said through it")
async def an_answer_to_our_words_is_heard_like_any_other(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        await nudged(case, room, await carry(running, case.words(room, "이야기해도 괜찮아.")))
        await until(lambda: case.said_in(room, "이야기해도 괜찮아."), "they are said")
        await case.platform.say(room, 0, "네, 고맙습니다")
        await until(lambda: texts(running, room), "the answer is heard")
        assert texts(running, room) == ["네, 고맙습니다"]


@check(
    Can.PRIVATE,
    applies=lambda it: it.can_message_privately,
    why="it cannot bring words to one person alone",
)
async def private_words_are_seen_by_one_person_alone(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        words = case.words(room, "너에게만 하는 말이야", case.platform.account(0))
        delivery = await carry(running, words)
        assert delivery.state in ARRIVED, delivery.detail
        await until(lambda: case.said_privately(words.text), "they are seen privately")
        said = next(e for e in await case.platform.seen_privately(0) if words.text in e)
        assert AGENCY["ko"] in said
        await asyncio.sleep(QUIET)
        if case.people > 1:
            assert not await case.said_in(room, words.text, 1)
            assert not await case.said_privately(words.text, 1)
        assert await case.said_privately(words.text) == 1
        assert texts(running, room) == []
        try:
            answer = await extra(case.platform, "answer")(room, 0, "저만 보는 답이에요")
        except NotImplementedError:
            return
        await until(lambda: texts(running, room), "the private answer comes into the conversation")
        found = heard(running, room)[0]
        assert (found.id, found.text) == (answer, "저만 보는 답이에요")
        assert found.author == case.platform.account(0)
        assert found.to_agency is True


@check(applies=lambda it: it.can_reply and it.sends_once, why="one id may be said twice there")
async def the_same_id_twice_is_said_once(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        words = case.words(room, "한 번만 해야 하는 말")
        for _ in range(2):
            delivery = await carry(running, words)
            assert delivery.state in ARRIVED, delivery.detail
        await nudged(case, room, delivery)
        await until(lambda: case.said_in(room, words.text), "they are said")
        await asyncio.sleep(QUIET)
        assert await case.said_in(room, words.text) == 1
        other = case.words(room, words.text)
        await nudged(case, room, await carry(running, other))
        # The same words under another id are a counsellor's second message.
        await until(lambda: _said_twice(case, room, words.text), "another id is said again")


async def _said_twice(case: Case, room: str, text: str) -> bool:
    return await case.said_in(room, text) == 2


@check(applies=lambda it: it.can_reply, why="nothing can be said through it")
async def words_to_a_room_that_is_not_there_fail_with_a_sentence(case: Case) -> None:
    room = await case.platform.room()
    nowhere = extra(case.platform, "nowhere")()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        for name in [nowhere] if nowhere else ["방이 아님", "../../etc", "a" * 500]:
            async with asyncio.timeout(PATIENCE):
                delivery = await running.send(case.words(name, "어디로도 갈 수 없는 말"))
            if not nowhere and delivery.state in ARRIVED:
                return  # a platform that takes any name
            assert delivery.state is DeliveryState.FAILED
            assert len(delivery.detail) > 10
            assert "어디로도" not in delivery.detail
        await case.platform.say(room, 0, "그 뒤에 한 말")
        await until(lambda: texts(running, room), "it goes on hearing")


@check(Can.LIMIT, applies=lambda it: it.can_reply, why="nothing can be said through it")
async def too_many_is_obeyed_and_the_words_come_once_in_the_end(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        await case.platform.limit(1.0)
        words = case.words(room, "조금 기다렸다가 하는 말")
        delivery = await carry(running, words)
        assert delivery.state in ARRIVED, delivery.detail
        await nudged(case, room, delivery)
        await until(lambda: case.said_in(room, words.text), "they are said")
        await asyncio.sleep(QUIET)
        assert await case.said_in(room, words.text) == 1


@check(Can.LIMIT, applies=lambda it: it.can_reply, why="nothing can be said through it")
async def too_many_for_very_long_says_nothing_and_is_tried_again(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        await case.platform.limit(600.0)
        words = case.words(room, "오래 기다려야 하는 말")
        held_up = False
        try:
            async with asyncio.timeout(SEND_SECONDS):
                delivery = await running.send(words)
        except ConnectionError:
            held_up = True
        except TimeoutError:
            # The courier stops waiting here: only where one id is said once can it try again.
            held_up = case.declaration.sends_once
        assert held_up or delivery.state in ARRIVED, "waited for too long, or gave the words up"
        if held_up:
            assert not await case.said_in(room, words.text)


@check(Can.CUT, applies=lambda it: it.can_reply, why="nothing can be said through it")
async def words_during_a_cut_are_held_up_or_in_doubt_and_never_said_twice(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        await case.platform.cut()
        words = case.words(room, "끊긴 동안 하는 말")
        delivery = None
        try:
            async with asyncio.timeout(4.0):
                delivery = await running.send(words)
        except (ConnectionError, TimeoutError) as error:
            held_up = isinstance(error, ConnectionError) or case.declaration.sends_once
        else:
            held_up = False
            assert delivery.state in {DeliveryState.UNKNOWN, DeliveryState.WAITING}, delivery
        await case.platform.mend()
        await opened(case, running, room)
        if held_up:
            delivery = await carry(running, words)
            assert delivery.state in ARRIVED, delivery.detail
        if delivery is not None:
            await nudged(case, room, delivery)
        if held_up:
            await until(lambda: case.said_in(room, words.text), "they are said in the end")
        await asyncio.sleep(QUIET)
        assert await case.said_in(room, words.text) <= 1


@check(Can.REVOKE, last=True)
async def credentials_that_are_not_accepted_any_more_end_it_with_a_sentence(case: Case) -> None:
    room = await case.platform.room()
    async with Running(case.platform) as running:
        await opened(case, running, room)
        await case.platform.revoke()
        if case.declaration.way is Way.CALLS:
            await until(lambda: running.ended is not None, "it ends")
            assert isinstance(running.ended, Revoked)
            sentence = str(running.ended)
            assert len(sentence) > 15
            assert not any(s in sentence for s in running.opening.wiring.credentials.values() if s)
        if case.declaration.can_reply:
            words = case.words(room, "더는 할 수 없는 말")
            async with asyncio.timeout(PATIENCE):
                delivery = await running.send(words)
            assert delivery.state is DeliveryState.FAILED
            assert len(delivery.detail) > 10
            assert not await case.said_in(room, words.text)
    if case.declaration.way is Way.CALLS:
        async with Running(case.platform) as running:
            await until(lambda: running.ended is not None, "it does not begin either")
            assert isinstance(running.ended, Revoked)
