"""Mastodon's own ways: what is public, threads without hashtags, late posts, limits, keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from ansim.chat import AttachmentKind
from ansim.chat.message import MAX_TEXT_BYTES
from ansim.sources.content import Fetched
from ansim.sources.contract import ContentGone, DeliveryState, IntakeRefused, Outgoing
from ansim.sources.fitting import CUT
from ansim.sources.mastodon import mouth
from ansim.sources.mastodon.spoken import plain, said
from ansim.sources.places import ODD_PLACE, Places
from ansim.sources.wiring import MemoryInProcess
from tests.connectors.platforms.mastodon import PEOPLE, TAG, Service
from tests.connectors.running import AGENCY, Running, until
from tests.connectors.standins.files import CONTENT
from tests.host import Answer, Host

FIRST, SECOND, LATER = PEOPLE


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    await service.start()
    yield service
    await service.stop()


def outgoing(room: str, text: str = "괜찮아요?", name: str = "out-1") -> Outgoing:
    return Outgoing(
        id=name,
        source="mastodon",
        conversation=room,
        text=text,
        language="ko",
        agency=AGENCY["ko"],
        author="counsellor",
    )


async def test_only_what_is_public_is_read_also_in_the_middle_of_a_public_thread(
    service: Service,
) -> None:
    room = await service.room()
    server = service.mastodon
    async with Running(service) as running:
        for visibility in ("unlisted", "private", "direct", "odd"):
            server.post(SECOND, f"{visibility} 글", room, visibility=visibility)
            server.post(SECOND, f"{visibility} 글 #{TAG}", visibility=visibility)
        hidden = server.post(SECOND, "조용한 글", room, visibility="unlisted")["id"]
        answer = server.post(FIRST, "공개 답글", hidden)["id"]
        await until(lambda: answer in [m.id for m in running.heard(room)], "what is public is read")
        await asyncio.sleep(0.4)
        assert [m.id for m in running.intake.handed if m.id not in (room, answer)] == []


async def test_a_hashtag_deep_in_a_thread_brings_the_whole_thread_as_one_conversation(
    service: Service,
) -> None:
    server = service.mastodon
    first = server.post(FIRST, "태그 없는 첫 글")["id"]
    second = server.post(SECOND, "답글", first)["id"]
    async with Running(service) as running:
        await asyncio.sleep(0.3)
        assert running.intake.handed == []
        third = server.post(FIRST, f"여기 봐 #{TAG}", second)["id"]
        await until(lambda: len(running.heard(first)) == 3, "the thread is heard")
        assert [m.id for m in running.heard(first)] == [first, second, third]
        assert {m.conversation for m in running.intake.handed} == {first}


async def test_every_version_between_two_looks_is_heard_in_order(service: Service) -> None:
    room = await service.room()
    memory = MemoryInProcess()
    async with Running(service, memory=memory) as running:
        await until(lambda: running.heard(room), "the room is read")
    message = await service.say(room, 0, "처음")
    service.mastodon.edit(message, "둘째")
    service.mastodon.edit(message, "셋째")
    async with Running(service, memory=memory) as running:
        await until(lambda: len(running.heard(room)) == 3, "all versions are heard")
        original, *changes = running.heard(room)
        assert (original.id, original.text) == (message, "처음")
        assert [(m.replaces, m.text) for m in changes] == [(message, "둘째"), (message, "셋째")]
        assert original.at < changes[0].at < changes[1].at


async def test_when_a_first_post_is_taken_back_its_answers_are_followed_further(
    service: Service,
) -> None:
    room = await service.room()
    answer = await service.say(room, 1, "답글")
    async with Running(service) as running:
        await until(lambda: len(running.heard(room)) == 2, "the thread is read")
        service.mastodon.delete(room)
        await until(lambda: any(m.deleted for m in running.heard(room)), "the removal is heard")
        later = service.mastodon.post(FIRST, "그래도 이어 갈래", answer)["id"]
        await until(lambda: later in [m.id for m in running.heard(room)], "they go on")
        gone = [m for m in running.heard(room) if m.deleted]
        assert [m.replaces for m in gone] == [room]
        delivery = await running.send(outgoing(room))
        assert delivery.state is DeliveryState.SENT
        assert service.mastodon.statuses[service.mastodon.ours()[0][0]]["in_reply_to_id"] == later


async def test_a_post_of_another_server_that_arrives_late_is_still_found(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansim.sources.mastodon.hearing.OVERLAP_EVERY", 0.3)
    room = await service.room()
    async with Running(service) as running:
        await until(lambda: running.heard(room), "the timeline is read")
        at = time.time() - 120
        late = service.mastodon.post(SECOND, f"늦게 도착 #{TAG}", at=at)["id"]
        assert int(late) < int(room)
        await until(lambda: running.heard(late), "it is found all the same")


async def test_what_is_older_than_a_day_stays_unread_when_a_source_is_begun(
    service: Service,
) -> None:
    old = service.mastodon.post(FIRST, f"그저께 #{TAG}", at=time.time() - 2 * 86400)["id"]
    room = await service.room()
    async with Running(service) as running:
        await until(lambda: running.heard(room), "what is new is read")
        assert running.heard(old) == []


async def test_few_requests_left_are_kept_for_a_counsellor(service: Service) -> None:
    room = await service.room()
    service.mastodon.allowed = 40
    async with Running(service) as running:
        await until(lambda: running.told.troubles, "it waits")
        assert service.mastodon.used <= 25
        assert (await running.send(outgoing(room))).state is DeliveryState.SENT
        assert "요청" in running.told.troubles[0]


async def test_an_answer_is_public_and_calls_those_who_spoke_as_far_as_there_is_room(
    service: Service,
) -> None:
    room = await service.room()
    await service.say(room, 1, "답글")
    async with Running(service) as running:
        await until(lambda: len(running.heard(room)) == 2, "the thread is read")
        await running.send(outgoing(room))
        number, text = service.mastodon.ours()[0]
        assert text == f"[{AGENCY['ko']}] 괜찮아요?\n\n@{SECOND} @{FIRST}"
        assert service.mastodon.statuses[number]["visibility"] == "public"
        full = "가" * (500 - len(f"[{AGENCY['ko']}] "))
        assert (await running.send(outgoing(room, full, "out-2"))).state is DeliveryState.SENT
        assert service.mastodon.ours()[1][1] == f"[{AGENCY['ko']}] {full}"
        delivery = await running.send(outgoing(room, full + "가", "out-3"))
        assert delivery.state is DeliveryState.FAILED
        assert "500" in delivery.detail
        assert len(service.mastodon.ours()) == 2


async def test_words_whose_answer_was_lost_are_said_once_also_after_their_key_has_expired(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await service.room()
    async with Running(service) as running:
        await until(lambda: running.heard(room), "the thread is read")
        service.mastodon.broken = 1
        with pytest.raises(ConnectionError):
            await running.send(outgoing(room))
        assert (await running.send(outgoing(room))).state is DeliveryState.SENT
        service.mastodon.keys.clear()
        monkeypatch.setattr(mouth, "KEY_SECONDS", -1.0)
        assert (await running.send(outgoing(room))).state is DeliveryState.SENT
        assert len(service.mastodon.ours()) == 1
        # Never said: no earlier words of ours are taken for it.
        assert (await running.send(outgoing(room, "다른 말", "o-2"))).state is DeliveryState.SENT
        assert len(service.mastodon.ours()) == 2


async def test_an_account_that_may_not_write_says_so(service: Service) -> None:
    room = await service.room()
    service.mastodon.may_write = False
    async with Running(service) as running:
        delivery = await running.send(outgoing(room))
        assert delivery.state is DeliveryState.FAILED
        assert "write:statuses" in delivery.detail


async def test_with_nothing_to_read_it_does_not_begin(service: Service) -> None:
    wiring = msgspec.structs.replace(
        service.wiring(), settings={"instance": service.wiring().entry("instance")}
    )
    async with Running(service, wiring=wiring) as running:
        await until(lambda: running.ended is not None, "it ends")
        assert isinstance(running.ended, IntakeRefused)


async def test_the_servers_own_public_posts_are_read_where_that_is_declared(
    service: Service,
) -> None:
    settings = {**service.wiring().settings, "hashtags": "", "local": "yes"}
    wiring = msgspec.structs.replace(service.wiring(), settings=settings)
    async with Running(service, wiring=wiring) as running:
        await until(lambda: running.told.connections, "it listens")
        there = service.mastodon.post(FIRST, "태그 없는 글")["id"]
        elsewhere = service.mastodon.post(SECOND, "다른 서버의 글")["id"]
        answer = service.mastodon.post(SECOND, "다른 서버에서 온 답글", there)["id"]
        await until(lambda: len(running.heard(there)) == 2, "the thread is read")
        assert [m.id for m in running.heard(there)] == [there, answer]
        assert running.heard(elsewhere) == []


async def test_an_odd_post_harms_no_other(service: Service) -> None:
    room = await service.room()
    server = service.mastodon
    async with Running(service) as running:
        await until(lambda: running.heard(room), "the room is read")
        odd: list[dict[str, object]] = [
            {"created_at": "언젠가"},
            {"created_at": None, "content": ["?"]},
            {"account": "누구"},
            {"account": None, "media_attachments": 7},
            {"visibility": {}, "edited_at": [1]},
            {"edited_at": "내일", "spoiler_text": 5},
            {"reblog": {"id": 1}},
        ]
        for number, each in enumerate(odd):
            server.post(SECOND, f"{number}", room).update(each)
        long = server.post(SECOND, "가" * 100_000, room)["id"]
        last = server.post(SECOND, "멀쩡한 말", room)["id"]
        await until(lambda: last in [m.id for m in running.heard(room)], "what follows is heard")
        found = next(m for m in running.heard(room) if m.id == long)
        assert len(found.text.encode()) <= MAX_TEXT_BYTES
        assert found.text.endswith(CUT)


def test_text_is_what_is_read_on_the_page() -> None:
    assert plain("<p>한 줄<br />두 줄</p><p>새 문단 &amp; &lt;b&gt;</p>") == (
        "한 줄\n두 줄\n\n새 문단 & <b>"
    )
    link = '<a href="https://a.example/x"><span class="invisible">https://</span>a.example/x</a>'
    assert plain(f"<p>{link}</p>") == "https://a.example/x"
    assert "살아?" in plain("<![어디 <p>살아?</p>")
    assert plain(None) == ""


def test_a_warning_comes_before_the_words_and_files_by_kind() -> None:
    status = {
        "id": "1",
        "created_at": "2026-01-01T00:00:00.000Z",
        "visibility": "public",
        "spoiler_text": "경고",
        "content": "<p>본문</p>",
        "account": {"acct": "Someone@Other.Example"},
        "media_attachments": [{"type": "gifv"}, {"type": "audio"}, {"type": "?"}],
    }
    found = said(status, "1")[0]
    assert found.text == "경고\n\n본문"
    assert found.author == "someone@other.example"
    assert [file.kind for file in found.attachments] == [
        AttachmentKind.VIDEO,
        AttachmentKind.AUDIO,
        AttachmentKind.OTHER,
    ]


async def test_pictures_are_fetched_from_the_server_itself_and_hosts_the_operator_named(
    service: Service,
) -> None:
    own = f"{service.wiring().settings['instance']}/system/good.png"
    with Host(lambda _: Answer(CONTENT)) as another:
        named = f"{another.base}/media/good.png"
        addresses = [own, named, "https://files.elsewhere.example/good.png", ["x"], None]
        settings = {**service.wiring().settings, "media": f"{another.base}/media/\nno host"}
        wiring = msgspec.structs.replace(service.wiring(), settings=settings)
        files = [
            {"type": "image", "url": each, "remote_url": f"{another.base}/media/never.png"}
            for each in addresses
        ]
        room = await service.room()
        post = service.mastodon.post(SECOND, "사진", room, media_attachments=files)["id"]
        async with Running(service, wiring=wiring) as running:
            await until(lambda: post in [m.id for m in running.heard(room)], "the post is heard")
            found = next(m for m in running.heard(room) if m.id == post)
            assert ODD_PLACE in running.told.troubles
        assert len(found.attachments) == len(found.contents) == 5
        for place, content in enumerate(found.contents):
            if place < 2:
                assert content is not None
                assert await content.fetch(1_000_000) == CONTENT
            elif place < 4:
                assert content is not None
                with pytest.raises(ContentGone, match="elsewhere"):
                    await content.fetch(1_000_000)
            else:
                assert content is None, "where the server has no copy, nobody else is asked"
        assert [each.path for each in another.asked] == ["/media/good.png"]
        for asked in (*another.asked, *service.files.host.asked):
            assert "authorization" not in asked.headers


async def test_a_copy_that_the_server_has_yet_to_make_is_fetched_where_it_leads(
    service: Service,
) -> None:
    """Of people of other servers Mastodon names an address of its own that redirects."""
    address = f"{service.wiring().settings['instance']}/system/moved.png"
    room = await service.room()
    files = [{"type": "image", "url": address}]
    post = service.mastodon.post(SECOND, "사진", room, media_attachments=files)["id"]
    async with Running(service) as running:
        await until(lambda: post in [m.id for m in running.heard(room)], "the post is heard")
        found = next(m for m in running.heard(room) if m.id == post)
    (content,) = found.contents
    assert content is not None
    assert await content.fetch(1_000_000) == CONTENT


def test_each_version_of_a_post_has_its_own_pictures() -> None:
    def version(minute: int, *names: str) -> dict[str, object]:
        images = [{"type": "image", "url": f"https://m.example/{name}.png"} for name in names]
        at = f"2026-01-01T00:0{minute}:00.000Z"
        return {"created_at": at, "content": "<p>본문</p>", "media_attachments": images}

    status = {"id": "1", "visibility": "public", "account": {"acct": "a"}, **version(0, "x")}
    places = Places(bases=("https://m.example",))
    found = said(status, "1", [version(0, "a"), version(1), version(2, "b", "c")], places)
    assert [[each.address for each in m.contents if isinstance(each, Fetched)] for m in found] == [
        ["https://m.example/a.png"],
        [],
        ["https://m.example/b.png", "https://m.example/c.png"],
    ]
