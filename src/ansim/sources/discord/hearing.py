"""From Discord's events to intake: told first, in order, with what was missed from the history."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from ansim.sources.contract import Incoming, Intake
from ansim.sources.discord.line import MORE, READY, Ear, Event
from ansim.sources.discord.mouth import Mouth
from ansim.sources.discord.places import Known, Places
from ansim.sources.discord.rooms import Rooms
from ansim.sources.discord.spoken import Said, said, snowflake, snowflake_at, spoken_at
from ansim.sources.handing import hand
from ansim.sources.privately import Privately
from ansim.sources.telling import Telling, notice
from ansim.sources.wiring import NoticeKind, Opening

log = logging.getLogger(__name__)

BATCH = 100
PAGE = 100
"""Messages that Discord gives at once."""
OVERLAP = 10.0
"""Seconds of history read again: ids are given in the order of time only almost."""
QUIET_SECONDS = 15.0
"""After so long without an event, newcomers who wait for their notice are told."""

NOT_SEEN = (
    "입력한 채널 가운데 봇이 보거나 쓸 수 없는 것이 있습니다 / "
    "a channel entered cannot be seen or written in by the bot"
)
TOO_LARGE = (
    "너무 많은 사람이 볼 수 있는 채널이 있어 읽지 않습니다 / "
    "a channel is seen by too many people to be read"
)
NO_HISTORY = "봇에게 지난 메시지 보기 권한이 없습니다 / the bot may not read the message history"
ODD = "알아볼 수 없는 이벤트를 건너뛰었습니다 / an event made no sense and was left out"


class Hearing:
    """One run of a source, from its connection to the gateway until that ends."""

    def __init__(
        self, opening: Opening, ear: Ear, mouth: Mouth, privately: Privately, intake: Intake
    ) -> None:
        self._opening = opening
        self._ear = ear
        self._mouth = mouth
        self._privately = privately
        self._intake = intake
        self._telling = Telling(opening, self._say)
        self._places = Places(opening.memory)
        self._rooms = Rooms(opening, ear)
        self._looked = False
        self._ready: list[Incoming] = []
        self._readers: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "MESSAGE_CREATE": self._created,
            "MESSAGE_UPDATE": self._changed,
            "MESSAGE_DELETE": self._deleted,
            "MESSAGE_DELETE_BULK": self._deleted_many,
            "GUILD_MEMBER_ADD": self._came_or_went,
            "GUILD_MEMBER_UPDATE": self._came_or_went,
            "GUILD_MEMBER_REMOVE": self._went,
            "GUILD_ROLE_UPDATE": self._seen_by_others,
            "CHANNEL_UPDATE": self._seen_by_others,
        }

    async def run(self) -> None:
        """Until cancelled. Raises ConnectionError, IntakeRefused."""
        events = self._ear.events
        while True:
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    batch = [await events.get()]
            except TimeoutError:
                for room in self._rooms.open:
                    await self._telling.present(room, [])
                continue
            while len(batch) < BATCH and not events.empty():
                batch.append(events.get_nowait())
            for event in batch:
                await self._take(event)
            await self._hand()
            self._opening.health.behind(events.qsize())
            if self._ear.overflown:
                self._ear.overflown = False
                await self._look(anew=True)

    async def _take(self, event: Event) -> None:
        kind, data = event
        if kind in (READY, MORE):
            if kind == MORE and not self._looked:
                return  # READY comes after the servers of its list
            self._looked = True
            await self._hand()
            await self._look(anew=kind == READY)
            return
        try:
            await self._readers[kind](data)
        except (ConnectionError, discord.HTTPException):
            raise
        except Exception as error:
            log.warning("discord: odd %s: %s", kind, type(error).__name__)
            self._opening.health.trouble(ODD)

    # Looking at rooms: who is there, and what was missed.

    async def _look(self, anew: bool) -> None:
        """Tells the people of every room and fetches what was said while nobody listened."""
        blind: list[int] = []
        if anew:
            self._rooms.open.clear()
        for room, channel in self._rooms.to_open():
            allowed = channel.permissions_for(channel.guild.me)
            people = self._rooms.people(channel)
            if not allowed.read_messages or not allowed.send_messages:
                self._opening.health.trouble(NOT_SEEN)
                continue
            if people is None:
                self._opening.health.trouble(TOO_LARGE)
                continue
            place = await self._places.of(room)
            before = place.last
            if not before:
                place.last = place.begun = snowflake_at(time.time())
                self._places.touch(room)
            language = self._rooms.language(channel)
            whole = channel.guild.chunked  # otherwise somebody may be missing
            await self._telling.present(room, people, language, everybody=whole)
            self._rooms.open.add(room)
            if not allowed.read_message_history:
                self._opening.health.trouble(NO_HISTORY)
                blind.append(before)
                continue
            await self._catch_up(room)
            for thread, latest in await self._rooms.threads(channel):
                await self._catch_up_thread(thread, latest, place.begun)
        if any(blind):  # we listened at least until the latest of what we heard
            self._opening.health.gap(spoken_at(max(blind)), time.time(), NO_HISTORY)
        if anew:
            for _, private in await self._privately.all():
                await self._catch_up(private.channel, private=True)
            self._opening.health.connected()

    async def _catch_up_thread(self, thread: str, latest: int, begun: int) -> None:
        """A new one is read from its beginning, never from before the room was told."""
        place = await self._places.of(thread)
        if not place.last:
            place.last = max(snowflake(thread) - 1, begun)
        if latest > place.last:
            await self._catch_up(thread)

    async def _catch_up(self, channel: str, private: bool = False) -> None:
        """What was said in ``channel`` after the last message looked at, and what was changed or
        taken back among those before it."""
        place = await self._places.of(channel)
        try:
            await self._recheck(channel, private)
            after = max(place.last - (int(OVERLAP * 1000) << 22), place.begun, 1)
            while True:
                page = await self._page(channel, private, after=after)
                for data in page:
                    await self._created(data)
                await self._hand()
                if len(page) < PAGE:
                    break
                after = max(after + 1, *(snowflake(data.get("id")) for data in page))
        except (discord.Forbidden, discord.NotFound):
            self._opening.health.trouble(NO_HISTORY)

    async def _recheck(self, channel: str, private: bool) -> None:
        """Changes and deletions among the last page of what was handed over before."""
        place = await self._places.of(channel)
        if not place.recent:
            return
        page = await self._page(channel, private, before=place.last + 1)
        if not page:
            return
        there = {snowflake(data.get("id")) for data in page}
        for data in page:
            await self._changed(data)
        for gone in [each for each in place.recent if int(each) >= min(there)]:
            if int(gone) not in there:
                await self._deleted({"id": gone, "channel_id": channel, **_origin(private)})

    async def _page(self, channel: str, private: bool, **between: int) -> list[dict[str, Any]]:
        """As events tell them, oldest first; Discord gives them the other way round."""
        found: Any = await self._ear.http.logs_from(int(channel), PAGE, **between)
        page = [
            {"channel_id": channel, **data, **_origin(private)}
            for data in found
            if isinstance(data, dict)
        ]
        return sorted(page, key=lambda data: snowflake(data.get("id")))

    # Events.

    async def _created(self, data: dict[str, Any]) -> None:
        found = said(data)
        if found is None or not (found.text or found.attachments):
            return
        place = await self._places.of(found.channel)
        if str(found.id) in place.recent:
            return
        where = await self._where(found, _is_private(data))
        if where is None:
            return
        conversation, private = where
        place.last = max(place.last, found.id)
        self._places.touch(found.channel)
        if await self._may_read(found.channel, found.message(conversation, private), private):
            place.heard(found, conversation)
            self._ready.append(found.message(conversation, private))

    async def _changed(self, data: dict[str, Any]) -> None:
        """Discord also tells this where a link grew a preview: then the time of change is as it
        was, or there is none."""
        found = said(data)
        if found is None or not found.edited:
            return
        place = await self._places.of(found.channel)
        known = place.recent.get(str(found.id))
        if known is None or found.edited <= known.edited:
            return
        private = _is_private(data)
        change = found.change(known.conversation, private)
        if await self._may_read(found.channel, change, private):
            known.edited = found.edited
            self._places.touch(found.channel)
            self._ready.append(change)

    async def _deleted(self, data: dict[str, Any]) -> None:
        channel, number = str(snowflake(data.get("channel_id"))), str(snowflake(data.get("id")))
        place = await self._places.of(channel)
        known = place.recent.get(number)
        if known is None:
            return
        private = _is_private(data)
        taken_back = _taken_back(number, known, private)
        if await self._may_read(channel, taken_back, private):
            self._ready.append(taken_back)
        del place.recent[number]
        self._places.touch(channel)

    async def _deleted_many(self, data: dict[str, Any]) -> None:
        for number in data.get("ids") or []:
            await self._deleted({**data, "id": number})

    async def _came_or_went(self, data: dict[str, Any]) -> None:
        """Somebody joined a server, or may see other channels than before."""
        account = str(snowflake(data["user"]["id"]))
        for room, sees in self._rooms.comes_and_goes(data.get("guild_id"), account):
            if sees:
                await self._telling.present(room, [account])
            else:
                await self._telling.left(room, [account])

    async def _went(self, data: dict[str, Any]) -> None:
        """Somebody left a server. They may be back already by the library's picture of it."""
        account = str(snowflake(data["user"]["id"]))
        for room in self._rooms.goes(data.get("guild_id"), account):
            await self._telling.left(room, [account])

    async def _seen_by_others(self, data: dict[str, Any]) -> None:
        for room, people in self._rooms.people_now(data.get("guild_id")):
            await self._telling.present(room, people)

    # What each of these comes to.

    async def _where(self, found: Said, private: bool) -> tuple[str, bool] | None:
        """Conversation of a message and whether it is private; None where we do not read."""
        if not private:
            return (found.channel, False) if self._rooms.room_of(found.channel) else None
        known = await self._privately.with_person(found.author)
        if known is None:
            words = notice(self._opening, NoticeKind.HELLO)
            if words:
                await self._greet(found.channel, words)
            known = await self._privately.remember(found.author, found.channel, found.channel)
        return known.conversation, True

    async def _greet(self, channel: str, words: str) -> None:
        try:
            await self._mouth.notice(int(channel), words, pin=False)
        except PermissionError:
            log.info("discord: somebody who wrote to the bot does not take its answers")

    async def _may_read(self, channel: str, message: Incoming, private: bool) -> bool:
        """A thread is read as the channel that it hangs on: there its people were told."""
        if private:
            return True
        room = self._rooms.room_of(channel)
        return bool(room) and await self._telling.may_read(_in_room(message, room))

    async def _say(self, room: str, text: str) -> float:
        book_opens = (NoticeKind.ROOM, NoticeKind.ASK)
        texts = {notice(self._opening, kind, each) for kind in book_opens for each in ("ko", "en")}
        return await self._mouth.notice(int(room), text, pin=text in texts)

    async def _hand(self) -> None:
        ready, self._ready = self._ready, []
        await hand(self._opening, self._intake, ready)
        await self._places.keep()


def _is_private(data: dict[str, Any]) -> bool:
    """Only what happens in a server names one."""
    return "guild_id" not in data


def _origin(private: bool) -> dict[str, Any]:
    """What tells the two apart in an event, for messages of the history, which do not say."""
    return {} if private else {"guild_id": "0"}


def _in_room(message: Incoming, room: str) -> Incoming:
    return Incoming(
        id=message.id,
        conversation=room,
        author=message.author,
        at=message.at,
        text=message.text,
    )


def _taken_back(number: str, known: Known, private: bool) -> Incoming:
    return Incoming(
        id=f"{number}:deleted",
        conversation=known.conversation,
        author=known.author,
        at=time.time(),
        text="",
        to_agency=private,
        replaces=number,
        deleted=True,
    )
