"""What is remembered of public threads: nothing twice, nothing for ever, nothing too much."""

from __future__ import annotations

import time

import pytest

from ansim.sources import threads
from ansim.sources.contract import Incoming, Outcome
from ansim.sources.threads import DAY, Threads, remembered
from ansim.sources.wiring import MemoryInProcess, Opening, Wiring
from tests.connectors.platforms.mastodon import Service
from tests.connectors.running import Recorder, Told


class Kept:
    """One source's threads over several lives."""

    def __init__(self) -> None:
        source = Service().source()
        self.told = Told()
        self.intake = Recorder(source)
        self.opening = Opening(
            source=source, wiring=Wiring(), memory=MemoryInProcess(), health=self.told
        )

    async def life(self) -> Threads:
        found = Threads(self.opening, self.intake, 15.0)
        await found.load()
        return found

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.intake.handed]


def post(name: str, at: float | None = None, replaces: str = "") -> Incoming:
    at = time.time() if at is None else at
    return Incoming(id=name, conversation="t", author="a", at=at, text=name, replaces=replaces)


async def test_a_second_look_and_another_life_repeat_nothing_and_miss_no_change() -> None:
    kept = Kept()
    look = [post("1"), post("2"), post("2~1", replaces="2")]
    await (await kept.life()).take("t", look)
    again = await kept.life()
    await again.take("t", [*look, post("2~2", time.time() + 1, replaces="2"), post("3")])
    assert kept.ids == ["1", "2", "2~1", "2~2", "3"]
    await again.take("t", [], gone=["1", "1", "unknown"])
    await (await kept.life()).take("t", [post("1", look[0].at)], gone=["1"])
    gone = kept.intake.handed[5:]
    assert [(each.replaces, each.deleted, each.author) for each in gone] == [("1", True, "a")]


async def test_what_could_not_be_stored_is_not_remembered_as_known() -> None:
    kept = Kept()

    async def broken(source: str, messages: object) -> list[Outcome]:
        raise ConnectionError("told to be")

    first = Threads(kept.opening, broken, 15.0)
    with pytest.raises(ConnectionError):
        await first.take("t", [post("1")])
    assert first.posts("t") == {}
    await (await kept.life()).take("t", [post("1")])
    assert kept.ids == ["1"]


async def test_of_a_very_long_thread_the_oldest_are_forgotten_but_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "MOST_POSTS", 10)
    kept = Kept()
    look = [post(f"{number}", 1000.0 + number) for number in range(30)]
    life = await kept.life()
    await life.take("t", look)
    assert len((await remembered(kept.opening.memory, "t")).posts) == 10
    await life.take("t", [*look, post("30", 1030.0)])
    assert kept.ids == [each.id for each in look] + ["30"]


async def test_quiet_threads_are_let_go_and_too_many_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = Kept()
    life = await kept.life()
    for number in range(5):
        await life.take(f"t{number}", [post(f"{number}", time.time() - number)])
    monkeypatch.setattr(threads, "MOST_THREADS", 3)
    await life.tidy()
    assert sorted(life.due()) == ["t0", "t1", "t2"]
    assert len(kept.told.troubles) == 1
    assert life.of("4") == ""
    assert (await remembered(kept.opening.memory, "t4")).posts == {}
    monkeypatch.setattr(threads, "DAY", -DAY)
    await life.tidy()
    assert life.due() == (await kept.life()).due() == []


async def test_a_lively_thread_is_looked_at_often_and_a_quiet_one_seldom() -> None:
    kept = Kept()
    life = await kept.life()
    await life.take("lively", [post("1")])
    await life.take("quiet", [post("2", time.time() - 3600)])
    assert life.due() == ["lively", "quiet"]
    now = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.monotonic", lambda: now)
        for name in ("lively", "quiet"):
            life.looked(name)
        assert life.due() == []
        looked = now
        for seconds, due in ((16, ["lively"]), (350, ["lively"]), (370, ["lively", "quiet"])):
            now = looked + seconds
            assert life.due() == due
