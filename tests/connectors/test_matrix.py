"""What is special about Matrix, against a real Synapse: whom it tells, declines and answers."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansim.chat import AttachmentKind, SourceKind
from ansim.chat.message import MAX_TEXT_BYTES
from ansim.sources.contract import ContentGone, DeliveryState, Incoming, Outgoing, Revoked
from ansim.sources.matrix import saying, timeline
from ansim.sources.matrix.homeserver import Homeserver
from ansim.sources.matrix.rooms import LANGUAGE
from ansim.sources.matrix.spoken import spoken
from ansim.sources.wiring import MemoryInProcess, Opening, Wiring
from tests.connectors.platforms.matrix import Account, Content, Service, change
from tests.connectors.running import AGENCY, Running, Told, carry, until
from tests.connectors.standins import files
from tests.connectors.synapse import Synapse

ENCRYPTED = {"algorithm": "m.megolm.v1.aes-sha2"}
TOLD = "함께 읽습니다"
TOLD_IN_ENGLISH = "we read along"
HELLO = "이야기해 줘서 고마워요"
DECLINED = "암호화된 방에는 들어가지 않습니다"
QUIET = 0.7
"""Seconds in which what must not come would have come."""


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    await service.start()
    yield service
    await service.stop()


def words(room: str, text: str, recipient: str = "", name: str = "") -> Outgoing:
    return Outgoing(
        id=name or f"o-{secrets.token_hex(6)}",
        source="matrix",
        conversation=room,
        text=text,
        language="ko",
        agency=AGENCY["ko"],
        author="7",
        recipient=recipient,
    )


async def told(service: Service, room: str, who: int = 0, text: str = TOLD, times: int = 1) -> None:
    async def found() -> bool:
        return sum(text in each for each in await service.seen(room, who)) >= times

    await until(found, "the notice")


async def heard_text(running: Running, room: str, text: str) -> Incoming:
    await until(lambda: any(e.text == text for e in running.heard(room)), f"“{text}” is heard")
    return next(each for each in running.heard(room) if each.text == text)


def texts(running: Running, room: str) -> list[str]:
    return [each.text for each in running.heard(room)]


async def membership(by: Account, room: str, account: str) -> Content:
    return await by.ask("GET", f"/rooms/{quote(room)}/state/m.room.member/{quote(account)}")


async def gone(service: Service, room: str, who: int = 0) -> Content:
    """What stands in the room about our account's leaving, once it left."""

    async def left() -> bool:
        found = await membership(service.everybody[who], room, service.bot.id)
        return bool(found["membership"] == "leave")

    await until(left, "the bot leaves")
    return await membership(service.everybody[who], room, service.bot.id)


async def test_a_public_room_that_was_entered_is_joined_told_and_read(service: Service) -> None:
    person = service.everybody[0]
    name = f"study-{service.crew}"
    room = await person.create(preset="public_chat", room_alias_name=name)
    await person.say(room, "먼저 한 말")
    wiring = service.wiring()
    wiring.settings["rooms"] = f"#{name}:{service.synapse.name}\n#nothing:{service.synapse.name}"
    source = msgspec.structs.replace(service.source(), kind=SourceKind.PUBLIC_ROOM)
    async with Running(service, wiring=wiring, source=source) as running:
        await told(service, room)
        await person.say(room, "안내 뒤에 한 말")
        await heard_text(running, room, "안내 뒤에 한 말")
        assert texts(running, room) == ["안내 뒤에 한 말"]
        assert any("들어가지 못했습니다" in each for each in running.told.troubles)


async def test_a_source_of_public_rooms_enters_no_room_that_is_closed(service: Service) -> None:
    source = msgspec.structs.replace(service.source(), kind=SourceKind.PUBLIC_ROOM)
    async with Running(service, source=source) as running:
        room = await service.room()
        await gone(service, room)
        await service.say(room, 0, "우리끼리 하는 말")
        await asyncio.sleep(QUIET)
        assert texts(running, room) == []
        assert await service.seen(room, 0) == []


async def test_an_invitation_to_an_encrypted_room_is_declined_with_a_polite_line(
    service: Service,
) -> None:
    person = service.everybody[0]
    state = [{"type": "m.room.encryption", "state_key": "", "content": ENCRYPTED}]
    async with Running(service):
        room = await person.create(service.bot.id, initial_state=state)
        left = await gone(service, room)
        assert DECLINED in left["reason"]
        assert AGENCY["ko"] in left["reason"]
        assert all(
            event["content"].get("membership") != "join"
            for event in await person.timeline(room)
            if event.get("state_key") == service.bot.id
        )


