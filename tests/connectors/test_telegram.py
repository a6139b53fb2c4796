"""Telegram's own ways: numbered updates, a day's keeping, topics, members nobody lists."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from ansim.chat import AttachmentKind
from ansim.sources.contract import DeliveryState, Outgoing, Revoked
from ansim.sources.telegram.connector import TelegramConnector
from ansim.sources.telegram.hearing import Reached
from ansim.sources.telegram.spoken import moment, said
from ansim.sources.wiring import MemoryInProcess, Opening, Rule, Wiring
from tests.connectors.platforms.telegram import PEOPLE, Service
from tests.connectors.running import AGENCY, Running, Told, until
from tests.connectors.standins.telegram import BOT, TOKEN, too_many

FIRST, SECOND, LATER = PEOPLE
DAY = 24 * 3600.0


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def speaking(service: Service) -> AsyncIterator[TelegramConnector]:
    """A connector that only ever says something."""
    connector = TelegramConnector(
        Opening(
            source=service.source(),
            wiring=service.wiring(),
            memory=MemoryInProcess(),
            health=Told(),
            agency=AGENCY,
        )
    )
    yield connector
    await connector.close()


def outgoing(room: str, to: str = "", text: str = "안녕하세요, 괜찮으세요?") -> Outgoing:
    return Outgoing(
        id="out-1",
        source="telegram",
        conversation=room,
        text=text,
        language="ko",
        agency=AGENCY["ko"],
        author="counsellor",
        recipient=to,
    )


async def told(service: Service, group: int, times: int = 1) -> None:
    await until(lambda: len(service.telegram.ours(group)) >= times, "the group is told")
    await asyncio.sleep(0.1)


async def test_members_nobody_listed_are_told_by_the_one_notice_where_joiners_are_known(
    service: Service,
) -> None:
    group = service.telegram.add_group([FIRST, SECOND])
    async with Running(service) as running:
        await told(service, group)
        assert len(service.telegram.pinned) == 1
        service.telegram.say(group, SECOND, "안녕")
        await until(lambda: running.heard(str(group)), "the second member is read at once")
        assert len(service.telegram.ours(group)) == 1


async def test_where_the_bot_is_no_administrator_a_first_speaker_is_told_before_being_read(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansim.sources.telling.JOINED_EVERY", 0.0)
    group = service.telegram.add_group([FIRST, SECOND], administrator=False)
    async with Running(service) as running:
        await told(service, group)
        service.telegram.say(group, SECOND, "누가 왔네")
        await told(service, group, 2)
        await asyncio.sleep(1.1)  # Telegram counts whole seconds
        service.telegram.say(group, SECOND, "이제 읽어도 돼")
        await until(lambda: running.heard(str(group)), "now they are read")
        assert [each.text for each in running.heard(str(group))] == ["이제 읽어도 돼"]
        assert any("관리자" in each for each in running.told.troubles)


async def test_a_topic_of_a_forum_is_a_conversation_of_its_own_and_is_answered_there(
    service: Service,
) -> None:
    group = service.telegram.add_group([FIRST, SECOND], forum=True)
    async with Running(service) as running:
        await told(service, group)
        service.telegram.say(
            group, FIRST, "여기서 얘기하자", message_thread_id=77, is_topic_message=True
        )
        service.telegram.say(group, FIRST, "답글이야", message_thread_id=5)  # no topic: a reply
        topic = f"{group}/77"
        await until(lambda: running.heard(topic) and running.heard(str(group)), "both are heard")
        assert (await running.send(outgoing(topic))).state is DeliveryState.SENT
        assert service.telegram.said[group][-1]["message_thread_id"] == 77


async def test_pictures_with_captions_and_contacts_are_heard_without_content_or_names(
    service: Service,
) -> None:
    group = service.telegram.add_group([FIRST, SECOND])
    async with Running(service) as running:
        await told(service, group)
        telegram = service.telegram
        telegram.say(group, FIRST, photo=[{"file_id": "a"}], caption="이거 봐")
        telegram.say(group, FIRST, voice={"file_id": "b", "mime_type": "audio/ogg"})
        telegram.say(group, FIRST, contact={"phone_number": "1", "first_name": "누구"})
        telegram.say(group, FIRST, sticker={"file_id": "c", "emoji": "🙂"})
        telegram.say(group, FIRST, venue={"title": "집"}, location={"latitude": 1.0})
        await until(lambda: len(running.heard(str(group))) == 5, "all are heard")
        found = [(each.text, each.attachments[0]) for each in running.heard(str(group))]
        assert [(text, file.kind, file.name) for text, file in found] == [
            ("이거 봐", AttachmentKind.IMAGE, ""),
            ("", AttachmentKind.AUDIO, ""),
            ("", AttachmentKind.CONTACT, ""),
            ("", AttachmentKind.STICKER, "🙂"),
            ("", AttachmentKind.LOCATION, ""),
        ]
        assert all(len(each.attachments) == 1 for each in running.heard(str(group)))


async def test_what_was_said_before_the_notice_stays_unread_when_it_is_edited_after_it(
    service: Service,
) -> None:
    group = service.telegram.add_group([FIRST, SECOND])
    before = service.telegram.say(group, FIRST, "안내 전의 말")
    await asyncio.sleep(1.1)
    async with Running(service) as running:
        await told(service, group)
        await asyncio.sleep(1.1)
        service.telegram.edit(group, before, "안내 전의 말을 고침")
        service.telegram.say(group, FIRST, "안내 뒤의 말")
        await until(lambda: running.heard(str(group)), "what followed is heard")
        assert [each.text for each in running.heard(str(group))] == ["안내 뒤의 말"]


async def test_two_edits_within_a_second_are_two_messages(service: Service) -> None:
    group = service.telegram.add_group([FIRST, SECOND])
    async with Running(service) as running:
        await told(service, group)
        number = service.telegram.say(group, FIRST, "처음")
        service.telegram.edit(group, number, "둘째")
        service.telegram.edit(group, number, "셋째")
        await until(lambda: len(running.heard(str(group))) == 3, "both edits are heard")
        original, *edits = running.heard(str(group))
        assert [each.text for each in edits] == ["둘째", "셋째"]
        assert {each.replaces for each in edits} == {original.id}
        assert sorted([original, *edits], key=lambda each: (each.at, each.id))[0] is original


async def test_away_for_more_than_a_day_is_a_gap_and_every_group_is_told_anew(
    service: Service,
) -> None:
    group = service.telegram.add_group([FIRST, SECOND])
    memory = MemoryInProcess()
    async with Running(service, memory=memory) as running:
        await told(service, group)
        service.telegram.say(group, FIRST, "안녕")
        await until(lambda: running.heard(str(group)), "it is heard")
        await until(lambda: "reached" in memory.held, "it is remembered")
    reached = msgspec.json.decode(memory.held["reached"], type=Reached)
    then = time.time() - 3 * DAY
    memory.held["reached"] = msgspec.json.encode(msgspec.structs.replace(reached, at=then))
    service.telegram.say(group, SECOND, "그동안의 말")
    async with Running(service, memory=memory) as running:
        await told(service, group, 2)
        (gap,) = running.told.gaps
        assert gap.since == pytest.approx(then)
        assert gap.until == pytest.approx(time.time() - DAY, abs=60)
        assert running.heard(str(group)) == [], "nobody knew then who was in the room"


async def test_updates_are_given_back_to_nobody_once_they_are_stored_and_remembered(
    service: Service,
) -> None:
    group = service.telegram.add_group([FIRST, SECOND])
    memory = MemoryInProcess()
    async with Running(service, memory=memory) as running:
        await told(service, group)
        for number in range(250):
            service.telegram.say(group, FIRST, f"{number}번")
        await until(lambda: len(running.heard(str(group))) == 250, "all of them are heard")
        assert len(running.intake.handed) == 250
        await until(lambda: not service.telegram.pending, "Telegram forgets them")
    async with Running(service, memory=memory) as running:
        service.telegram.say(group, FIRST, "그 뒤")
        await until(lambda: running.heard(str(group)), "it goes on")
        assert [each.text for each in running.heard(str(group))] == ["그 뒤"]


async def test_only_entered_groups_are_told_and_read(service: Service) -> None:
    wanted = service.telegram.add_group([FIRST, SECOND])
    other = service.telegram.add_group([FIRST, SECOND])
    wiring = service.wiring()
    entered = Wiring(
        settings={**wiring.settings, "groups": str(wanted)},
        credentials=wiring.credentials,
        notices=wiring.notices,
    )
    async with Running(service, wiring=entered) as running:
        await told(service, wanted)
        service.telegram.say(other, FIRST, "다른 방")
        service.telegram.say(wanted, FIRST, "이 방")
        await until(lambda: running.heard(str(wanted)), "the one entered is read")
        assert running.heard(str(other)) == []
        assert service.telegram.ours(other) == []


async def test_where_all_must_agree_a_silent_member_keeps_the_group_unread(
    service: Service,
) -> None:
    group = service.telegram.add_group([FIRST, SECOND, LATER])
    wiring = msgspec.structs.replace(service.wiring(), rule=Rule.AGREED)
    async with Running(service, wiring=wiring) as running:
        await told(service, group)
        service.telegram.say(group, FIRST, "!동의")
        service.telegram.say(group, SECOND, "!동의")
        await asyncio.sleep(0.2)
        service.telegram.say(group, FIRST, "한 사람이 아직이야")
        await asyncio.sleep(0.5)
        assert running.heard(str(group)) == []
        service.telegram.say(group, LATER, "!동의")
        await asyncio.sleep(0.2)
        service.telegram.say(group, FIRST, "이제 모두")
        await until(lambda: running.heard(str(group)), "it is read")
        assert [each.text for each in running.heard(str(group))] == ["이제 모두"]


async def test_a_group_that_put_the_bot_out_tells_so_and_is_told_anew_when_it_comes_back(
    service: Service,
) -> None:
    group = service.telegram.add_group([FIRST, SECOND])
    async with Running(service) as running:
        await told(service, group)
        telegram = service.telegram
        telegram.members[group][BOT] = "kicked"
        telegram.tell("my_chat_member", telegram._change(group, FIRST, BOT, "member", "kicked"))
        delivery = await running.send(outgoing(str(group)))
        assert delivery.state is DeliveryState.FAILED
        await asyncio.sleep(0.3)
        telegram.members[group][BOT] = "administrator"
        change = telegram._change(group, FIRST, BOT, "kicked", "administrator")
        telegram.tell("my_chat_member", change)
        await told(service, group, 2)
        assert telegram.ours(group)[0] == telegram.ours(group)[1]


async def test_who_writes_to_the_bot_is_greeted_once_and_pressing_start_is_no_message(
    service: Service,
) -> None:
    async with Running(service) as running:
        service.telegram.say(SECOND, SECOND, "/start")
        service.telegram.say(SECOND, SECOND, "도와주세요")
        await until(lambda: running.heard(str(SECOND)), "it is heard")
        (message,) = running.heard(str(SECOND))
        assert message.to_agency is True
        assert len(service.telegram.ours(SECOND)) == 1
        assert "1388" in service.telegram.ours(SECOND)[0]
        assert (await running.send(outgoing(str(SECOND)))).state is DeliveryState.SENT


async def test_who_never_wrote_to_the_bot_cannot_be_written_to_and_is_greeted_when_they_do(
    service: Service,
) -> None:
    stranger = 800000009
    group = service.telegram.add_group([FIRST, stranger])
    async with Running(service) as running:
        await told(service, group)
        delivery = await running.send(outgoing(str(group), to=str(stranger)))
        assert delivery.state is DeliveryState.FAILED
        assert "먼저 말을 건 적이 없" in delivery.detail
        service.telegram.say(stranger, stranger, "누구세요?")
        await until(lambda: running.heard(str(stranger)), "it is a conversation of its own")
        assert len(service.telegram.ours(stranger)) == 1


async def test_words_cut_short_are_unknown_and_a_long_limit_says_nothing_yet(
    service: Service, speaking: TelegramConnector
) -> None:
    group = service.telegram.add_group([FIRST, SECOND])
    service.telegram.swallow = 1
    assert (await speaking.send(outgoing(str(group)))).state is DeliveryState.UNKNOWN
    assert service.telegram.posted == 1
    service.telegram.answers = [too_many(600)]
    with pytest.raises(ConnectionError):
        await speaking.send(outgoing(str(group)))
    service.telegram.answers = [(502, {"ok": False, "description": "Bad Gateway"})]
    assert (await speaking.send(outgoing(str(group)))).state is DeliveryState.UNKNOWN
    assert service.telegram.posted == 1
    await service.cut()
    with pytest.raises(ConnectionError):
        await speaking.send(outgoing(str(group)))


async def test_a_group_that_became_a_supergroup_is_written_to_under_its_new_id(
    service: Service, speaking: TelegramConnector
) -> None:
    group = service.telegram.add_group([FIRST, SECOND])
    moved = {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": group},
    }
    service.telegram.answers = [(400, moved)]
    assert (await speaking.send(outgoing("-100"))).state is DeliveryState.SENT
    assert len(service.telegram.ours(group)) == 1


async def test_a_bot_that_is_used_elsewhere_or_has_no_right_token_stops_with_a_sentence(
    service: Service, speaking: TelegramConnector
) -> None:
    async def intake(source: str, messages: object) -> list[object]:
        raise AssertionError("nothing to take")

    service.telegram.webhook = True
    with pytest.raises(Revoked, match="웹훅"):
        await speaking.receive(intake)  # type: ignore[arg-type]
    service.telegram.revoke()
    with pytest.raises(Revoked) as why:
        await speaking.receive(intake)  # type: ignore[arg-type]
    assert TOKEN not in str(why.value)
    delivery = await speaking.send(outgoing(str(FIRST)))
    assert delivery.state is DeliveryState.FAILED
    assert TOKEN not in delivery.detail


async def test_an_odd_update_harms_no_other_and_nothing_said_is_logged(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    group = service.telegram.add_group([FIRST, SECOND])
    async with Running(service) as running:
        await told(service, group)
        telegram = service.telegram
        telegram.say(group, FIRST, "반쪽 \ud83d 그리고 \0")
        telegram.tell("message", {"chat": {"id": group}, "new_chat_members": 7})
        telegram.tell("message", {"chat": {"id": group, "type": "supergroup"}, "from": "누구"})
        telegram.say(group, FIRST, "멀쩡한 말", entities=[{"type": "?"}])
        await until(lambda: len(running.heard(str(group))) == 2, "both are heard")
        first, second = running.heard(str(group))
        assert "\ud83d" not in first.text
        assert "\0" not in first.text
        assert second.text == "멀쩡한 말"
    logged = [each for each in caplog.messages if "멀쩡한" in each or TOKEN in each]
    assert logged == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"message_id": 1, "chat": {"id": 1, "type": "channel"}, "from": {"id": 2}, "text": "a"},
        {"message_id": "1", "chat": {"id": 1, "type": "group"}, "from": {"id": 2}, "text": "a"},
        {"message_id": 1, "chat": {"id": "x", "type": "group"}, "from": {"id": 2}, "text": "a"},
        {"message_id": 1, "chat": {"id": 1, "type": "group"}, "from": [], "text": "a"},
        {"message_id": 1, "chat": {"id": 1, "type": "group"}, "from": {"id": 2}, "text": ["a"]},
        {
            "message_id": 1,
            "chat": {"id": 1, "type": "group"},
            "from": {"id": 2, "is_bot": True},
            "text": "a",
        },
    ],
)
def test_what_is_no_message_of_a_person_in_a_group_says_nothing(data: dict[str, object]) -> None:
    assert said(data) is None


def test_messages_of_one_second_keep_the_order_of_their_numbers() -> None:
    times = [moment(1_700_000_000, number) for number in range(7, 12)]
    assert times == sorted(times)
    assert moment(1_700_000_000, 11) < moment(1_700_000_001, 12)
