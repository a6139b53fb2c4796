"""Discord's own ways: threads, resuming, history, nonces, private channels, odd events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from ansim.chat import AttachmentKind
from ansim.sources.contract import DeliveryState, Incoming, Outcome, Outgoing, Revoked
from ansim.sources.discord import mouth
from ansim.sources.discord.connector import DiscordConnector
from ansim.sources.discord.places import REMEMBERED, Place
from ansim.sources.discord.spoken import said
from ansim.sources.wiring import MemoryInProcess, Opening
from tests.connectors.platforms.discord import PEOPLE, Service
from tests.connectors.running import AGENCY, Told
from tests.connectors.standins.discord import BOT, CONTENT_INTENT, TOKEN, too_many

FIRST, SECOND, LATER = PEOPLE


class Desk:
    """One source under test with what it remembers and what it handed over."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.memory = MemoryInProcess()
        self.health = Told()
        self.got: list[Incoming] = []
        self.connector = self.fresh()

    def fresh(self) -> DiscordConnector:
        """As after a crash: only the memory is left."""
        opening = Opening(
            source=self.service.source(),
            wiring=self.service.wiring(),
            memory=self.memory,
            health=self.health,
            agency=AGENCY,
        )
        self.connector = DiscordConnector(opening)
        return self.connector

    async def intake(self, source: str, messages: Sequence[Incoming]) -> list[Outcome]:
        self.got.extend(messages)
        return [Outcome.STORED] * len(messages)

    @property
    def ids(self) -> list[str]:
        return [message.id for message in self.got]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Task[None]]:
        """Connected and told, until the block ends as by a kill."""
        before = self.health.connections
        task = asyncio.create_task(self.connector.receive(self.intake))
        try:
            await until(lambda: self.health.connections > before or task.done())
            if task.done():
                await task
            yield task
        finally:
            task.cancel()
            with suppress(BaseException):
                await task


