"""A youth who writes to the agency's account on a service: a request for the desk, and the answer
back to them alone. The same on every service where an account of ours can be written to; what the
desk makes of it is in ``tests/console/test_requests_for_help.py``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any

import pytest

from ansim.chat import Message
from ansim.detection import Priority
from ansim.detection.detector import Detector
from ansim.sources.contract import DeliveryState, Incoming
from ansim.stream.effects import request
from tests.connectors.checks import Case, opened
from tests.connectors.conftest import started
from tests.connectors.platforms import Platform, discord, matrix, telegram, xmpp
from tests.connectors.running import Running, carry, until

HELP, THANKS = "도와주세요", "말해 줘서 고마워요. 지금 괜찮아요?"
Begin = Callable[[Any, Case, Running], Awaitable[str]]


async def on_matrix(service: matrix.Service, _: Case, __: Running) -> str:
    room = await service.everybody[0].create(service.bot.id, is_direct=True)
    await service.everybody[0].say(room, HELP)
    return room


async def on_discord(service: discord.Service, _: Case, __: Running) -> str:
    room = service.discord.private_channel(discord.PEOPLE[0])
    service.discord.say(room, discord.PEOPLE[0], HELP)
    return room


async def on_telegram(service: telegram.Service, _: Case, __: Running) -> str:
    person = telegram.PEOPLE[0]
    service.telegram.say(person, person, HELP)
    return str(person)


async def on_xmpp(service: xmpp.Service, case: Case, running: Running) -> str:
    """There a word to the agency is said in a room, to the bot alone."""
    [room] = service.rooms
    await opened(case, running, room)
    await service.answer(room, 0, HELP)
    return room


SERVICES: dict[str, tuple[Callable[[], Platform], Begin]] = {
    "matrix": (matrix.Service, on_matrix),
    "discord": (discord.Service, on_discord),
    "telegram": (telegram.Service, on_telegram),
    "xmpp": (xmpp.Service, on_xmpp),
}


@pytest.mark.parametrize("name", SERVICES)
async def test_a_youth_who_asks_for_help_is_a_request_is_answered_alone_and_heard_again(
    name: str, tmp_path: Any
) -> None:
    made, begin = SERVICES[name]
    detector()  # takes seconds in which nothing else would go on
    service = await started(made())
    case = Case(service, tmp_path)
    try:
        await service.room()
        async with Running(service) as running:
            await until(lambda: running.told.connections, "it listens")
            room = await begin(service, case, running)
            await until(lambda: heard(running, HELP), "they are heard")
            [asking] = requests(running.heard(room))
            assert (asking.about, asking.conversation) == (service.account(0), room)
            assert (asking.priority, asking.risk) == (Priority.P2, 0.0)
            assert [turn.text for turn in asking.turns] == [HELP]

            words = case.words(asking.conversation, THANKS, asking.about)
            assert (await carry(running, words)).state is DeliveryState.SENT

            async def read() -> bool:
                alone = await service.seen_privately(0)
                return any(THANKS in text for text in [*alone, *await service.seen(room, 0)])

            await until(read, "they read it")
            assert not any(THANKS in text for text in await service.seen_privately(1))

            back = service.say if name == "matrix" else service.answer  # type: ignore[attr-defined]
            await back(room, 0, "네")
            await until(lambda: heard(running, "네"), "their answer is heard")
            first, second = requests(running.heard(room))
            assert first.conversation == second.conversation
            assert [turn.text for turn in second.turns] == [HELP, "네"]
    finally:
        await service.stop()


def heard(running: Running, text: str) -> bool:
    return any(each.text == text and each.to_agency for each in running.intake.handed)


@cache
def detector() -> Detector:
    return Detector.load()


def requests(messages: Sequence[Incoming]) -> list[Any]:
    """What the worker tells casework of these messages, one after another."""
    states, found = {}, []
    for number, each in enumerate(messages):
        message = Message(
            id=each.id,
            source="here",
            conversation=each.conversation,
            author=each.author,
            at=each.at,
            text=each.text,
            to_agency=each.to_agency,
        )
        new, assessments = detector().assess(states, [message])
        states |= new
        versions = detector().versions
        told = request("here", states[each.conversation], assessments, versions, number, str)
        found += [told] if told is not None else []
    return found
