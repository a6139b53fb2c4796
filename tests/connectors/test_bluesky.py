"""Bluesky's own ways: feeds and search, holes in threads, sessions, keys, who may be shown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from ansim.chat import AttachmentKind
from ansim.sources.bluesky.mouth import key_of
from ansim.sources.bluesky.spoken import CDN, attached, said
from ansim.sources.content import Fetched
from ansim.sources.contract import ContentGone, DeliveryState, IntakeRefused, Outgoing, Revoked
from ansim.sources.places import ODD_PLACE, Places
from ansim.sources.wiring import MemoryInProcess
from tests.connectors.platforms.bluesky import PEOPLE, TAG, Service
from tests.connectors.running import AGENCY, Running, until
from tests.connectors.standins.bluesky import PASSWORD, stamp
from tests.connectors.standins.files import CONTENT
from tests.host import Answer, Host

FIRST, SECOND, LATER = PEOPLE


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    await service.start()
    yield service
    await service.stop()


def reading(service: Service, *feeds: str, every: str = "0.1") -> Running:
    settings = {**service.wiring().settings, "feeds": "\n".join(feeds), "every": every}
    return Running(service, wiring=msgspec.structs.replace(service.wiring(), settings=settings))


def outgoing(room: str, text: str = "괜찮아요?", name: str = "out-1") -> Outgoing:
    return Outgoing(
        id=name,
        source="bluesky",
        conversation=room,
        text=text,
        language="ko",
        agency=AGENCY["ko"],
        author="counsellor",
    )


async def test_accounts_words_and_hashtags_are_read_and_nothing_else(service: Service) -> None:
    network = service.bluesky
    async with reading(service, "@haneul.bsky.social", "같이 놀자", f"#{TAG}") as running:
        await until(lambda: running.told.connections, "it listens")
        by_account = network.post(FIRST, "아무 말")["uri"]
        by_words = network.post(SECOND, "주말에 같이 놀자")["uri"]
        by_tag = network.post(LATER, f"#{TAG} 맛있다")["uri"]
        other = network.post(SECOND, "딴 얘기")["uri"]
        for name in (by_account, by_words, by_tag):
            await until(lambda name=name: running.heard(name), "it is read")
        await asyncio.sleep(0.3)
        assert running.heard(other) == []


async def test_an_answer_found_deep_in_a_thread_brings_the_thread_as_one_conversation(
    service: Service,
) -> None:
    network = service.bluesky
    first = network.post(FIRST, "태그 없는 첫 글")["uri"]
    second = network.post(SECOND, "답글", first)["uri"]
    async with Running(service) as running:
        await asyncio.sleep(0.3)
        assert running.intake.handed == []
        third = network.post(FIRST, f"여기 #{TAG}", second)["uri"]
        await until(lambda: len(running.heard(first)) == 3, "the thread is heard")
        assert [m.id for m in running.heard(first)] == [first, second, third]


async def test_who_asks_not_to_be_shown_to_strangers_is_left_out(service: Service) -> None:
    room = await service.room()
    service.bluesky.labels[SECOND] = [{"val": "!no-unauthenticated", "src": SECOND}]
    async with Running(service) as running:
        service.bluesky.post(SECOND, "로그인한 사람에게만", room)
        service.bluesky.post(SECOND, f"로그인한 사람에게만 #{TAG}")
        last = await service.say(room, 0, "누구에게나")
        await until(lambda: last in [m.id for m in running.heard(room)], "the public is read")
        assert {m.author for m in running.intake.handed} == {FIRST}


async def test_below_a_removed_post_the_talk_is_followed_further(service: Service) -> None:
    room = await service.room()
    network = service.bluesky
    middle = network.post(SECOND, "중간 글", room)["uri"]
    below = network.post(FIRST, "아래 글", middle)["uri"]
    async with Running(service) as running:
        await until(lambda: len(running.heard(room)) == 3, "the thread is read")
        network.delete(middle)
        await until(lambda: any(m.deleted for m in running.heard(room)), "the removal is heard")
        later = network.post(SECOND, "더 아래", below)["uri"]
        await until(lambda: later in [m.id for m in running.heard(room)], "it goes on")
        network.delete(room)
        await until(
            lambda: {m.replaces for m in running.heard(room) if m.deleted} == {room, middle},
            "the first post's removal is heard too, and of no other",
        )
        delivery = await running.send(outgoing(room))
        assert delivery.state is DeliveryState.SENT
        ours = network.ours()[0]["record"]["reply"]
        assert (ours["root"]["uri"], ours["parent"]["uri"]) == (room, later)


async def test_pages_of_a_long_absence_are_all_read_in_order(service: Service) -> None:
    memory = MemoryInProcess()
    network = service.bluesky
    async with Running(service, memory=memory) as running:
        await until(lambda: running.told.connections, "it listens")
    at = time.time()
    said_meanwhile = [
        network.post(SECOND, f"{number} #{TAG}", indexedAt=stamp(at + number / 1000))["uri"]
        for number in range(230)
    ]
    async with Running(service, memory=memory) as running:
        await until(lambda: len(running.intake.handed) == 230, "all is heard")
        assert [m.id for m in running.intake.handed] == said_meanwhile


async def test_an_ended_session_is_begun_anew_and_a_renewed_one_is_no_new_log_in(
    service: Service,
) -> None:
    service.bluesky.lifetime = 60.0  # the library renews a quarter of an hour before the end
    room = await service.room()
    async with Running(service) as running:
        await until(lambda: running.heard(room), "the room is read")
        assert service.bluesky.log_ins == 1
        assert service.bluesky.asked.count("com.atproto.server.refreshSession") > 1
        service.bluesky.lifetime = 7200.0
        service.bluesky.end_sessions(also_refreshing=True)
        last = await service.say(room, 0, "그 뒤에")
        await until(lambda: last in [m.id for m in running.heard(room)], "it hears again")
        assert service.bluesky.log_ins == 2


async def test_a_wrong_password_or_nothing_to_read_only_a_person_can_mend(
    service: Service,
) -> None:
    service.bluesky.password = "another"
    async with Running(service) as running:
        await until(lambda: running.ended is not None, "it ends")
        assert isinstance(running.ended, Revoked)
        assert PASSWORD not in str(running.ended)
        assert service.bluesky.log_ins == 1
    async with reading(service, "") as running:
        await until(lambda: running.ended is not None, "it ends")
        assert isinstance(running.ended, IntakeRefused)


async def test_where_bluesky_asks_for_fewer_requests_it_waits_and_loses_nothing(
    service: Service,
) -> None:
    room = await service.room()
    async with Running(service) as running:
        await until(lambda: running.heard(room), "the room is read")
        service.bluesky.too_many_reads = 1
        last = await service.say(room, 0, "그동안 한 말")
        await until(lambda: last in [m.id for m in running.heard(room)], "it is heard later")
        assert any("요청" in each for each in running.told.troubles)


async def test_words_whose_answer_was_lost_are_said_once(service: Service) -> None:
    room = await service.room()
    async with Running(service) as running:
        await until(lambda: running.heard(room), "the room is read")
        service.bluesky.broken = 1
        with pytest.raises(ConnectionError):
            await running.send(outgoing(room))
        said_at = service.bluesky.ours()[0]["record"]["createdAt"]
        assert (await running.send(outgoing(room))).state is DeliveryState.SENT
        assert [e["record"]["createdAt"] for e in service.bluesky.ours()] == [said_at]


async def test_words_that_are_too_long_fail_with_the_number_and_are_not_cut(
    service: Service,
) -> None:
    room = await service.room()
    async with Running(service) as running:
        room_left = 300 - len(f"[{AGENCY['ko']}] ")
        fits = await running.send(outgoing(room, "가" * room_left))
        assert fits.state is DeliveryState.SENT
        for text in ("가" * (room_left + 1), "가" * 1000):
            delivery = await running.send(outgoing(room, text, f"o-{len(text)}"))
            assert delivery.state is DeliveryState.FAILED
            assert "300" in delivery.detail
        assert len(service.bluesky.ours()) == 1


async def test_a_thread_that_takes_no_answers_is_told_to_the_counsellor(service: Service) -> None:
    room = await service.room()
    service.bluesky.closed.add(room)
    async with Running(service) as running:
        delivery = await running.send(outgoing(room))
        assert delivery.state is DeliveryState.FAILED
        assert "답글" in delivery.detail
        assert service.bluesky.ours() == []


async def test_an_odd_post_harms_no_other(service: Service) -> None:
    room = await service.room()
    network = service.bluesky
    async with Running(service) as running:
        await until(lambda: running.heard(room), "the room is read")
        odd: list[dict[str, object]] = [
            {"indexedAt": "언젠가"},
            {"indexedAt": None},
            {"author": {}},
            {"embed": [1], "record": {"text": {"a": 1}}},
            {"labels": "?", "embed": {"$type": 5}},
            {"uri": 7},
        ]
        for number, each in enumerate(odd):
            network.post(SECOND, f"{number} #{TAG}", room).update(each)
        claims = network.post(SECOND, f"남의 글타래라고 함 #{TAG}")
        claims["record"]["reply"] = {"root": {"uri": ["?"]}, "parent": 3}
        await asyncio.sleep(0.3)
        last = await service.say(room, 1, "멀쩡한 말")
        await until(lambda: last in [m.id for m in running.heard(room)], "what follows is heard")


def test_pictures_films_and_links_are_kinds_without_words() -> None:
    media = {"$type": "app.bsky.embed.images#view", "images": [{"alt": "설명"}, {}]}
    quote = {"$type": "app.bsky.embed.recordWithMedia#view", "media": media}
    kinds = [file.kind for file in attached(quote)]
    assert kinds == [AttachmentKind.IMAGE, AttachmentKind.IMAGE]
    assert all(file.name == "" for file in attached(quote))
    assert attached({"$type": "app.bsky.embed.video#view"})[0].kind is AttachmentKind.VIDEO
    assert attached({"$type": "app.bsky.embed.external#view"})[0].kind is AttachmentKind.LINK
    assert attached({"$type": "app.bsky.embed.record#view"}) == ()


def test_pictures_come_in_full_from_blueskys_own_host_and_quoted_ones_not_at_all() -> None:
    full = f"https://{CDN}/img/feed_fullsize/plain/{FIRST}/bafkrei@jpeg"
    images = [
        {"fullsize": full, "thumb": "https://x.example/t"},
        {"fullsize": "https://x.example/a.png"},
        {"fullsize": 7},
    ]
    embed = {
        "$type": "app.bsky.embed.recordWithMedia#view",
        "media": {"$type": "app.bsky.embed.images#view", "images": images},
        "record": {"embeds": [{"$type": "app.bsky.embed.images#view", "images": images}]},
    }
    post = {
        "uri": f"at://{FIRST}/app.bsky.feed.post/3k",
        "author": {"did": FIRST},
        "record": {"text": "오늘"},
        "indexedAt": "2026-01-01T00:00:00.500Z",
        "embed": embed,
    }
    message = said(post, "x", Places((CDN,)))
    assert message is not None
    assert len(message.attachments) == len(message.contents) == 3
    first, second, third = message.contents
    assert isinstance(first, Fetched)
    assert first.address == full
    assert first.places.named(full) == CDN
    assert isinstance(second, Fetched)
    assert not second.places.named(second.address)
    assert third is None


async def test_an_operator_may_name_another_host_of_pictures(service: Service) -> None:
    with Host(lambda _: Answer(CONTENT)) as another:
        images = [{"fullsize": f"{another.base}/img/a@jpeg"}]
        embed = {"$type": "app.bsky.embed.images#view", "images": images}
        room = await service.room()
        post = service.bluesky.post(SECOND, "사진", room, embed=embed)["uri"]
        settings = {**service.wiring().settings, "media": f"{another.base}/\n?"}
        named = msgspec.structs.replace(service.wiring(), settings=settings)
        for wiring in (named, service.wiring()):
            async with Running(service, wiring=wiring) as running:
                await until(
                    lambda: post in [m.id for m in running.heard(room)],
                    "the post is heard",
                )
                found = next(m for m in running.heard(room) if m.id == post)
                assert (ODD_PLACE in running.told.troubles) is (wiring is named)
            (content,) = found.contents
            assert content is not None
            if wiring is named:
                assert await content.fetch(1_000_000) == CONTENT
            else:
                with pytest.raises(ContentGone, match="elsewhere"):
                    await content.fetch(1_000_000)
        assert len(another.asked) == 1
        assert "authorization" not in another.asked[0].headers


def test_the_time_is_when_bluesky_knew_it_not_what_an_author_claims() -> None:
    post = {
        "uri": f"at://{FIRST}/app.bsky.feed.post/3k",
        "author": {"did": FIRST},
        "record": {"text": "오늘", "createdAt": "1999-01-01T00:00:00Z"},
        "indexedAt": "2026-01-01T00:00:00.500Z",
    }
    message = said(post, "x")
    assert message is not None
    assert message.at == 1767225600.5


def test_a_key_is_of_bluesky_s_form_and_always_the_same_for_the_same_words() -> None:
    keys = {key_of(f"bluesky/o-{number}") for number in range(2000)}
    assert len(keys) == 2000
    assert all(len(key) == 13 and key[0] in "234567abcdefghij" for key in keys)
    assert key_of("bluesky/o-1") == key_of("bluesky/o-1")
