"""XMPP: what is special about its rooms, against a real Prosody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
import msgspec
import pytest
from slixmpp.jid import JID

from ansim.sources.contract import ContentGone, DeliveryState, Incoming, Revoked
from ansim.sources.places import Places
from ansim.sources.telling import notice
from ansim.sources.wiring import MemoryInProcess, NoticeKind, Rule, Wiring
from ansim.sources.xmpp import door, hearing
from ansim.sources.xmpp.line import NOT_SECURED, UNTRUSTED, Line, Refused, address
from ansim.sources.xmpp.rooms import Position, Room
from ansim.sources.xmpp.stanzas import Archived, private_id, words
from ansim.sources.xmpp.uploads import UPLOAD, Uploads, upload_host
from tests.connectors import prosody
from tests.connectors.certificates import certificate, pem
from tests.connectors.checks import Case, opened, texts
from tests.connectors.checks.telling import answers_count
from tests.connectors.platforms.xmpp import NICK, Service
from tests.connectors.running import Running, carry, until
from tests.connectors.standins.files import CONTENT

needs_prosody = pytest.mark.skipif(bool(prosody.lacking()), reason=prosody.lacking())


MODERATES = (
    '>local st = require "util.stanza"; '
    'local muc = prosody.hosts["{where}"].modules.muc; '
    'muc.get_room_from_jid("{room}"):broadcast_message(st.message({{from="{room}", '
    'type="groupchat"}}):tag("apply-to", {{xmlns="urn:xmpp:fasten:0", id="{said}"}})'
    ':tag("moderated", {{xmlns="urn:xmpp:message-moderate:0"}})'
    ':tag("retract", {{xmlns="urn:xmpp:message-retract:0"}}):up():up():up()'
    ':tag("store", {{xmlns="urn:xmpp:hints"}}))'
)
"""As Prosody's community module for XEP-0425 does it, which Debian does not bring."""


@asynccontextmanager
async def served(where: str = prosody.ROOMS) -> AsyncIterator[Service]:
    service = Service(where)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


def case_of(service: Service, tmp: object = None) -> Case:
    return Case(service, tmp)  # type: ignore[arg-type]


@needs_prosody
async def test_where_accounts_are_hidden_a_new_nickname_makes_no_new_person() -> None:
    async with served(prosody.VEILED) as service:
        room = await service.room()
        async with Running(service) as running:
            await opened(case_of(service), running, room)
            await service.say(room, 0, "이름 바꾸기 전")
            await service.everybody[0].enter(room, "other name")
            await service.say(room, 0, "이름 바꾼 뒤")
            await until(lambda: len(texts(running, room)) == 2, "both are heard")
            authors = {each.author for each in running.heard(room)}
            assert len(authors) == 1
            assert service.account(0) not in authors
            delivery = await carry(running, case_of(service).words(room, "너에게만", authors.pop()))
            assert delivery.state is DeliveryState.SENT
            await until(
                lambda: service.everybody[0].bodies(room, NICK, "chat"), "they read it privately"
            )


@needs_prosody
async def test_without_an_archive_what_was_said_meanwhile_is_told_as_a_gap() -> None:
    async with served(prosody.BRIEF) as service:
        room, memory = await service.room(), MemoryInProcess()
        async with Running(service, memory=memory) as running:
            await opened(case_of(service), running, room)
            assert not running.told.gaps
        missed = time.time()
        await service.everybody[0].whisper(room, service.everybody[1].nick, "x")
        await service.say(room, 0, "missed")  # the room has it when this comes back
        async with Running(service, memory=memory) as running:
            await opened(case_of(service), running, room)
            assert "missed" not in texts(running, room)
            assert [g for g in running.told.gaps if g.since <= missed <= g.until]