async def test_a_room_that_becomes_encrypted_is_left_with_a_word_and_read_no_more(
    service: Service,
) -> None:
    async with Running(service) as running:
        room = await service.room()
        await told(service, room)
        await service.say(room, 0, "아직 들리는 말")
        await heard_text(running, room, "아직 들리는 말")
        await service.everybody[0].put(room, "m.room.encryption", ENCRYPTED)
        left = await gone(service, room)
        assert DECLINED in left["reason"]
        assert any(DECLINED in each for each in await service.seen(room, 0))
        delivery = await carry(running, words(room, "이제 할 수 없는 말"))
        assert delivery.state is DeliveryState.FAILED


async def test_a_room_that_says_its_language_is_told_in_it(service: Service) -> None:
    first, second, _ = service.everybody
    language = [{"type": LANGUAGE, "state_key": "", "content": {"language": "en"}}]
    async with Running(service):
        room = await first.create(second.id, service.bot.id, initial_state=language)
        await told(service, room, text=TOLD_IN_ENGLISH)
        assert not any(TOLD in each for each in await service.seen(room, 0))


async def test_where_the_bot_may_not_speak_nothing_is_read_and_other_rooms_go_on(
    service: Service,
) -> None:
    person = service.everybody[0]
    async with Running(service) as running:
        mute = await person.create(
            service.bot.id, service.account(1), power_level_content_override={"events_default": 50}
        )
        room = await service.room()
        await told(service, room)
        await person.say(mute, "여기서는 말할 수 없는 방")
        await service.say(room, 0, "다른 방에서 한 말")
        await heard_text(running, room, "다른 방에서 한 말")
        await asyncio.sleep(QUIET)
        assert texts(running, mute) == []
        assert running.told.troubles


async def test_invitations_are_declined_where_the_operator_wants_none(service: Service) -> None:
    wiring = service.wiring()
    wiring.settings["accept_invitations"] = "no"
    async with Running(service, wiring=wiring):
        room = await service.room()
        await gone(service, room)
        assert await service.seen(room, 0) == []


async def test_who_removes_the_bot_and_invites_it_again_is_told_again(service: Service) -> None:
    person = service.everybody[0]
    async with Running(service) as running:
        room = await service.room()
        await told(service, room)
        await person.ask("POST", f"/rooms/{quote(room)}/kick", {"user_id": service.bot.id})
        await person.say(room, "우리끼리 한 말")
        await person.invite(room, service.bot.id)
        await told(service, room, times=2)
        await service.say(room, 1, "다시 들리는 말")
        await heard_text(running, room, "다시 들리는 말")
        assert texts(running, room) == ["다시 들리는 말"]


async def test_replies_emotes_stickers_captions_and_locations_are_read_for_what_is_said(
    service: Service,
) -> None:
    async with Running(service) as running:
        room = await service.room()
        await told(service, room)
        person = service.everybody[0]
        first = await person.say(room, "주말에 뭐 해?")
        reply = {"m.in_reply_to": {"event_id": first}}
        quoted = "> <@a:b> 주말에 뭐 해?\n> 정말?\n\n> 아무것도 아니야"
        await person.post(room, {"msgtype": "m.text", "body": quoted, "m.relates_to": reply})
        await person.post(room, {"msgtype": "m.emote", "body": "웃는다"})
        await person.post(room, {"msgtype": "m.notice", "body": "다른 봇의 말"})
        await person.post(room, {"body": "고양이", "url": "mxc://a/b", "info": {}}, "m.sticker")
        caption = {"msgtype": "m.image", "body": "우리 강아지", "filename": "dog.png", "url": ""}
        await person.post(room, caption)
        where = {"msgtype": "m.location", "body": "우리집", "geo_uri": "geo:37.5,127.0"}
        await person.post(room, where)
        await person.say(room, "끝")
        await heard_text(running, room, "끝")
        found = running.heard(room)
        assert texts(running, room) == [
            *("주말에 뭐 해?", "> 아무것도 아니야", "웃는다", "", "우리 강아지", "", "끝")
        ]
        kinds = [(a.kind, a.name) for each in found for a in each.attachments]
        assert kinds == [
            (AttachmentKind.STICKER, "고양이"),
            (AttachmentKind.IMAGE, "dog.png"),
            (AttachmentKind.LOCATION, ""),
        ]
        assert all(each.to_agency is False for each in found)


