"""What is special about the Kakao channel: five seconds, fixed answers, words that wait, pastes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import httpx
import pytest

from ansim.sources.contract import DeliveryState, Incoming, IntakeBusy, Outcome, Outgoing, Revoked
from ansim.sources.kakao import desk, pasted, skill
from ansim.sources.kakao.connector import HANDING_SECONDS, WAIT_SECONDS, KakaoConnector
from ansim.sources.kakao.desk import STORE_SECONDS
from ansim.sources.kakaotalk.moments import SEOUL
from ansim.sources.wiring import MemoryInProcess, Wiring
from tests.connectors.platforms.kakao import ID, TOKEN, Service, payload
from tests.connectors.running import Running, port_of, until

HELLO = (
    "[자동 안내] 안녕하세요, 안심아이 상담센터입니다. 보내 준 내용은 상담 선생님이 읽고 여기로 "
    "답할게요."
)
WORDS = "[안심아이 상담센터] 혹시 괜찮아요?"


class Waiting(Service):
    """Without the Event API: words wait for the person's next request."""

    def __init__(self) -> None:
        super().__init__()
        self.events = False


@pytest.fixture
async def channel() -> AsyncIterator[Waiting]:
    service = Waiting()
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


@pytest.fixture
async def running(channel: Waiting) -> AsyncIterator[Running]:
    async with Running(channel) as connector:
        yield connector


def words(room: str, number: int = 1, **changes: Any) -> Outgoing:
    given = {
        "id": f"w{number}",
        "source": ID,
        "conversation": room,
        "text": "혹시 괜찮아요?",
        "language": "ko",
        "agency": "안심아이 상담센터",
        "author": "counsellor",
    }
    return Outgoing(**(given | changes))


async def ask(
    running: Running, content: bytes | None = None, *, path: str = "", **options: Any
) -> httpx.Response:
    """A request to the skill, with everything in it open to be wrong."""
    base = f"http://127.0.0.1:{port_of(running.platform)}"
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        address = f"{base}/v1/kakao/{options.pop('source', ID)}/{options.pop('token', TOKEN)}{path}"
        if content is None:
            return await client.post(address, json=payload("p1", "안녕"), **options)
        return await client.post(address, content=content, **options)


async def test_who_writes_gets_the_fixed_answer_and_is_heard_as_speaking_to_the_agency(
    running: Running, channel: Waiting
) -> None:
    room = await channel.room()
    for text in ("도와주세요", "사진을 보내래요", "ㅋㅋ"):
        await channel.say(room, 0, text)
    assert await channel.seen(room, 0) == [HELLO] * 3, "never another one for what was said"
    heard = running.heard(room)
    assert [each.text for each in heard] == ["도와주세요", "사진을 보내래요", "ㅋㅋ"]
    assert {(each.author, each.to_agency) for each in heard} == {(channel.account(0), True)}


async def test_nothing_is_taken_before_a_supervisor_approved_the_answer(channel: Waiting) -> None:
    wiring = channel.wiring()
    without = Wiring(settings=wiring.settings, credentials=wiring.credentials)
    async with Running(channel, wiring=without) as running:
        room = await channel.room()
        await channel.say(room, 0, "도와주세요")
        assert channel.errors == 1
        assert not running.intake.handed
        assert "HELLO" in running.told.troubles[0]


async def test_words_wait_for_the_next_request_and_are_said_once(
    running: Running, channel: Waiting
) -> None:
    room = await channel.room()
    await channel.say(room, 0, "도와주세요")
    assert (await running.send(words(room))).state is DeliveryState.WAITING
    assert (await running.send(words(room))).state is DeliveryState.WAITING
    assert await channel.seen(room, 0) == [HELLO]
    await channel.say(room, 0, "거기 있어요?")
    assert await channel.seen(room, 0) == [HELLO, HELLO, WORDS]
    await until(lambda: "w1" in running.door.recorded, "the delivery on record")
    assert running.door.recorded["w1"].state is DeliveryState.SENT
    await channel.say(room, 0, "고마워요")
    assert (await channel.seen(room, 0)).count(WORDS) == 1
    memory = running.memory
    assert isinstance(memory, MemoryInProcess)
    assert not any("괜찮아요".encode() in value for value in memory.held.values()), "text is gone"


async def test_words_that_were_given_are_not_given_again_when_they_are_asked_after(
    running: Running, channel: Waiting
) -> None:
    room = await channel.room()
    await running.send(words(room))
    await channel.say(room, 0, "거기 있어요?")
    await until(lambda: "w1" in running.door.recorded, "the delivery on record")
    # Whoever carries words looked at the record just before it was made.
    assert (await running.send(words(room))).state is DeliveryState.SENT
    await channel.say(room, 0, "네")
    assert (await channel.seen(room, 0)).count(WORDS) == 1


