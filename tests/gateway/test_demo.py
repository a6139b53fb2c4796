"""The demo room: what is said in one window is heard in the other, and goes through intake."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from ansim.chat import Message
from ansim.config import Config
from ansim.detection.detector import Detector
from ansim.detection.state import ConversationState
from ansim.keys import Keyring
from ansim.sources.contract import DeliveryState, Outgoing
from ansim.sources.demo import connector as demo_connector
from ansim.sources.demo import rooms as demo_rooms
from ansim.sources.demo.rooms import Rooms, Said, Voice
from ansim.sources.demo.samples import samples
from ansim.stream.gateway.ledger import MemoryLedger, Queued
from ansim.stream.routing import ACCOUNT, CONVERSATION
from ansim.stream.server import EmbeddedServer
from tests.gateway.conftest import Running, serve, until
from tests.gateway.test_messages import stored

pytestmark = pytest.mark.nats


class Heard:
    """Events of a room as a browser hears them."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, Any]] = []
        self.closed = False

    def said(self) -> list[dict[str, Any]]:
        return [data for _, name, data in self.events if name == "said"]

    async def follow(self, lines: AsyncIterator[str]) -> None:
        number = name = ""
        async for line in lines:
            field, _, value = line.partition(": ")
            if field == "id":
                number = value
            elif field == "event":
                name = value
            elif field == "data":
                self.events.append((number, name, json.loads(value)))
        self.closed = True


@asynccontextmanager
async def listening(
    running: Running, room: str, last: str = "", nickname: str = ""
) -> AsyncIterator[Heard]:
    heard = Heard()
    headers = {"Last-Event-ID": last} if last else {}
    path = f"/demo/rooms/{room}/events?as={nickname}"
    async with running.client.stream("GET", path, headers=headers) as got:
        assert got.status_code == 200
        assert got.headers["content-type"].startswith("text/event-stream")
        task = asyncio.create_task(heard.follow(got.aiter_lines()))
        await until(lambda: any(name == "replay" for _, name, _ in heard.events))
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def say(running: Running, room: str, text: str, **more: Any) -> httpx.Response:
    words = {"nickname": "푸른고래", "voice": "youth", "text": text, **more}
    return await running.client.post(f"/demo/rooms/{room}/messages", json=words)


async def test_what_is_said_is_heard_and_stored_without_the_role(
    running: Running, config: Config, keyring: Keyring
) -> None:
    async with listening(running, "abc") as one, listening(running, "abc") as two:
        answered = await say(running, "abc", "안녕 <b>\n data: 끼어들기")
        assert answered.status_code == 201
        await until(lambda: one.said() and two.said())
    assert one.said() == two.said()
    (said,) = one.said()
    assert (said["nickname"], said["voice"]) == ("푸른고래", "youth")
    assert said["text"] == "안녕 <b>\n data: 끼어들기"
    (message,) = await stored(config, keyring)
    assert message.source == "demo"
    assert message.conversation == keyring.pseudonym(CONVERSATION, "demo", "abc")
    assert message.author == keyring.pseudonym(ACCOUNT, "demo", "푸른고래@abc")
    assert message.text == said["text"]
    assert "youth" not in repr(message)


async def test_a_page_that_comes_late_or_again_sees_what_was_said(running: Running) -> None:
    for number in range(3):
        await say(running, "late", f"{number}번째 말")
    async with listening(running, "late") as first:
        await until(lambda: len(first.said()) == 3)
        assert ("", "fresh", {}) in first.events
        last = next(number for number, name, _ in first.events if name == "said")
    async with listening(running, "late", last) as again:
        await until(lambda: len(again.said()) == 2)
        assert "fresh" not in [name for _, name, _ in again.events]
    async with listening(running, "late", "deadbeef-2") as after_restart:
        await until(lambda: len(after_restart.said()) == 3)
        assert "fresh" in [name for _, name, _ in after_restart.events]


