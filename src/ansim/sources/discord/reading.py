"""What one event of Discord comes to: a message to be handed over, people to be told, or nothing.

Nothing here waits for intake; ``hearing.py`` hands over what is ``ready`` and keeps the places.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from ansim.sources.contract import Incoming
from ansim.sources.discord.mouth import Mouth
from ansim.sources.discord.places import Known, Places
from ansim.sources.discord.rooms import Rooms
from ansim.sources.discord.spoken import Said, said, snowflake
from ansim.sources.privately import Privately
from ansim.sources.telling import Telling, notice
from ansim.sources.wiring import NoticeKind, Opening

log = logging.getLogger(__name__)

ODD = "알아볼 수 없는 이벤트를 건너뛰었습니다 / an event made no sense and was left out"


class Reading:
    """Events of one run of a source, one after the other."""

    def __init__(self, opening: Opening, mouth: Mouth, privately: Privately, rooms: Rooms) -> None:
        self._opening = opening
        self._mouth = mouth
        self._privately = privately
        self._rooms = rooms
        self.telling = Telling(opening, self._say)
        self.places = Places(opening.memory)
        self.ready: list[Incoming] = []
        """To be handed over, in order."""
        self._readers: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "MESSAGE_CREATE": self.created,
            "MESSAGE_UPDATE": self.changed,
            "MESSAGE_DELETE": self.deleted,
            "MESSAGE_DELETE_BULK": self._deleted_many,
            "GUILD_MEMBER_ADD": self._came_or_went,
            "GUILD_MEMBER_UPDATE": self._came_or_went,
            "GUILD_MEMBER_REMOVE": self._went,
            "GUILD_ROLE_UPDATE": self._seen_by_others,
            "CHANNEL_UPDATE": self._seen_by_others,
        }

    async def event(self, kind: str, data: dict[str, Any]) -> None:
        """An odd one is left out. Raises ConnectionError, and HTTPException of the library."""
        try:
            await self._readers[kind](data)
        except (ConnectionError, discord.HTTPException):
            raise
        except Exception as error:
            log.warning("discord: odd %s: %s", kind, type(error).__name__)
            self._opening.health.trouble(ODD)

    async def created(self, data: dict[str, Any]) -> None:
        found = said(data, self._opening.wiring.entry("api"))
        if found is None or not (found.text or found.attachments):
            return
        place = await self.places.of(found.channel)
        if str(found.id) in place.recent:
            return
        where = await self._where(found, is_private(data))
        if where is None:
            return
        conversation, private = where
        place.last = max(place.last, found.id)
        self.places.touch(found.channel)
        if await self._may_read(found.channel, found.message(conversation, private), private):
            place.heard(found, conversation)
            self.ready.append(found.message(conversation, private))

    async def changed(self, data: dict[str, Any]) -> None:
        """Discord also tells this where a link grew a preview: then the time of change is as it
        was, or there is none."""
        found = said(data, self._opening.wiring.entry("api"))
        if found is None:
            return
        place = await self.places.of(found.channel)
        known = place.recent.get(str(found.id))
        if known is None or found.edited <= known.edited:
            return
        private = is_private(data)
        change = found.change(known.conversation, private)
        if await self._may_read(found.channel, change, private):
            known.edited = found.edited
            self.places.touch(found.channel)
            self.ready.append(change)

    async def deleted(self, data: dict[str, Any]) -> None:
        channel, number = str(snowflake(data.get("channel_id"))), str(snowflake(data.get("id")))
        place = await self.places.of(channel)
        known = place.recent.get(number)
        if known is None:
            return
        private = is_private(data)
        taken_back = _taken_back(number, known, private)
        if await self._may_read(channel, taken_back, private):
            self.ready.append(taken_back)
        del place.recent[number]
        self.places.touch(channel)

    async def _deleted_many(self, data: dict[str, Any]) -> None:
        for number in data.get("ids") or []:
            await self.deleted({**data, "id": number})

    async def _came_or_went(self, data: dict[str, Any]) -> None:
        """Somebody joined a server, or may see other channels than before."""
        account = str(snowflake(data["user"]["id"]))
        for room, sees in self._rooms.comes_and_goes(data.get("guild_id"), account):
            if sees:
                await self.telling.present(room, [account])
            else:
                await self.telling.left(room, [account])

    async def _went(self, data: dict[str, Any]) -> None:
        """Somebody left a server. They may be back already by the library's picture of it."""
        account = str(snowflake(data["user"]["id"]))
        for room in self._rooms.goes(data.get("guild_id"), account):
            await self.telling.left(room, [account])

    async def _seen_by_others(self, data: dict[str, Any]) -> None:
        for room, people in self._rooms.people_now(data.get("guild_id")):
            await self.telling.present(room, people)

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
        """Where this fails, what they wrote is heard all the same: it could not be found again."""
        try:
            await self._mouth.notice(int(channel), words, pin=False)
        except (PermissionError, ConnectionError) as error:
            log.info("discord: somebody could not be greeted: %s", type(error).__name__)

    async def _may_read(self, channel: str, message: Incoming, private: bool) -> bool:
        """A thread is read as the channel that it hangs on: there its people were told."""
        if private:
            return True
        room = self._rooms.room_of(channel)
        return bool(room) and await self.telling.may_read(_in_room(message, room))

    async def _say(self, room: str, text: str) -> float:
        first = (NoticeKind.ROOM, NoticeKind.ASK)
        texts = {notice(self._opening, kind, each) for kind in first for each in ("ko", "en")}
        return await self._mouth.notice(int(room), text, pin=text in texts)


def is_private(data: dict[str, Any]) -> bool:
    """Only what happens in a server names one."""
    return "guild_id" not in data


def origin(private: bool) -> dict[str, Any]:
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
