"""From Discord's events to intake: told first, in order, with what was missed from the history."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import discord

from ansim.sources.contract import Intake
from ansim.sources.discord.line import MORE, READY, Ear, Event
from ansim.sources.discord.mouth import Mouth
from ansim.sources.discord.reading import Reading, origin
from ansim.sources.discord.rooms import Rooms
from ansim.sources.discord.spoken import snowflake, snowflake_at, spoken_at
from ansim.sources.handing import hand
from ansim.sources.privately import Privately
from ansim.sources.wiring import Opening

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


class Hearing:
    """One run of a source, from its connection to the gateway until that ends."""

    def __init__(
        self, opening: Opening, ear: Ear, mouth: Mouth, privately: Privately, intake: Intake
    ) -> None:
        self._opening = opening
        self._ear = ear
        self._privately = privately
        self._intake = intake
        self._rooms = Rooms(opening, ear)
        self._reading = Reading(opening, mouth, privately, self._rooms)
        self._places = self._reading.places
        self._looked = False

    async def run(self) -> None:
        """Until cancelled. Raises ConnectionError, IntakeRefused."""
        events = self._ear.events
        while True:
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    batch = [await events.get()]
            except TimeoutError:
                for room in self._rooms.open:
                    await self._reading.telling.present(room, [])
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
        await self._reading.event(kind, data)

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
            await self._reading.telling.present(room, people, language, everybody=whole)
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
                    await self._reading.created(data)
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
            await self._reading.changed(data)
        for gone in [each for each in place.recent if int(each) >= min(there)]:
            if int(gone) not in there:
                await self._reading.deleted({"id": gone, "channel_id": channel, **origin(private)})

    async def _page(self, channel: str, private: bool, **between: int) -> list[dict[str, Any]]:
        """As events tell them, oldest first; Discord gives them the other way round."""
        found: Any = await self._ear.http.logs_from(int(channel), PAGE, **between)
        page = [
            {"channel_id": channel, **data, **origin(private)}
            for data in found
            if isinstance(data, dict)
        ]
        return sorted(page, key=lambda data: snowflake(data.get("id")))

    async def _hand(self) -> None:
        ready, self._reading.ready = self._reading.ready, []
        await hand(self._opening, self._intake, ready)
        await self._places.keep()
