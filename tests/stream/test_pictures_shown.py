"""The way of a picture from intake to the reviewing model, and every place where it must end."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from PIL import Image

from ansim.chat import Attachment, AttachmentKind, Noticed
from ansim.config import Config
from ansim.detection.detector import Detector
from ansim.detection.state import ConversationState
from ansim.keys import Keyring
from ansim.pictures.fingerprint import fingerprint
from ansim.pictures.reader import PictureReader
from ansim.pictures.values import RENDERED_SIDE
from ansim.reviewing import eyes, queue
from ansim.reviewing.values import Line
from ansim.reviewing.windows import window
from ansim.sources.contract import Handed, Incoming
from ansim.stream import shown
from ansim.stream.connection import connect
from ansim.stream.gateway import showing
from ansim.stream.gateway.ledger import MemoryLedger
from ansim.stream.gateway.noticing import Noticing
from ansim.stream.gateway.showing import Showing
from ansim.stream.routing import CONVERSATION, MESSAGE
from ansim.stream.server import EmbeddedServer
from ansim.stream.shown import Copy, Shelf
from ansim.voice.listening import Listener
from tests.gateway.conftest import KEY, PARTNER, Running, digest, serve
from tests.lying_files import contents
from tests.pictures.drawn import encoded, shapes
from tests.reviewing.stand_in import StandIn
from tests.reviewing.test_pictures import shown_in

from .test_partition import calm, risky, until
from .test_second_opinion import Desk, lines_of, quoting, working

pytestmark = pytest.mark.nats
T = TypeVar("T")

ROOM, CALM_ROOM = "room-raw", "calm-room-raw"
SECRET = "maker-of-this-picture"
LAST = "이거 봐"


def photo(seed: int = 1) -> bytes:
    """A photograph as a telephone makes it, with who made it and where."""
    exif = Image.Exif()
    exif[0x010F] = SECRET
    exif[0x8825] = {1: "N", 2: (37.0, 33.0, 59.0)}
    return encoded(Image.fromarray(shapes(seed, 600, 800)), "JPEG", quality=90, exif=exif)


PHOTO = photo()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "AGAIN_SECONDS", 0.0)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step waits for the one before: whether a copy comes in time is no question here."""
    monkeypatch.setattr(showing, "WAIT_SECONDS", 60.0)
    monkeypatch.setattr(shown, "TIMEOUT_SECONDS", 60.0)
    monkeypatch.setattr(eyes, "SECONDS", 60.0)


def reviewed_by(config: Config, model: StandIn, pictures: str = "shown") -> Config:
    return replace(
        config, reviewer_url=model.url, reviewer_model="stand-in", reviewer_pictures=pictures
    )


