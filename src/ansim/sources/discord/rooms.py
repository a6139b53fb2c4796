"""The channels that an operator entered, as Discord shows them now: who sees them, what hangs on
them. Asks the library's picture of the servers and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp
import discord

from ansim.sources.discord.line import Ear
from ansim.sources.discord.spoken import snowflake
from ansim.sources.wiring import Opening

MOST_PEOPLE = 10_000
"""A channel that more people can see is not read: who was told could not be kept."""
ARCHIVED = 50
"""Threads put away lately that are looked through after a time without connection."""
NOT_SEEN = (
    "입력한 채널 가운데 찾을 수 없는 것이 있습니다 / a channel entered cannot be found by the bot"
)

Channel = discord.TextChannel | discord.VoiceChannel


class Rooms:
    """Rooms of one source. ``open`` are those whose people were told in this run."""

    def __init__(self, opening: Opening, ear: Ear) -> None:
        self._opening = opening
        self._ear = ear
        self.open: set[str] = set()
        self._there: dict[str, set[str]] = {}
        self._parents: dict[str, str] = {}
        """Rooms of threads that were put away, which the library does not keep."""

    def to_open(self) -> Iterator[tuple[str, Channel]]:
        """Channels entered and not open yet, with their ids."""
        for entered in self._opening.wiring.entries("channels"):
            room = str(snowflake(entered))
            if room in self.open:
                continue
            channel = self._ear.get_channel(int(room))
            if isinstance(channel, Channel):
                yield room, channel
            else:
                self._opening.health.trouble(NOT_SEEN)

    def room_of(self, channel: str) -> str:
        """The open room that a channel or public thread belongs to; empty: we do not read it."""
        if channel in self.open:
            return channel
        found = self._ear.get_channel(int(channel))
        parent = self._parents.get(channel, "")
        if isinstance(found, discord.Thread):
            parent = "" if found.is_private() else str(found.parent_id)
        return parent if parent in self.open else ""

    def people(self, channel: Channel) -> list[str] | None:
        """Who can see a channel, without bots; None where they are too many."""
        people = [
            str(member.id)
            for member in channel.guild.members
            if not member.bot and channel.permissions_for(member).read_messages
        ]
        self._there[str(channel.id)] = set(people)
        return people if len(people) <= MOST_PEOPLE else None

    def people_now(self, guild: object) -> Iterator[tuple[str, list[str]]]:
        """Open rooms of a server and who sees them."""
        for room in self.of_guild(guild):
            channel = self._ear.get_channel(int(room))
            if isinstance(channel, Channel):
                yield room, self.people(channel) or []

    def comes_and_goes(self, guild: object, account: str) -> Iterator[tuple[str, bool]]:
        """Open rooms of a server that this person sees now and did not before (True), or did
        before and does not now (False)."""
        for room in self.of_guild(guild):
            channel = self._ear.get_channel(int(room))
            if not isinstance(channel, Channel):
                continue
            member = channel.guild.get_member(int(account))
            sees = (
                member is not None
                and not member.bot
                and channel.permissions_for(member).read_messages
            )
            there = self._there.setdefault(room, set())
            if sees != (account in there):
                (there.add if sees else there.discard)(account)
                yield room, sees

    def goes(self, guild: object, account: str) -> list[str]:
        """Open rooms of a server that this person saw until now."""
        found = [room for room in self.of_guild(guild) if account in self._there.get(room, ())]
        for room in found:
            self._there[room].discard(account)
        return found

    def of_guild(self, guild: object) -> list[str]:
        found = []
        for room in self.open:
            channel = self._ear.get_channel(int(room))
            if isinstance(channel, Channel) and channel.guild.id == snowflake(guild):
                found.append(room)
        return found

    async def threads(self, channel: Channel) -> list[tuple[str, int]]:
        """Public threads of a channel, those in use and those put away lately, each with the id of
        the last message in it."""
        if not isinstance(channel, discord.TextChannel):
            return []
        found = {each.id: each for each in channel.threads}
        try:
            async for thread in channel.archived_threads(limit=ARCHIVED):
                found[thread.id] = thread
                self._parents[str(thread.id)] = str(channel.id)
        except (discord.HTTPException, aiohttp.ClientError, KeyError, ValueError):
            pass  # those in use are known anyway
        return [
            (str(each.id), each.last_message_id or 0)
            for each in found.values()
            if not each.is_private()
        ]

    def language(self, channel: Channel) -> str:
        """Of a community server, which states it; elsewhere Discord says English unasked."""
        if "COMMUNITY" not in channel.guild.features:
            return ""
        return str(channel.guild.preferred_locale)
