"""What the agency says in XMPP's rooms: to all, or to one occupant.

A room tells everybody what was said, us too: that is how we know. It knows no key that makes a
repetition harmless, so what was cut short is looked for in the archive, and never repeated here.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
import time
import uuid
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree as ET

from ansim.sources.contract import Delivery, DeliveryState, Outgoing
from ansim.sources.privately import Privately
from ansim.sources.xmpp.line import Line, Refused
from ansim.sources.xmpp.rooms import Room
from ansim.sources.xmpp.stanzas import CLIENT, MUC_USER, ORIGIN_ID, refusal, words

MAX_WORDS = 10_000
ECHO_SECONDS = 6.0
WAIT_SECONDS = 5.0
"""How long "later" is waited for."""
BACK_SECONDS = 12.0
"""How long we look for what was cut short; the courier gives a message fifteen seconds."""
ODD = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot carry: it would cut the line."""

SENT = "대화방에 올렸습니다 / said in the room"
SENT_PRIVATELY = "이 사람에게만 보냈습니다 / sent to this person alone"
GONE = (
    "이 사람이 지금 대화방에 없어 보낼 수 없습니다 / not sent: this person is not in the room now"
)
NOT_THERE = (
    "봇이 이 대화방에 없거나 말할 수 없어 보내지 못했습니다 / "
    "not sent: the bot is not in this room or may not speak in it"
)
TOO_LONG = "대화방에 올리기에는 너무 긴 글입니다 / not sent: too long for a room"
REVOKED = (
    "XMPP 서버가 봇 계정을 받지 않습니다. 관리자가 고쳐 적어야 합니다 / "
    "not sent: the XMPP server does not accept the bot's account any more"
)
UNSURE = (
    "보내는 중에 끊겨 전달 여부를 알 수 없습니다 / cut short while sending; it may have arrived"
)