class Rooms:
    """What a platform sends of a risky room and of a calm one."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._end = time.time() - 60.0
        self._risky = risky(self._end)

    async def send(self, *items: dict[str, Any]) -> None:
        answered = await self._running.send(list(items), timeout=90)
        assert answered.json()["accepted"] == len(items), answered.text

    async def talk(self) -> None:
        """Everything in the risky room up to where an alert stands."""
        await self.send(
            *(
                {"id": m.id, "conversation": ROOM, "author": m.author, "at": m.at, "text": m.text}
                for m in self._risky
            )
        )

    async def picture(
        self, name: str = "p-raw", room: str = ROOM, content: bytes = PHOTO, text: str = LAST
    ) -> None:
        sent = {"kind": "image", "content": base64.b64encode(content).decode()}
        author = self._risky[0].author if room == ROOM else "friend"
        await self.send(
            {
                "id": name,
                "conversation": room,
                "author": author,
                "at": self._end + 10.0,
                "text": text,
                "attachments": [sent],
            }
        )

    async def take_back(self, name: str) -> None:
        await self.send(
            {
                "id": f"gone-{name}",
                "conversation": ROOM,
                "author": self._risky[0].author,
                "at": self._end + 20.0,
                "text": "",
                "replaces": name,
                "deleted": True,
            }
        )


@asynccontextmanager
async def platform(config: Config, keyring: Keyring) -> AsyncIterator[Rooms]:
    async with serve(config, keyring, MemoryLedger([(PARTNER, digest(KEY))])) as running:
        yield Rooms(running)


@asynccontextmanager
async def looking(config: Config, keyring: Keyring) -> AsyncIterator[Shelf]:
    client = await connect(config, keyring, "look")
    try:
        yield Shelf(client, keyring)
    finally:
        await client.close()


def last_seen(model: StandIn) -> list[dict[str, Any]]:
    """Questions that have the line with the picture in them."""
    return [
        question
        for question in model.questions
        if any(line["text"] == LAST for line in lines_of(question["messages"]))
    ]


def pictures_in(model: StandIn) -> list[bytes]:
    return [one for question in model.questions for one in shown_in(question["messages"])]


def readable(home: Path, *wanted: bytes) -> list[str]:
    """Files in which a piece of any of these lies as it is."""
    pieces = [one[start : start + 48] for one in wanted for start in (400, len(one) // 2)]
    coded = [base64.b64encode(one)[600:700] for one in wanted]
    found = []
    for path, content in contents(home):
        found += [path.name for piece in (*pieces, *coded) if piece in content]
    return found


async def sealed(config: Config, keyring: Keyring) -> list[bytes]:
    """What lies in the stream of copies, as it lies there."""
    client = await connect(config, keyring, "look")
    try:
        js = client.jetstream()
        info = await js.stream_info(shown.STREAM)
        assert info.config.storage == "memory"
        places = range(info.state.first_seq, info.state.last_seq + 1)
        return [(await js.get_msg(shown.STREAM, seq=place)).data or b"" for place in places]
    finally:
        await client.close()


@pytest.mark.usefixtures("patient")
async def test_the_model_is_shown_a_small_copy_without_metadata_and_nothing_lies_on_disk(
    config: Config, keyring: Keyring, server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk()
    async with StandIn(quoting(0.9)) as model:
        chosen = reviewed_by(config, model)
        with caplog.at_level(logging.DEBUG):
            async with platform(chosen, keyring) as rooms, working(chosen, keyring, desk):
                await rooms.talk()
                await rooms.picture("calm-raw", CALM_ROOM, photo(2))
                await rooms.picture()
                await until(lambda: any(told.pictures for told in desk.opinions))
        seen = pictures_in(model)
        lying = await sealed(config, keyring)
    assert len(set(seen)) == 1, "and of the calm room nobody was shown anything"
    image = Image.open(io.BytesIO(seen[0]))
    image.load()
    assert (image.format, max(image.size)) == ("JPEG", RENDERED_SIDE)
    assert not image.getexif()
    assert SECRET.encode() in PHOTO
    assert SECRET.encode() not in seen[0]
    question = last_seen(model)[-1]["messages"]
    assert [line.get("shown") for line in lines_of(question)][-1] == [1]
    assert desk.opinions[-1].pictures == 1
    for raw in ("account-", "-raw"):
        assert raw not in json.dumps(model.questions)
    assert len(lying) == 2
    assert not any(seen[0][start : start + 48] in one for one in lying for start in (20, 400))
    assert readable(config.home, PHOTO, seen[0], *lying) == []
    (config.home / "probe").write_bytes(b"before" + seen[0])
    assert set(readable(config.home, PHOTO, seen[0], *lying)) == {"probe"}, "the search finds it"
    coded = base64.b64encode(seen[0]).decode()
    assert coded[600:700] not in caplog.text


@pytest.mark.parametrize("pictures", ["off", "words"])
async def test_where_the_setting_does_not_say_so_no_copy_is_made_and_none_shown(
    config: Config, keyring: Keyring, server: EmbeddedServer, pictures: str
) -> None:
    desk = Desk()
    async with StandIn(quoting(0.9)) as model:
        chosen = reviewed_by(config, model, pictures)
        async with platform(chosen, keyring) as rooms, working(chosen, keyring, desk):
            await rooms.talk()
            await rooms.picture()
            await until(lambda: bool(last_seen(model)) and bool(desk.opinions))
        assert pictures_in(model) == []
        with pytest.raises(NotFoundError):
            await sealed(config, keyring)


async def test_a_picture_like_one_on_the_operators_lists_is_shown_to_nobody(
    config: Config, keyring: Keyring, server: EmbeddedServer, tmp_path: Path
) -> None:
    lists = tmp_path / "hotline.txt"
    lists.write_text(fingerprint(shapes(1, 600, 800))[0], "utf-8")
    desk = Desk()
    async with StandIn(quoting(0.9)) as model:
        chosen = replace(reviewed_by(config, model), picture_lists=str(lists))
        async with platform(chosen, keyring) as rooms, working(chosen, keyring, desk):
            await rooms.talk()
            await rooms.picture()
            await until(lambda: bool(last_seen(model)) and bool(desk.opinions))
        assert pictures_in(model) == []
        with pytest.raises(NotFoundError):
            await sealed(config, keyring)


@pytest.mark.usefixtures("patient")
async def test_after_its_time_it_is_gone_and_the_question_goes_without(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shown, "LIFE_SECONDS", 1.0)
    desk = Desk()
    async with StandIn(quoting(0.9)) as model:
        chosen = reviewed_by(config, model)
        async with platform(chosen, keyring) as rooms:
            await rooms.talk()
            await rooms.picture()
            await until_empty(chosen, keyring)
            async with working(chosen, keyring, desk):
                await until(lambda: bool(last_seen(model)) and bool(desk.opinions))
    assert pictures_in(model) == []
    assert desk.opinions[-1].pictures == 0


@pytest.mark.usefixtures("patient")
async def test_of_a_message_that_was_taken_back_nothing_is_shown_and_nothing_lies_there(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    desk = Desk()
    async with StandIn(quoting(0.9)) as model:
        chosen = reviewed_by(config, model)
        async with platform(chosen, keyring) as rooms:
            await rooms.talk()
            await rooms.picture()
            assert len(await sealed(config, keyring)) == 1
            await rooms.take_back("p-raw")
            await until_empty(chosen, keyring)
            room = keyring.pseudonym(CONVERSATION, PARTNER.id, ROOM)
            async with looking(config, keyring) as shelf:  # as if that had been too late
                name = keyring.pseudonym(MESSAGE, room, "p-raw")
                await shelf.put(Copy(room, name, 0, b"a copy that may be shown no more"))
            async with working(chosen, keyring, desk):
                await until(lambda: bool(last_seen(model)) and bool(desk.opinions))
    assert pictures_in(model) == []


async def until_empty(config: Config, keyring: Keyring) -> None:
    client = await connect(config, keyring, "look")
    try:
        async with asyncio.timeout(120):
            while (await client.jetstream().stream_info(shown.STREAM)).state.messages:
                await asyncio.sleep(0.05)
    finally:
        await client.close()


def test_when_a_picture_is_taken_back_the_window_that_waits_is_replaced_by_one_without_it() -> None:
    detector = Detector.load()
    talk = risky(time.time() - 60.0)
    last = talk[-1]
    sent = msgspec.structs.replace(
        last,
        id="p",
        at=last.at + 10.0,
        attachments=(Attachment(kind=AttachmentKind.IMAGE, noticed=Noticed(fingerprint="0" * 64)),),
    )
    gone = msgspec.structs.replace(
        last, id="g", at=last.at + 20.0, text="", replaces="p", deleted=True
    )
    states, found = detector.assess({}, [*talk, sent])
    assert found[-1].risk >= detector.watch, "as the partition hands it to the reviewer"
    (room,) = states
    assert told(states[room])[-1].places == (0,)
    states, found = detector.assess(states, [gone])
    assert [one.risk >= detector.watch for one in found] == [True]
    assert not any(line.places for line in told(states[room]))


def told(state: ConversationState) -> tuple[Line, ...]:
    return window(state.conversation, state.turns, risk=0.9, threshold=0.8, shown=True).turns


# ---- the shelf itself


async def test_each_conversation_has_its_newest_few_and_none_has_anothers(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with looking(config, keyring) as shelf:
        assert await shelf.of("one") == {}
        for number in range(shown.MOST_A_CONVERSATION + 3):
            await shelf.put(Copy("one", f"m{number}", 0, bytes([number])))
        await shelf.put(Copy("two", "m0", 1, b"other"))
        held = await shelf.of("one")
        assert [name for name, _ in held] == [f"m{number}" for number in range(3, 11)]
        assert await shelf.of("two") == {("m0", 1): b"other"}
        await shelf.forget("one", {"m5", "m9"})
        assert not {("m5", 0), ("m9", 0)} & set(await shelf.of("one"))
        assert len(await shelf.of("one")) == shown.MOST_A_CONVERSATION - 2
        with pytest.raises(ValueError, match="more than"):
            await shelf.put(Copy("one", "large", 0, bytes(shown.MOST_RENDERED_BYTES + 1)))


async def test_when_all_is_full_the_oldest_go(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "MOST_BYTES", 1_000_000)
    async with looking(config, keyring) as shelf:
        for number in range(8):
            await shelf.put(Copy(f"room{number}", "m", 0, bytes(250_000)))
        held = [bool(await shelf.of(f"room{number}")) for number in range(8)]
    assert held[-1]
    assert not held[0]
    assert 1 <= sum(held) <= 4


async def test_a_copy_that_was_moved_to_another_conversation_is_not_taken_for_one_of_it(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with looking(config, keyring) as shelf:
        await shelf.put(Copy("one", "m", 0, b"of one"))
        [lying] = await sealed(config, keyring)
        client = await connect(config, keyring, "moves it")
        await client.jetstream().publish("picture.two", lying)
        await client.close()
        assert await shelf.of("two") == {}


async def test_after_a_restart_of_nats_copies_are_laid_down_again(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with looking(config, keyring) as shelf:
        await shelf.put(Copy("one", "m", 0, b"before"))
        await asyncio.to_thread(server.stop)
        with pytest.raises((NatsError, OSError, TimeoutError)):
            await shelf.of("one")
        await asyncio.to_thread(server.start)
        assert await sooner_or_later(lambda: shelf.of("one")) == {}, "what was in memory is gone"
        await sooner_or_later(lambda: shelf.put(Copy("one", "m", 0, b"after")))
        assert await shelf.of("one") == {("m", 0): b"after"}


async def sooner_or_later(work: Callable[[], Awaitable[T]]) -> T:
    """What comes of it once NATS is there again."""
    async with asyncio.timeout(90):
        while True:
            try:
                return await work()
            except (NatsError, OSError, TimeoutError):
                await asyncio.sleep(0.1)


# ---- a shelf that fails costs a message nothing


class Failing(Shelf):
    """A shelf of which nothing can be had."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

    async def put(self, copy: Copy) -> None:
        self.asked += 1
        if self.asked == 1:
            raise OSError("words that no log may hold")
        await self.go.wait()


