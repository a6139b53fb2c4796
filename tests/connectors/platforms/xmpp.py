"""XMPP as its users see it: a real Prosody, with a cable to it that our account goes through."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from slixmpp import ClientXMPP

from ansim.chat import Consent, Source, SourceKind
from ansim.sources.notices import PROPOSALS
from ansim.sources.wiring import Wiring
from ansim.sources.xmpp.stanzas import CLIENT, private_id, stanza_id
from tests.connectors import prosody
from tests.connectors.platforms import Can, Ordinary
from tests.connectors.standins.cable import Cable
from tests.connectors.standins.files import Files

BOT_PASSWORD = "the bot's own password"
NICK = "ansim"
PATIENCE = 120.0
BODY = f"{{{CLIENT}}}body"


class Person(ClientXMPP):
    """Somebody with a client of their own, sitting in rooms under a nickname."""

    def __init__(self, account: str, port: int) -> None:
        safe = {"unencrypted_scram": True, "unencrypted_plain": True}
        super().__init__(f"{account}/phone", "password", plugin_config={"feature_mechanisms": safe})
        self.enable_starttls = self.enable_direct_tls = False
        self.enable_plaintext = True
        self.account = account
        self.nick = account.partition("@")[0]
        self._port = port
        self.heard: list[ET.Element] = []
        self._waiting: list[tuple[Callable[[ET.Element], bool], asyncio.Future[ET.Element]]] = []
        self.add_filter("in", self._tap)

    async def open(self) -> None:
        started = asyncio.get_running_loop().create_future()
        self.add_event_handler("session_start", lambda _: started.set_result(None), disposable=True)
        await self.connect("127.0.0.1", self._port)
        await asyncio.wait_for(started, PATIENCE)
        self.send_raw("<presence/>")

    async def close(self) -> None:
        if self.transport is not None:
            await self.disconnect(wait=1.0)
        if self._run_out_filters is not None:
            self._run_out_filters.cancel()

    def _tap(self, stanza: Any) -> Any:
        xml: ET.Element = stanza.xml
        if xml.tag not in (f"{{{CLIENT}}}message", f"{{{CLIENT}}}presence"):
            return stanza
        self.heard.append(xml)
        for condition, future in list(self._waiting):
            if not future.done() and condition(xml):
                future.set_result(xml)
        return None

    async def send_and_see(self, text: str, condition: Callable[[ET.Element], bool]) -> ET.Element:
        """Sends a stanza, and returns the first one that answers it."""
        waiting = (condition, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        try:
            self.send_raw(text)
            return await asyncio.wait_for(waiting[1], PATIENCE)
        finally:
            self._waiting.remove(waiting)

    async def enter(self, room: str, nick: str = "") -> None:
        here = f"{room}/{nick or self.nick}"
        muc = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='100'/></x>"
        await self.send_and_see(
            f"<presence to={quoteattr(here)}>{muc}</presence>",
            lambda xml: xml.tag.endswith("presence") and xml.get("from") == here,
        )

    async def leave(self, room: str) -> None:
        here = f"{room}/{self.nick}"
        await self.send_and_see(
            f"<presence to={quoteattr(here)} type='unavailable'/>",
            lambda xml: xml.get("type") == "unavailable" and xml.get("from") == here,
        )

    async def say(self, room: str, text: str, more: str = "", key: str = "") -> str:
        """Returns the id by which the room keeps it."""
        key = key or secrets.token_hex(8)
        message = (
            f"<message to={quoteattr(room)} type='groupchat' id={quoteattr(key)}>"
            f"<body>{escape(text)}</body>{more}</message>"
        )
        seen = await self.send_and_see(
            message, lambda xml: xml.get("id") == key and xml.tag.endswith("message")
        )
        if seen.get("type") == "error":
            raise RuntimeError("the room refused it")
        return stanza_id(seen, room)

    async def whisper(self, room: str, nick: str, text: str, more: str = "") -> str:
        """To one occupant alone; returns its own id."""
        key = secrets.token_hex(8)
        self.send_raw(
            f"<message to={quoteattr(f'{room}/{nick}')} type='chat' id='{key}'>"
            f"<body>{escape(text)}</body>"
            f"<x xmlns='http://jabber.org/protocol/muc#user'/>{more}</message>"
        )
        return key

    async def manage(self, room: str, item: dict[str, str]) -> None:
        """As an owner: gives an occupant a role or an affiliation."""
        iq = self.make_iq_set(ito=room)
        query = ET.Element("{http://jabber.org/protocol/muc#admin}query")
        ET.SubElement(query, "{http://jabber.org/protocol/muc#admin}item", item)
        iq.append(query)
        await iq.send(timeout=120)  # type: ignore[no-untyped-call]

    def bodies(self, room: str, nick: str, kind: str) -> list[str]:
        return [
            each.findtext(BODY, "")
            for each in self.heard
            if each.tag == f"{{{CLIENT}}}message"
            and each.get("type") == kind
            and each.get("from") == f"{room}/{nick}"
            and each.find(BODY) is not None
        ]


class Service(Ordinary):
    """Keeps ``tests.connectors.platforms.Platform``."""

    can = frozenset(Can)

    def __init__(self, where: str = prosody.ROOMS, server: prosody.Prosody | None = None) -> None:
        """``server``: a started one in place of the one that all tests share."""
        self.where = where
        self._own = server
        self.cable = Cable()
        self.files = Files()
        self.rooms: list[str] = []
        self.everybody: list[Person] = []
        self._keys: dict[str, str] = {}

    def lacking(self) -> str:
        return prosody.lacking()

    async def start(self) -> None:
        self.server = self._own or prosody.shared()  # from this thread: it ends with it
        self.files.start()
        await self.cable.lay(self.server.port)
        self.crew = secrets.token_hex(4)
        self.bot = self.server.register(f"bot-{self.crew}", BOT_PASSWORD)
        for number in range(3):
            account = self.server.register(f"person{number}-{self.crew}", "password")
            person = Person(account, self.server.port)
            await person.open()
            self.everybody.append(person)

    async def stop(self) -> None:
        self.server.limits.unlink(missing_ok=True)
        await self.cable.cut()
        self.files.stop()
        for person in self.everybody:
            await person.close()

    def source(self) -> Source:
        return Source(
            id="xmpp",
            name="XMPP",
            kind=SourceKind.VISIBLE_BOT,
            legal_basis="방 운영자의 동의와 모두에게 한 안내 / agreed, everybody told",
            consent=Consent(given_by="all present", given_at=time.time(), how="notice in the room"),
            connector="xmpp",
            private_messages=True,
        )

    def wiring(self) -> Wiring:
        return Wiring(
            settings={
                "jid": self.bot,
                "rooms": "\n".join(self.rooms),
                "nickname": NICK,
                "server": f"127.0.0.1:{self.cable.port}",
                "tls": "none",
                "media": self.files.base,
            },
            credentials={"password": BOT_PASSWORD},
            notices={kind.value: dict(texts) for kind, texts in PROPOSALS.items()},
        )

    async def room(self) -> str:
        room = f"room-{secrets.token_hex(4)}@{self.where}"
        for person in self.everybody[:2]:
            await person.enter(room)
        self.rooms.append(room)
        return room

    async def say(self, room: str, who: int, text: str) -> str:
        return await self._say(room, who, text)

    async def _say(self, room: str, who: int, text: str, more: str = "") -> str:
        key = secrets.token_hex(8)
        id = await self.everybody[who].say(room, text, more, key)
        self._keys[id] = key
        return id

    async def edit(self, room: str, who: int, message: str, text: str) -> None:
        key = self._keys[message]
        await self._say(
            room, who, text, f"<replace xmlns='urn:xmpp:message-correct:0' id='{key}'/>"
        )

    async def delete(self, room: str, who: int, message: str) -> None:
        await self._say(room, who, "(taken back)", retraction(message))

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        url = f"{self.files.base}/{content}.png" if content else f"https://files.xmpp.test/{name}"
        more = f"<x xmlns='jabber:x:oob'><url>{escape(url)}</url></x>"
        return await self._say(room, who, url, more)

    async def join(self, room: str, who: int) -> None:
        await self.everybody[who].enter(room)

    def account(self, who: int) -> str:
        return self.everybody[who].account

    async def seen(self, room: str, who: int) -> list[str]:
        return self.everybody[who].bodies(room, NICK, "groupchat")

    async def seen_privately(self, who: int) -> list[str]:
        person = self.everybody[who]
        return [text for room in self.rooms for text in person.bodies(room, NICK, "chat")]

    async def answer(self, room: str, who: int, text: str) -> str:
        key = await self.everybody[who].whisper(room, NICK, text)
        return private_id(room, self.account(who), key)

    def nowhere(self) -> str:
        return f"nowhere@{self.where}"

    def carries(self, text: str) -> str | None:
        """XML carries no control characters, and Prosody writes the end of a line as a newline."""
        return None if "\0" in text else text.replace("\r\n", "\n")

    async def cut(self) -> None:
        await self.cable.cut()

    async def mend(self) -> None:
        await self.cable.mend()

    async def limit(self, seconds: float) -> None:
        self.server.limits.write_text(f"{self.bot}\n{time.time() + seconds}\n", "utf-8")

    async def revoke(self) -> None:
        self.server.delete(self.bot)


def retraction(message: str) -> str:
    """What a client sends beside the words for those who know no retraction."""
    return (
        f"<retract xmlns='urn:xmpp:message-retract:1' id={quoteattr(message)}/>"
        "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/>"
    )