@needs_prosody
async def test_nobody_takes_back_anothers_words_but_the_room_for_a_moderator() -> None:
    async with served() as service:
        room = await service.room()
        async with Running(service) as running:
            await opened(case_of(service), running, room)
            said = await service.say(room, 0, "지워질 말")
            await until(lambda: texts(running, room), "it is heard")
            forged = (
                f"<retract xmlns='urn:xmpp:message-retract:1' id='{said}'>"
                "<moderated xmlns='urn:xmpp:message-moderate:1'/></retract>"
            )
            await service.everybody[1].say(room, "(gone)", forged)
            await service.delete(room, 1, said)
            await service.say(room, 0, "그 뒤에 한 말")
            await until(lambda: "그 뒤에 한 말" in texts(running, room), "what follows is heard")
            assert not any(each.deleted for each in running.heard(room))
            service.server.command(MODERATES.format(room=room, where=service.where, said=said))
            await until(lambda: running.heard(room)[-1].deleted, "the removal is heard")
            gone = running.heard(room)[-1]
            assert (gone.replaces, gone.author, gone.text) == (said, service.account(0), "")


@needs_prosody
async def test_only_own_words_are_edited_and_the_original_is_found_after_a_restart() -> None:
    async with served() as service:
        room, memory = await service.room(), MemoryInProcess()
        async with Running(service, memory=memory) as running:
            await opened(case_of(service), running, room)
            await opened(case_of(service), running, room, 1)
            first = await service.say(room, 0, "내 말")
            await until(lambda: texts(running, room), "it is heard")
        async with Running(service, memory=memory) as running:
            await service.edit(room, 1, first, "남의 말을 바꾸려는 말")
            await service.edit(room, 0, first, "내 말을 바꾼 말")
            await until(lambda: len(texts(running, room)) == 2, "both are heard")
            foreign, own = running.heard(room)
            assert foreign.replaces == ""
            assert own.replaces == first


@needs_prosody
async def test_a_private_objection_stops_the_reading_of_the_room() -> None:
    async with served() as service:
        room = await service.room()
        async with Running(service) as running:
            await opened(case_of(service), running, room)
            await service.everybody[0].whisper(room, NICK, "!그만")
            stopped = notice(running.opening, NoticeKind.STOPPED)

            async def answered() -> bool:
                return stopped in await service.seen(room, 1)

            await until(answered, "the objection is answered")
            await service.say(room, 1, "읽으면 안 되는 말")
            await asyncio.sleep(0.5)
            assert texts(running, room) == []


@needs_prosody
async def test_who_writes_privately_first_is_greeted_once_and_heard() -> None:
    async with served() as service:
        room = await service.room()
        async with Running(service) as running:
            await opened(case_of(service), running, room)
            for text in ("상담하고 싶어요", "아직 계세요?"):
                await service.answer(room, 0, text)
            await until(lambda: len(texts(running, room)) == 2, "both are heard")
            assert all(each.to_agency for each in running.heard(room)[-2:])
            hello = notice(running.opening, NoticeKind.HELLO)
            assert await service.seen_privately(0) == [hello]


@needs_prosody
async def test_words_to_somebody_who_left_fail_and_reach_nobody() -> None:
    async with served() as service:
        room = await service.room()
        async with Running(service) as running:
            await opened(case_of(service), running, room)
            await service.everybody[1].leave(room)
            there = running.connector._mouth.rooms[room]  # type: ignore[attr-defined]
            await until(lambda: service.account(1) not in there.people(), "it is seen")
            words = case_of(service).words(room, "너에게만", service.account(1))
            assert (await running.send(words)).state is DeliveryState.FAILED


@needs_prosody
async def test_where_all_must_agree_a_time_away_is_not_read_but_told_as_a_gap() -> None:
    async with served() as service:
        room, memory = await service.room(), MemoryInProcess()
        wiring = msgspec.structs.replace(service.wiring(), rule=Rule.AGREED)
        async with Running(service, memory=memory, wiring=wiring) as running:
            await until(lambda: service.everybody[0].bodies(room, NICK, "groupchat"), "asked")
            await until(lambda: answers_count(running, room), "what is answered now counts")
            for who in (0, 1):
                await service.say(room, who, "!동의")
            await opened(case_of(service), running, room)
        await service.say(room, 0, "아무도 없을 때")
        await asyncio.sleep(1.1)
        async with Running(service, memory=memory, wiring=wiring) as running:
            await opened(case_of(service), running, room)
            assert texts(running, room) == []
            assert len(running.told.gaps) == 1