async def test_what_is_known_of_given_words_ends_after_a_day(channel: Waiting) -> None:
    now = [1_790_000_000.0]
    running = Running(channel)
    connector = KakaoConnector(running.opening, clock=lambda: now[0])
    for number in range(3):
        await connector.send(words("agency:p1", number))
        (word,) = await connector.words.take("p1", 2, 3)
        await connector.words.finish(word, "handed")
        now[0] += 20 * 3600
    memory = running.memory
    assert isinstance(memory, MemoryInProcess)
    assert {name for name in memory.held if name.startswith("word:")} == {"word:w1", "word:w2"}


async def test_nobody_else_gets_the_words(running: Running, channel: Waiting) -> None:
    first, second = await channel.room(), await channel.room()
    await running.send(words(first))
    await channel.say(second, 0, "안녕하세요")
    assert await channel.seen(second, 0) == [HELLO]


async def test_several_words_come_in_their_order_and_never_more_than_three_bubbles(
    running: Running, channel: Waiting
) -> None:
    room = await channel.room()
    texts = ["하나", "둘", "셋", "길다 " * 390, "끝"]
    for number, text in enumerate(texts):
        await running.send(words(room, number, text=text))
    seen: list[str] = []
    for _ in range(6):
        await channel.say(room, 0, "네")
    seen = [text for text in await channel.seen(room, 0) if text != HELLO]
    joined = "".join(seen).replace("[안심아이 상담센터]", "|").replace(" ", "")
    assert joined == "".join(f"|{text}" for text in texts).replace(" ", "")
    assert channel.errors == 0


async def test_words_that_fill_more_than_three_bubbles_are_refused(
    running: Running, channel: Waiting
) -> None:
    room = await channel.room()
    delivery = await running.send(words(room, text="길다 " * 1100))
    assert delivery.state is DeliveryState.FAILED


async def test_the_event_api_calls_the_person_and_the_block_fetches_the_words() -> None:
    channel = Service()
    await channel.start()
    try:
        async with Running(channel) as running:
            room = await channel.room()
            assert (await running.send(words(room))).state is DeliveryState.WAITING
            await until(lambda: "w1" in running.door.recorded, "the words fetched")
            await until(lambda: channel.seen(room, 0), "and shown, which nobody tells us")
            assert await channel.seen(room, 0) == [WORDS]
            assert (await running.send(words(room))).state in (
                DeliveryState.SENT,
                DeliveryState.WAITING,
            )
            assert "혹시" not in str(channel.calls), "no text goes through the Event API"
            assert not running.intake.handed, "what the block sends was said by nobody"
    finally:
        await channel.stop()


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_without_the_event_api_the_words_wait_and_somebody_is_told(status: int) -> None:
    channel = Service()
    channel.event_status = status
    await channel.start()
    try:
        async with Running(channel) as running:
            room = await channel.room()
            await running.send(words(room))
            assert running.told.troubles
            await running.send(words(room))
            assert len(channel.calls) == (1 if status == 401 else 2), "429 and 503 may pass"
            await channel.say(room, 0, "안녕하세요")
            assert WORDS in await channel.seen(room, 0)
    finally:
        await channel.stop()


async def test_an_open_callback_brings_the_words_at_once_and_only_once() -> None:
    channel = Waiting()
    channel.callbacks = True
    await channel.start()
    try:
        async with Running(channel) as running:
            room = await channel.room()
            await channel.say(room, 0, "도와주세요")
            assert await channel.seen(room, 0) == [HELLO]
            assert (await running.send(words(room))).state is DeliveryState.SENT
            assert (await running.send(words(room))).state is DeliveryState.SENT
            assert await channel.seen(room, 0) == [HELLO, WORDS]
            assert (await running.send(words(room, 2))).state is DeliveryState.WAITING
            await channel.say(room, 0, "네")
            assert (await channel.seen(room, 0))[2:] == [HELLO, WORDS]
    finally:
        await channel.stop()


async def test_a_callback_that_is_over_leaves_the_words_waiting() -> None:
    channel = Waiting()
    channel.callbacks = True
    await channel.start()
    try:
        async with Running(channel) as running:
            room = await channel.room()
            await channel.say(room, 0, "도와주세요")
            channel._open.clear()
            assert (await running.send(words(room))).state is DeliveryState.WAITING
            await channel.say(room, 0, "네")
            assert WORDS in await channel.seen(room, 0)
    finally:
        await channel.stop()


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/x", "http://bot-api.kakao.com/x", "https://kakao.com.evil.example/x"],
)
async def test_words_are_called_back_to_nobody_but_kakao(channel: Waiting, address: str) -> None:
    connector = KakaoConnector(Running(channel).opening)
    assert not connector.may_call(address)
    assert connector.may_call("https://bot-api.kakao.com/v1/callback/1")