async def until(reached: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it did not come to that in time"
        await asyncio.sleep(0.01)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def desk(service: Service) -> AsyncIterator[Desk]:
    desk = Desk(service)
    yield desk
    await desk.connector.close()


def outgoing(
    room: str, text: str = "안녕하세요, 괜찮으세요?", to: str = "", id: str = "out-1"
) -> Outgoing:
    return Outgoing(
        id=id,
        source="discord",
        conversation=room,
        text=text,
        language="ko",
        agency="안심아이 상담센터",
        author="counsellor",
        recipient=to,
    )


async def test_a_channel_is_told_by_a_pinned_notice_before_its_words_are_read(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    service.discord.say(room, FIRST, "이전 대화")
    async with desk.listening():
        assert "안심아이 상담센터" in (await service.seen(room, 0))[0]
        notice = next(m for m in service.discord.messages[room] if m["author"]["id"] == BOT)
        assert notice["id"] in service.discord.pinned
        began = time.time()
        number = service.discord.say(room, SECOND, "안녕")
        await until(lambda: bool(desk.got))
        assert desk.ids == [number]
        assert desk.got[0].author == SECOND
        assert desk.got[0].conversation == room
        assert desk.got[0].to_agency is False
        assert began - 1 <= desk.got[0].at <= time.time()


async def test_changes_deletions_files_and_stickers_are_told_as_they_happen(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    async with desk.listening():
        number = service.discord.say(room, FIRST, "사진 보낼래?")
        service.discord.preview(room, number)
        service.discord.edit(room, number, "아니야")
        service.discord.preview(room, number)
        service.discord.say(
            room,
            SECOND,
            "",
            attachments=[{"filename": "a.mp4", "content_type": None}, {"filename": "b.bin"}],
            sticker_items=[{"id": "1", "name": "안녕", "format_type": 1}],
        )
        service.discord.delete(room, number)
        await until(lambda: len(desk.got) == 4)
        said, changed, shown, gone = desk.got
        assert (changed.replaces, changed.text, changed.deleted) == (number, "아니야", False)
        assert [each.kind for each in shown.attachments] == [
            AttachmentKind.VIDEO,
            AttachmentKind.FILE,
            AttachmentKind.STICKER,
        ]
        assert (gone.replaces, gone.text, gone.deleted) == (number, "", True)
        assert said.author == changed.author == gone.author == FIRST


async def test_a_public_thread_is_a_conversation_of_its_own_and_a_private_one_is_never_read(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    async with desk.listening():
        thread = service.discord.add_thread(room)
        private = service.discord.add_thread(room, private=True)
        service.discord.say(private, FIRST, "우리 둘만의 비밀이야")
        service.discord.say(thread, FIRST, "여기서 얘기하자")
        number = service.discord.say(room, FIRST, "다들 안녕")
        await until(lambda: number in desk.ids)
    assert [message.conversation for message in desk.got] == [thread, room]


async def test_what_was_said_changed_and_deleted_while_nobody_listened_comes_after_a_restart(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    async with desk.listening():
        numbers = [service.discord.say(room, FIRST, f"말 {n}") for n in range(3)]
        await until(lambda: len(desk.got) == 3)
    desk.got.clear()
    missed = [service.discord.say(room, SECOND, f"놓친 말 {n}") for n in range(150)]
    service.discord.edit(room, numbers[0], "바뀐 말")
    service.discord.delete(room, numbers[1])
    thread = service.discord.add_thread(room)
    in_thread = service.discord.say(thread, SECOND, "새 글타래")
    desk.fresh()
    async with desk.listening():
        await until(lambda: in_thread in desk.ids)
        assert [i for i in desk.ids if i in missed] == missed
        assert len(desk.ids) == len(set(desk.ids))
        assert not set(numbers) & set(desk.ids)
        replaced = {message.replaces: message for message in desk.got if message.replaces}
        assert replaced[numbers[0]].text == "바뀐 말"
        assert replaced[numbers[1]].deleted
        assert set(replaced) == set(numbers[:2])
        assert len([each for each in await service.seen(room, 0)]) == 1, "told once"
    desk.got.clear()
    desk.fresh()
    async with desk.listening():
        pass
    assert desk.got == [], "nothing twice"


async def test_a_thread_put_away_while_nobody_listened_is_read_from_where_we_left_it(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    async with desk.listening():
        thread = service.discord.add_thread(room)
        before = service.discord.say(thread, FIRST, "여기서 얘기하자")
        await until(lambda: before in desk.ids)
    missed = service.discord.say(thread, SECOND, "다른 데로 갈래?")
    new = service.discord.add_thread(room)
    also = service.discord.say(new, SECOND, "새 글타래")
    for each in (thread, new):
        service.discord.channels[each]["thread_metadata"]["archived"] = True
    desk.fresh()
    async with desk.listening():
        await until(lambda: {missed, also} <= set(desk.ids))
    assert sorted(desk.ids) == [before, missed, also]


async def test_a_broken_connection_is_resumed_and_one_that_cannot_be_is_made_up_from_history(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    async with desk.listening():
        service.cable.drop()
        first = service.discord.say(room, FIRST, "끊긴 사이")
        await until(lambda: first in desk.ids)
        assert (service.discord.identified, service.discord.resumed) == (1, 1)
        await service.discord.ask_to_reconnect()
        await until(lambda: service.discord.resumed == 2)


async def test_a_session_that_discord_forgot_is_begun_anew_without_a_loss(
    service: Service, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(self: object, shard_id: object, *, initial: bool = False) -> None: ...

    monkeypatch.setattr("ansim.sources.discord.line.Ear.before_identify_hook", at_once)
    room = await service.room()
    async with desk.listening():
        service.discord.forget_sessions()
        service.cable.drop()
        missed = service.discord.say(room, FIRST, "끊긴 사이")
        await until(lambda: missed in desk.ids)
        assert service.discord.identified == 2
        assert desk.ids == [missed]


async def test_a_newcomer_is_told_before_being_read_and_an_objection_in_a_thread_stops_the_room(
    service: Service, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansim.sources.telling.JOINED_EVERY", 0.0)
    room = await service.room()
    async with desk.listening():
        service.discord.join(LATER)
        await until(lambda: len(service.discord.messages[room]) == 2)
        assert "새로 오신 분께" in (await service.seen(room, 0))[1]
        number = service.discord.say(room, LATER, "안녕")
        await until(lambda: number in desk.ids)
        thread = service.discord.add_thread(room)
        service.discord.say(thread, LATER, "!그만")
        await until(lambda: desk.health.objections == 1)
        service.discord.say(room, FIRST, "이제 안 읽지?")
        service.discord.say(room, LATER, "!다시")
        await asyncio.sleep(0.01)  # words of the same millisecond stay unread
        back = service.discord.say(room, FIRST, "다시")
        await until(lambda: back in desk.ids)
    assert desk.ids == [number, back]


async def test_who_left_and_comes_back_is_told_again_before_being_read(
    service: Service, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansim.sources.telling.JOINED_EVERY", 0.0)
    room = await service.room()
    async with desk.listening():
        service.discord.leave(SECOND)
        service.discord.join(SECOND)
        await until(lambda: len(service.discord.messages[room]) == 2)
        number = service.discord.say(room, SECOND, "나 왔어")
        await until(lambda: number in desk.ids)


async def test_many_messages_deleted_at_once_are_as_many_deletions(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    async with desk.listening():
        numbers = [service.discord.say(room, FIRST, f"말 {n}") for n in range(4)]
        service.discord.delete(room, *numbers[1:])
        await until(lambda: len(desk.got) == 7)
    assert [message.replaces for message in desk.got[4:]] == numbers[1:]
    assert all(message.deleted for message in desk.got[4:])


async def test_a_channel_hidden_from_somebody_tells_only_those_who_see_it(
    service: Service, desk: Desk
) -> None:
    hidden = service.discord.add_channel(hidden_from=(SECOND,))
    service._rooms.append(hidden)
    desk.fresh()
    async with desk.listening():
        book = desk.memory.held[f"room:{hidden}"].decode()
    assert FIRST in book
    assert SECOND not in book


async def test_private_words_go_to_one_person_and_the_answer_belongs_to_the_alert(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    async with desk.listening():
        delivery = await desk.connector.send(outgoing(room, to=FIRST))
        assert delivery.state is DeliveryState.SENT
        assert await service.seen_privately(0) == ["[안심아이 상담센터] 안녕하세요, 괜찮으세요?"]
        private = service.discord.private_channel(FIRST)
        service.discord.say(private, FIRST, "무서워요")
        await until(lambda: len(desk.got) == 1)
        assert desk.got[0].conversation == room
        assert desk.got[0].to_agency is True
    missed = service.discord.say(private, FIRST, "아직 있어요?")
    desk.fresh()
    async with desk.listening():
        await until(lambda: missed in desk.ids)
        assert desk.got[-1].conversation == room


async def test_who_writes_to_the_bot_first_is_greeted_once_and_has_a_conversation(
    service: Service, desk: Desk
) -> None:
    async with desk.listening():
        private = service.discord.private_channel(SECOND)
        service.discord.say(private, SECOND, "도와주세요")
        service.discord.say(private, SECOND, "누가 자꾸 연락해요")
        await until(lambda: len(desk.got) == 2)
        greeted = await service.seen_privately(1)
        assert len(greeted) == 1
        assert "1388" in greeted[0]
        assert {message.conversation for message in desk.got} == {private}
        delivery = await desk.connector.send(outgoing(private))
        assert delivery.state is DeliveryState.SENT
        assert len(await service.seen_privately(1)) == 2


async def test_a_first_private_message_is_heard_even_where_its_writer_cannot_be_greeted(
    service: Service, desk: Desk
) -> None:
    async with desk.listening():
        service.discord.answers = [too_many(600)]
        private = service.discord.private_channel(SECOND)
        number = service.discord.say(private, SECOND, "도와주세요")
        await until(lambda: number in desk.ids)


async def test_who_takes_no_private_words_gets_none_and_the_counsellor_is_told_why(
    service: Service, desk: Desk
) -> None:
    service.discord.deaf_to_private.add(FIRST)
    delivery = await desk.connector.send(outgoing(await service.room(), to=FIRST))
    assert delivery.state is DeliveryState.FAILED
    assert "개인 메시지" in delivery.detail


async def test_an_answer_that_never_came_is_asked_for_again_with_the_same_nonce(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    service.discord.swallow = 1
    with pytest.raises(ConnectionError):
        await desk.connector.send(outgoing(room))
    delivery = await desk.connector.send(outgoing(room))
    assert delivery.state is DeliveryState.SENT
    assert service.discord.posted == 2
    assert len(await service.seen(room, 0)) == 1, "said once"


async def test_after_the_time_of_the_nonce_nothing_is_said_again_without_a_person(
    service: Service, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await service.room()
    service.discord.swallow = 1
    with pytest.raises(ConnectionError):
        await desk.connector.send(outgoing(room))
    monkeypatch.setattr(mouth, "NONCE_SECONDS", 0.0)
    delivery = await desk.connector.send(outgoing(room))
    assert delivery.state is DeliveryState.UNKNOWN
    assert service.discord.posted == 1


async def test_a_short_limit_is_waited_for_and_a_long_one_says_nothing_yet(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    service.discord.answers = [too_many(0.3)]
    began = time.monotonic()
    assert (await desk.connector.send(outgoing(room))).state is DeliveryState.SENT
    assert time.monotonic() - began >= 0.3
    service.discord.answers = [too_many(600)]
    with pytest.raises(ConnectionError):
        await desk.connector.send(outgoing(room, id="out-2"))
    assert len(await service.seen(room, 0)) == 1


async def test_long_words_are_said_in_parts_and_mention_nobody(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    delivery = await desk.connector.send(outgoing(room, text="가" * 2000))
    assert delivery.state is DeliveryState.SENT
    seen = await service.seen(room, 0)
    assert [len(each) <= 2000 for each in seen] == [True, True]
    assert sum(each.count("가") for each in seen) == 2000
    assert all(each.startswith("[안심아이 상담센터] ") for each in seen)


async def test_a_token_that_is_no_longer_taken_is_told_in_a_sentence_without_it(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    async with desk.listening() as task:
        await service.revoke()
        with pytest.raises(Revoked) as told:
            await task
    assert TOKEN not in str(told.value)
    with pytest.raises(Revoked):
        await desk.connector.receive(desk.intake)
    delivery = await desk.connector.send(outgoing(room))
    assert delivery.state is DeliveryState.FAILED
    assert TOKEN not in delivery.detail


async def test_a_missing_intent_is_told_as_what_a_person_has_to_switch_on(
    service: Service, desk: Desk
) -> None:
    service.discord.missing_intents = CONTENT_INTENT
    with pytest.raises(Revoked, match="Message Content Intent"):
        await desk.connector.receive(desk.intake)


async def test_a_channel_in_which_the_bot_may_not_write_is_not_read(
    service: Service, desk: Desk
) -> None:
    room = await service.room()
    service.discord.mute.add(room)
    async with desk.listening():
        service.discord.say(service._rooms[0], FIRST, "안 읽히는 말")
        other = service.discord.say(service._rooms[1], FIRST, "읽히는 말")
        await until(lambda: other in desk.ids)
    assert desk.ids == [other]
    assert room == service._rooms[0]
    assert desk.health.troubles


async def test_without_history_the_time_away_is_a_gap(service: Service, desk: Desk) -> None:
    room = await service.room()
    async with desk.listening():
        service.discord.say(room, FIRST, "안녕")
        await until(lambda: len(desk.got) == 1)
    service.discord.history_allowed = False
    service.discord.say(room, FIRST, "놓친 말")
    desk.fresh()
    async with desk.listening():
        pass
    assert len(desk.got) == 1
    (gap,) = desk.health.gaps
    assert gap.since < gap.until <= time.time()


def test_a_channel_remembers_the_authors_of_its_latest_messages_and_no_more() -> None:
    place = Place()
    for number in range(1, REMEMBERED + 50):
        found = said({"id": str(number), "channel_id": "1", "author": {"id": "2"}, "content": "a"})
        assert found is not None
        place.heard(found, "1")
    assert len(place.recent) == REMEMBERED
    assert next(iter(place.recent)) == "50"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"id": "x", "channel_id": "1", "author": {"id": "2"}, "content": "a"},
        {"id": "5", "channel_id": None, "author": {"id": "2"}, "content": "a"},
        {"id": "5", "channel_id": "1", "author": "2", "content": "a"},
        {"id": "5", "channel_id": "1", "author": {"id": None}, "content": "a"},
        {"id": "5", "channel_id": "1", "author": {"id": "2", "bot": True}, "content": "a"},
        {"id": "5", "channel_id": "1", "author": {"id": "2"}, "content": ["a"]},
        {"id": "5", "channel_id": "1", "author": {"id": "2"}, "content": "a", "type": 7},
        {"id": "9" * 40, "channel_id": "1", "author": {"id": "2"}, "content": "a"},
    ],
)
def test_what_is_no_message_of_a_person_says_nothing(data: dict[str, object]) -> None:
    assert said(data) is None


async def test_odd_words_and_fields_harm_no_other_message(
    service: Service, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    room = await service.room()
    async with desk.listening():
        service.discord.say(
            room, FIRST, "반쪽 \ud83d 그리고 \0", attachments=[{"filename": "x" * 999}]
        )
        service.discord.say(room, FIRST, "봇이 전한 말", webhook_id="1")
        service.discord.say(room, FIRST, "길다" * 60_000)
        service.discord.tell("MESSAGE_DELETE_BULK", {"ids": 7, "channel_id": room, "guild_id": "1"})
        last = service.discord.say(room, SECOND, "멀쩡한 말")
        await until(lambda: last in desk.ids)
    assert len(desk.got) == 3
    assert "\ud83d" not in desk.got[0].text
    assert "\0" not in desk.got[0].text
    assert len(desk.got[0].attachments[0].name) <= 300
    assert len(desk.got[1].text.encode()) <= 64 * 1024
    assert desk.got[1].text.endswith("cut]")
    assert not [each for each in caplog.messages if "멀쩡한" in each or TOKEN in each]