@needs_prosody
async def test_put_out_it_comes_back_politely_and_after_a_ban_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "AGAIN_SECONDS", (0.4,))
    async with served() as service:
        room = await service.room()
        async with Running(service) as running:
            await opened(case_of(service), running, room)
            owner = service.everybody[0]
            await owner.manage(room, {"nick": NICK, "role": "none"})
            await until(lambda: door.PUT_OUT in running.told.troubles, "it is told")
            await service.say(room, 0, "밖에 있을 때 한 말")
            await until(lambda: texts(running, room), "it came back and read what was said")
            await owner.manage(room, {"jid": service.bot, "affiliation": "outcast"})
            await until(lambda: door.BARRED in running.told.troubles, "it is told")
            words = case_of(service).words(room, "말할 수 없는 말")
            assert (await running.send(words)).state is DeliveryState.FAILED
            await asyncio.sleep(1.0)
            assert running.told.troubles.count(door.BARRED) == 1
            assert not running.connector._mouth.rooms[room].joined  # type: ignore[attr-defined]


@needs_prosody
async def test_a_room_that_is_not_there_is_not_made_and_stops_no_other() -> None:
    async with served() as service:
        room = await service.room()
        service.rooms.append(service.nowhere())
        async with Running(service) as running:
            await opened(case_of(service), running, room)
            assert door.MISSING in running.told.troubles
        listed = service.server.command(f'muc:list("{prosody.ROOMS}")')
        assert room in listed
        assert "nowhere" not in listed


@needs_prosody
async def test_somebody_else_under_our_nickname_is_read_and_we_take_another() -> None:
    async with served() as service:
        room = await service.room()
        await service.everybody[2].enter(room, NICK)
        async with Running(service) as running:
            await opened(case_of(service), running, room, 2)
            assert running.heard(room)[0].author == service.account(2)
            assert service.everybody[0].bodies(room, f"{NICK} 2", "groupchat")


@needs_prosody
async def test_an_archive_that_lost_our_place_is_a_gap_and_reading_goes_on() -> None:
    async with served() as service:
        room, memory = await service.room(), MemoryInProcess()
        async with Running(service, memory=memory) as running:
            await opened(case_of(service), running, room)
        name = f"read:{room}"
        place = msgspec.json.decode(memory.held[name], type=Position)
        place.id = "long-gone"
        memory.held[name] = msgspec.json.encode(place)
        async with Running(service, memory=memory) as running:
            await opened(case_of(service), running, room)
            assert [gap.why for gap in running.told.gaps] == [hearing.ARCHIVE_LOST]


@needs_prosody
async def test_a_wrong_password_ends_it_with_a_sentence_and_without_the_password() -> None:
    async with served() as service:
        await service.room()
        wrong = msgspec.structs.replace(service.wiring(), credentials={"password": "not this one"})
        async with Running(service, wiring=wrong) as running:
            await until(lambda: running.ended is not None, "it ends")
            assert isinstance(running.ended, Revoked)
            assert "not this one" not in str(running.ended)


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[prosody.Prosody]:
    """A Prosody with a certificate for its name, of an authority that only ``tmp_path`` knows."""
    authority, key = certificate("authority.test", None)
    its, its_key = certificate(prosody.DOMAIN, (authority, key))
    (tmp_path / "authority.pem").write_bytes(pem(authority))
    (tmp_path / "server.pem").write_bytes(pem(its_key) + pem(its))
    server = prosody.Prosody(tmp_path, secured=True)
    server.start()
    yield server
    server.stop()