async def test_a_repeated_request_says_and_hears_nothing_twice(
    running: Running, channel: Waiting
) -> None:
    room = await channel.room()
    await running.send(words(room))
    user = channel.account(0)
    body = payload(user, "네", callbackUrl="https://bot-api.kakao.com/v1/callback/same")
    first = await channel.call("", body)
    again = await channel.call("", body)
    assert first is not None
    assert again is not None
    assert first.content == again.content
    assert len(running.heard(room)) == 1


async def test_two_equal_texts_are_two_messages(running: Running, channel: Waiting) -> None:
    body = payload("p1", "네")
    await channel.call("", body)
    await channel.call("", body)
    assert len(running.heard("agency:p1")) == 2


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"token": "guessed"}, 404),
        ({"source": "another"}, 404),
        ({"token": TOKEN, "path": "/event"}, 200),
        ({"token": "guessed", "path": "/event"}, 404),
    ],
)
async def test_only_who_knows_the_address_is_answered(
    running: Running, options: dict[str, Any], status: int
) -> None:
    assert (await ask(running, **options)).status_code == status
    assert bool(running.door.refusals) == (status == 404)


async def test_an_address_that_can_be_guessed_opens_nothing(channel: Waiting) -> None:
    wiring = channel.wiring()
    wiring.credentials["token"] = "short"
    async with Running(channel, wiring=wiring) as running:
        await until(lambda: running.ended, "only a person can help")
        assert isinstance(running.ended, Revoked)
        assert (await ask(running, token="short")).status_code == 404


async def test_the_header_that_the_operator_entered_must_be_there(channel: Waiting) -> None:
    wiring = channel.wiring()
    wiring.settings["header_name"] = "X-Proof"
    wiring.credentials["header_value"] = "of the operator"
    async with Running(channel, wiring=wiring) as running:
        assert (await ask(running)).status_code == 401
        assert (await ask(running, headers={"X-Proof": "wrong"})).status_code == 401
        assert not running.intake.handed
        assert (await ask(running, headers={"X-Proof": "of the operator"})).status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"userRequest": []}',
        b'{"userRequest": {"user": {"id": 0.5}, "utterance": "a"}}',
        b'{"userRequest": {"user": {"id": ""}}}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
async def test_a_request_that_is_none_is_sent_away(running: Running, content: bytes) -> None:
    assert (await ask(running, content)).status_code == 400
    assert (await ask(running)).status_code == 200, "and the next is taken"


async def test_odd_fields_break_nothing(running: Running) -> None:
    odd = b'{"userRequest": {"user": {"id": "p\\ud800"}, "utterance": 7, "lang": {}, "params": 3}}'
    assert (await ask(running, odd)).status_code in (200, 400)
    body = payload("u" * 5000, "가" * 100_000, callbackUrl=["no"], lang=5)
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        base = f"http://127.0.0.1:{port_of(running.platform)}/v1/kakao/{ID}/{TOKEN}"
        answer = await client.post(base, json=body)
    assert answer.status_code == 200
    heard = running.intake.handed[-1]
    assert len(heard.conversation) <= 500
    assert len(heard.text.encode()) <= 64 * 1024
    assert "잘림" in heard.text


async def test_too_much_is_turned_away(running: Running) -> None:
    assert (await ask(running, b" " * (600 * 1024))).status_code == 413


async def test_a_picture_is_told_and_its_address_is_not_kept(
    running: Running, channel: Waiting
) -> None:
    room = await channel.room()
    await channel.attach(room, 0, "photo.jpg")
    await channel.speak(channel.account(0), "http://dn-m.talk.kakao.com/talkm/a/b/i_1.jpg")
    for heard in running.heard(room):
        assert heard.text == ""
        assert heard.attachments[0].kind.value == "image"
    assert running.heard(room)[0].attachments[0].name == "photo.jpg"
    assert "talk.kakao.com" not in str(running.intake.handed)


