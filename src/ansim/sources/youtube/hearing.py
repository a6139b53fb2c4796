"""From comments and live chats to intake: everything once, in order, changes and removals too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from ansim.sources.contract import Intake, IntakeRefused
from ansim.sources.fitting import Fields, fields, fit_id, fit_name, listed, moment
from ansim.sources.threads import DAY, Threads, unless_refused
from ansim.sources.wiring import Opening, Remembered
from ansim.sources.youtube.chats import Chats
from ansim.sources.youtube.line import SLOW_DOWN, USED_UP, Refused, reader, run, speaker
from ansim.sources.youtube.places import AT_ONCE, Places
from ansim.sources.youtube.spoken import CHAT, comments, oldest_first, word

PAGE = 100
MOST_PAGES = 50
OVERLAP = 600.0
SHORTEST = 0.05
LONGEST_WAIT = 120.0
USED_UP_WAIT = 900.0

NOTHING_TO_READ = (
    "읽을 채널도 영상도 정해지지 않았습니다 / neither a channel nor a video was chosen"
)
UNKNOWN_PLACE = (
    "적어 둔 채널 가운데 YouTube에 없는 것이 있습니다 / YouTube does not know one of the channels"
)
REFUSED = (
    "YouTube가 댓글이나 채팅 하나를 보여 주지 않습니다 / YouTube does not show comments or a chat"
)
SLOWED = "YouTube가 요청을 줄여 달라고 해 기다립니다 / YouTube asks for fewer requests: waiting"
QUOTA = (
    "오늘 쓸 수 있는 YouTube 할당량을 다 썼습니다. 간격을 늘리거나 할당량을 늘려 받으세요 / "
    "today's YouTube quota is used up: look less often, or ask Google for more"
)


class Reached(msgspec.Struct):
    """How far each place was read, by the time a reading began."""

    places: dict[str, float] = {}


class Hearing:
    """One run of a source."""

    def __init__(self, opening: Opening, intake: Intake) -> None:
        self._opening = opening
        wiring = opening.wiring
        self._every = max(SHORTEST, float(wiring.entry("every") or 120))
        self._threads = Threads(opening, intake, self._every)
        self._unless_refused = partial(unless_refused, opening, REFUSED)
        self._youtube = reader(opening)
        self._places = Places(self._youtube, self._ask, wiring.entries("places"))
        live_every = max(SHORTEST, float(wiring.entry("live_every") or 10))
        self._chats = Chats(opening, self._youtube, self._ask, self._threads, live_every)
        self._reached = Reached()
        self._since = 0.0
        """What was written earlier and was never seen stays unread."""
        self._me = ""

    async def run(self) -> None:
        """Until cancelled. Raises ConnectionError, Revoked, IntakeRefused."""
        if not self._opening.wiring.entries("places"):
            raise IntakeRefused(NOTHING_TO_READ)
        try:
            self._me = self._chats.me = await self._our_channel()
            if await self._places.find():
                self._opening.health.trouble(UNKNOWN_PLACE)
        except Refused as refused:
            self._opening.health.trouble(REFUSED)
            raise ConnectionError(f"YouTube: {refused}") from None
        self._reached = await Remembered.read(self._opening.memory, "reached", Reached)
        await self._threads.load()
        await self._chats.load()
        # After an outage from where we stopped, else a day's worth of a thread that is found.
        self._since = min([time.time() - DAY, *self._reached.places.values()])
        look_at = 0.0
        while True:
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + self._every
                await self._comments()
            for chat in self._chats.due():
                await self._unless_refused(self._chats.look(chat, self._since))
            self._opening.health.connected()
            pause = min(look_at, self._chats.next()) - time.monotonic()
            await asyncio.sleep(max(SHORTEST / 2, pause))

    async def _comments(self) -> None:
        """One look at everything that is not live."""
        for place in self._places.channels:
            asked = {"allThreadsRelatedToChannelId": place.id}
            await self._unless_refused(self._find(place.id, asked))
        for video in self._places.videos:
            await self._unless_refused(self._find(video, {"videoId": video}))
        await self._unless_refused(self._find_chats())
        due = [each for each in self._threads.due() if not each.startswith(CHAT)]
        for start in range(0, len(due), AT_ONCE):
            await self._unless_refused(self._look(due[start : start + AT_ONCE]))
        # Not before the threads were looked at: they are part of it.
        await Remembered.write(self._opening.memory, "reached", self._reached)
        await self._threads.tidy()
        self._since = time.time() - DAY

    async def _our_channel(self) -> str:
        """Id of the channel that we answer as; empty where we cannot answer."""
        ours = await asyncio.to_thread(speaker, self._opening)
        if ours is None:
            return ""
        items = listed(await self._ask(ours.channels().list(part="id", mine=True)), "items")
        return fit_name(items[0].get("id")) if items else ""

    async def _ask(self, request: Any) -> Fields:
        """Waits where YouTube asks to."""
        wait = 1.0
        while True:
            try:
                return await run(request)
            except Refused as refused:
                if refused.reason in USED_UP:
                    self._opening.health.trouble(QUOTA)
                    await asyncio.sleep(USED_UP_WAIT)
                elif refused.reason in SLOW_DOWN:
                    self._opening.health.trouble(SLOWED)
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, LONGEST_WAIT)
                else:
                    raise

    # Comments.

    async def _find(self, place: str, asked: dict[str, str]) -> None:
        """Reads the newest comments of a place down to where it was read last."""
        begun = time.time()
        since = self._reached.places.setdefault(place, begun - DAY) - OVERLAP
        found: dict[str, Fields] = {}
        token: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            request = self._youtube.commentThreads().list(
                part="snippet,replies",
                order="time",
                maxResults=PAGE,
                textFormat="plainText",
                **asked,
                **token,
            )
            answer = await self._ask(request)
            new = [each for each in listed(answer, "items") if _begun_at(each) >= since]
            found |= {word(each.get("id")): each for each in new if word(each.get("id"))}
            after = word(answer.get("nextPageToken"))
            if not (new and after):
                break
            token = {"pageToken": after}
        unknown = [each for each in found.values() if not self._threads.posts(_name(each))]
        public = await self._places.public(_video(each) for each in unknown if _video(each))
        for item in sorted(unknown, key=_begun_at):
            if _video(item) in public:
                await self._thread(item)
        self._reached.places[place] = begun

    async def _find_chats(self) -> None:
        self._chats.begin(await self._places.running())

    async def _look(self, threads: Sequence[str]) -> None:
        """Looks at threads that we follow; those that YouTube does not have any more are gone."""
        request = self._youtube.commentThreads().list(
            part="snippet,replies", id=",".join(threads), maxResults=PAGE, textFormat="plainText"
        )
        items = {_name(each): each for each in listed(await self._ask(request), "items")}
        for name in threads:
            if name in items:
                await self._thread(items[name])
            else:
                gone = list(self._threads.posts(name))
                await self._threads.take(name, [], gone=gone)
            self._threads.looked(name)

    async def _thread(self, item: Fields) -> None:
        """Hands on what is new, changed or gone in one thread."""
        name = _name(item)
        snippet = fields(item.get("snippet"))
        if not name or snippet.get("isPublic") is False:
            return
        # At most five come along, the newest first.
        replies = listed(item.get("replies"), "comments")
        whole = snippet.get("totalReplyCount") == len(replies)
        if not whole:
            replies = await self._replies(word(item.get("id")))
        answers = oldest_first(replies, newest_first=whole)
        there = [fields(snippet.get("topLevelComment")), *answers]
        known = self._threads.posts(name)
        messages, marks = comments(there, name, known, self._me)
        seen = {fit_id(each.get("id")) for each in there}
        gone = [each for each in known if each not in seen]
        await self._threads.take(name, messages, since=self._since, gone=gone, marks=marks)

    async def _replies(self, thread: str) -> list[Fields]:
        """All answers of a thread."""
        found: list[Fields] = []
        token: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            request = self._youtube.comments().list(
                part="snippet", parentId=thread, maxResults=PAGE, textFormat="plainText", **token
            )
            answer = await self._ask(request)
            found += listed(answer, "items")
            after = word(answer.get("nextPageToken"))
            if not after:
                break
            token = {"pageToken": after}
        return found


def _name(item: Fields) -> str:
    return fit_name(item.get("id"))


def _video(item: Fields) -> str:
    return word(fields(item.get("snippet")).get("videoId"))


def _begun_at(item: Fields) -> float:
    top = fields(fields(item.get("snippet")).get("topLevelComment"))
    return moment(fields(top.get("snippet")).get("publishedAt"))
