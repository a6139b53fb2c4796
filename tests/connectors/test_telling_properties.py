"""Whatever people do in whatever order, and wherever we crash: who was not told is not read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from ansim.sources import telling
from ansim.sources.contract import Incoming
from ansim.sources.telling import MARK
from ansim.sources.wiring import Rule
from tests.connectors.test_telling import ROOM, Scene

PEOPLE = ["a", "b", "c"]
OFTEN = (
    ["say"] * 5
    + ["join", "agree", "resume"] * 3
    + ["leave", "stop", "again", "wait"] * 2
    + ["crash", "mute", "cut"]
)
BEGINNINGS: list[list[tuple[str, int]]] = [
    [],
    [("join", 0), ("agree", 0), ("say", 0)],
    [("join", 0), ("wait", 0), ("join", 1), ("agree", 0), ("agree", 1)],
    [("join", 0), ("wait", 0), ("join", 1), ("stop", 0), ("say", 1)],
]
"""Left to chance alone, two people have seldom agreed at the same time."""
STEPS = st.builds(
    lambda beginning, rest: [*beginning, *rest],
    st.sampled_from(BEGINNINGS),
    st.lists(
        st.tuples(st.sampled_from(OFTEN), st.sampled_from([0, 0, 1, 1, 2])),
        min_size=12,
        max_size=40,
    ),
)
CLOCKS = [(0.0, True), (5.0, True), (-5.0, True), (0.0, False), (-5.0, False)]
"""By how much the platform's clock is ahead of ours, and whether it stamps our notices; without a
stamp a clock that is ahead cannot be told from words said after the notice."""
CRASH_BEFORE_A_LEAVE = [
    *[("join", 0), ("agree", 0), ("say", 0), ("join", 1), ("say", 0)],
    *[("crash", 0), ("leave", 1), ("again", 0)],
]
"""What was said in the presence of someone who had not agreed is unread for good, also where we
crashed before they went and the platform's clock is ahead."""
WORDS = {"stop": "!그만", "resume": "!다시", "agree": "!동의"}


@dataclass
class World:
    """What really happened, beside what the connector knows."""

    scene: Scene
    present: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    agreed: set[str] = field(default_factory=set)
    objecting: set[str] = field(default_factory=set)
    since_position: list[tuple[Incoming, bool]] = field(default_factory=list)
    """What was asked for since the position was remembered, and whether it was lawful then."""
    notices_at: list[float] = field(default_factory=list)

    def lawful(self, who: str) -> bool:
        """Whether words that this person says now may be read."""
        if who not in self.told or self.objecting:
            return False
        if self.scene.opening.wiring.rule is Rule.AGREED:
            return self.present == self.told == (self.agreed & self.present)
        return True

    def look(self, before: int) -> None:
        """Takes note of what the bot has said since: everybody present reads it."""
        for _, text in self.scene.said[before:]:
            assert text.startswith(tuple(MARK.values()))
            if "상담 선생님이" in text or "새로 오신" in text or "함께 읽고 싶습니다" in text:
                self.notices_at.append(self.scene.now)
                self.told |= self.present


async def live(steps: list[tuple[str, int]], rule: Rule, ahead: float, stamped: bool) -> World:
    scene = Scene(rule, ahead)
    scene.stamped = stamped
    world = World(scene)
    for what, number in steps:
        who = PEOPLE[number]
        before = len(scene.said)
        scene.now += 0.01
        try:
            await step(world, what, who)
        except ConnectionError:
            assert scene.refuses is ConnectionError
        world.look(before)
        scene.now += 0.01
    return world


async def step(world: World, what: str, who: str) -> None:
    scene = world.scene
    if what == "join":
        if who not in world.present:
            world.present.add(who)
            world.told.discard(who)
        await scene.telling.present(ROOM, [who])
    elif what == "leave":
        for known in (world.present, world.told, world.agreed):
            known.discard(who)
        await scene.telling.left(ROOM, [who])
    elif what == "wait":
        scene.now += telling.JOINED_EVERY
    elif what == "crash":
        scene.crash()
    elif what == "again":
        # What came since the position was remembered comes again, in its order.
        scene.crash()
        for message, was_lawful in world.since_position:
            if await scene.telling.may_read(message):
                assert was_lawful, "read when it came again"
        world.since_position.clear()
    elif what == "mute":
        scene.refuses = None if scene.refuses else PermissionError
    elif what == "cut":
        scene.refuses = None if scene.refuses else ConnectionError
    elif who in world.present:
        await utter(world, what, who)


async def utter(world: World, what: str, who: str) -> None:
    scene = world.scene
    message = scene.message(who, WORDS.get(what, "오늘 급식 뭐야?"))
    lawful = world.lawful(who) and what == "say"
    told = who in world.told
    world.since_position.append((message, lawful))
    if what == "stop":
        world.objecting.add(who)
    elif what == "resume":
        world.objecting.discard(who)
    elif what == "agree" and told:
        world.agreed.add(who)
    if await scene.telling.may_read(message):
        assert lawful, "read without being told, against an objection or without agreement"


@pytest.mark.parametrize("rule", list(Rule))
@given(steps=STEPS, clocks=st.sampled_from(CLOCKS))
@example(steps=CRASH_BEFORE_A_LEAVE, clocks=(5.0, True))
@settings(max_examples=300, deadline=None)
def test_nobody_is_read_who_was_not_told_or_while_somebody_objects_or_has_not_agreed(
    rule: Rule, steps: list[tuple[str, int]], clocks: tuple[float, bool]
) -> None:
    world = asyncio.run(live(steps, rule, *clocks))
    times = world.notices_at
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap >= telling.JOINED_EVERY - 0.1 for gap in gaps), "newcomers' notices too often"


@given(steps=STEPS, ahead=st.sampled_from([0.0, 5.0]))
@settings(max_examples=100, deadline=None)
def test_in_the_end_everybody_who_stays_is_told_and_read(
    steps: list[tuple[str, int]], ahead: float
) -> None:
    """The other half: silence would keep the promises above, too."""

    async def story() -> None:
        world = await live(steps, Rule.TOLD, ahead, True)
        scene = world.scene
        scene.refuses = None
        for who in PEOPLE:
            await scene.telling.present(ROOM, [who])
            await scene.says(who, "!다시")
        scene.now += telling.JOINED_EVERY
        await scene.says("a")
        assert [await scene.says(who) for who in PEOPLE] == [True] * 3

    asyncio.run(story())


async def test_events_at_the_same_time_bring_one_notice() -> None:
    scene = Scene()
    say = scene.telling._say

    async def slowly(room: str, text: str) -> float | None:
        await asyncio.sleep(0.01)
        return await say(room, text)

    scene.telling._say = slowly
    await asyncio.gather(
        *(scene.telling.present(ROOM, [who]) for who in PEOPLE), *(scene.says(w) for w in PEOPLE)
    )
    assert len(scene.said) == 1
