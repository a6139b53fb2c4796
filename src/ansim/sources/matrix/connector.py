"""The account at work: hears its rooms one sync after another, and says a counsellor's words."""

from __future__ import annotations

import logging
import time
from typing import Any

import msgspec

from ansim.sources.content import worth_fetching
from ansim.sources.contract import Delivery, Incoming, Intake, Outgoing
from ansim.sources.fitting import fit_name
from ansim.sources.handing import hand
from ansim.sources.matrix import DECLARATION, timeline
from ansim.sources.matrix.asking import Event, Refused, table, text
from ansim.sources.matrix.files import file_path
from ansim.sources.matrix.homeserver import Homeserver
from ansim.sources.matrix.rooms import LANGUAGE, Note, Rooms, stripped
from ansim.sources.matrix.saying import Saying
from ansim.sources.matrix.spoken import MESSAGES, said_at, spoken, target
from ansim.sources.wiring import Opening, Remembered

log = logging.getLogger(__name__)

TOO_FAR = (
    "쉬는 동안 한 방에 글이 10,000개 넘게 쌓여 오래된 것은 읽지 못했습니다 / "
    "over 10,000 events came into one room meanwhile: the older ones were not read"
)
ODD_EVENT = "읽을 수 없는 이벤트 하나를 건너뛰었습니다 / one event that cannot be read was left out"


class Position(msgspec.Struct):
    """How far we have listened."""

    since: str = ""
    at: float = 0.0
    """When the newest of what was heard was said (seconds since 1970): a homeserver may give an
    answer again that it made some time ago, so the clock says little."""
    entering: list[str] = []
    """Rooms in which we were found when we first listened, and which have yet to be told."""


def connect(opening: Opening) -> Matrix:
    """The connector of one source. Nothing is asked of the homeserver yet."""
    return Matrix(opening)