async def test_a_picture_that_was_uploaded_arrives_as_it_was(service: Service) -> None:
    """From the homeserver itself, which hands media on to whoever shows a token."""
    person = service.everybody[0]
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(
            f"{service.synapse.address}/_matrix/media/v3/upload",
            content=files.CONTENT,
            headers={"Authorization": f"Bearer {person.token}", "Content-Type": "image/png"},
        )
    uploaded = answer.json()["content_uri"]
    settings = {**service.wiring().settings, "homeserver": service.synapse.address}
    wiring = msgspec.structs.replace(service.wiring(), settings=settings)
    async with Running(service, wiring=wiring) as running:
        room = await service.room()
        await told(service, room)
        for url in (uploaded, "mxc://matrix.test/thereisnone"):
            await person.post(room, {"msgtype": "m.image", "body": "a.png", "url": url})
        await person.say(room, "끝")
        await heard_text(running, room, "끝")
        there, missing = [each.contents[0] for each in running.heard(room) if each.attachments]
        assert there is not None
        assert missing is not None
        assert await there.fetch(1_000_000) == files.CONTENT
        with pytest.raises(ContentGone, match="refused"):
            await missing.fetch(1_000_000)


async def test_nobody_changes_the_words_of_another(service: Service) -> None:
    async with Running(service) as running:
        room = await service.room()
        await told(service, room)
        mine = await service.say(room, 0, "내가 한 말")
        await service.everybody[1].post(room, change(mine, "남이 바꾼 말"))
        found = await heard_text(running, room, "* 남이 바꾼 말")
        assert found.replaces == ""
        assert found.author == service.account(1)
        await service.edit(room, 0, mine, "내가 바꾼 말")
        assert (await heard_text(running, room, "내가 바꾼 말")).replaces == mine


async def test_a_removal_by_a_moderator_names_whose_words_it_were_also_after_they_left(
    service: Service,
) -> None:
    moderator, _, _ = service.everybody
    async with Running(service) as running:
        room = await service.room()
        await told(service, room)
        mine = await service.say(room, 1, "지워질 말")
        await heard_text(running, room, "지워질 말")
        await service.everybody[1].leave(room)
        await moderator.redact(room, mine)
        await until(lambda: any(e.deleted for e in running.heard(room)), "the removal is told")
        removal = running.heard(room)[-1]
        assert (removal.replaces, removal.author, removal.text) == (mine, service.account(1), "")


async def test_hundreds_of_messages_of_a_time_away_come_whole_and_in_order(
    service: Service,
) -> None:
    memory = MemoryInProcess()
    async with Running(service, memory=memory) as running:
        room = await service.room()
        await told(service, room)
        await service.say(room, 0, "먼저")
        await heard_text(running, room, "먼저")
    said = [f"{number}번째 말" for number in range(150)]
    for number, text in enumerate(said):
        await service.say(room, number % 2, text)
    async with Running(service, memory=memory) as running:
        await heard_text(running, room, said[-1])
        assert texts(running, room) == said
        assert running.told.gaps == []


async def test_what_is_too_far_back_is_told_as_a_gap(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "MOST_EVENTS", 50)
    memory = MemoryInProcess()
    async with Running(service, memory=memory) as running:
        room = await service.room()
        await told(service, room)
        await service.say(room, 0, "먼저")
        await heard_text(running, room, "먼저")
    said: dict[str, float] = {}
    for number in range(170):
        said[f"{number}번째 말"] = time.time()
        await service.say(room, number % 2, f"{number}번째 말")
    async with Running(service, memory=memory) as running:
        await heard_text(running, room, "169번째 말")
        found = texts(running, room)
        assert found == [text for text in said if text in found]
        (gap,) = running.told.gaps
        lost = [at for text, at in said.items() if text not in found]
        assert lost
        assert all(gap.since <= at <= gap.until for at in lost)


async def test_a_homeserver_that_is_restarted_is_heard_on(tmp_path: Path) -> None:
    service = Service(Synapse(tmp_path / "synapse"))
    await service.start()
    try:
        async with Running(service) as running:
            room = await service.room()
            await told(service, room)
            await service.say(room, 0, "그 전에 한 말")
            await heard_text(running, room, "그 전에 한 말")
            await asyncio.to_thread(service.synapse.stop)
            await asyncio.to_thread(service.synapse.start)
            await service.say(room, 0, "그 뒤에 한 말")
            await heard_text(running, room, "그 뒤에 한 말")
            assert texts(running, room) == ["그 전에 한 말", "그 뒤에 한 말"]
            assert (await carry(running, words(room, "상담원의 말"))).state is DeliveryState.SENT
    finally:
        await service.stop()
        await asyncio.to_thread(service.synapse.stop)