async def test_a_shelf_that_fails_or_stands_still_holds_no_message_up(
    keyring: Keyring, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "WAIT_SECONDS", 0.01)
    laying = Showing(keyring)
    noticing = Noticing(PictureReader(rendered=RENDERED_SIDE), Listener(None), seconds=300.0)
    message = Incoming(
        id="m",
        conversation=ROOM,
        author="a",
        at=1.0,
        text=LAST,
        attachments=(Attachment(kind=AttachmentKind.IMAGE),) * 2,
        contents=(Handed(PHOTO),) * 2,
    )

    async def take() -> Incoming:
        (told,) = await noticing.noticed(
            [message], shower=lambda each: laying.shower(PARTNER.id, each)
        )
        return told

    with caplog.at_level(logging.DEBUG):
        assert all(each.noticed for each in (await take()).attachments), "NATS is not there yet"
        laying.shelf = shelf = Failing()
        told = await take()
    assert shelf.asked == 2
    assert "no copies for the reviewer for now: OSError" in caplog.text
    assert not shelf.go.is_set(), "it came back without waiting for the shelf"
    assert all(each.noticed and each.noticed.fingerprint for each in told.attachments)
    assert told.contents == ()
    assert "no log may hold" not in caplog.text
    await laying.close()
    noticing.close()


@pytest.mark.usefixtures("patient")
async def test_nothing_of_a_calm_conversation_is_ever_fetched(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    of = Shelf.of

    async def noted(self: Shelf, conversation: str) -> dict[tuple[str, int], bytes]:
        fetched.append(conversation)
        return await of(self, conversation)

    monkeypatch.setattr(Shelf, "of", noted)
    desk = Desk()
    async with StandIn(quoting(0.9)) as model:
        chosen = reviewed_by(config, model)
        async with platform(chosen, keyring) as rooms, working(chosen, keyring, desk):
            await rooms.picture("calm-raw", CALM_ROOM, text=calm("", 0.0).text)
            await rooms.talk()
            await rooms.picture()
            await until(lambda: any(told.pictures for told in desk.opinions))
    assert set(fetched) == {keyring.pseudonym(CONVERSATION, PARTNER.id, ROOM)}
