"""Messages are handed until they are durable, each once where that can be, and in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ansim.sources import handing
from ansim.sources.contract import Incoming, IntakeBusy, IntakeRefused, Outcome
from ansim.sources.handing import hand
from ansim.sources.wiring import MemoryInProcess, Opening, Wiring
from tests.connectors.test_telling import SOURCE, Ward


class Counting(Ward):
    """Notes what it is told of the backlog and of what was heard."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[int] = []
        self.news: list[tuple[int, float]] = []

    def behind(self, messages: int) -> None:
        self.waiting.append(messages)

    def heard(self, count: int, newest: float) -> None:
        self.news.append((count, newest))


@pytest.fixture
def ward() -> Counting:
    return Counting()


@pytest.fixture
def opening(ward: Counting, monkeypatch: pytest.MonkeyPatch) -> Opening:
    sleep = asyncio.sleep
    monkeypatch.setattr("asyncio.sleep", lambda _: sleep(0))
    return Opening(source=SOURCE, wiring=Wiring(), memory=MemoryInProcess(), health=ward)


def some(count: int) -> list[Incoming]:
    return [
        Incoming(id=f"m-{n}", conversation="r", author="a", at=1.7e9 + n, text=f"{n}번")
        for n in range(count)
    ]


async def test_what_cannot_be_stored_is_handed_again_and_the_rest_is_not(
    opening: Opening, ward: Counting
) -> None:
    calls: list[list[str]] = []

    async def intake(source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        assert source == SOURCE.id
        calls.append([message.id for message in messages])
        if len(calls) == 1:
            raise IntakeBusy("full", 3)
        if len(calls) == 2:
            return [Outcome.STORED, Outcome.FAILED, Outcome.UNREAD, Outcome.FAILED]
        return [Outcome.DUPLICATE] * len(messages)

    outcomes = await hand(opening, intake, some(4))
    assert calls == [["m-0", "m-1", "m-2", "m-3"]] * 2 + [["m-1", "m-3"]]
    assert outcomes == [Outcome.STORED, Outcome.DUPLICATE, Outcome.UNREAD, Outcome.DUPLICATE]
    assert ward.waiting == [4, 0], "a backlog that is gone is told, too"
    assert ward.news == [(4, 1.7e9 + 3)]


async def test_very_many_are_handed_in_portions_and_in_order(opening: Opening) -> None:
    taken: list[str] = []
    sizes: list[int] = []

    async def intake(source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        sizes.append(len(messages))
        taken.extend(message.id for message in messages)
        return [Outcome.STORED] * len(messages)

    outcomes = await hand(opening, intake, some(1001))
    assert taken == [f"m-{n}" for n in range(1001)]
    assert len(outcomes) == 1001
    assert max(sizes) <= handing.AT_ONCE


async def test_a_refusal_is_not_insisted_on_and_nothing_is_nothing(
    opening: Opening, ward: Counting
) -> None:
    async def intake(source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        raise IntakeRefused("switched off")

    with pytest.raises(IntakeRefused):
        await hand(opening, intake, some(1))
    assert await hand(opening, intake, []) == []
    assert ward.news == []