class Mouth:
    """Says words through the connection that there is."""

    def __init__(self, privately: Privately) -> None:
        self.line: Line | None = None
        self.rooms: dict[str, Room] = {}
        self.refused = False
        """The account is not accepted any more."""
        self._echoes: dict[tuple[str, str], asyncio.Future[str]] = {}
        self._privately = privately

    # What comes back from rooms.

    def echo(self, room: str, key: str, id: str) -> None:
        """The room said it, us being the author; ``id`` as its archive has it."""
        waiting = self._echoes.get((room, key))
        if waiting is not None and not waiting.done():
            waiting.set_result(id)

    def error(self, room: str, stanza: ET.Element) -> None:
        waiting = self._echoes.get((room, stanza.get("id", "")))
        if waiting is not None and not waiting.done():
            condition, wait = refusal(stanza)
            waiting.set_exception(Refused(condition, wait=wait))

    # What is said.

    async def send(self, outgoing: Outgoing) -> Delivery:
        """As ``Connector.send``."""
        if self.refused:
            return Delivery(DeliveryState.FAILED, REVOKED)
        room = self.rooms.get(outgoing.conversation)
        if room is None or room.barred:
            return Delivery(DeliveryState.FAILED, NOT_THERE)
        if self.line is None or not room.joined:
            raise ConnectionError("XMPP: not in the room now")
        text = f"[{outgoing.agency}] {outgoing.text}"
        if len(text) > MAX_WORDS:
            return Delivery(DeliveryState.FAILED, TOO_LONG)
        key = "ansim-" + hashlib.sha256(outgoing.id.encode()).hexdigest()[:32]
        try:
            if outgoing.recipient:
                return await self._alone(room, outgoing.recipient, key, text)
            return await self._in_room(room, key, text)
        except Refused as refused:
            if refused.wait:
                raise ConnectionError("XMPP: the room takes no words now") from None
            return Delivery(DeliveryState.FAILED, NOT_THERE)

    async def notice(self, room: Room, text: str) -> float | None:
        """Says a fixed text; returns when by the room's clock, where its archive tells.

        Raises ConnectionError, PermissionError where the bot may not speak.
        """
        line = self._line()
        try:
            async with asyncio.timeout(ECHO_SECONDS):
                id = await self._say(line, room, uuid.uuid4().hex, text)
        except Refused as refused:
            if refused.wait:
                raise ConnectionError("XMPP: the room takes no words now") from None
            raise PermissionError("the bot may not speak in a room") from None
        except TimeoutError:
            raise ConnectionError("XMPP: the room does not answer") from None
        said_at = time.time()
        if not (room.archive and id):
            return said_at
        try:
            page = await line.archive(room.name, before="")
        except Refused:
            return None
        stamps = [each.at for each in page.entries if each.id == id]
        # Whole seconds: what was said within the same one may have come before.
        return math.floor(stamps[0]) + 1.0 if stamps else said_at + 1.0

    async def whisper(self, room: Room, nick: str, text: str) -> None:
        """Says a fixed text to one occupant. Raises ConnectionError."""
        self._line().say(_message(f"{room.name}/{nick}", "chat", uuid.uuid4().hex, text))

    async def _in_room(self, room: Room, key: str, text: str) -> Delivery:
        line = self._line()
        began = time.monotonic()
        pause = 1.0
        while True:
            try:
                async with asyncio.timeout(ECHO_SECONDS):
                    await self._say(line, room, key, text)
                return Delivery(DeliveryState.SENT, SENT)
            except Refused as refused:
                # It was not said.
                if not refused.wait or time.monotonic() - began + pause > WAIT_SECONDS:
                    raise
                await asyncio.sleep(pause)
                pause *= 2
            except Unsaid:
                raise ConnectionError("XMPP: not connected") from None
            except (ConnectionError, TimeoutError):
                break
        if await self._found(line, room, key, began + BACK_SECONDS):
            return Delivery(DeliveryState.SENT, SENT)
        return Delivery(DeliveryState.UNKNOWN, UNSURE)

    async def _found(self, cut: Line, room: Room, key: str, end: float) -> bool:
        """Whether the archive has it, once we are back in the room."""
        while time.monotonic() < end:
            await asyncio.sleep(0.3)
            line, now = self.line, self.rooms.get(room.name)
            if line is None or now is None or not now.joined or (line is cut and line.down.done()):
                continue
            if not now.archive:
                return False
            with suppress(Refused, ConnectionError):
                page = await line.archive(room.name, before="")
                for entry in page.entries:
                    found = words(entry.message)
                    if found and key in found.keys:
                        nick = entry.message.get("from", "").partition("/")[2]
                        return now.ours(now.author(entry.message, nick), nick)
                return False
        return False

    async def _alone(self, room: Room, recipient: str, key: str, text: str) -> Delivery:
        line, nick = self._line(), room.nick_of(recipient)
        if not nick:
            return Delivery(DeliveryState.FAILED, GONE)
        # Before anything is said: who answers is not greeted as a stranger.
        await self._privately.remember(f"{room.name}\n{recipient}", nick, room.name)
        waiting = self._expect(room.name, key)
        try:
            line.say(_message(f"{room.name}/{nick}", "chat", key, text))
            try:
                # The room answers in order: an error would come before this.
                await line.features_of(room.name)
            except (ConnectionError, Refused):
                return Delivery(DeliveryState.UNKNOWN, UNSURE)
            if waiting.done():
                waiting.result()
            return Delivery(DeliveryState.SENT, SENT_PRIVATELY)
        except Refused as refused:
            if refused.condition in ("item-not-found", "recipient-unavailable"):
                return Delivery(DeliveryState.FAILED, GONE)
            raise
        finally:
            self._forget(room.name, key)

    async def _say(self, line: Line, room: Room, key: str, text: str) -> str:
        """Says it and waits until the room has; returns its id in the archive. Raises Unsaid where
        surely nothing left, ConnectionError where the line was cut, Refused."""
        waiting = self._expect(room.name, key)
        try:
            try:
                line.say(_message(room.name, "groupchat", key, text))
            except ConnectionError:
                raise Unsaid from None
            either: set[asyncio.Future[Any]] = {waiting, line.down}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise ConnectionError("XMPP: cut off")
            return waiting.result()
        finally:
            self._forget(room.name, key)

    def _expect(self, room: str, key: str) -> asyncio.Future[str]:
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._echoes[room, key] = waiting
        return waiting

    def _forget(self, room: str, key: str) -> None:
        waiting = self._echoes.pop((room, key), None)
        if waiting is not None and waiting.done() and not waiting.cancelled():
            waiting.exception()

    def _line(self) -> Line:
        if self.line is None:
            raise ConnectionError("XMPP: not connected")
        return self.line


class Unsaid(ConnectionError):
    """Nothing left this machine."""


def _message(to: str, kind: str, key: str, text: str) -> ET.Element:
    message = ET.Element(f"{{{CLIENT}}}message", {"to": to, "type": kind, "id": key})
    ET.SubElement(message, f"{{{CLIENT}}}body").text = ODD.sub("\ufffd", text)
    ET.SubElement(message, ORIGIN_ID, id=key)
    if kind == "chat":
        ET.SubElement(message, f"{MUC_USER}x")
    return message