async def test_who_writes_to_the_bot_alone_is_greeted_once_and_heard_from_the_first_word(
    service: Service,
) -> None:
    youth = service.everybody[0]
    async with Running(service) as running:
        room = await youth.create(service.bot.id, is_direct=True)
        await youth.say(room, "도와주세요")
        await told(service, room, text=HELLO)
        await youth.say(room, "무서워요")
        await heard_text(running, room, "무서워요")
        assert texts(running, room) == ["도와주세요", "무서워요"]
        assert all(each.to_agency is True for each in running.heard(room))
        assert len(await service.seen(room, 0)) == 1
        delivery = await carry(running, words(room, "제가 있어요", youth.id))
        assert (delivery.state, delivery.detail) == (DeliveryState.SENT, "")
        await told(service, room, text="제가 있어요")


async def test_a_third_person_in_a_room_with_the_agency_alone_is_told_before_being_read(
    service: Service,
) -> None:
    youth, other, _ = service.everybody
    async with Running(service) as running:
        room = await youth.create(service.bot.id, is_direct=True)
        await told(service, room, text=HELLO)
        await youth.invite(room, other.id)
        await other.join(room)
        await told(service, room)
        await other.say(room, "안녕하세요")
        assert (await heard_text(running, room, "안녕하세요")).to_agency is False


async def test_rooms_found_at_first_are_told_and_what_was_said_in_them_is_never_read(
    service: Service,
) -> None:
    room = await service.room()
    await service.bot.join(room)
    alone = await service.everybody[0].create(service.bot.id, is_direct=True)
    await service.bot.join(alone)
    for each in (room, alone):
        await service.say(each, 0, "한참 전에 한 말")
    async with Running(service) as running:
        await told(service, room)
        await told(service, alone, text=HELLO)
        for each in (room, alone):
            await service.say(each, 0, "이제 한 말")
            await heard_text(running, each, "이제 한 말")
            assert texts(running, each) == ["이제 한 말"]


async def test_private_words_wait_for_the_invitation_and_answers_come_into_the_conversation(
    service: Service,
) -> None:
    memory = MemoryInProcess()
    youth = service.everybody[1]
    async with Running(service, memory=memory) as running:
        room = await service.room()
        await told(service, room)
        question = words(room, "괜찮아요?", youth.id)
        first = await carry(running, question)
        assert first.state is DeliveryState.WAITING, "nobody has seen it yet"
        assert "초대" in first.detail
        answer = await service.answer(room, 1, "네")
        assert (await carry(running, question)).state is DeliveryState.SENT
        assert len(await service.seen_privately(1)) == 1
        found = await heard_text(running, room, "네")
        assert (found.id, found.author, found.to_agency) == (answer, youth.id, True)
        (private,) = await youth.direct_rooms(service.bot.id)
        await service.edit(private, 1, answer, "아니요")
        changed = await heard_text(running, room, "아니요")
        assert (changed.replaces, changed.to_agency) == (answer, True)
        with pytest.raises(httpx.HTTPStatusError):
            await youth.invite(private, service.account(0))
    async with Running(service, memory=memory) as running:  # as after a restart
        again = await carry(running, words(room, "더 말해 줄래요?", youth.id))
        assert (again.state, again.detail) == (DeliveryState.SENT, "")
        assert await youth.direct_rooms(service.bot.id) == [private]
        await youth.leave(private)
        third = await carry(running, words(room, "언제든 말해요", youth.id))
        assert third.state is DeliveryState.WAITING
        assert any("언제든 말해요" in each for each in await service.seen_privately(1))
        await youth.say(private, "돌아왔어요")
        assert (await heard_text(running, room, "돌아왔어요")).to_agency is True
        assert not any("괜찮아요?" in each for each in await service.seen(room, 0))


async def test_private_words_that_are_never_accepted_fail_in_the_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    declining, ignoring, _ = service.everybody
    async with Running(service) as running:
        room = await service.room()
        await told(service, room)
        first = words(room, "괜찮아요?", declining.id)
        assert (await carry(running, first)).state is DeliveryState.WAITING
        (invitation,) = (await declining.ask("GET", "/sync", timeout=0))["rooms"]["invite"]
        await declining.leave(invitation)
        declined = await carry(running, first)
        assert declined.state is DeliveryState.FAILED
        assert "초대" in declined.detail
        second = words(room, "괜찮아요?", ignoring.id)
        assert (await carry(running, second)).state is DeliveryState.WAITING
        monkeypatch.setattr(saying, "ACCEPT_SECONDS", 0.0)
        assert (await carry(running, second)).state is DeliveryState.FAILED


async def test_a_private_room_left_over_from_a_crash_is_left(service: Service) -> None:
    youth = service.everybody[0]
    room = await service.bot.create(youth.id, is_direct=True)
    await youth.join(room)
    async with Running(service) as running:
        await gone(service, room)
        await youth.say(room, "아무도 없네")
        await asyncio.sleep(QUIET)
        assert running.intake.handed == []


