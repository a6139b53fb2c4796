"""A second opinion comes back through the stream, counts within its bounds, and nobody waits."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import pytest

from ansim import casework
from ansim.chat import Message
from ansim.config import Config
from ansim.detection.detector import Detector
from ansim.detection.state import ConversationState
from ansim.keys import Keyring
from ansim.reviewing import queue
from ansim.reviewing.weighing import MOST_ADDED
from ansim.stream import second_opinion
from ansim.stream.codec import Reviewed, decode, encode
from ansim.stream.publishing import Publisher
from ansim.stream.reviewer_settings import reviewer_settings
from ansim.stream.second_opinion import SecondMind, heard
from ansim.stream.server import EmbeddedServer
from ansim.stream.worker import Worker
from tests.lying_files import contents
from tests.reviewing.stand_in import Messages, StandIn
from tests.reviewing.talk import answer, opinion
from tests.stream.house import Workers, environment, make_database

from .test_partition import ROOM, Book, calm, risky, snapshot, until, until_read
from .traffic import corpus

casework.ready()
from ansim.casework.actions.opinions import OpinionReport  # noqa: E402 - needs Django set up
from ansim.casework.actions.reports import AlertReport  # noqa: E402

pytestmark = pytest.mark.nats


class Desk(Book):
    """Keeps opinions as well, in the order in which everything came."""

    def __init__(self) -> None:
        super().__init__()
        self.opinions: list[OpinionReport] = []
        self.order: list[str] = []
        self.conditions: list[str] = []
        self.stopped: list[str] = []

    def raise_or_update(self, reports: Sequence[AlertReport]) -> None:
        super().raise_or_update(reports)
        self.order += ["alert" for _ in reports]

    def add_opinions(self, reports: Sequence[OpinionReport]) -> None:
        self.opinions += reports
        self.order += ["opinion" for _ in reports]

    def tell_reviewer(
        self, worker: str, condition: str, model: str, counts: dict[str, int | float]
    ) -> None:
        self.conditions.append(condition)

    def reviewer_stopped(self, worker: str) -> None:
        self.stopped.append(worker)


def lines_of(messages: Messages) -> list[dict[str, Any]]:
    """The chat of a question, with pictures beside it or without."""
    content = messages[1]["content"]
    chat = content if isinstance(content, str) else content[0]["text"]
    return list(json.loads(chat.split("\n")[1])["lines"])


def quoting(risk: float) -> Callable[[Messages], str]:
    """A model that quotes the newest line of every account and gives always the same risk."""

    def says(messages: Messages) -> str:
        lines = lines_of(messages)
        newest = {line["who"]: line for line in lines if line["who"] != "AGENCY"}
        quotes = [
            {"turn": line["turn"], "text": line["text"][:150].rstrip("…"), "tactic": "T09"}
            for line in list(newest.values())[:8]
            if line["text"]
        ]
        return answer(risk=risk, tactics=["T09"], quotes=quotes)

    return says


def reviewed_by(config: Config, server: StandIn, use: str = "explain") -> Config:
    return replace(config, reviewer_url=server.url, reviewer_model="stand-in", reviewer_use=use)


@asynccontextmanager
async def working(
    config: Config, keyring: Keyring, desk: Desk, detector: Detector | None = None
) -> AsyncIterator[None]:
    stop = asyncio.Event()
    detector = detector or Detector.load()
    chosen = reviewer_settings(config)
    second = SecondMind(config, chosen, detector.threshold, desk, keyring) if chosen else None
    task = asyncio.create_task(Worker(config, keyring, detector, desk, second).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation may be asked about again at once: nobody waits in a test."""
    monkeypatch.setattr(queue, "AGAIN_SECONDS", 0.0)


def doubtful(end: float) -> tuple[list[Message], float]:
    """The beginning of a conversation of grooming, up to where the detector only watches it, and a
    threshold a little above its risk there."""
    turns, threshold = _doubtful()
    last = turns[-1].at
    return [msgspec.structs.replace(turn, at=end - last + turn.at) for turn in turns], threshold


@cache
def _doubtful() -> tuple[list[Message], float]:
    detector = Detector.load(threshold=0.999)
    for turns in corpus("grooming"):
        messages = [
            Message(
                id=f"d{index}",
                source="test",
                conversation=ROOM,
                author=f"account-{turn['from']}",
                at=1_760_000_000.0 + float(str(turn["at"])),
                text=str(turn["text"]),
                received_at=1_760_000_000.0,
            )
            for index, turn in enumerate(turns)
        ]
        _, found = detector.assess({}, messages)
        for count in range(3, len(found)):
            highest, now = max(one.risk for one in found[:count]), found[count - 1].risk
            if 0.3 < now < 0.85 and highest + 0.02 < now + MOST_ADDED * 0.9:
                return messages[:count], highest + 0.02
    raise AssertionError("no conversation of the corpus is doubtful")


