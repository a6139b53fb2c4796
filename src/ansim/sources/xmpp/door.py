"""Into rooms and out: never into one that is not there, politely back, never after a ban."""

from __future__ import annotations

import asyncio
import time
from xml.etree import ElementTree as ET

from ansim.sources.wiring import Opening
from ansim.sources.xmpp.line import Line, Refused
from ansim.sources.xmpp.rooms import Room
from ansim.sources.xmpp.stanzas import CLIENT

ENTER_SECONDS = 15.0
AGAIN_SECONDS = (30.0, 120.0, 600.0)
"""How long we stay out before we knock again."""
TRIES = 5
"""Nicknames that are tried where somebody else has ours."""

MISSING = (
    "설정한 방 하나가 없습니다. 방 주소를 확인해 주세요 / "
    "one of the rooms entered here does not exist: check its address"
)
BARRED = (
    "한 방에서 차단되었습니다. 방을 운영하는 분과 이야기해 주세요 / "
    "the bot was banned from a room: talk with whoever runs it"
)
NOT_LET_IN = (
    "한 방에 들어가지 못했습니다. 회원만 들어가는 방인지 확인해 주세요 / "
    "one of the rooms does not let the bot in: it may be for members only"
)
PUT_OUT = "한 방에서 내보내졌습니다. 나중에 다시 들어갑니다 / put out of a room; trying again later"
ROOM_GONE = "한 방이 없어졌습니다 / a room was closed for good"


class Door:
    """Comes into the rooms of one connection."""

    def __init__(self, opening: Opening, line: Line, rooms: dict[str, Room]) -> None:
        self._health = opening.health
        self._line = line
        self._rooms = rooms

    def outside(self) -> list[Room]:
        """Rooms to knock at again, some time."""
        return [each for each in self._rooms.values() if not each.joined and not each.barred]

    async def enter(self, room: Room) -> bool:
        """Whether we are in. Raises ConnectionError where the line is down."""
        try:
            room.describe(await self._line.features_of(room.name))
        except Refused as refused:
            missing = refused.condition in ("item-not-found", "remote-server-not-found")
            self._later(room, MISSING if missing else NOT_LET_IN)
            return False
        wanted = room.nick
        for number in range(1, TRIES + 1):
            room.nick = wanted if number == 1 else f"{wanted} {number}"
            try:
                await self._knock(room)
            except Refused as refused:
                if refused.condition == "conflict":
                    continue
                room.nick = wanted
                self._turned_away(room, refused.condition)
                return False
            room.tries = 0
            return True
        room.nick = wanted
        self._later(room, NOT_LET_IN)
        return False

    async def _knock(self, room: Room) -> None:
        presence = ET.Element(f"{{{CLIENT}}}presence", to=f"{room.name}/{room.nick}")
        muc = ET.SubElement(presence, "{http://jabber.org/protocol/muc}x")
        ET.SubElement(muc, "{http://jabber.org/protocol/muc}history", maxstanzas="0")
        room.occupants.clear()
        room.entering = asyncio.get_running_loop().create_future()
        try:
            self._line.say(presence)
            async with asyncio.timeout(ENTER_SECONDS):
                await room.entering
        except TimeoutError:
            raise Refused("remote-server-timeout", wait=True) from None
        finally:
            room.entering = None

    def inside(self, room: Room, codes: set[str]) -> None:
        """The room shows us ourselves: it has shown everybody else before."""
        if room.entering is None or room.entering.done():
            return
        if "201" in codes:
            # It went while we knocked, and was made anew by our knocking.
            leave = ET.Element(
                f"{{{CLIENT}}}presence", to=f"{room.name}/{room.nick}", type="unavailable"
            )
            self._line.say(leave)
            room.entering.set_exception(Refused("item-not-found"))
            return
        room.joined = True
        room.entering.set_result(None)

    def refused(self, room: Room, condition: str) -> None:
        if room.entering is not None and not room.entering.done():
            room.entering.set_exception(Refused(condition))

    def out(self, room: Room, codes: set[str], *, gone: bool) -> None:
        """We are in the room no more."""
        if room.entering is not None:
            return  # an earlier stay of ours, ended by this one
        room.joined = False
        if "301" in codes:
            room.barred = True
            self._health.trouble(BARRED)
        else:
            self._later(room, ROOM_GONE if gone else PUT_OUT)

    def _turned_away(self, room: Room, condition: str) -> None:
        if condition == "forbidden":
            room.barred = True
            self._health.trouble(BARRED)
        else:
            self._later(room, MISSING if condition == "item-not-found" else NOT_LET_IN)

    def _later(self, room: Room, sentence: str) -> None:
        pause = AGAIN_SECONDS[min(room.tries, len(AGAIN_SECONDS) - 1)]
        room.tries += 1
        room.again_at = time.monotonic() + pause
        self._health.trouble(sentence)