class Matrix:
    """The connector ``matrix``."""

    declaration = DECLARATION

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._server = Homeserver(opening)
        self._rooms = Rooms(opening, self._server)
        self._saying = Saying(opening, self._server, self._rooms)
        self._listening = False

    async def receive(self, intake: Intake) -> None:
        """Hears all rooms until cancelled; see ``Connector``."""
        self._listening = True
        try:
            await self._server.open()
            self._opening.health.connected()
            position = await Remembered.read(self._opening.memory, "position", Position)
            if not position.since:
                position = await self._begin()
            for room in list(position.entering):
                await self._rooms.enter(room, found=True)
                position.entering.remove(room)
                await self._keep(position)
            await self._rooms.join_configured()
            while True:
                position = await self._round(intake, position)
        finally:
            self._listening = False
            await self._server.close()

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Says the words in their room, or in a room with ``recipient`` alone; the same id once."""
        try:
            return await self._saying.send(outgoing)
        finally:
            if not self._listening:
                await self._server.close()

    async def _begin(self) -> Position:
        """Listens from now on. What was said before is never asked for; the rooms we are in already
        are told next."""
        answer = await self._server.sync("")
        rooms = table(answer.get("rooms"))
        position = Position(
            text(answer.get("next_batch")), time.time(), list(table(rooms.get("join")))
        )
        await self._invitations(rooms)
        await self._keep(position)
        return position

    async def _round(self, intake: Intake, position: Position) -> Position:
        """One sync: everything in it is durable before the position moves on."""
        answer = await self._server.sync(position.since)
        self._opening.health.connected()
        rooms = table(answer.get("rooms"))
        await self._invitations(rooms)
        heard: list[Incoming] = []
        left = table(rooms.get("leave"))
        for room, found in (table(rooms.get("join")) | left).items():
            if room in left and await self._rooms.note(room) is None:
                continue  # we declined it, or never read it
            heard += await self._hear(room, found, position)
        await hand(self._opening, intake, heard)
        newest = max((each.at for each in heard), default=position.at)
        moved = Position(text(answer.get("next_batch")) or position.since, max(newest, position.at))
        await self._keep(moved)
        for room in left:
            await self._rooms.forget(room)
        for room in table(rooms.get("join")):
            note = await self._rooms.note(room)
            if note is not None and note.unheard:
                note.unheard = False
                await self._rooms.keep(room, note)
        return moved

    async def _invitations(self, rooms: dict[str, Any]) -> None:
        for room, invitation in table(rooms.get("invite")).items():
            await self._rooms.invited(room, stripped(invitation))

    async def _hear(self, room: str, found: Any, position: Position) -> list[Incoming]:
        """What may be read of a room's new events, in order."""
        note = await self._rooms.note(room) or await self._rooms.enter(room)
        if note is None:
            return []
        part = await timeline.since(
            self._server, room, found, position.since, from_beginning=note.unheard
        )
        if not part.complete:
            oldest = said_at(part.events[0], time.time()) if part.events else time.time()
            self._opening.health.gap(min(position.at, oldest), oldest, TOO_FAR)
            if not note.alone:
                await self._rooms.look_again(room)
        heard: list[Incoming] = []
        for event in part.events:
            if event.get("type") == "m.room.encryption":
                await self._rooms.encrypted(room)
                break
            message = await self._event(room, note, event)
            if message is not None:
                heard.append(message)
        return heard

    async def _event(self, room: str, note: Note, event: Event) -> Incoming | None:
        """One event: who comes and goes is taken note of, what is said may be handed on."""
        kind = text(event.get("type"))
        if kind == "m.room.member":
            await self._came_or_went(room, note, event)
        elif kind == LANGUAGE and not note.alone:
            language = text(table(event.get("content")).get("language"))
            await self._rooms.telling.present(room, (), language)
        elif kind == "m.room.redaction" or (
            kind in MESSAGES and event.get("sender") != self._server.me
        ):
            return self._with_content(await self._spoken(room, note, event), event)
        return None

    def _with_content(self, message: Incoming | None, event: Event) -> Incoming | None:
        """The message and where its picture or voice lies."""
        if message is None or len(message.attachments) != 1:
            return message
        path = file_path(event) if worth_fetching(message.attachments[0]) else ""
        if not path:
            return message
        return msgspec.structs.replace(message, contents=(self._server.file(path),))

    async def _spoken(self, room: str, note: Note, event: Event) -> Incoming | None:
        conversation = note.conversation or room
        try:
            message = spoken(event, conversation, time.time(), to_agency=bool(note.alone))
        except Exception as error:
            log.warning("matrix: an event of type %s", type(error).__name__)
            self._opening.health.trouble(ODD_EVENT)
            return None
        if message is not None and message.replaces:
            message = await self._related(room, event, message)
        if message is None:
            return None
        if note.alone:
            return message if message.author == note.alone else None
        if message.deleted and await self._gone(room, message.author):
            return message  # no words in it, and its author is not there to be told
        return message if await self._rooms.telling.may_read(message) else None

    async def _related(self, room: str, event: Event, message: Incoming) -> Incoming | None:
        """A change or removal beside what it is about: nobody changes the words of another, and who
        removed a message is not who said it."""
        original = await self._server.event(room, target(event))
        author = fit_name(table(original).get("sender"))
        if original is not None and text(original.get("type")) not in MESSAGES:
            return None if message.deleted else self._plain(event, message)
        if message.deleted:
            if author == self._server.me:
                return None
            return msgspec.structs.replace(message, author=author or message.author)
        return message if author in ("", message.author) else self._plain(event, message)

    @staticmethod
    def _plain(event: Event, message: Incoming) -> Incoming | None:
        return spoken(
            event,
            message.conversation,
            time.time(),
            to_agency=bool(message.to_agency),
            changes=False,
        )

    async def _gone(self, room: str, account: str) -> bool:
        try:
            return await self._server.membership(room, account) != "join"
        except Refused:
            return False

    async def _came_or_went(self, room: str, note: Note, event: Event) -> None:
        account = fit_name(event.get("state_key"))
        membership = table(event.get("content")).get("membership")
        if not account or account == self._server.me:
            return
        if note.alone:
            if membership == "join" and account != note.alone:
                await self._rooms.no_longer_alone(room, note)
        elif membership == "join":
            await self._rooms.telling.present(room, [account])
        elif membership in ("leave", "ban"):
            await self._rooms.telling.left(room, [account])

    async def _keep(self, position: Position) -> None:
        await Remembered.write(self._opening.memory, "position", position)