async def test_words_for_one_person_reach_the_window_of_that_nickname_alone(
    running: Running, ledger: MemoryLedger, keyring: Keyring, config: Config
) -> None:
    async with (
        listening(running, "two", nickname="지나가는사람") as stranger,
        listening(running, "two") as nobody,
        listening(running, "two", nickname="푸른고래") as youth,
    ):
        await say(running, "two", "무서워요")
        ledger.queued.append(
            Queued(
                id="o-1",
                source="demo",
                conversation=keyring.pseudonym(CONVERSATION, "demo", "two"),
                recipient=keyring.pseudonym(ACCOUNT, "demo", "푸른고래@two"),
                text="안녕하세요, 상담센터입니다.",
                language="ko",
                author="7",
            )
        )
        await until(lambda: len(youth.said()) == 2)
        assert youth.said()[1]["to"] == "푸른고래"
        answered = await say(running, "two", "도와주세요", to_agency=True)
        assert answered.status_code == 201
        await say(running, "two", "ㅎㅎ")
        await until(lambda: len(youth.said()) == 4)
        for other in (stranger, nobody):
            await until(lambda other=other: len(other.said()) == 2)  # type: ignore[misc]
            assert [each["text"] for each in other.said()] == ["무서워요", "ㅎㅎ"]
    async with listening(running, "two", nickname="지나가는사람") as late:
        await until(lambda: len(late.said()) == 2)
    async with listening(running, "two", nickname="푸른고래") as again:
        await until(lambda: len(again.said()) == 4)
    known = {message.text: message.to_agency for message in await stored(config, keyring)}
    assert known["도와주세요"] is True, "the thread says so"
    assert known["ㅎㅎ"] is False


async def test_a_counsellors_words_appear_at_once_as_the_agencys_and_only_once(
    running: Running, ledger: MemoryLedger, keyring: Keyring, config: Config
) -> None:
    async with listening(running, "help") as heard:
        await say(running, "help", "무서워요")
        pseudonym = keyring.pseudonym(CONVERSATION, "demo", "help")
        ledger.queued.append(
            Queued(
                id="o-1",
                source="demo",
                conversation=pseudonym,
                text="안녕하세요, 상담센터입니다.",
                language="ko",
                author="7",
            )
        )
        await until(lambda: len(heard.said()) == 2)
        words = heard.said()[1]
        assert words["voice"] == "agency"
        assert words["nickname"] == config.agency_ko
        assert words["text"] == "안녕하세요, 상담센터입니다."
        await until(lambda: ledger.deliveries)
        assert ledger.deliveries["o-1"][0] == "sent"
        assert running.gateway.demo is not None
        again = Outgoing(
            id="o-1",
            source="demo",
            conversation="help",
            text="안녕하세요, 상담센터입니다.",
            language="ko",
            agency=config.agency_ko,
            author="7",
        )
        assert (await running.gateway.demo.send(again)).state is DeliveryState.SENT
        await asyncio.sleep(0.2)
        assert len(heard.said()) == 2
    assert len(await stored(config, keyring)) == 1  # the agency's words are not assessed


