"""What one partition promises: effects before snapshot, gaps told, closings heard, text let go."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest

from ansim import casework
from ansim.chat import Message
from ansim.config import Config
from ansim.detection.detector import Detector
from ansim.detection.roles import Role
from ansim.detection.state import ConversationState
from ansim.keys import Keyring
from ansim.stream import layout
from ansim.stream.connection import connect
from ansim.stream.partition import Partition
from ansim.stream.publishing import Publisher
from ansim.stream.server import EmbeddedServer
from ansim.stream.snapshot import SnapshotStore, read_head
from ansim.stream.worker import Worker

from .traffic import corpus

casework.ready()
from ansim.casework.actions.reports import AlertReport  # noqa: E402 - needs Django set up

pytestmark = pytest.mark.nats

ROOM = "room"
HOUR = 3600.0


class Book:
    """Stands where casework would: keeps the reports, or refuses while ``down``."""

    def __init__(self) -> None:
        self.reports: list[AlertReport] = []
        self.gaps: list[tuple[int, str]] = []
        self.refusals: list[AlertReport] = []
        self.down = False
        self.turned_away = 0
        self.unknown_sources: set[str] = set()

    def raise_or_update(self, reports: Sequence[AlertReport]) -> None:
        if self.down:
            self.turned_away += 1
            raise OSError("the database is away")
        if any(report.source in self.unknown_sources for report in reports):
            raise ValueError("no such source")
        self.reports += reports

    def is_passing(self, error: Exception) -> bool:
        return isinstance(error, OSError)

    def refused(self, report: AlertReport, error: Exception) -> None:
        self.refusals.append(report)

    def gap(self, partition: int, what: str) -> None:
        self.gaps.append((partition, what))

    def keep_house(self) -> None:
        pass


@asynccontextmanager
async def working(config: Config, keyring: Keyring, book: Book) -> AsyncIterator[None]:
    stop = asyncio.Event()
    worker = Worker(config, keyring, Detector.load(), book)
    task = asyncio.create_task(worker.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def snapshot(config: Config, keyring: Keyring, room: str = ROOM) -> ConversationState | None:
    client = await connect(config, keyring, "look")
    try:
        partition = layout.partition_of(room, config.partitions)
        js = client.jetstream()
        head = await read_head(js, partition)
        assert head is not None
        packed = await SnapshotStore(js, keyring, partition, head.epoch).take_over()
        states = msgspec.msgpack.decode(packed or b"\x80", type=dict[str, ConversationState])
        return states.get(room)
    finally:
        await client.close()


def risky(end: float, mark: str = "", room: str = ROOM) -> list[Message]:
    """A grooming conversation that raises an alert, its last turn at ``end``."""
    detector = Detector.load()
    for turns in corpus("grooming"):
        last = float(str(turns[-1]["at"]))
        messages = [
            Message(
                id=f"{mark}{index}",
                source="test",
                conversation=room,
                author=f"account-{turn['from']}",
                at=end - last + float(str(turn["at"])),
                text=str(turn["text"]),
                received_at=end,
            )
            for index, turn in enumerate(turns)
        ]
        _, found = detector.assess({}, messages)
        if any(assessment.alerts for assessment in found):
            return messages
    raise AssertionError("no conversation of the corpus raises an alert")


def hidden(keyring: Keyring, message_id: str) -> str:
    """What casework is told instead of a message id."""
    return keyring.pseudonym("message", ROOM, message_id)


def calm(room: str, at: float, name: str = "calm", author: str = "friend") -> Message:
    """A message nobody would worry about."""
    return Message(
        id=name, source="test", conversation=room, author=author, at=at, text="오늘 급식 뭐야"
    )


async def test_an_alert_is_reported_once_with_all_turns_and_then_updated(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    messages = risky(time.time())
    publisher = await Publisher.connect(config, keyring)
    book = Book()
    async with working(config, keyring, book):
        await publisher.publish([calm("elsewhere", time.time())])
        await until_read(publisher)  # the worker is at work now
        for message in messages:
            await publisher.publish([message])
            await asyncio.sleep(0.01)
        thanks = msgspec.structs.replace(messages[-1], id="after", text="응 알겠어 고마워")
        await publisher.publish([thanks])
        await until(lambda: any(t.text == thanks.text for r in book.reports for t in r.turns))
    await publisher.close()
    raised = [report for report in book.reports if report.raised]
    assert len({(report.about, report.episode) for report in raised}) == len(raised)
    first = raised[0]
    assert set(first.roles) >= {turn.author for turn in first.turns if not turn.by_agency}
    assert set(first.roles.values()) <= set(Role)
    names = [hidden(keyring, message.id) for message in messages]
    position = names.index(first.turns[-1].id)
    assert [turn.id for turn in first.turns] == names[: position + 1]
    assert [turn.text for turn in first.turns] == [m.text for m in messages[: position + 1]]
    about = [r for r in book.reports if r.about == first.about]
    assert [turn.id for report in about for turn in report.turns] == [
        *names,
        hidden(keyring, "after"),
    ]
    assert [r.sequence for r in about] == sorted({r.sequence for r in about})


async def test_no_snapshot_covers_what_casework_has_not_got(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    quick = replace(config, snapshot_seconds=0.1)
    publisher = await Publisher.connect(config, keyring)
    book = Book()
    book.down = True
    async with working(quick, keyring, book):
        await publisher.publish(risky(time.time()))
        await until(lambda: book.turned_away >= 3)
        assert await publisher.backlog() > 0
        head = await read_head(publisher.jetstream, layout.partition_of(ROOM, config.partitions))
        assert head is None or head.parts == 0
        book.down = False
        await until(lambda: bool(book.reports))
    await publisher.close()
    state = await snapshot(quick, keyring)
    assert state is not None
    assert state.open_alerts


async def test_messages_lost_before_they_were_read_are_told(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    publisher = await Publisher.connect(config, keyring)
    messages = [calm(ROOM, time.time(), str(number)) for number in range(20)]
    book = Book()
    async with working(config, keyring, book):
        await publisher.publish(messages[:5])
        await until_read(publisher)
    await publisher.publish(messages[5:])
    partition = layout.partition_of(ROOM, config.partitions)
    stream = layout.chat_stream(partition)
    last = (await publisher.jetstream.stream_info(stream)).state.last_seq
    await publisher.jetstream.purge_stream(stream, seq=last - 2)
    assert book.gaps == []
    async with working(config, keyring, book):
        await until_read(publisher)
    await publisher.close()
    assert book.gaps == [(partition, f"items {last - 14} to {last - 3} are gone")]


async def test_an_item_that_cannot_be_read_is_told_and_holds_nothing_up(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assess = Detector.assess

    def stumbling(
        self: Detector, states: dict[str, ConversationState], messages: Sequence[Message]
    ) -> object:
        if any(message.text == "돌부리" for message in messages):
            raise RuntimeError("a message nobody thought of")
        return assess(self, states, messages)

    monkeypatch.setattr(Detector, "assess", stumbling)
    messages = risky(time.time())
    bad = msgspec.structs.replace(calm(ROOM, time.time(), "bad"), text="돌부리")
    publisher = await Publisher.connect(config, keyring)
    partition = layout.partition_of(ROOM, config.partitions)
    await publisher.publish([messages[0], bad, *messages[1:]])
    await publisher.jetstream.publish(layout.chat_subject(partition, ROOM), b"?nonsense")
    book = Book()
    async with working(config, keyring, book):
        await until_read(publisher)
    await publisher.close()
    assert [(number, str(what).rpartition("(")[2]) for number, what in book.gaps] == [
        (partition, "UnknownItem)"),
        (partition, "RuntimeError)"),
    ]
    assert "돌부리" not in str(book.gaps)
    state = await snapshot(config, keyring)
    assert state is not None
    assert [turn.id for turn in state.turns] == [message.id for message in messages]
    assert state.open_alerts


async def test_a_report_that_casework_cannot_take_holds_no_other_up(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    now = time.time()
    strange = [
        msgspec.structs.replace(message, source="undeclared")
        for message in risky(now, room="strange")
    ]
    publisher = await Publisher.connect(config, keyring)
    book = Book()
    book.unknown_sources = {"undeclared"}
    await publisher.publish([*strange, *risky(now)])
    async with working(config, keyring, book):
        await until_read(publisher)
    await publisher.close()
    assert {report.source for report in book.reports} == {"test"}
    assert {report.source for report in book.refusals} == {"undeclared"}


async def test_messages_that_vanish_under_a_running_worker_are_told_and_the_stream_is_made_again(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    publisher = await Publisher.connect(config, keyring)
    partition = layout.partition_of(ROOM, config.partitions)
    book = Book()
    async with working(config, keyring, book):
        await publisher.publish([calm(ROOM, time.time(), "1")])
        await until_read(publisher)
        await publisher.jetstream.delete_stream(layout.chat_stream(partition))
        async with asyncio.timeout(120):
            while (await publisher.publish([calm(ROOM, time.time(), "2")]))[0].state == "failed":
                await asyncio.sleep(0.2)
        await until(lambda: bool(book.gaps))
        await until_read(publisher)
    await publisher.close()
    assert {number for number, _ in book.gaps} == {partition}
    state = await snapshot(config, keyring)
    assert state is not None
    assert [turn.id for turn in state.turns] == ["1", "2"]


async def test_an_unusable_state_is_begun_anew_and_the_message_is_not_lost(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = await Publisher.connect(config, keyring)
    async with working(config, keyring, Book()):
        await publisher.publish([calm(ROOM, time.time(), "1")])
        await until_read(publisher)
    assess = Detector.assess

    def choosy(
        self: Detector, states: dict[str, ConversationState], messages: Sequence[Message]
    ) -> object:
        if any(message.conversation in states for message in messages):
            raise ValueError("a state of another shape")
        return assess(self, states, messages)

    monkeypatch.setattr(Detector, "assess", choosy)
    book = Book()
    async with working(config, keyring, book):
        await publisher.publish([calm(ROOM, time.time(), "2")])
        await until_read(publisher)
    await publisher.close()
    state = await snapshot(config, keyring)
    assert state is not None
    assert [turn.id for turn in state.turns] == ["2"]


async def test_a_closing_taken_back_is_heard(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    now = time.time()
    publisher = await Publisher.connect(config, keyring)
    book = Book()
    async with working(config, keyring, book):
        await publisher.publish(risky(now - HOUR))
        await until(lambda: bool(book.reports))
        await until_read(publisher)
        about = book.reports[0].about
        await publisher.close_alert("c", "test", ROOM, about, 1)
        await publisher.reopen_alert("r", "test", ROOM, about, 1)
        book.reports.clear()
        await publisher.publish([calm(ROOM, now - HOUR / 2, author="friend")])
        await until(lambda: bool(book.reports))
    await publisher.close()
    assert (book.reports[0].about, book.reports[0].episode) == (about, 1)


async def until_read(publisher: Publisher) -> None:
    async with asyncio.timeout(120):
        while await publisher.backlog() > 0:
            await asyncio.sleep(0.05)


async def test_after_a_closing_only_new_evidence_opens_the_next_episode(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    now = time.time()
    publisher = await Publisher.connect(config, keyring)
    book = Book()
    async with working(config, keyring, book):
        await publisher.publish(risky(now - HOUR))
        await until(lambda: bool(book.reports))
        await until_read(publisher)
        episodes = {(report.about, report.episode) for report in book.reports}
        for about, episode in episodes:
            await publisher.close_alert(f"c-{about}", "test", ROOM, about, episode)
        about = book.reports[0].about
        book.reports.clear()
        await publisher.publish([calm(ROOM, now - HOUR / 2, author=about)])
        await until_read(publisher)
        assert book.reports == []
        await publisher.publish(risky(now, "again-"))
        await until(lambda: bool(book.reports))
        await until_read(publisher)
    await publisher.close()
    assert {report.episode for report in book.reports if report.about == about} == {2}


def swept(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """Has partitions sweep at every step; counts by partition what they swept."""
    sweeps: Counter[int] = Counter()
    sweep = Partition.sweep

    async def counted(self: Partition) -> None:
        await sweep(self)
        sweeps[self._number] += 1

    monkeypatch.setattr("ansim.stream.partition.SWEEP_SECONDS", 0.0)
    monkeypatch.setattr(Partition, "sweep", counted)
    return sweeps


@pytest.mark.parametrize(
    ("hours", "unwatched", "watched", "numbers"),
    [(1, True, True, True), (25, False, True, True), (8 * 24, False, False, True)],
)
async def test_text_leaves_the_states_when_its_time_is_over(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    monkeypatch: pytest.MonkeyPatch,
    hours: float,
    unwatched: bool,
    watched: bool,
    numbers: bool,
) -> None:
    sweeps = swept(monkeypatch)
    now = time.time()
    passed = 0.0
    monkeypatch.setattr("ansim.stream.partition.day_clock", lambda: now + passed)
    publisher = await Publisher.connect(config, keyring)
    async with working(config, keyring, Book()):
        await publisher.publish([calm("quiet", now), *risky(now)])
        await until_read(publisher)
        passed = hours * HOUR
        sweeps.clear()
        await until(lambda: len(sweeps) == config.partitions and min(sweeps.values()) > 1)
    await publisher.close()
    for room, held in (("quiet", unwatched), (ROOM, watched)):
        state = await snapshot(config, keyring, room)
        assert state is not None
        assert any(turn.text for turn in state.turns) is held
        assert bool(state.accounts) is numbers


async def test_text_whose_time_ends_while_nobody_speaks_is_in_no_last_snapshot(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps = swept(monkeypatch)
    now = time.time()
    passed = 0.0
    monkeypatch.setattr("ansim.stream.partition.day_clock", lambda: now + passed)
    rarely = replace(config, snapshot_seconds=3600.0)
    publisher = await Publisher.connect(config, keyring)
    async with working(rarely, keyring, Book()):
        await publisher.publish([calm("quiet", now)])
        await until_read(publisher)
    await publisher.close()
    state = await snapshot(config, keyring, "quiet")
    assert state is not None
    assert state.turns[0].text
    passed = 25 * HOUR
    sweeps.clear()
    async with working(rarely, keyring, Book()):
        await until(lambda: len(sweeps) == config.partitions)
    state = await snapshot(config, keyring, "quiet")
    assert state is not None
    assert not state.turns[0].text


async def test_a_conversation_without_any_trace_left_is_dropped_from_the_snapshot(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps = swept(monkeypatch)
    now = time.time()
    passed = 0.0
    monkeypatch.setattr("ansim.stream.partition.day_clock", lambda: now + passed)
    publisher = await Publisher.connect(config, keyring)
    async with working(config, keyring, Book()):
        await publisher.publish([calm("quiet", now)])
        await until_read(publisher)
        passed = 31 * 24 * HOUR
        sweeps.clear()
        await until(lambda: len(sweeps) == config.partitions and min(sweeps.values()) > 1)
    await publisher.close()
    assert await snapshot(config, keyring, "quiet") is None


async def test_who_speaks_to_the_agency_is_told_of_with_their_words_and_nobody_elses(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    """Each message anew: what is open and what was answered is for casework to know."""
    now = time.time()
    publisher = await Publisher.connect(config, keyring)
    book = Book()
    ours = Message(
        id="ours",
        source="test",
        conversation=ROOM,
        author="youth",
        at=now + 1,
        text="도와주세요",
        to_agency=True,
    )
    more = msgspec.structs.replace(ours, id="more", at=now + 2, text="죽고 싶어요")
    back = msgspec.structs.replace(ours, id="back", at=now + 3, text="", by_agency=True)
    async with working(config, keyring, book):
        await publisher.publish([calm(ROOM, now)])
        await until_read(publisher)
        assert not book.reports
        await publisher.publish([ours])
        await until(lambda: len(book.reports) == 1)
        await publisher.publish([more])
        await until(lambda: len(book.reports) == 2)
        await publisher.publish([back, calm(ROOM, now + 4, "later")])
        await until_read(publisher)
    await publisher.close()
    first, second = book.reports
    assert (first.kind, first.about, first.priority.value) == ("request", "youth", "P2")
    assert [(turn.id, turn.text) for turn in first.turns] == [
        (hidden(keyring, "ours"), "도와주세요")
    ]
    assert [turn.text for turn in second.turns] == ["도와주세요", "죽고 싶어요"]
    assert second.priority.value == "P1"
    assert second.sequence > first.sequence
