"""From rooms to intake: told first, in order, each counted once.

Where a room has an archive, what is said live is only a bell: the words are read from the archive,
so that they have one id, one time and one order whenever they are read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from xml.etree import ElementTree as ET

from ansim.sources.contract import Incoming, Intake
from ansim.sources.fitting import fit_name
from ansim.sources.handing import hand
from ansim.sources.places import ODD_PLACE, Places, odd_lines
from ansim.sources.telling import Telling
from ansim.sources.wiring import Opening, Remembered, Rule
from ansim.sources.xmpp.door import Door
from ansim.sources.xmpp.line import Line, Refused, Unsafe
from ansim.sources.xmpp.mouth import Mouth
from ansim.sources.xmpp.private import Whispers
from ansim.sources.xmpp.reading import Reading
from ansim.sources.xmpp.rooms import Position, Room
from ansim.sources.xmpp.stanzas import (
    CLIENT,
    Archived,
    archived,
    destroyed,
    id_of,
    moment,
    private_id,
    refusal,
    stanza_id,
    statuses,
)
from ansim.sources.xmpp.uploads import Uploads

log = logging.getLogger(__name__)

ALIVE_EVERY = 60.0
PINGS_TO_ROOMS = 5
LOOKS = 5
"""How often an archive that is slow to take what was said is looked into."""

NO_ARCHIVE = (
    "보관 기능(MAM)이 없는 방이라 쉬는 동안의 말은 들을 수 없습니다 / "
    "the room has no archive (MAM): what was said while we were away cannot be heard"
)
ARCHIVE_LOST = (
    "방의 보관함에서 이어 읽을 곳이 지워졌습니다 / "
    "the room's archive no longer has the place where we stopped"
)
NOBODY_KNOWS = (
    "쉬는 동안 누가 드나들었는지 알 수 없어, 모두의 동의가 필요한 방의 그때 말은 읽지 않았습니다 / "
    "nobody knows who was there while we were away: where all must agree, it was not read"
)
SLOW = "방의 보관함에 방금 한 말이 없습니다 / the archive of a room lacks what was just said"
ODD = "알아볼 수 없는 말 하나를 건너뛰었습니다 / one message made no sense and was left out"


class Hearing:
    """One connection of a source."""

    def __init__(self, opening: Opening, mouth: Mouth, whispers: Whispers, intake: Intake) -> None:
        self._opening = opening
        self._mouth = mouth
        self._intake = intake
        self._whispers = whispers
        self._events: asyncio.Queue[tuple[str, Room, object]] = asyncio.Queue()
        self._telling = Telling(opening, self._say)
        self._line = Line(opening.wiring, self._sort)
        self._door = Door(opening, self._line, mouth.rooms)
        media = opening.wiring.entries("media")
        self._uploads = Uploads(self._line, Places().with_entered(media))
        if odd_lines(media):
            opening.health.trouble(ODD_PLACE)
        self._reading = Reading(self._line, self._telling, self._uploads)

    async def run(self) -> None:
        """Until cancelled. Raises ConnectionError, Revoked, IntakeRefused."""
        line = self._line
        try:
            await line.open()
            line.say(_available())
            self._mouth.line = line
            work = asyncio.create_task(self._work())
            try:
                await asyncio.wait({work, line.down}, return_when=asyncio.FIRST_COMPLETED)
                if work.done():
                    await work
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
            raise ConnectionError("XMPP: cut off")
        except Unsafe as unsafe:
            self._opening.health.trouble(str(unsafe))
            raise
        finally:
            if self._mouth.line is line:
                self._mouth.line = None
            for room in self._mouth.rooms.values():
                room.joined = False
            await line.close()

    async def _work(self) -> None:
        for room in self._mouth.rooms.values():
            await self._enter(room)
        self._opening.health.connected()
        checked = time.monotonic()
        while True:
            due = min([r.again_at for r in self._door.outside()], default=checked + ALIVE_EVERY)
            wait = max(0.05, min(due, checked + ALIVE_EVERY) - time.monotonic())
            try:
                async with asyncio.timeout(wait):
                    event = await self._events.get()
            except TimeoutError:
                if time.monotonic() - checked >= ALIVE_EVERY:
                    await self._alive()
                    checked = time.monotonic()
                for room in self._door.outside():
                    if time.monotonic() >= room.again_at:
                        await self._enter(room)
                continue
            await self._happened(*event)

    async def _alive(self) -> None:
        """Asks whether the server, and each room, still knows us (XEP-0199, XEP-0410)."""
        await self._line.ping(self._line.boundjid.domain)
        for room in self._mouth.rooms.values():
            if not room.joined:
                continue
            try:
                await self._line.ping(f"{room.name}/{room.nick}")
            except Refused as refused:
                # Any other answer comes from us: it went all the way through the room.
                if refused.condition in ("not-acceptable", "item-not-found"):
                    self._door.out(room, set(), gone=False)
            if not room.archive:
                room.position.at = time.time()
                await self._keep(room)
        self._opening.health.connected()

    # Coming in.

    async def _enter(self, room: Room) -> None:
        """Comes in, reads what was said while we were away, and tells all who are there."""
        if not await self._door.enter(room):
            return
        memory, health = self._opening.memory, self._opening.health
        room.position = await Remembered.read(memory, _name(room), Position)
        agreed = self._opening.wiring.rule is Rule.AGREED
        if not room.position.known:
            await self._begin(room)
        elif not room.archive:
            health.gap(room.position.at, time.time(), NO_ARCHIVE)
            room.position.at = time.time()
            await self._keep(room)
        elif agreed:
            since = room.position.at
            await self._begin(room)
            if room.position.id and room.position.at > since:
                health.gap(since, time.time(), NOBODY_KNOWS)
        else:
            # With those in mind who were told before: who left meanwhile had been.
            await self._fetch(room)
        await self._telling.present(room.name, room.people(), everybody=True)

    async def _begin(self, room: Room) -> None:
        """From here on; what was said before is nobody's business."""
        position = Position(known=True, at=time.time())
        if room.archive:
            page = await self._line.archive(room.name, before="")
            if page.entries:
                last = page.entries[-1]
                position.id, position.at = last.id, last.at
                position.second = int(last.at)
        room.position = position
        await self._keep(room)

    async def _keep(self, room: Room) -> None:
        await Remembered.write(self._opening.memory, _name(room), room.position)

    # What happens in rooms.

    def _sort(self, stanza: ET.Element) -> None:
        """As it comes in. Who comes and goes is noted at once; the rest has its turn."""
        try:
            name, _, nick = stanza.get("from", "").partition("/")
            room = self._mouth.rooms.get(name)
            if room is None:
                return
            if stanza.tag == f"{{{CLIENT}}}presence":
                self._presence(room, stanza, nick)
            else:
                self._message(room, stanza, nick)
        except Exception as error:
            log.warning("xmpp: odd stanza: %s", type(error).__name__)
            self._opening.health.trouble(ODD)

    def _presence(self, room: Room, stanza: ET.Element, nick: str) -> None:
        kind, codes = stanza.get("type"), statuses(stanza)
        if kind == "error":
            condition, _ = refusal(stanza)
            self._door.refused(room, condition)
            return
        if kind not in (None, "unavailable") or not nick:
            return
        ours = nick == room.nick or "110" in codes
        if kind == "unavailable" and ours and "303" not in codes:
            self._door.out(room, codes, gone=destroyed(stanza))
            self._events.put_nowait(("out", room, None))  # so that it is known when to knock again
            return
        came, gone = room.presence(stanza, nick)
        if kind is None and "110" in codes:
            self._door.inside(room, codes)
        elif room.joined:
            if gone:
                self._events.put_nowait(("left", room, gone))
            if came:
                self._events.put_nowait(("came", room, came))

    def _message(self, room: Room, stanza: ET.Element, nick: str) -> None:
        kind = stanza.get("type")
        if kind == "error":
            self._mouth.error(room.name, stanza)
        elif kind == "groupchat" and room.joined:
            id = stanza_id(stanza, room.name)
            if nick and nick == room.nick:
                self._mouth.echo(room.name, stanza.get("id", ""), id)
            if room.archive and id:
                self._events.put_nowait(("bell", room, id))
            else:
                at = moment(stanza.find("{urn:xmpp:delay}delay")) or time.time()
                key = id or private_id(room.name, nick, stanza.get("id") or str(at))
                self._events.put_nowait(("said", room, Archived("", key, at, stanza)))
        elif kind in (None, "chat", "normal") and nick and archived(stanza) is None:
            self._events.put_nowait(("private", room, stanza))

    async def _happened(self, kind: str, room: Room, what: object) -> None:
        if not room.joined:
            return
        if kind == "bell" and isinstance(what, str):
            if id_of(what) not in room.seen:
                room.wanted.add(id_of(what))
                await self._fetch(room)
        elif kind == "said" and isinstance(what, Archived):
            await self._hand(await self._read(room, what, what.at))
            if not room.archive:
                room.position.at = time.time()
        elif kind == "came" and isinstance(what, str):
            await self._telling.present(room.name, [what])
        elif kind == "left" and isinstance(what, str):
            if room.archive:
                await self._fetch(room)  # they said it while they were there
            if what not in room.people():
                await self._telling.left(room.name, [what])
        elif kind == "private" and isinstance(what, ET.Element):
            await self._hand(await self._whispered(room, what))

    async def _fetch(self, room: Room) -> None:
        """Reads the archive from where we are to its end."""
        for look in range(LOOKS):
            await self._fetch_once(room)
            if not room.wanted:
                return
            await asyncio.sleep(0.1 * 2**look)
        room.wanted.clear()
        self._opening.health.trouble(SLOW)

    async def _fetch_once(self, room: Room) -> None:
        start = ""
        while True:
            position = room.position
            try:
                page = await self._line.archive(
                    room.name, after="" if start else position.id, start=start
                )
            except Refused as refused:
                if refused.condition != "item-not-found" or not position.id or start:
                    raise ConnectionError("XMPP: a room's archive does not answer") from None
                self._opening.health.gap(position.at, time.time(), ARCHIVE_LOST)
                start = _stamp(position.at)
                continue
            start = ""
            ready: list[Incoming] = []
            for entry in page.entries:
                at = position.step(entry)
                ready += await self._read(room, entry, at)
                room.seen.append(id_of(entry.id))
                room.wanted.discard(id_of(entry.id))
            await self._hand(ready)
            if page.entries:
                await self._keep(room)
            if page.complete:
                return

    async def _read(self, room: Room, entry: Archived, at: float) -> list[Incoming]:
        try:
            return await self._reading.read(room, entry, at)
        except ConnectionError:
            raise
        except Exception as error:
            log.warning("xmpp: odd message: %s", type(error).__name__)
            self._opening.health.trouble(ODD)
            return []

    async def _whispered(self, room: Room, stanza: ET.Element) -> list[Incoming]:
        try:
            message = await self._whispers.heard(room, stanza, self._uploads)
            if message is not None and self._whispers.fixed_word(message.text):
                # An objection counts wherever it is said.
                await self._telling.may_read(message)
                return []
        except ConnectionError:
            raise
        except Exception as error:
            log.warning("xmpp: odd message: %s", type(error).__name__)
            return []
        return [] if message is None else [message]

    async def _hand(self, ready: list[Incoming]) -> None:
        await hand(self._opening, self._intake, ready)

    async def _say(self, name: str, text: str) -> float | None:
        return await self._mouth.notice(self._mouth.rooms[name], text)


def _available() -> ET.Element:
    presence = ET.Element(f"{{{CLIENT}}}presence")
    # What people send to the account itself is not for us: it waits for another client.
    ET.SubElement(presence, f"{{{CLIENT}}}priority").text = "-1"
    return presence


def _stamp(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _name(room: Room) -> str:
    return f"read:{fit_name(room.name)}"
