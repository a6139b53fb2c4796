"""Live chats: read on from a page token, which YouTube keeps for a while and no longer.

What lies between an expired token and the oldest that YouTube still shows is a gap.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec

from ansim.sources.fitting import listed, moment
from ansim.sources.threads import Threads
from ansim.sources.wiring import Opening, Remembered
from ansim.sources.youtube.line import Refused
from ansim.sources.youtube.places import Ask
from ansim.sources.youtube.spoken import CHAT, chatted, taken_back, word

PAGE = 2000
OVER = {"liveChatEnded", "liveChatNotFound", "liveChatDisabled"}
NOT_SHOWN = (
    "YouTube가 실시간 채팅의 지난 부분을 더는 보여 주지 않습니다 / "
    "YouTube no longer shows an earlier part of a live chat"
)
ENDED = (
    "우리가 없는 동안 방송이 끝나 실시간 채팅을 다 읽지 못했습니다 / "
    "a stream ended while we were away; the rest of its live chat cannot be read"
)
AWAY_SECONDS = 60.0


class Chat(msgspec.Struct):
    """How far a chat was read."""

    token: str = ""
    at: float = 0.0
    """When it was read last; 0: never."""


class Running(msgspec.Struct):
    """Chats that are read, by id."""

    chats: dict[str, Chat] = {}


class Chats:
    """The live chats of one source while it is heard."""

    def __init__(
        self, opening: Opening, youtube: Any, ask: Ask, threads: Threads, every: float
    ) -> None:
        self._opening = opening
        self._youtube = youtube
        self._ask = ask
        self._threads = threads
        self._every = every
        self._running = Running()
        self._due: dict[str, float] = {}
        self.me = ""

    async def load(self) -> None:
        self._running = await Remembered.read(self._opening.memory, "chats", Running)

    def begin(self, chats: list[str]) -> None:
        for each in chats:
            self._running.chats.setdefault(each, Chat())

    def due(self) -> list[str]:
        now = time.monotonic()
        return [each for each in self._running.chats if self._due.get(each, 0.0) <= now]

    def next(self) -> float:
        """When the next one is due (``time.monotonic``)."""
        return min((self._due.get(each, 0.0) for each in self._running.chats), default=float("inf"))

    async def look(self, name: str, since: float) -> None:
        """Reads a chat on. Raises as ``line.run``."""
        chat = self._running.chats[name]
        fresh = not chat.token
        try:
            answer = await self._page(name, chat.token)
        except Refused as refused:
            if refused.reason in OVER:
                await self._over(name, chat)
                return
            if refused.status != 400 or fresh:
                self._due[name] = time.monotonic() + max(self._every, 60.0)
                raise
            fresh = True
            answer = await self._page(name, "")
        items = listed(answer, "items")
        self._tell_gap(chat, fresh, items)
        await self._take(name, items, since)
        ended = any(_type(each) == "chatEndedEvent" for each in items)
        if answer.get("offlineAt") or ended:
            await self._forget(name)
            return
        self._running.chats[name] = Chat(word(answer.get("nextPageToken")), time.time())
        await self._write()
        pause = answer.get("pollingIntervalMillis")
        allowed = pause / 1000 if isinstance(pause, int) and pause > 0 else 0.0
        self._due[name] = time.monotonic() + max(self._every, allowed)

    async def _page(self, name: str, token: str) -> Any:
        more = {"pageToken": token} if token else {}
        asked = self._youtube.liveChatMessages().list(
            liveChatId=name, part="id,snippet", maxResults=PAGE, **more
        )
        return await self._ask(asked)

    async def _take(self, name: str, items: list[Any], since: float) -> None:
        conversation = CHAT + name
        found = [chatted(each, conversation) for each in items]
        said = [each for each in found if each is not None and each.author != self.me]
        said.sort(key=lambda each: (each.at, each.id))
        gone = [taken for taken in map(taken_back, items) if taken]
        await self._threads.take(conversation, said, since=since, gone=gone)

    def _tell_gap(self, chat: Chat, fresh: bool, items: list[Any]) -> None:
        if not (fresh and chat.at):
            return
        times = [at for at in (moment(each["snippet"].get("publishedAt")) for each in items) if at]
        oldest = min(times, default=time.time())
        if oldest > chat.at:
            self._opening.health.gap(chat.at, oldest, NOT_SHOWN)

    async def _over(self, name: str, chat: Chat) -> None:
        if chat.at and time.time() - chat.at > max(AWAY_SECONDS, self._every * 3):
            self._opening.health.gap(chat.at, time.time(), ENDED)
        await self._forget(name)

    async def _forget(self, name: str) -> None:
        self._running.chats.pop(name, None)
        self._due.pop(name, None)
        await self._write()

    async def _write(self) -> None:
        await Remembered.write(self._opening.memory, "chats", self._running)


def _type(item: Any) -> str:
    return word(item["snippet"].get("type")) if isinstance(item.get("snippet"), dict) else ""
