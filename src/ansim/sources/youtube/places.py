"""Which channels and videos a source reads, and which of their videos are public or running."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from ansim.sources.fitting import Fields, fields, listed
from ansim.sources.youtube.spoken import word

AT_ONCE = 50
NEWEST_VIDEOS = 10
"""Of a channel: among these a running stream is looked for."""
MOST_KNOWN = 5_000

Ask = Callable[[Any], Awaitable[Fields]]


class Channel(msgspec.Struct, frozen=True):
    """``uploads`` is the list of its videos, newest first."""

    id: str
    uploads: str


class Places:
    """What was declared, as YouTube names it."""

    def __init__(self, youtube: Any, ask: Ask, entries: Iterable[str]) -> None:
        self._youtube = youtube
        self._ask = ask
        self._entries = list(entries)
        self._public: dict[str, bool] = {}
        self.channels: list[Channel] = []
        self.videos: list[str] = []

    async def find(self) -> list[str]:
        """Looks the entries up once; returns those that YouTube does not know."""
        unknown = []
        for entry in self._entries:
            if re.fullmatch(r"[\w-]{11}", entry):
                self.videos.append(entry)
                continue
            by = {"forHandle": entry} if entry.startswith("@") else {"id": entry}
            asked = self._youtube.channels().list(part="contentDetails", **by)
            found = listed(await self._ask(asked), "items")
            if not found:
                unknown.append(entry)
            for each in found[:1]:
                lists = fields(fields(each.get("contentDetails")).get("relatedPlaylists"))
                self.channels.append(Channel(word(each.get("id")), word(lists.get("uploads"))))
        return unknown

    async def public(self, videos: Iterable[str]) -> set[str]:
        """Those that everybody can find; unlisted ones are none."""
        wanted = list(dict.fromkeys(videos))
        unknown = [each for each in wanted if each not in self._public]
        if len(self._public) > MOST_KNOWN:
            self._public = {}
            unknown = wanted
        for start in range(0, len(unknown), AT_ONCE):
            await self._look(unknown[start : start + AT_ONCE])
        return {each for each in wanted if self._public.get(each)}

    async def running(self) -> list[str]:
        """Ids of the live chats that are going on now below public videos."""
        videos = list(self.videos)
        for channel in self.channels:
            asked = self._youtube.playlistItems().list(
                part="contentDetails", playlistId=channel.uploads, maxResults=NEWEST_VIDEOS
            )
            items = listed(await self._ask(asked), "items")
            videos += [word(fields(each.get("contentDetails")).get("videoId")) for each in items]
        videos = [each for each in dict.fromkeys(videos) if each]
        chats: list[str] = []
        for start in range(0, len(videos), AT_ONCE):
            chats += await self._look(videos[start : start + AT_ONCE])
        return chats

    async def _look(self, videos: list[str]) -> list[str]:
        asked = self._youtube.videos().list(
            part="status,liveStreamingDetails", id=",".join(videos), maxResults=AT_ONCE
        )
        self._public |= dict.fromkeys(videos, False)
        chats = []
        for video in listed(await self._ask(asked), "items"):
            public = fields(video.get("status")).get("privacyStatus") == "public"
            self._public[word(video.get("id"))] = public
            live = fields(video.get("liveStreamingDetails"))
            chat = word(live.get("activeLiveChatId"))
            if public and chat and live.get("actualStartTime"):
                chats.append(chat)
        return chats