async def test_with_a_password_it_logs_in_by_itself_and_again_when_it_was_logged_out(
    service: Service,
) -> None:
    wiring = service.wiring()
    wiring.credentials.clear()
    wiring.credentials["password"] = "password"
    memory = MemoryInProcess()
    async with Running(service, wiring=wiring, memory=memory) as running:
        room = await service.room()
        await told(service, room)
        before = memory.held["token"].decode()
        logged_out = Account(service.synapse.address, service.bot.id, before)
        await logged_out.ask("POST", "/logout", {})
        await logged_out.close()
        await service.say(room, 0, "새로 들리는 말")
        await heard_text(running, room, "새로 들리는 말")
        assert memory.held["token"].decode() != before
    async with Running(service, wiring=wiring, memory=memory) as running:
        same = words(room, "한 번만 할 말")
        await carry(running, same)
        await carry(running, same)
        assert sum("한 번만 할 말" in each for each in await service.seen(room, 0)) == 1


@pytest.mark.parametrize("wrong", ["password", "account", "nothing"])
async def test_credentials_that_do_not_fit_stop_it_with_a_sentence(
    service: Service, wrong: str
) -> None:
    wiring = service.wiring()
    if wrong == "account":
        wiring.settings["user_id"] = service.account(0)
    else:
        wiring.credentials.clear()
    if wrong == "password":
        wiring.credentials["password"] = "not the password"
    async with Running(service, wiring=wiring) as running:
        await until(lambda: running.ended, "it ends")
        assert isinstance(running.ended, Revoked)
        assert "/" in str(running.ended)
        delivery = await running.send(words("!a:b", "갈 수 없는 말"))
        assert delivery.state is DeliveryState.FAILED


async def test_the_token_never_stands_in_an_address() -> None:
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    service = Service()
    wiring = Wiring(
        settings={"homeserver": f"http://127.0.0.1:{port}", "user_id": "@a:b"},
        credentials={"access_token": "secret-token"},
    )
    opening = Opening(
        source=service.source(), wiring=wiring, memory=MemoryInProcess(), health=Told()
    )
    homeserver = Homeserver(opening)
    with suppress(ConnectionError):
        await homeserver.open()
    with suppress(ConnectionError):
        await homeserver.sync("s1")
    await homeserver.close()
    server.close()
    assert len(asked) >= 2
    for request in asked:
        assert "secret-token" not in request.splitlines()[0]
        assert "Authorization: Bearer secret-token" in request


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = ["msgtype", "body", "m.relates_to", "m.new_content", "filename", "info", "redacts"]
CONTENT = st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON
KINDS = ["m.room.message", "m.sticker", "m.room.redaction"]


@given(
    kind=st.sampled_from(KINDS) | JSON,
    content=CONTENT,
    sender=st.text(max_size=600) | JSON,
    name=st.text(max_size=300) | JSON,
    at=JSON,
)
def test_no_event_of_a_stranger_breaks_the_reading(
    kind: Any, content: Any, sender: Any, name: Any, at: Any
) -> None:
    event = {"type": kind, "content": content, "sender": sender, "event_id": name}
    found = spoken({**event, "origin_server_ts": at}, "!room", 2e9)
    if found is not None:
        assert 0 < len(found.id) <= 200
        assert 0 < len(found.author) <= 500
        assert len(found.text.encode()) <= MAX_TEXT_BYTES
        assert 0 <= found.at <= 2e9


def test_odd_texts_are_cut_and_cleaned() -> None:
    def said(**content: Any) -> Incoming:
        event = {"type": "m.room.message", "sender": "@a:b", "event_id": "$1", "content": content}
        found = spoken({**event, "origin_server_ts": 1000}, "!room", 2e9)
        assert found is not None
        return found

    assert said(msgtype="m.text", body="a\0b\ud800").text == "a\ufffdb\ufffd"
    assert said(msgtype="m.text", body="가" * 40_000).text.endswith("[잘림 / cut]")
    assert said(msgtype="m.text", body=["not", "a", "text"]).text == ""
    assert said(msgtype=["m.image"], body="text of an unknown kind").text.startswith("text")
    huge = {"type": "m.room.message", "sender": "@a:b", "event_id": "$" + "x" * 254}
    found = spoken({**huge, "content": {"body": "hi"}, "origin_server_ts": "?"}, "!room", 5.0)
    assert found is not None
    assert found.id.startswith("sha256:")
    assert found.at == 5.0
