"""From public timelines and threads to intake: everything once, in order, changes and removals too.

A timeline shows where something is said; answers carry no hashtag, so every thread found is looked
at again, often while it is lively and seldom when it is quiet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from mastodon import Mastodon

from ansim.sources.contract import Intake, IntakeRefused
from ansim.sources.mastodon.line import Asking
from ansim.sources.mastodon.spoken import (
    author,
    edited,
    number,
    numbered,
    order,
    parent,
    public,
    said,
)
from ansim.sources.places import ODD_PLACE, Places, odd_lines
from ansim.sources.threads import DAY, Threads, unless_refused
from ansim.sources.wiring import Opening, Remembered

PAGE = 40
OVERLAP = 900.0
"""A post of another server may arrive late and is sorted in by the time it was written."""
OVERLAP_EVERY = 300.0
SHORTEST = 0.05

NOTHING_TO_READ = (
    "읽을 해시태그도, 서버의 공개 글도 정해지지 않았습니다 / "
    "neither a hashtag nor the server's public posts were chosen: there is nothing to read"
)
REFUSED = (
    "Mastodon 서버가 타임라인이나 글타래 하나를 보여 주지 않습니다 / "
    "the Mastodon server does not show a timeline or thread"
)

Page = Callable[[Mastodon, str], Sequence[Any]]


class Reached(msgspec.Struct):
    """How far each timeline was read, by the time a reading began."""

    timelines: dict[str, float] = {}


class Hearing:
    """One run of a source."""

    def __init__(self, opening: Opening, intake: Intake) -> None:
        self._opening = opening
        self._asking = Asking(opening)
        every = opening.wiring.entry("every")
        self._every = max(SHORTEST, float(every)) if every else 15.0
        self._threads = Threads(opening, intake, self._every)
        self._unless_refused = partial(unless_refused, opening, REFUSED)
        media = opening.wiring.entries("media")
        self._places = Places(bases=(opening.wiring.entry("instance"),)).with_entered(media)
        if odd_lines(media):
            opening.health.trouble(ODD_PLACE)
        self._reached = Reached()
        self._unwritten = False
        self._newest: dict[str, tuple[float, str]] = {}
        """When a timeline was last read with its overlap, and the newest number seen there."""
        self._me = ""
        self._since = 0.0
        """What was posted earlier and was never seen stays unread."""

    async def run(self) -> None:
        """Until cancelled. Raises ConnectionError, Revoked, IntakeRefused."""
        timelines = timelines_of(self._opening)
        if not timelines:
            raise IntakeRefused(NOTHING_TO_READ)
        me = await self._asking.ask(lambda client: client.account_verify_credentials())
        self._me = author({"account": me})
        self._reached = await Remembered.read(self._opening.memory, "reached", Reached)
        await self._threads.load()
        # After an outage from where we stopped, else a day's worth of a thread that is found.
        self._since = min([time.time() - DAY, *self._reached.timelines.values()])
        while True:
            begun = time.monotonic()
            for name, page in timelines.items():
                await self._unless_refused(self._read_timeline(name, page))
            for conversation in self._threads.due():
                await self._unless_refused(self._look(conversation))
                self._threads.looked(conversation)
            if self._unwritten:  # not before the threads were looked at: they are part of it
                await Remembered.write(self._opening.memory, "reached", self._reached)
                self._unwritten = False
            await self._threads.tidy()
            self._since = time.time() - DAY
            self._opening.health.connected()
            await asyncio.sleep(max(0.0, self._every - (time.monotonic() - begun)))

    async def _read_timeline(self, name: str, page: Page) -> None:
        """Finds threads in what is new in a timeline, oldest first."""
        begun = time.time()
        self._reached.timelines.setdefault(name, begun - DAY)
        overlapped, newest = self._newest.get(name, (0.0, ""))
        again = begun - overlapped > OVERLAP_EVERY
        after: str = newest
        if again or not newest:
            after = first_number(self._reached.timelines[name] - OVERLAP)
        while True:
            found = await self._asking.ask(lambda client: page(client, after))  # noqa: B023
            statuses = sorted(filter(number, found or ()), key=order)
            for status in statuses:
                if public(status) and not self._threads.of(number(status)):
                    await self._found(status)
            if not statuses:
                break
            last = max((number(each) for each in statuses), key=lambda one: (len(one), one))
            if last == str(after):
                break
            after = last
        self._newest[name] = (begun if again else overlapped, str(after))
        if again or begun - self._reached.timelines[name] > OVERLAP_EVERY:
            self._reached.timelines[name] = begun
            self._unwritten = True

    async def _found(self, status: Any) -> None:
        """A post that belongs to no thread we know."""
        if author(status) == self._me:
            return
        conversation = number(status)
        if parent(status):
            context = await self._asking.ask(partial(_context, number(status)))
            above = [number(each) for each in numbered(context, "ancestors")]
            known = [self._threads.of(each) for each in above if self._threads.of(each)]
            conversation = next(iter([*known, *above]), conversation)
            await self._look(conversation)
            if self._threads.of(conversation) and number(status) in self._threads.posts(
                conversation
            ):
                return
        await self._hand(conversation, [status])

    async def _look(self, conversation: str) -> None:
        """Reads a thread from its first post on, or from those whose first post is gone."""
        posts = self._threads.posts(conversation)
        first = await self._asking.ask(partial(_status, conversation))
        there: list[Any] = []
        if first is not None:
            below = await self._asking.ask(partial(_context, conversation))
            there = [first, *numbered(below, "descendants")]
        seen = {number(each) for each in there}
        gone = []
        for name, post in list(posts.items()):
            if name in seen or post.gone:
                continue
            # Not below the first post any more: gone, or its branch was cut off.
            status = await self._asking.ask(partial(_status, name))
            if status is None:
                gone.append(name)
                continue
            below = await self._asking.ask(partial(_context, name))
            branch = [status, *numbered(below, "descendants")]
            there += branch
            seen |= {number(each) for each in branch}
        await self._hand(conversation, there, gone)

    async def _hand(
        self, conversation: str, statuses: Sequence[Any], gone: Sequence[str] = ()
    ) -> None:
        posts = self._threads.posts(conversation)
        messages = []
        for status in {number(each): each for each in statuses}.values():
            if author(status) == self._me:
                continue
            history: Sequence[Any] = ()
            known = posts.get(number(status))
            changed = edited(status)
            if changed and (known is None or changed > known.changed):
                history = await self._asking.ask(partial(_history, number(status))) or ()
            messages += said(status, conversation, history, self._places)
        messages.sort(key=lambda each: (each.at, len(each.id), each.id))
        await self._threads.take(conversation, messages, since=self._since, gone=gone)


def timelines_of(opening: Opening) -> dict[str, Page]:
    """What the source declares, by a name for our memory."""
    found: dict[str, Page] = {}
    for entry in opening.wiring.entries("hashtags"):
        tag = entry.removeprefix("#")
        if tag and not set(tag) & set("/?#%"):

            def page(client: Mastodon, after: str, tag: str = tag) -> Sequence[Any]:
                shown: list[Any] = client.timeline_hashtag(tag, min_id=after, limit=PAGE)
                return shown

            found[f"#{tag.casefold()}"] = page
    if opening.wiring.entry("local") == "yes":
        found["local"] = lambda client, after: client.timeline_local(min_id=after, limit=PAGE)
    return found


def _status(name: str, client: Mastodon) -> Any:
    return client.status(name)


def _context(name: str, client: Mastodon) -> Any:
    return client.status_context(name)


def _history(name: str, client: Mastodon) -> Any:
    return client.status_history(name)


def first_number(at: float) -> str:
    """The number that a post of this time would have at least: Mastodon makes them of the time."""
    return str(max(0, int(at * 1000)) << 16)