async def test_kakao_is_answered_in_time_though_the_store_is_away_and_nothing_is_promised(
    channel: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running(channel)
    away = True
    handed: list[Incoming] = []

    async def intake(source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        if away:
            raise IntakeBusy("away", 1)
        handed.extend(messages)
        return [Outcome.STORED] * len(messages)

    running.door._intake = intake
    monkeypatch.setattr(desk, "STORE_SECONDS", STORE_SECONDS)
    async with running:
        room = await channel.room()
        started = time.monotonic()
        await channel.say(room, 0, "도와주세요")
        assert time.monotonic() - started >= STORE_SECONDS
        assert STORE_SECONDS < 4.5, "Kakao waits for five seconds"
        assert channel.errors == 1
        assert await channel.seen(room, 0) == [], "nobody says that it will be read"
        away = False
        await until(lambda: handed, "it is handed on all the same")
        assert handed[0].text == "도와주세요"


async def test_a_time_we_were_away_is_told_as_a_gap(channel: Waiting) -> None:
    first = Running(channel)
    async with first:
        await until(lambda: first.told.connections, "a first mark")
        assert first.told.gaps == []
    await asyncio.sleep(1.2)
    second = Running(channel, memory=first.memory)
    async with second:
        await until(lambda: second.told.gaps, "the gap")
        gap = second.told.gaps[0]
        assert 1.0 <= gap.until - gap.since < 300.0


async def test_an_answer_that_a_crash_cut_short_is_unknown_and_never_repeated(
    channel: Waiting,
) -> None:
    now = [1_790_000_000.0]
    connector = KakaoConnector(Running(channel).opening, clock=lambda: now[0])
    await connector.send(words("agency:p1"))
    assert await connector.words.take("p1", 2, 3), "an answer is being made"
    assert (await connector.send(words("agency:p1"))).state is DeliveryState.WAITING
    now[0] += HANDING_SECONDS + 1
    for _ in range(2):
        assert (await connector.send(words("agency:p1"))).state is DeliveryState.UNKNOWN
    assert await connector.words.take("p1", 2, 3) == []


async def test_words_nobody_comes_back_for_have_failed_after_a_week(channel: Waiting) -> None:
    now = [1_790_000_000.0]
    connector = KakaoConnector(Running(channel).opening, clock=lambda: now[0])
    await connector.send(words("agency:p1"))
    now[0] += WAIT_SECONDS + 1
    assert (await connector.send(words("agency:p1"))).state is DeliveryState.FAILED
    assert await connector.words.take("p1", 2, 3) == []


PASTE = (
    "이 사람 좀 이상해요\n"
    "[햇살] [오후 3:10] 몇 살이야?\n"
    "[나] [오후 3:11] 열네 살이요\n"
    "[햇살] [오후 3:12] 우리 둘만의 비밀이야\n알았지?"
)


async def test_a_pasted_conversation_is_one_of_its_own_and_its_giver_can_be_answered(
    running: Running, channel: Waiting
) -> None:
    room = await channel.room()
    user = channel.account(0)
    await channel.say(room, 0, PASTE)
    given = [each for each in running.intake.handed if each.conversation != room]
    assert [each.text for each in given] == [
        "몇 살이야?",
        "열네 살이요",
        "우리 둘만의 비밀이야\n알았지?",
    ]
    assert given[0].author == given[2].author != given[1].author
    assert len({each.conversation for each in given}) == 1
    assert [each.text for each in running.heard(room)] == ["이 사람 좀 이상해요"]
    conversation = given[0].conversation
    assert (await running.send(words(conversation))).state is DeliveryState.WAITING
    refused = await running.send(words(conversation, 2, recipient=given[0].author))
    assert refused.state is DeliveryState.FAILED
    private = await running.send(words(conversation, 3, recipient=user))
    assert private.state is DeliveryState.WAITING
    await channel.say(room, 0, PASTE)
    assert WORDS in await channel.seen(room, 0)
    again = [each.id for each in running.intake.handed if each.conversation == conversation]
    assert again[:3] == again[3:], "pasted again, the same messages"


def at(*when: int) -> float:
    return datetime(*when, tzinfo=SEOUL).timestamp()  # type: ignore[misc,arg-type]


def test_copied_messages_are_of_the_last_day_they_can_be_of() -> None:
    now = at(2026, 11, 22, 15, 30)
    found = pasted.find("[햇살] [오후 3:10] 안녕", now)
    assert found is not None
    assert found.turns[0].at == at(2026, 11, 22, 15, 10)
    evening = pasted.find("[햇살] [오후 9:10] 안녕", now)
    assert evening is not None
    assert evening.turns[0].at == at(2026, 11, 21, 21, 10)
    dated = pasted.find("2026년 3월 2일 오후 3:10, 햇살 : 안녕", now)
    assert dated is not None
    assert dated.turns[0].at == at(2026, 3, 2, 15, 10)


@pytest.mark.parametrize(
    "text",
    [
        "도와주세요",
        "[공지] 오늘은 쉽니다",
        "오후 3:10에 만나자고 해요",
        "[나] [지금] 무서워요",
        "",
        "\n\n\n",
        "[" * 5000,
    ],
)
def test_ordinary_words_are_no_pasted_conversation(text: str) -> None:
    assert pasted.find(text, at(2026, 11, 22, 15, 30)) is None


def test_bubbles_are_cut_at_spaces_and_lose_nothing() -> None:
    for text in ("가" * 2500, "낱말 " * 700, "😀" * 1200, "줄\n" * 900, "짧다"):
        parts = skill.cut(text)
        assert all(0 < len(part.encode("utf-16-le")) // 2 <= 1000 for part in parts)
        assert "".join("".join(parts).split()) == "".join(text.split())
