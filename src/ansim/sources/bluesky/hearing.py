"""From Bluesky's feeds, search and threads to intake: everything once, in order, removals too.

A feed or search shows where something is said; the thread around it is looked at again, often while
it is lively and seldom when it is quiet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from atproto_client.exceptions import BadRequestError, RateLimitExceededError  # type: ignore[import-untyped]

from ansim.sources.bluesky.line import Line, wait_of
from ansim.sources.bluesky.spoken import CDN, address, author, known_at, root, said, walk
from ansim.sources.contract import Intake, IntakeRefused
from ansim.sources.fitting import Fields, fields, fit_id, fit_name, listed
from ansim.sources.places import ODD_PLACE, Places, odd_lines
from ansim.sources.threads import DAY, Threads, unless_refused
from ansim.sources.wiring import Opening, Remembered

PAGE = 100
MOST_PAGES = 100
POSTS_AT_ONCE = 25
OVERLAP = 900.0
"""Search shows a post some time after it was written."""
WRITE_EVERY = 60.0
SHORTEST = 0.05
DEPTH = 1000
LONGEST_WAIT = 600.0

REFUSED = (
    "Bluesky가 피드나 글타래 하나를 보여 주지 않습니다 / Bluesky does not show a feed or thread"
)
SLOWED = "Bluesky가 요청을 줄여 달라고 해 기다립니다 / Bluesky asks for fewer requests: waiting"
NOTHING_TO_READ = (
    "읽을 계정, 해시태그, 낱말이 정해지지 않았습니다 / "
    "no account, hashtag or word was chosen: there is nothing to read"
)
TOO_MUCH = (
    "한 피드에 새 글이 너무 많아 오래된 것을 다 읽지 못했습니다 / "
    "a feed had more new posts than could be read"
)


class Reached(msgspec.Struct):
    """How far each feed was read, by the time a reading began."""

    feeds: dict[str, float] = {}


class Hearing:
    """One run of a source."""

    def __init__(self, opening: Opening, line: Line, intake: Intake) -> None:
        self._opening = opening
        self._line = line
        every = opening.wiring.entry("every")
        self._every = max(SHORTEST, float(every)) if every else 15.0
        self._threads = Threads(opening, intake, self._every)
        self._unless_refused = partial(unless_refused, opening, REFUSED)
        media = opening.wiring.entries("media")
        own = Places((CDN,), (opening.wiring.entry("service"),))
        self._places = own.with_entered(media)
        if odd_lines(media):
            opening.health.trouble(ODD_PLACE)
        self._reached = Reached()
        self._written = 0.0
        self._since = 0.0
        """What was posted earlier and was never seen stays unread."""

    async def run(self) -> None:
        """Until cancelled. Raises ConnectionError, Revoked, IntakeRefused."""
        feeds = self._opening.wiring.entries("feeds")
        if not feeds:
            raise IntakeRefused(NOTHING_TO_READ)
        await self._line.begin()
        self._reached = await Remembered.read(self._opening.memory, "reached", Reached)
        await self._threads.load()
        # After an outage from where we stopped, else a day's worth of a thread that is found.
        self._since = min([time.time() - DAY, *self._reached.feeds.values()])
        while True:
            begun = time.monotonic()
            for feed in feeds:
                await self._unless_refused(self._read_feed(feed))
            for conversation in self._threads.due():
                await self._unless_refused(self._look(conversation))
                self._threads.looked(conversation)
            await self._write_reached()
            await self._threads.tidy()
            self._since = time.time() - DAY
            self._opening.health.connected()
            await asyncio.sleep(max(0.0, self._every - (time.monotonic() - begun)))

    async def _ask(self, method: str, **asked: Any) -> Fields:
        """Waits where Bluesky asks to."""
        while True:
            try:
                return await self._line.ask(method, **asked)
            except RateLimitExceededError as limit:
                self._opening.health.trouble(SLOWED)
                await asyncio.sleep(min(wait_of(limit) + 0.5, LONGEST_WAIT))

    # Feeds.

    async def _read_feed(self, feed: str) -> None:
        """Hands on what is new in a feed, oldest first, with the threads it belongs to."""
        begun = time.time()
        since = self._reached.feeds.setdefault(feed, begun - DAY) - OVERLAP
        found: dict[str, Fields] = {}
        cursor = ""
        for _ in range(MOST_PAGES):
            posts, cursor = await self._page(feed, since, cursor)
            new = [each for each in posts if known_at(each) >= since]
            found |= {address(each): each for each in new if address(each)}
            if not cursor or not new:
                break
        else:
            self._opening.health.trouble(TOO_MUCH)
        for post in sorted(found.values(), key=lambda each: (known_at(each), address(each))):
            known = self._threads.of(fit_id(address(post)))
            if author(post) != self._line.me and not known and said(post, "") is not None:
                await self._found(post)
        self._reached.feeds[feed] = begun

    async def _page(self, feed: str, since: float, cursor: str) -> tuple[list[Fields], str]:
        asked: dict[str, Any] = {"limit": PAGE, **({"cursor": cursor} if cursor else {})}
        if feed.startswith("@"):
            asked |= {"actor": feed[1:], "filter": "posts_with_replies"}
            answer = await self._ask("app.bsky.feed.getAuthorFeed", **asked)
            entries = listed(answer, "feed")
            # What has a reason is somebody else's post, repeated, or an old one on top.
            posts = [fields(each.get("post")) for each in entries if not each.get("reason")]
        else:
            asked |= {"q": feed, "sort": "latest", "since": _stamp(since)}
            if feed.startswith("#"):
                asked |= {"tag": [feed[1:]]}
            answer = await self._ask("app.bsky.feed.searchPosts", **asked)
            posts = listed(answer, "posts")
        after = answer.get("cursor")
        return posts, after if isinstance(after, str) else ""

    async def _write_reached(self) -> None:
        """Now and then, when the threads were looked at too: what is read twice is known by its
        post."""
        if time.time() - self._written > WRITE_EVERY:
            await Remembered.write(self._opening.memory, "reached", self._reached)
            self._written = time.time()

    async def _found(self, post: Fields) -> None:
        """A post that we do not know yet, maybe in a thread that we know."""
        conversation = root(post)
        if conversation != address(post) or post.get("replyCount"):
            await self._look(conversation)
        if fit_id(address(post)) not in self._threads.posts(fit_name(conversation)):
            await self._hand(conversation, [post])

    # Threads.

    async def _look(self, conversation: str) -> None:
        """Reads a thread from its first post on, and the branches that a removal cut off."""
        there = {address(each): each for each in await self._below(conversation)}
        missing = [
            name
            for name, post in self._threads.posts(fit_name(conversation)).items()
            if name not in there and not post.gone and name.startswith("at://")
        ]
        gone: list[str] = []
        for start in range(0, len(missing), POSTS_AT_ONCE):
            asked = missing[start : start + POSTS_AT_ONCE]
            answer = await self._ask("app.bsky.feed.getPosts", uris=asked)
            still = {address(each) for each in listed(answer, "posts")}
            gone += [each for each in asked if each not in still]
            for name in asked:
                if name in still and name not in there:
                    there |= {address(each): each for each in await self._below(name)}
        await self._hand(conversation, there.values(), gone)

    async def _below(self, name: str) -> Sequence[Fields]:
        """A post and all below it; nothing where it is gone."""
        try:
            answer = await self._ask(
                "app.bsky.feed.getPostThread", uri=name, depth=DEPTH, parentHeight=0
            )
        except BadRequestError:
            return []
        return list(walk(answer.get("thread")))

    async def _hand(
        self, conversation: str, posts: Iterable[Fields], gone: Sequence[str] = ()
    ) -> None:
        others = [each for each in posts if author(each) != self._line.me]
        messages = [said(each, conversation, self._places) for each in others]
        seen = sorted(
            (each for each in messages if each is not None), key=lambda each: (each.at, each.id)
        )
        await self._threads.take(fit_name(conversation), seen, since=self._since, gone=gone)


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