@needs_prosody
@pytest.mark.parametrize("choice", ["starttls", "direct"])
async def test_an_encrypted_line_is_used_where_the_certificate_is_trusted(
    secured: prosody.Prosody, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    service = Service(server=secured)
    await service.start()
    try:
        room = await service.room()
        port = secured.direct if choice == "direct" else secured.port
        how = {"tls": choice, "server": f"127.0.0.1:{port}"}
        wiring = msgspec.structs.replace(service.wiring(), settings=service.wiring().settings | how)
        async with Running(service, wiring=wiring) as stranger:
            await until(lambda: UNTRUSTED in stranger.told.troubles, "it says what is wrong")
            assert stranger.ended is None, "a renewed certificate lets it in by itself"
            assert not stranger.told.connections
        monkeypatch.setenv("SSL_CERT_FILE", str(secured.folder / "authority.pem"))
        async with Running(service, wiring=wiring) as running:
            await opened(case_of(service), running, room)
            assert not running.told.troubles
    finally:
        await service.stop()


@needs_prosody
async def test_where_nothing_is_encrypted_it_says_so_and_sends_no_password() -> None:
    async with served() as service:
        await service.room()
        how = {"tls": "direct", "server": f"127.0.0.1:{service.cable.port}"}
        wiring = msgspec.structs.replace(service.wiring(), settings=service.wiring().settings | how)
        async with Running(service, wiring=wiring) as running:
            await until(lambda: NOT_SECURED in running.told.troubles, "it says what is wrong")
            assert not running.told.connections


@pytest.mark.parametrize(
    "settings",
    [
        {"jid": "bot@example.org", "tls": "none"},
        {"jid": "bot@example.org", "tls": "none", "server": "chat.example.org:5222"},
        {"jid": "bot@example.org", "server": "127.0.0.1:port"},
        {"jid": "@example.org"},
        {"jid": ""},
    ],
)
async def test_entries_that_are_unsafe_or_unreadable_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(Revoked):
        Line(Wiring(settings=settings, credentials={"password": "x"}), lambda _: None)


def test_addresses_of_servers() -> None:
    assert address("") is None
    assert address("chat.example.org") == ("chat.example.org", 5222)
    assert address("[::1]:5223") == ("::1", 5223)
    assert address("[::1]") == ("::1", 5222)


def message(inner: str) -> ET.Element:
    return ET.fromstring(f"<message xmlns='jabber:client' id='k'>{inner}</message>")  # noqa: S314


@pytest.mark.parametrize(
    ("inner", "seen"),
    [
        (
            "<retract xmlns='urn:xmpp:message-retract:1' id='s'/><body>gone</body>",
            ("s", False),
        ),
        (
            "<apply-to xmlns='urn:xmpp:fasten:0' id='s'>"
            "<retract xmlns='urn:xmpp:message-retract:0'/></apply-to>",
            ("s", False),
        ),
        (
            "<apply-to xmlns='urn:xmpp:fasten:0' id='s'>"
            "<moderated xmlns='urn:xmpp:message-moderate:0'>"
            "<retract xmlns='urn:xmpp:message-retract:0'/></moderated></apply-to>",
            ("s", True),
        ),
        (
            "<retract xmlns='urn:xmpp:message-retract:1' id='s'>"
            "<moderated xmlns='urn:xmpp:message-moderate:1'/></retract>",
            ("s", True),
        ),
    ],
)
def test_every_version_of_taking_back_is_understood(inner: str, seen: tuple[str, bool]) -> None:
    found = words(message(inner))
    assert found is not None
    assert (found.retracts, found.moderated) == seen
    assert found.text == ""


def test_a_shared_file_is_named_without_its_address() -> None:
    found = words(
        message(
            "<body>https://x.test/a%20b.png</body>"
            "<x xmlns='jabber:x:oob'><url>https://x.test/a%20b.png</url></x>"
        )
    )
    assert found is not None
    assert found.text == ""
    assert [(each.kind.value, each.name) for each in found.attachments] == [("image", "a b.png")]


FOREIGN = "https://elsewhere.test/a.png"


def shared(address: str, name: str = "a.png") -> str:
    """A file as newer clients send it (XEP-0447)."""
    return (
        "<file-sharing xmlns='urn:xmpp:sfs:0'><file xmlns='urn:xmpp:file:metadata:0'>"
        f"<media-type>image/png</media-type><name>{name}</name></file>"
        "<sources><url-data xmlns='http://jabber.org/protocol/url-data' "
        f"target='{address}'/></sources></file-sharing>"
    )


def test_each_shared_file_keeps_its_own_address_and_shows_it_to_nobody() -> None:
    address = "https://x.test/secret/a.png"
    found = words(message(f"<body>{address}</body>{shared(address)}{shared(FOREIGN, 'b.png')}"))
    assert found is not None
    assert found.text == ""
    assert [each.address for each in found.files] == [address, FOREIGN]
    assert [each.name for each in found.attachments] == ["a.png", "b.png"]
    assert "secret" not in repr(found)
    described = "<file xmlns='urn:xmpp:file:metadata:0'><name>c.png</name></file>"
    beside = f"<x xmlns='jabber:x:oob'><url>{address}</url></x>"
    found = words(message(f"{described}{beside}"))
    assert found is not None
    assert [(each.attachment.name, each.address) for each in found.files] == [("c.png", address)]


async def put(service: Service, name: str, content: bytes) -> str:
    """A person uploads a file; returns the path of its address."""
    asking = service.everybody[0].make_iq_get(ito=f"upload.{prosody.DOMAIN}")
    wanted = {"filename": name, "size": str(len(content)), "content-type": "image/png"}
    asking.append(ET.Element(f"{{{UPLOAD}}}request", wanted))
    slot = (await asking.send(timeout=60)).xml
    header = slot.findtext(f".//{{{UPLOAD}}}header", "")
    path = urlsplit(slot.find(f".//{{{UPLOAD}}}get").get("url")).path
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        address = f"http://127.0.0.1:{service.server.files}{path}"
        headers = {"Authorization": header, "Content-Type": "image/png"}
        answer = await client.put(address, content=content, headers=headers)
    assert answer.status_code == 201
    return path


@needs_prosody
async def test_an_uploaded_picture_arrives_as_it_was_from_where_the_operator_says() -> None:
    async with served() as service:
        room = await service.room()
        here = f"http://127.0.0.1:{service.server.files}"
        settings = {**service.wiring().settings, "media": f"{here}/file_share/"}
        wiring = msgspec.structs.replace(service.wiring(), settings=settings)
        path = await put(service, "a.png", CONTENT)
        async with Running(service, wiring=wiring) as running:
            await opened(case_of(service), running, room)
            ids = [
                await service.everybody[0].say(room, "", shared(address))
                for address in (f"{here}{path}", f"{here}/file_share/../admin/a.png", FOREIGN)
            ]
            key = await service.everybody[0].whisper(room, NICK, "", shared(f"{here}{path}"))
            ids.append(private_id(room, service.account(0), key))
            await until(lambda: len(attached(running, room)) == len(ids), "all are heard")
            found = attached(running, room)
            assert {each.id for each in found} == set(ids)
            pictures = {each.id: each.contents[0] for each in found}
            for name in (ids[0], ids[3]):
                picture = pictures[name]
                assert picture is not None
                assert await picture.fetch(1_000_000) == CONTENT
            for name in ids[1:3]:
                picture = pictures[name]
                assert picture is not None
                with pytest.raises(ContentGone, match="elsewhere"):
                    await picture.fetch(1_000_000)


def attached(running: Running, room: str) -> list[Incoming]:
    return [each for each in running.heard(room) if each.attachments]


@needs_prosody
async def test_the_own_server_says_where_uploads_lie_and_no_other_address_is_followed() -> None:
    async with served() as service:
        line = Line(service.wiring(), lambda _: None)
        try:
            await line.open()
            assert await upload_host(line) == "files.xmpp.test:5443"
            uploads = Uploads(line, Places().with_entered(["pictures.example"]))
            told = "https://files.xmpp.test:5443/file_share/x/a.png"
            assert (await uploads.places(told)).named(told) == "files.xmpp.test"
            for other in (FOREIGN, told.replace(":5443", ""), told.replace("https", "http")):
                places = await uploads.places(other)
                assert not places.named(other)
                assert not places.entered(other)
            entered = "https://pictures.example/a.png"
            assert (await uploads.places(entered)).named(entered)
        finally:
            await line.close()


async def test_a_server_that_does_not_answer_leaves_what_the_operator_says() -> None:
    class Silent:
        boundjid = JID("bot@xmpp.test")
        asked = 0

        async def ask(self, *_: object) -> ET.Element:
            self.asked += 1
            raise ConnectionError("XMPP: no answer")

    line = Silent()
    uploads = Uploads(cast(Line, line), Places().with_entered(["pictures.example"]))
    for _ in range(3):
        assert await uploads.places(FOREIGN) == Places()
    assert line.asked == 1, "it is not asked again for every picture"
    entered = "https://pictures.example/a.png"
    assert (await uploads.places(entered)).named(entered)


@pytest.mark.parametrize(
    ("slot", "host"),
    [
        ("https://files.xmpp.test/x/a.png", "files.xmpp.test:443"),
        ("http://files.xmpp.test/x/a.png", ""),
        ("https://a:b@files.xmpp.test/x", ""),
        ("https://[::1/x", ""),
        ("", ""),
    ],
)
async def test_only_a_place_for_uploads_with_encryption_counts(slot: str, host: str) -> None:
    """Of several services: one is silent, one refuses, the third gives a place."""
    names = [f"{name}.xmpp.test" for name in ("silent", "refusing", "upload")]

    class Server:
        boundjid = JID("bot@xmpp.test")

        async def features_of(self, name: str) -> set[str]:
            if name == names[0]:
                raise ConnectionError("XMPP: no answer")
            return set() if name == "xmpp.test" else {UPLOAD}

        async def ask(self, kind: str, to: str, query: ET.Element) -> ET.Element:
            answer = ET.Element("iq")
            if to == "xmpp.test":
                for name in (*names, ""):
                    tag = "{http://jabber.org/protocol/disco#items}item"
                    ET.SubElement(answer, tag, jid=name)
            elif to == names[1]:
                raise Refused("not-allowed")
            else:
                ET.SubElement(answer, f"{{{UPLOAD}}}get", url=slot)
            return answer

    assert await upload_host(cast(Line, Server())) == host


def test_encrypted_words_are_not_read() -> None:
    hint = "<encryption xmlns='urn:xmpp:eme:0' namespace='eu.siacs.conversations.axolotl'/>"
    assert words(message(f"<body>I sent an encrypted message</body>{hint}")) is None


def test_what_was_said_within_a_second_keeps_its_order_and_its_time_when_read_again() -> None:
    entries = [Archived("", str(n), at, message("")) for n, at in enumerate((7.0, 7.0, 7.0, 8.0))]
    first = Position()
    times = [first.step(each) for each in entries]
    assert times == sorted(set(times))
    place = Position()
    place.step(entries[0])
    kept = msgspec.json.decode(msgspec.json.encode(place), type=Position)
    assert [kept.step(each) for each in entries[1:]] == times[1:]


def test_a_room_without_better_names_knows_people_by_nickname() -> None:
    room = Room("r@x", NICK)
    room.describe({"muc_semianonymous"})
    here = ET.Element("{jabber:client}presence")
    assert room.presence(here, "a") == ("r@x/a", "")
    assert room.author(message(""), "a") == "r@x/a"
    away = ET.Element("{jabber:client}presence", type="unavailable")
    assert room.presence(away, "a") == ("", "r@x/a")