async def test_an_opinion_follows_its_alert_and_is_told_with_hidden_ids(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    publisher = await Publisher.connect(config, keyring)
    desk = Desk()
    messages = risky(time.time(), mark="raw-")
    async with StandIn(quoting(0.9)) as model:
        async with working(reviewed_by(config, model), keyring, desk):
            await publisher.publish(messages)
            await until(lambda: "alert" in desk.order)
            await until(lambda: "opinion" in desk.order[desk.order.index("alert") :])
            await until_read(publisher)
        told = desk.opinions[-1]
    await publisher.close()
    assert (told.conversation, told.source, told.model) == (ROOM, "test", "stand-in")
    assert told.added == 0.0, "explaining adds nothing"
    ids = {keyring.pseudonym("message", ROOM, message.id) for message in messages}
    assert {name for name, _, _ in told.quotes} <= ids
    assert told.about == desk.reports[-1].about
    asked = json.dumps([question["messages"] for question in model.questions])
    assert "account-" not in asked
    assert "raw-" not in asked
    assert desk.stopped
    assert desk.conditions[0] == "ready"


async def test_nobody_is_asked_about_harmless_talk(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    publisher = await Publisher.connect(config, keyring)
    desk = Desk()
    async with (
        StandIn(quoting(1.0)) as model,
        working(reviewed_by(config, model, "weigh"), keyring, desk),
    ):
        await publisher.publish([calm("calm", time.time(), str(n)) for n in range(30)])
        await publisher.publish(risky(time.time()))
        await until(lambda: bool(desk.opinions))
        asked = json.dumps([q["messages"][1] for q in model.questions], ensure_ascii=False)
    await publisher.close()
    assert "오늘 급식 뭐야" not in asked
    assert {told.conversation for told in desk.opinions} == {ROOM}


@pytest.mark.parametrize(("use", "alerts"), [("weigh", 1), ("explain", 0)])
async def test_a_doubtful_conversation_alerts_with_an_opinion_only_where_it_may_weigh(
    config: Config, keyring: Keyring, server: EmbeddedServer, use: str, alerts: int
) -> None:
    publisher = await Publisher.connect(config, keyring)
    desk = Desk()
    messages, threshold = doubtful(time.time())
    detector = Detector.load(threshold=threshold)
    async with StandIn(quoting(1.0)) as model:
        chosen = reviewed_by(config, model, use)
        async with working(chosen, keyring, desk, detector):
            await publisher.publish(messages)
            await until_read(publisher)
            total = len(messages)
            await until(
                lambda: (
                    bool(model.questions)
                    and seen_turns(model.questions[-1]) >= min(total, 40)
                    and bool(desk.opinions)
                    and (len(desk.reports) >= alerts)
                )
            )
            await until_read(publisher)
    await publisher.close()
    raised = [report for report in desk.reports if report.raised]
    assert len(raised) == alerts
    state = await snapshot(config, keyring)
    assert state is not None
    assert bool(state.open_alerts) == bool(alerts)
    for report in raised:
        assert threshold <= report.risk <= state.risk + MOST_ADDED
        assert report.why[-1].code == "second_opinion"
        assert len(report.turns) == len(state.turns)
    assert all(0.0 <= told.added <= MOST_ADDED for told in desk.opinions)


def seen_turns(question: dict[str, Any]) -> int:
    return len(lines_of(question["messages"]))


async def test_two_workers_have_one_hour_between_them(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_opinion, "TELL_SECONDS", 0.2)
    publisher = await Publisher.connect(config, keyring)
    desks = [Desk(), Desk()]
    async with StandIn(quoting(0.9)) as model:
        chosen = replace(reviewed_by(config, model), reviewer_hourly=1)
        async with working(chosen, keyring, desks[0]), working(chosen, keyring, desks[1]):
            for number in range(6):
                await publisher.publish(risky(time.time(), mark=f"{number}-", room=f"room{number}"))
            await until_read(publisher)
            await until(lambda: any(desk.opinions for desk in desks))
            await until(lambda: all("budget_spent" in desk.conditions for desk in desks))
        assert len(model.questions) == 1
    await publisher.close()


async def test_a_model_that_is_down_holds_no_alert_up(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    publisher = await Publisher.connect(config, keyring)
    desk = Desk()
    async with StandIn(quoting(1.0), "silent") as model:
        async with working(reviewed_by(config, model), keyring, desk):
            await publisher.publish(risky(time.time()))
            await until(lambda: bool(desk.reports) and bool(model.questions))
            await until_read(publisher)
        model.released.set()
    await publisher.close()
    assert desk.opinions == []
    assert any(report.raised for report in desk.reports)


async def test_the_detector_alone_says_the_same_with_and_without_a_reviewer_that_denies(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    publisher = await Publisher.connect(config, keyring)
    desk = Desk()
    messages = risky(time.time())
    async with (
        StandIn(quoting(0.0)) as model,
        working(reviewed_by(config, model, "weigh"), keyring, desk),
    ):
        await publisher.publish(messages)
        await until(lambda: bool(desk.opinions))
        await until_read(publisher)
    await publisher.close()
    state = await snapshot(config, keyring)
    alone, _ = Detector.load().assess({}, messages)
    assert state is not None
    assert state.risk == alone[ROOM].risk
    assert state.open_alerts == alone[ROOM].open_alerts


def item(state: ConversationState, about: str, **changed: object) -> Reviewed:
    base = Reviewed(
        source="test",
        conversation=state.conversation,
        about=about,
        detector=state.risk,
        counts=True,
        letters={"A": about},
        quoted={5: "m5"},
        opinion=opinion(1.0),
    )
    return msgspec.structs.replace(base, **changed)


def standing() -> tuple[ConversationState, str, Detector]:
    messages, threshold = doubtful(1_760_000_000.0)
    detector = Detector.load(threshold=threshold)
    states, found = detector.assess({}, messages)
    return states[ROOM], str(found[-1].about), detector


def told_of(given: Reviewed, state: ConversationState, detector: Detector) -> list[str]:
    after, wanted = heard(given, state, detector.versions, 7, lambda name: f"hidden {name}")
    assert after.risk == state.risk
    return [type(one).__name__ for one in wanted]


def test_only_an_account_that_was_never_judged_can_be_alerted_to() -> None:
    state, about, detector = standing()
    both = ["AlertReport", "OpinionReport"]
    assert told_of(item(state, about), state, detector) == both
    only = ["OpinionReport"]
    assert told_of(item(state, "nobody"), state, detector) == only
    assert told_of(item(state, about, counts=False), state, detector) == only
    assert told_of(item(state, about, detector=0.0), state, detector) == only
    after, _ = heard(item(state, about), state, detector.versions, 7, str)
    assert told_of(item(after, about), after, detector) == only, "it is open already"
    from ansim.detection.aftermath import closed

    judged = closed(after, about, 1)
    assert told_of(item(judged, about), judged, detector) == only, "a person has judged that"


def test_whatever_the_item_says_the_constant_is_the_most() -> None:
    state, about, detector = standing()
    wild = item(state, about, detector=1.0, opinion=opinion(99.0))
    _, wanted = heard(wild, state, detector.versions, 7, str)
    assert isinstance(wanted[0], AlertReport)
    assert wanted[0].risk <= state.risk + MOST_ADDED + 1e-9


def test_an_opinion_travels_through_the_stream_unchanged() -> None:
    state, about, _ = standing()
    given = item(state, about)
    assert decode(encode(given)) == given


@pytest.mark.timeout(600)
async def test_it_lies_beside_the_alert_once_whatever_is_killed(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(config, lease_seconds=2.0)
    make_database(config)

    def count(table: str, where: str = "1") -> int:
        with sqlite3.connect(f"file:{config.sqlite_path}?mode=ro", uri=True) as database:
            query = f"SELECT count(*) FROM {table} WHERE {where}"  # noqa: S608 - our own words
            (found,) = database.execute(query).fetchone()
        return int(found)

    publisher = await Publisher.connect(config, keyring)
    async with StandIn(quoting(0.9)) as model:
        monkeypatch.setenv("ANSIM_REVIEWER_URL", model.url)
        monkeypatch.setenv("ANSIM_REVIEWER_MODEL", "stand-in")
        assert environment(config)["ANSIM_REVIEWER_MODEL"] == "stand-in"
        workers = Workers(config, config.home / "worker.log")
        workers.start()
        await publisher.publish(risky(time.time()))
        await until(lambda: count("casework_secondopinion") == 1, 240)
        await until(lambda: count("casework_reviewerstate", "condition = 'ready'") == 1, 240)
        workers.kill(0)
        workers.start()
        await publisher.publish([calm("elsewhere", time.time())])
        await until_read(publisher)
        workers.stop()
    await publisher.close()
    assert count("casework_secondopinion") == 1
    assert count("casework_alert") >= 1
    assert count("casework_auditevent", "action = 'alert.second_opinion'") >= 1
    summary = "A가 나이를 물은 뒤".encode()
    for path, content in contents(config.home):
        assert summary not in content, f"readable in {path.name}"
