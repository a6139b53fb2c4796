"""YouTube's own ways: live chats with page tokens, whole seconds, quota, what is public."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from ansim.chat import AttachmentKind
from ansim.sources.contract import DeliveryState, IntakeRefused, Outgoing, Revoked
from ansim.sources.wiring import MemoryInProcess
from ansim.sources.youtube import hearing
from ansim.sources.youtube.spoken import CHAT, chatted, oldest_first
from tests.connectors.platforms.youtube import PEOPLE, Service
from tests.connectors.running import AGENCY, Running, until
from tests.connectors.standins.youtube import HISTORY, VIDEO, stamp

FIRST, SECOND, LATER = PEOPLE
LIVE = "Cg0KC2xpdmUtY2hhdA"
ROOM = CHAT + LIVE


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def live(service: Service) -> Service:
    """A stream of the channel is running."""
    service.youtube.add_video("stream-0001", chat=LIVE)
    return service


def reading(service: Service, **entries: str) -> Running:
    settings = {**service.wiring().settings, **entries}
    return Running(service, wiring=msgspec.structs.replace(service.wiring(), settings=settings))


def outgoing(room: str, text: str = "괜찮아요?", name: str = "out-1") -> Outgoing:
    return Outgoing(
        id=name,
        source="youtube",
        conversation=room,
        text=text,
        language="ko",
        agency=AGENCY["ko"],
        author="counsellor",
    )


async def test_a_running_chat_is_read_in_order_and_answered_under_the_agencys_name(
    live: Service,
) -> None:
    youtube = live.youtube
    async with Running(live) as running:
        wanted = [youtube.chat(LIVE, PEOPLE[n % 2], f"{n}번째") for n in range(12)]
        await until(lambda: len(running.heard(ROOM)) == 12, "the chat is heard")
        assert [m.id for m in running.heard(ROOM)] == wanted
        assert {m.author for m in running.heard(ROOM)} == {FIRST, SECOND}
        assert (await running.send(outgoing(ROOM))).state is DeliveryState.SENT
        ours = youtube.chats[LIVE][-1]["snippet"]["textMessageDetails"]["messageText"]
        assert ours == f"[{AGENCY['ko']}] 괜찮아요?"
        last = youtube.chat(LIVE, FIRST, "네")
        await until(lambda: last in [m.id for m in running.heard(ROOM)], "the answer is heard")
        assert len(running.heard(ROOM)) == 13


async def test_what_is_taken_out_of_a_chat_by_its_author_or_a_moderator_is_told(
    live: Service,
) -> None:
    youtube = live.youtube
    async with Running(live) as running:
        first = youtube.chat(LIVE, FIRST, "하나")
        second = youtube.chat(LIVE, SECOND, "둘")
        await until(lambda: len(running.heard(ROOM)) == 2, "both are heard")
        details = {"deletedMessageId": first}
        youtube.chat(LIVE, "UCmod", "", "messageDeletedEvent", messageDeletedDetails=details)
        details = {"retractedMessageId": second}
        youtube.chat(LIVE, SECOND, "", "messageRetractedEvent", messageRetractedDetails=details)
        await until(lambda: len(running.heard(ROOM)) == 4, "both removals are heard")
        gone = [m for m in running.heard(ROOM) if m.deleted]
        assert {(m.replaces, m.author) for m in gone} == {(first, FIRST), (second, SECOND)}


async def test_a_chat_is_read_on_where_it_was_left_without_a_gap(live: Service) -> None:
    memory = MemoryInProcess()
    async with Running(live, memory=memory) as running:
        live.youtube.chat(LIVE, FIRST, "앞")
        await until(lambda: running.heard(ROOM), "the chat is heard")
    missed = [live.youtube.chat(LIVE, SECOND, f"{n}") for n in range(HISTORY + 30)]
    async with Running(live, memory=memory) as running:
        await until(lambda: len(running.heard(ROOM)) == len(missed), "all is heard")
        assert [m.id for m in running.heard(ROOM)] == missed
        assert running.told.gaps == []


async def test_behind_an_expired_page_token_the_rest_is_heard_and_the_gap_told(
    live: Service,
) -> None:
    memory = MemoryInProcess()
    youtube = live.youtube
    async with Running(live, memory=memory) as running:
        youtube.chat(LIVE, FIRST, "앞")
        await until(lambda: running.heard(ROOM), "the chat is heard")
    lost = [youtube.chat(LIVE, SECOND, f"{n}") for n in range(10)]
    lost_at = time.time()
    await asyncio.sleep(0.05)
    shown = [youtube.chat(LIVE, SECOND, f"{n}") for n in range(HISTORY)]
    youtube.expired_before[LIVE] = len(youtube.chats[LIVE])
    async with Running(live, memory=memory) as running:
        await until(lambda: len(running.heard(ROOM)) == HISTORY, "what is shown is heard")
        assert [m.id for m in running.heard(ROOM)] == shown
        assert not set(lost) & {m.id for m in running.heard(ROOM)}
        (gap,) = running.told.gaps
        assert gap.since <= lost_at <= gap.until


async def test_an_expired_token_with_nothing_lost_is_no_gap(live: Service) -> None:
    memory = MemoryInProcess()
    async with Running(live, memory=memory) as running:
        live.youtube.chat(LIVE, FIRST, "앞")
        await until(lambda: running.heard(ROOM), "the chat is heard")
    missed = live.youtube.chat(LIVE, SECOND, "그 사이")
    live.youtube.expired_before[LIVE] = len(live.youtube.chats[LIVE])
    async with Running(live, memory=memory) as running:
        await until(lambda: missed in [m.id for m in running.heard(ROOM)], "it is heard")
        assert running.told.gaps == []


async def test_a_stream_that_ended_is_let_go_and_its_end_in_our_absence_is_a_gap(
    live: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = MemoryInProcess()
    async with Running(live, memory=memory) as running:
        live.youtube.chat(LIVE, FIRST, "앞")
        await until(lambda: running.heard(ROOM), "the chat is heard")
    live.youtube.chat(LIVE, FIRST, "아무도 못 읽을 말")
    live.youtube.end(LIVE)
    monkeypatch.setattr("ansim.sources.youtube.chats.AWAY_SECONDS", 0.0)
    await asyncio.sleep(0.4)
    async with Running(live, memory=memory) as running:
        await until(lambda: running.told.gaps, "the gap is told")
        await asyncio.sleep(0.3)
        live.youtube.asked.clear()
        await asyncio.sleep(0.4)
        assert "liveChat_messages" not in live.youtube.asked
        assert len(running.told.gaps) == 1


async def test_unlisted_and_private_videos_are_not_read(service: Service) -> None:
    youtube = service.youtube
    for privacy in ("unlisted", "private"):
        youtube.add_video(f"{privacy}-vid"[:11], privacy, chat=f"chat-{privacy}")
        youtube.begin(FIRST, f"{privacy} 댓글", f"{privacy}-vid"[:11])
        youtube.chat(f"chat-{privacy}", FIRST, f"{privacy} 채팅")
    room = await service.room()
    async with Running(service) as running:
        await until(lambda: running.heard(room), "the public is read")
        await asyncio.sleep(0.4)
        assert {m.conversation for m in running.intake.handed} == {room}


async def test_one_video_or_a_handle_may_be_declared_and_comments_may_be_closed(
    service: Service,
) -> None:
    youtube = service.youtube
    youtube.add_video("other-vid-1")
    room = await service.room()
    other = youtube.begin(FIRST, "다른 영상", "other-vid-1")
    youtube.closed.add("closed-vid1")
    async with reading(service, places=f"closed-vid1\n{VIDEO}") as running:
        await until(lambda: running.heard(room), "the video's comments are read")
        assert running.heard(other) == []
        assert running.told.troubles
    async with reading(service, places="@school\n@nobody") as running:
        await until(lambda: running.heard(other), "the channel's comments are read")
        assert any("YouTube에 없는" in each for each in running.told.troubles)


async def test_more_answers_than_come_along_are_all_read_in_order(service: Service) -> None:
    room = await service.room()
    wanted = [await service.say(room, n % 2, f"{n}") for n in range(130)]
    async with Running(service) as running:
        await until(lambda: len(running.heard(room)) == 131, "all are heard")
        assert [m.id for m in running.heard(room)][1:] == wanted


async def test_two_edits_within_a_second_and_an_edit_before_the_first_look_are_heard(
    service: Service,
) -> None:
    room = await service.room()
    early = await service.say(room, 0, "처음")
    await asyncio.sleep(1.1)
    await service.edit(room, 0, early, "보기 전에 고침")
    async with Running(service) as running:
        await until(lambda: len(running.heard(room)) == 3, "the edit is heard as one")
        assert [(m.text, m.replaces) for m in running.heard(room)[1:]] == [
            ("보기 전에 고침", ""),
            ("보기 전에 고침", early),
        ]
        for text in ("둘", "셋", "둘"):
            count = len(running.heard(room))
            await service.edit(room, 0, early, text)
            await until(lambda count=count: len(running.heard(room)) > count, "it is heard")
            if text == "셋":
                await asyncio.sleep(1.1)  # the same words again, in another second
        changes = [m.text for m in running.heard(room) if m.replaces][1:]
        assert changes == ["둘", "셋", "둘"]


async def test_a_removed_first_comment_takes_its_answers_with_it(service: Service) -> None:
    room = await service.room()
    answer = await service.say(room, 1, "답글")
    async with Running(service) as running:
        await until(lambda: len(running.heard(room)) == 2, "both are heard")
        await service.delete(room, 0, room)
        await until(lambda: len(running.heard(room)) == 4, "both removals are heard")
        assert {m.replaces for m in running.heard(room) if m.deleted} == {room, answer}


async def test_used_up_quota_and_haste_are_told_and_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "USED_UP_WAIT", 0.3)
    room = await service.room()
    async with Running(service) as running:
        await until(lambda: running.heard(room), "the comment is heard")
        service.youtube.used_up, service.youtube.hurried = 1, 1
        last = await service.say(room, 1, "그동안 한 말")
        await until(lambda: last in [m.id for m in running.heard(room)], "it is heard later")
        assert any("할당량" in each for each in running.told.troubles)
        assert any("기다립니다" in each for each in running.told.troubles)


async def test_words_taken_without_an_answer_are_in_doubt_and_never_sent_again(
    service: Service,
) -> None:
    room = await service.room()
    async with Running(service) as running:
        service.youtube.broken = 1
        delivery = await running.send(outgoing(room))
        assert delivery.state is DeliveryState.UNKNOWN
        assert len(service.youtube.ours(room)) == 1


async def test_words_too_long_for_a_chat_fail_with_the_number_and_are_not_cut(
    live: Service,
) -> None:
    async with Running(live) as running:
        fits = "가" * (200 - len(f"[{AGENCY['ko']}] "))
        assert (await running.send(outgoing(ROOM, fits))).state is DeliveryState.SENT
        delivery = await running.send(outgoing(ROOM, fits + "가"))
        assert delivery.state is DeliveryState.FAILED
        assert "200" in delivery.detail
        assert len(live.youtube.chats[LIVE]) == 1


async def test_without_a_channel_to_answer_as_it_only_reads(service: Service) -> None:
    room = await service.room()
    async with reading(service, client_id="") as running:
        await until(lambda: running.heard(room), "it reads")
        delivery = await running.send(outgoing(room))
        assert delivery.state is DeliveryState.FAILED
        assert "OAuth" in delivery.detail


async def test_a_refused_key_or_nothing_to_read_only_a_person_can_mend(service: Service) -> None:
    service.youtube.key = "another"
    async with reading(service, client_id="") as running:
        await until(lambda: running.ended is not None, "it ends")
        assert isinstance(running.ended, Revoked)
    async with reading(service, places="") as running:
        await until(lambda: running.ended is not None, "it ends")
        assert isinstance(running.ended, IntakeRefused)


async def test_an_odd_comment_or_message_harms_no_other(live: Service) -> None:
    youtube = live.youtube
    room = await live.room()
    odd: list[dict[str, object]] = [
        {"publishedAt": "언젠가"},
        {"publishedAt": None},
        {"authorChannelId": "?"},
        {"textDisplay": ["?"]},
        {"updatedAt": 7},
    ]
    async with Running(live) as running:
        for each in odd:
            youtube.comment(youtube.reply(room, SECOND, "이상한 것"))["snippet"].update(each)
        youtube.chat(LIVE, SECOND, "", "somethingNew")
        youtube.chats[LIVE] += [{"id": 5, "snippet": "?"}, {}]
        last = await live.say(room, 1, "멀쩡한 말")
        said = youtube.chat(LIVE, FIRST, "멀쩡한 채팅")
        await until(lambda: last in [m.id for m in running.heard(room)], "comments go on")
        await until(lambda: said in [m.id for m in running.heard(ROOM)], "the chat goes on")


def test_paid_messages_are_heard_as_words_or_stickers() -> None:
    snippet = {
        "type": "superChatEvent",
        "publishedAt": stamp(),
        "authorChannelId": FIRST,
        "superChatDetails": {"userComment": "고마워요"},
    }
    paid = chatted({"id": "1", "snippet": snippet}, ROOM)
    assert paid is not None
    assert paid.text == "고마워요"
    sticker = chatted({"id": "2", "snippet": {**snippet, "type": "superStickerEvent"}}, ROOM)
    assert sticker is not None
    assert sticker.attachments[0].kind is AttachmentKind.STICKER


def test_a_list_may_run_either_way() -> None:
    early, late = ({"snippet": {"publishedAt": f"2026-01-01T00:00:0{n}Z"}} for n in (1, 2))
    for listing in ([early, late], [late, early]):
        for newest_first in (True, False):
            assert oldest_first(listing, newest_first=newest_first) == [early, late]