async def test_a_sample_is_replayed_as_said_now_and_can_be_stopped(
    running: Running, config: Config, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansim.sources.demo.connector.MIN_GAP", 0.0)
    listed = (await running.client.get("/demo/samples")).json()
    sample = samples()[listed[0]["id"]]
    async with listening(running, "play") as heard:
        path = "/demo/rooms/play/replay"
        started = await running.client.post(path, json={"sample": sample.id, "speed": 1000})
        assert started.status_code == 202
        await until(lambda: len(heard.said()) == len(sample.turns))
        assert [each["text"] for each in heard.said()] == [turn.text for turn in sample.turns]
        await until(lambda: heard.events[-1][1:] == ("replay", {"sample": "", "problem": ""}))
        for gap in ("MIN_GAP", "MAX_GAP"):
            monkeypatch.setattr(f"ansim.sources.demo.connector.{gap}", 600.0)
        await running.client.post(path, json={"sample": sample.id, "speed": 1})
        await until(lambda: heard.events[-1][2].get("sample") == sample.id)
        assert (await running.client.post(f"{path}/stop", json={})).status_code == 202
        await until(lambda: heard.events[-1][2] == {"sample": "", "problem": ""})
    messages = await stored(config, keyring)
    assert len(messages) == len(sample.turns)
    assert all(abs(message.at - message.received_at) < 60 for message in messages)
    assert len({message.author for message in messages}) == len(sample.speakers)


async def test_a_room_says_so_when_nothing_can_be_stored(
    running: Running, server: EmbeddedServer, ledger: MemoryLedger
) -> None:
    declared = ledger.declared
    ledger.declared = [pair for pair in declared if pair[0].id != "demo"]
    await running.gateway.admission.refresh()
    answered = await say(running, "off", "안녕")
    assert answered.status_code == 403
    assert "not declared" in answered.json()["detail"]
    ledger.declared = declared
    await running.gateway.admission.refresh()
    server.kill()
    await until(lambda: not running.gateway.link.up)
    answered = await say(running, "off", "안녕")
    assert answered.status_code == 503
    async with listening(running, "off") as heard:
        assert heard.said() == []  # what is not stored is not shown


NOT_TAKEN: list[tuple[str, Any, int]] = [
    ("rooms/a/messages", {"nickname": "", "voice": "youth", "text": "x"}, 400),
    ("rooms/a/messages", {"nickname": " \u0000", "voice": "youth", "text": "x"}, 400),
    ("rooms/a/messages", {"nickname": "a", "voice": "agency", "text": "x"}, 400),
    ("rooms/a/messages", {"nickname": "a", "voice": "youth", "text": "  "}, 400),
    ("rooms/a/messages", {"nickname": "a", "voice": "youth", "text": "x" * 2001}, 400),
    ("rooms/a/messages", {"nickname": "a", "voice": "youth", "text": "x", "role": 1}, 400),
    ("rooms/a/messages", "[" * 50_000, 400),
    ("rooms/a/messages", "x" * 70_000, 413),
    (f"rooms/{'a' * 65}/messages", {"nickname": "a", "voice": "youth", "text": "x"}, 404),
    ("rooms/a%20b/messages", {"nickname": "a", "voice": "youth", "text": "x"}, 404),
    ("rooms/a/replay", {"sample": "nope"}, 404),
    ("rooms/a/replay", {"sample": "gifts_and_secrets", "speed": 0}, 400),
    ("rooms/a/replay", {"sample": "gifts_and_secrets", "speed": 1e9}, 400),
]


async def test_what_a_room_does_not_take(running: Running) -> None:
    headers = {"Content-Type": "application/json"}
    for path, body, status in NOT_TAKEN:
        content = body if isinstance(body, str) else json.dumps(body)
        answered = await running.client.post(f"/demo/{path}", content=content, headers=headers)
        assert answered.status_code == status, (path, content[:60])
    assert running.gateway.counts.accepted == 0


async def test_other_sites_and_other_host_names_are_kept_out(running: Running) -> None:
    words = {"nickname": "a", "voice": "youth", "text": "x"}
    path = "/demo/rooms/a/messages"
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert (await running.client.post(path, json=words, headers=cross)).status_code == 403
    assert (await running.client.post(path, data=words)).status_code == 415
    rebound = {"Host": "evil.example"}
    assert (await running.client.post(path, json=words, headers=rebound)).status_code == 400
    assert (await running.client.get("/demo/?room=a", headers=rebound)).status_code == 400


async def test_a_flood_is_slowed_down(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansim.sources.demo.routes.MESSAGES_PER_SECOND", 3)
    # All of one second, however long it takes to send them.
    monkeypatch.setattr("ansim.sources.demo.routes.time", SimpleNamespace(monotonic=lambda: 7.0))
    statuses = [(await say(running, "flood", "안녕")).status_code for _ in range(12)]
    assert statuses == [201] * 3 + [429] * 9


async def test_without_demo_mode_there_is_no_demo_room(
    config: Config, keyring: Keyring, server: EmbeddedServer, ledger: MemoryLedger
) -> None:
    async with serve(config, keyring, ledger) as running:
        for path in ("/demo/", "/demo/samples", "/demo/static/room.js"):
            assert (await running.client.get(path)).status_code == 404


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.words: dict[str, str] = {}
        self._inside = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        self.addresses += [names[key] or "" for key in ("src", "href", "action") if key in names]
        self.inline += [key for key in names if key.startswith("on") or key == "style"]
        self._inside = tag
        if "data-word" in names:
            self.words[names["data-word"] or ""] = tag

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style") and data.strip():
            self.inline.append(data)


async def test_the_page_is_strict_self_contained_and_fully_translated(running: Running) -> None:
    first = await running.client.get("/demo/")
    assert first.status_code == 303
    second = await running.client.get("/demo/")
    assert first.headers["location"] != second.headers["location"]
    got = await running.client.get(first.headers["location"])
    policy = got.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    page = Page()
    page.feed(got.text)
    assert page.inline == []
    for address in page.addresses:
        assert address.startswith(("/demo/", "#")), address
    for name in ("room.css", "room.js", "words.js"):
        answered = await running.client.get(f"/demo/static/{name}")
        assert answered.status_code == 200
        assert "http" not in answered.text
    assert (await running.client.get("/demo/static/..%2Froom.html")).status_code == 404
    words = (await running.client.get("/demo/static/words.js")).text
    script = (await running.client.get("/demo/static/room.js")).text
    korean, english = words.split("\n  en: {", 1)
    assert len(page.words) > 20
    for word in page.words:
        assert f"\n    {word}:" in korean, word
        assert f"\n    {word}:" in english, word
    assert "innerHTML" not in script


def test_samples_are_whole_and_of_both_sorts() -> None:
    found = samples().values()
    assert sum(sample.risky for sample in found) >= 3
    assert sum(not sample.risky for sample in found) >= 2
    for sample in found:
        assert sample.title_ko
        assert sample.title_en
        times = [turn.at for turn in sample.turns]
        assert times == sorted(times)
        assert {turn.by for turn in sample.turns} == set(sample.speakers)
        assert all(speaker.voice is not Voice.AGENCY for speaker in sample.speakers.values())


def said(number: int) -> Said:
    return Said(f"{number}", Voice.YOUTH, "a", f"말 {number}", 0.0)


async def test_a_room_keeps_its_last_200_and_cuts_off_who_does_not_listen() -> None:
    room = Rooms().room("a")
    stuck = room.listen(0, 60)
    await anext(stuck)
    for number in range(demo_rooms.QUEUE + 10):
        room.show(said(number))
    assert len(room.history) == demo_rooms.HISTORY
    assert len([event async for event in stuck]) == 0  # ended; it reconnects and catches up
    fresh = [event async for event in _until_replay(room.listen(0, 60))]
    assert len(fresh) == demo_rooms.HISTORY


async def _until_replay(events: Any) -> AsyncIterator[Any]:
    async for event in events:
        if event.name == "replay":
            await events.aclose()
            return
        yield event


def test_rooms_make_way_for_new_ones() -> None:
    rooms = Rooms()
    for number in range(demo_rooms.MAX_ROOMS + 5):
        rooms.room(f"r{number}")
    assert "r0" not in rooms
    assert f"r{demo_rooms.MAX_ROOMS + 4}" in rooms
    assert not rooms.full


def test_ids_in_a_room_sort_in_the_order_they_were_given() -> None:
    room = Rooms().room("a")
    ids = [room.next_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000


@pytest.mark.parametrize("name", samples())
def test_detection_tells_the_risky_samples_from_the_ordinary(name: str) -> None:
    """The demonstration keeps its promise with the weights that ship, also at full speed."""
    detector = Detector.load()
    sample = samples()[name]
    states: dict[str, ConversationState] = {}
    raised: list[str] = []
    for number, turn in enumerate(sample.turns):
        message = Message(
            id=f"{number:03}",
            source="demo",
            conversation="c",
            author=turn.by,
            at=1.79e9 + number * demo_connector.MIN_GAP,
            text=turn.text,
        )
        states, assessments = detector.assess(states, [message])
        raised += [event.about for each in assessments for event in each.alerts if event.raised]
    if sample.risky:
        (about,) = raised
        assert sample.speakers[about].voice is Voice.STRANGER
    else:
        assert raised == []
