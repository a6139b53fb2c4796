"""The queue, the breaker, the budget and the cache, on a clock that nobody waits for."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from ansim.reviewing import breaker as breaking
from ansim.reviewing.answering import Refused
from ansim.reviewing.breaker import Breaker
from ansim.reviewing.budget import HOUR
from ansim.reviewing.cache import LIFE_SECONDS, Cache
from ansim.reviewing.queue import AGAIN_SECONDS, OLDEST_SECONDS, Queue
from ansim.reviewing.reviewer import Reviewer
from ansim.reviewing.settings import Settings
from ansim.reviewing.values import Condition, Declined, Opinion, Refusal, Window
from tests.reviewing.hour import Hour
from tests.reviewing.stand_in import StandIn
from tests.reviewing.talk import TALK, answer, asked_about


class Scripted:
    """Answers from a list; the last entry is repeated."""

    def __init__(self, *answers: str | Refusal | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def ask(self, messages: list[dict[str, object]]) -> str:
        self.asked += 1
        said = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(said, Refusal):
            raise Refused(said)
        if isinstance(said, Exception):
            raise said
        return said

    async def close(self) -> None:
        pass


class Desk:
    """A reviewer with a scripted model, and what it told."""

    def __init__(self, *answers: str | Refusal | Exception, hourly: int = 100) -> None:
        self.now = 1000.0
        self.told: list[tuple[Window, Opinion | Declined]] = []
        self.model = Scripted(*answers)
        self.budget = Hour(hourly, lambda: self.now)
        self.reviewer = Reviewer(
            Settings(url="http://127.0.0.1:9", model="m"),
            self._hear,
            self.budget,
            model=self.model,
            clock=lambda: self.now,
        )

    async def _hear(self, window: Window, said: Opinion | Declined) -> None:
        self.told.append((window, said))

    async def work(self) -> int:
        """Asks about all that may be asked about now; how many that were."""
        count = 0
        while (window := self.reviewer.next()) is not None and await self.reviewer.consider(window):
            count += 1
        return count

    @property
    def codes(self) -> list[str]:
        return [said.code for _, said in self.told if isinstance(said, Declined)]


def room(number: int, risk: float = 0.5) -> Window:
    """A window of its own: its words occur in no other."""
    return asked_about([*TALK, ("youth", f"음 {number}")], name=f"room{number}", risk=risk)


async def test_an_opinion_reaches_whoever_asked_with_its_window() -> None:
    desk = Desk(answer())
    desk.reviewer.submit(room(1))
    assert await desk.work() == 1
    [(window, said)] = desk.told
    assert window.conversation == "room1"
    assert isinstance(said, Opinion)
    assert (said.model, said.risk) == ("m", 0.9)
    status = desk.reviewer.status()
    assert (status.condition, status.asked, status.answered) == (Condition.READY, 1, 1)


async def test_refusals_are_counted_by_name_and_hold_no_word_of_the_chat() -> None:
    desk = Desk("안전", answer(risk=7), answer(tactics=["T99"]), Refusal.SERVER_ERROR)
    for number in range(4):
        desk.reviewer.submit(room(number))
    await desk.work()
    assert sorted(desk.codes) == ["not_json", "schema", "server_error", "unknown_tactic"]
    assert desk.reviewer.status().declined == dict.fromkeys(desk.codes, 1)
    assert "사진" not in repr(desk.told[0][1])


async def test_the_riskiest_is_asked_about_first_and_a_newer_window_replaces_the_older() -> None:
    desk = Desk(answer())
    desk.reviewer.submit(room(1, 0.2))
    desk.reviewer.submit(room(2, 0.7))
    desk.reviewer.submit(msgspec.structs.replace(room(3, 0.1), conversation="room1"))
    assert desk.reviewer.status().waiting == 2
    await desk.work()
    assert [(w.conversation, w.risk) for w, _ in desk.told] == [("room2", 0.7), ("room1", 0.1)]


async def test_a_lively_conversation_is_not_asked_about_all_the_time() -> None:
    desk = Desk(answer())
    for number in (1, 2):
        desk.reviewer.submit(msgspec.structs.replace(room(number), conversation="room"))
        await desk.work()
    assert len(desk.told) == 1
    desk.now += AGAIN_SECONDS
    assert await desk.work() == 1


async def test_a_conversation_that_became_an_alert_is_asked_about_again_at_once() -> None:
    desk = Desk(answer())
    for number, risk in ((1, 0.5), (2, 0.9), (3, 0.95)):
        desk.reviewer.submit(
            msgspec.structs.replace(room(number, risk), conversation="room", threshold=0.83)
        )
        await desk.work()
    assert [window.risk for window, _ in desk.told] == [0.5, 0.9]


def test_a_full_queue_lets_the_least_risky_go() -> None:
    queue = Queue(most=2)
    assert queue.put(room(1, 0.5), 0.0) is None
    assert queue.put(room(2, 0.3), 1.0) is None
    gone = queue.put(room(3, 0.4), 2.0)
    assert gone is not None
    assert gone.conversation == "room2"
    assert len(queue) == 2
    least = queue.put(room(4, 0.1), 3.0)
    assert least is not None
    assert least.conversation == "room4"


async def test_what_waited_too_long_is_not_asked_about() -> None:
    desk = Desk(answer())
    desk.reviewer.submit(room(1))
    desk.now += OLDEST_SECONDS
    assert await desk.work() == 0
    assert desk.reviewer.status().declined == {"outdated": 1}


async def test_the_same_words_are_not_asked_about_twice() -> None:
    desk = Desk(answer())
    desk.reviewer.submit(room(1))
    await desk.work()
    desk.reviewer.submit(msgspec.structs.replace(room(1), conversation="another"))
    await desk.work()
    assert desk.model.asked == 1
    assert desk.told[1][1] == desk.told[0][1]
    assert desk.reviewer.status().from_cache == 1


async def test_a_failure_of_the_server_is_not_remembered_as_an_answer() -> None:
    desk = Desk(Refusal.TOO_SLOW, answer())
    desk.reviewer.submit(room(1))
    await desk.work()
    desk.now += AGAIN_SECONDS
    desk.reviewer.submit(room(1))
    await desk.work()
    assert isinstance(desk.told[1][1], Opinion)


def test_the_cache_is_small_and_forgets() -> None:
    cache = Cache(most=2)
    for number in range(3):
        cache.put(str(number), Declined(code=Refusal.SCHEMA), float(number))
    assert len(cache) == 2
    assert cache.get("0", 3.0) is None
    assert cache.get("2", 3.0) is not None
    assert cache.get("2", 2.0 + LIFE_SECONDS) is None
    assert len(cache) == 0


async def test_what_others_spent_meanwhile_makes_the_riskiest_wait_and_loses_it_not() -> None:
    desk = Desk(answer(), hourly=1)
    desk.reviewer.submit(room(1, 0.9))
    desk.reviewer.submit(room(2, 0.5))
    desk.budget.others = 1
    assert await desk.work() == 0
    status = desk.reviewer.status()
    assert (desk.model.asked, status.waiting, status.declined) == (0, 2, {})
    desk.now += OLDEST_SECONDS
    assert await desk.work() == 0
    assert desk.reviewer.status().declined == {"budget_spent": 2}, "its waiting began when it came"


async def test_where_the_count_cannot_be_known_no_question_is_asked_and_nothing_is_lost() -> None:
    desk = Desk(answer())
    desk.budget.reached = False
    desk.reviewer.submit(room(1))
    assert await desk.work() == 0
    desk.reviewer.submit(msgspec.structs.replace(room(2), conversation="room1"))
    desk.budget.reached = True
    assert await desk.work() == 1
    assert desk.model.asked == 1
    assert desk.told[0][0].turns == room(2).turns, "the newer words are asked about"


def test_what_is_given_back_to_a_full_queue_goes_before_what_is_riskier() -> None:
    queue = Queue(most=1)
    queue.put(room(1, 0.3), 0.0)
    taken = queue.take(0.0)
    assert taken is not None
    queue.put(room(2, 0.9), 1.0)
    assert queue.give_back(taken, 2.0) == taken
    assert queue.take(2.0) == room(2, 0.9)


async def test_a_question_that_may_not_be_asked_leaves_the_one_try_of_a_resting_model() -> None:
    desk = Desk(*[Refusal.UNREACHABLE] * breaking.FAILURES, answer())
    for number in range(breaking.FAILURES + 1):
        desk.reviewer.submit(room(number))
    await desk.work()
    desk.now += breaking.REST_SECONDS
    desk.budget.reached = False
    assert await desk.work() == 0
    desk.budget.reached = True
    assert await desk.work() == 1
    assert desk.reviewer.status().condition is Condition.READY


async def test_a_spent_budget_is_said_and_the_riskiest_waits_for_the_next() -> None:
    desk = Desk(answer(), hourly=1)
    desk.reviewer.submit(room(1, 0.9))
    desk.reviewer.submit(room(2, 0.5))
    assert await desk.work() == 1
    assert desk.reviewer.status().condition is Condition.BUDGET_SPENT
    assert desk.reviewer.status().left_this_hour == 0
    desk.now += OLDEST_SECONDS
    await desk.work()
    assert desk.reviewer.status().declined == {"budget_spent": 1}
    desk.now += HOUR
    assert desk.reviewer.status().condition is Condition.READY


def test_the_breaker_opens_after_failures_in_a_row_and_tries_again_later_each_time() -> None:
    breaker = Breaker()
    for _ in range(breaking.FAILURES - 1):
        breaker.failed(0.0)
    breaker.worked()
    for _ in range(breaking.FAILURES):
        assert breaker.allows(0.0)
        breaker.asked()
        breaker.failed(0.0)
    assert breaker.open
    assert not breaker.allows(breaking.REST_SECONDS - 1)
    assert breaker.allows(breaking.REST_SECONDS)
    breaker.asked()
    assert not breaker.allows(breaking.REST_SECONDS), "one question tries, not all"
    breaker.failed(breaking.REST_SECONDS)
    assert not breaker.allows(breaking.REST_SECONDS * 3 - 1)
    assert breaker.allows(breaking.REST_SECONDS * 3)
    breaker.asked()
    breaker.worked()
    assert not breaker.open
    assert breaker.allows(0.0)


async def test_a_model_that_is_down_is_left_alone_and_comes_back() -> None:
    desk = Desk(*[Refusal.UNREACHABLE] * breaking.FAILURES, answer())
    for number in range(breaking.FAILURES + 2):
        desk.reviewer.submit(room(number))
    assert await desk.work() == breaking.FAILURES
    assert desk.reviewer.status().condition is Condition.DOWN
    desk.now += breaking.REST_SECONDS
    assert await desk.work() == 2
    assert desk.reviewer.status().condition is Condition.READY


async def test_one_question_without_an_answer_is_said_until_the_next_is_answered() -> None:
    desk = Desk(Refusal.UNREACHABLE, answer())
    desk.reviewer.submit(room(1))
    assert await desk.work() == 1
    assert desk.reviewer.status().condition is Condition.DOWN
    desk.reviewer.submit(room(2))
    assert await desk.work() == 1
    assert desk.reviewer.status().condition is Condition.READY


async def test_nonsense_from_a_model_that_is_there_does_not_open_the_breaker() -> None:
    desk = Desk("안전합니다")
    for number in range(breaking.FAILURES * 2):
        desk.reviewer.submit(room(number))
    await desk.work()
    assert desk.reviewer.status().condition is Condition.READY
    assert desk.reviewer.status().declined == {"not_json": breaking.FAILURES * 2}


async def test_a_fault_of_ours_costs_one_opinion_and_nothing_else() -> None:
    desk = Desk(RuntimeError("사진 보낼래?"), answer())
    desk.reviewer.submit(room(1, 0.9))
    desk.reviewer.submit(room(2, 0.1))
    await desk.work()
    assert desk.codes == ["fault"]
    assert isinstance(desk.told[1][1], Opinion)


async def test_a_window_in_which_only_the_agency_speaks_is_not_asked_about() -> None:
    desk = Desk(answer())
    lines = tuple(msgspec.structs.replace(line, by_agency=True) for line in room(1).turns)
    desk.reviewer.submit(msgspec.structs.replace(room(1), turns=lines))
    assert await desk.work() == 0


async def test_slow_answers_are_said_to_be_slow() -> None:
    desk = Desk(answer())
    ask = desk.model.ask

    async def slowly(messages: list[dict[str, Any]]) -> str:
        desk.now += 40.0
        return await ask(messages)

    desk.model.ask = slowly  # type: ignore[method-assign]
    desk.reviewer.submit(room(1))
    await desk.work()
    assert desk.reviewer.status().condition is Condition.SLOW


@pytest.mark.parametrize("manner", ["streams", "whole"])
async def test_it_works_by_itself_over_a_real_connection_and_stops_cleanly(manner: str) -> None:
    heard: asyncio.Queue[Opinion | Declined] = asyncio.Queue()

    async def hear(_window: Window, said: Opinion | Declined) -> None:
        await heard.put(said)

    async with StandIn(lambda _: answer(), manner) as server:
        reviewer = Reviewer(Settings(url=server.url, model="m"), hear, Hour())
        work = asyncio.create_task(reviewer.run())
        reviewer.submit(asked_about())
        assert isinstance(await heard.get(), Opinion)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work


async def test_stopping_does_not_wait_for_a_silent_model() -> None:
    heard: list[Opinion | Declined] = []

    async def hear(_window: Window, said: Opinion | Declined) -> None:
        heard.append(said)

    async with StandIn(lambda _: answer(), "silent") as server:
        reviewer = Reviewer(Settings(url=server.url, model="m"), hear, Hour())
        work = asyncio.create_task(reviewer.run())
        reviewer.submit(asked_about())
        while not server.questions:
            await asyncio.sleep(0.01)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert reviewer.status().asked == 1
    assert heard == [], "nothing was answered"
