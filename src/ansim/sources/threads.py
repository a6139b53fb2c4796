"""Public threads that are looked at again and again: what of a look is new, changed or gone.

For services that tell a stranger nothing by themselves: Mastodon, Bluesky and YouTube are asked.
What was handed over is remembered by post, so that a second look, or one after a crash, repeats
nothing and still notices what was changed or taken back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import msgspec

from ansim.sources.contract import Incoming, Intake, IntakeRefused, Revoked
from ansim.sources.handing import hand
from ansim.sources.wiring import Memory, Opening, Remembered

log = logging.getLogger(__name__)

DAY = 24 * 3600.0
MOST_THREADS = 500
"""Threads followed at a time; of more, those quiet for longest are let go."""
MOST_POSTS = 1000
"""Posts of one thread that are remembered; older ones count as known."""
LONGEST_PAUSE = 900.0
PATIENCE = 0.1
"""A thread is looked at again after this part of the time it has been quiet."""
GONE = "~gone"

TOO_MANY = (
    "따라가는 글타래가 너무 많아 오래 조용한 것부터 놓았습니다 / "
    "too many threads at once: the longest quiet ones are followed no more"
)


class Post(msgspec.Struct, array_like=True):
    """What is remembered of a post; ``author`` in the platform's own name."""

    author: str
    at: float
    changed: float = 0.0
    """Time of the newest change that was handed over."""
    gone: bool = False
    mark: str = ""
    """How the newest words were told apart from earlier ones, where times are too coarse."""


class Thread(msgspec.Struct):
    """One conversation."""

    posts: dict[str, Post] = {}
    latest: float = 0.0
    """When the newest of it was said or done."""
    before: float = 0.0
    """What is as old as this and not among ``posts`` was known once."""

    def alive(self) -> list[tuple[str, Post]]:
        """Posts that are still there, newest first."""
        there = [(name, post) for name, post in self.posts.items() if not post.gone]
        return sorted(there, key=lambda each: (each[1].at, each[0]), reverse=True)


class Names(msgspec.Struct):
    """Conversations that are followed."""

    followed: list[str] = []


class Threads:
    """The threads of one source while it is heard."""

    def __init__(self, opening: Opening, intake: Intake, every: float) -> None:
        self._opening = opening
        self._intake = intake
        self._every = every
        self._threads: dict[str, Thread] = {}
        self._due: dict[str, float] = {}
        self._of: dict[str, str] = {}

    async def load(self) -> None:
        """Raises ConnectionError."""
        names = await Remembered.read(self._opening.memory, "threads", Names)
        for name in names.followed:
            thread = await remembered(self._opening.memory, name)
            self._threads[name] = thread
            self._of |= dict.fromkeys(thread.posts, name)

    def of(self, post: str) -> str:
        """The conversation that a post is known to belong to; empty where it is not known."""
        return post if post in self._threads else self._of.get(post, "")

    def posts(self, conversation: str) -> dict[str, Post]:
        thread = self._threads.get(conversation)
        return {} if thread is None else thread.posts

    def due(self) -> list[str]:
        """Conversations whose time to be looked at has come, those of the newest words first."""
        now = time.monotonic()
        ready = [name for name in self._threads if self._due.get(name, 0.0) <= now]
        return sorted(ready, key=lambda name: -self._threads[name].latest)

    def looked(self, conversation: str) -> None:
        """It was looked at; the longer it has been quiet, the later it is its turn again."""
        thread = self._threads.get(conversation)
        if thread is not None:
            quiet = (time.time() - thread.latest) * PATIENCE
            pause = min(max(quiet, self._every), LONGEST_PAUSE)
            self._due[conversation] = time.monotonic() + pause

    async def take(
        self,
        conversation: str,
        seen: Sequence[Incoming],
        *,
        since: float = 0.0,
        gone: Sequence[str] = (),
        marks: Mapping[str, str] | None = None,
    ) -> None:
        """Hands on what is new in a look: ``seen`` are posts and their changes (``replaces``), in
        order. ``since``: older posts are left unread. ``marks``: to be remembered with the posts.
        Raises ConnectionError, IntakeRefused."""
        thread = await self._follow(conversation)
        now = time.time()
        after = msgspec.convert(msgspec.to_builtins(thread), Thread)
        new = [each for each in seen if _is_new(each, after, since)]
        for name in gone:
            post = after.posts.get(name)
            if post is not None and not post.gone:
                post.gone = True
                new.append(_taken_back(name, conversation, post, now))
        if not new:
            return
        for name, mark in (marks or {}).items():
            if name in after.posts:
                after.posts[name].mark = mark
        await hand(self._opening, self._intake, new)
        # A clock that is ahead must not keep a thread young.
        after.latest = max(after.latest, *(min(each.at, now) for each in new))
        _shorten(after)
        await Remembered.write(self._opening.memory, _place(conversation), after)
        self._threads[conversation] = after
        self._of |= dict.fromkeys(after.posts, conversation)

    async def tidy(self) -> None:
        """Lets go of what has been quiet for a day, and of what is too much."""
        now = time.time()
        by_age = sorted(self._threads, key=lambda name: -self._threads[name].latest)
        quiet = [name for name in by_age if now - self._threads[name].latest > DAY]
        if len(by_age) - len(quiet) > MOST_THREADS:
            self._opening.health.trouble(TOO_MANY)
        for name in {*quiet, *by_age[MOST_THREADS:]}:
            for post in self._threads.pop(name).posts:
                self._of.pop(post, None)
            self._due.pop(name, None)
            await self._opening.memory.forget(_place(name))
        if len(by_age) != len(self._threads):
            await self._write_names()

    async def _follow(self, conversation: str) -> Thread:
        thread = self._threads.get(conversation)
        if thread is None:
            thread = self._threads[conversation] = Thread()
            await self._write_names()  # first of all: what a crash leaves is found by this
        return thread

    async def _write_names(self) -> None:
        await Remembered.write(self._opening.memory, "threads", Names([*self._threads]))


async def unless_refused(
    opening: Opening, sentence: str, reading: Coroutine[Any, Any, None]
) -> None:
    """What the service refuses or answers oddly is told as ``sentence`` and stops nothing else.
    Raises ConnectionError, Revoked, IntakeRefused."""
    try:
        await reading
    except (ConnectionError, Revoked, IntakeRefused):
        raise
    except Exception as error:
        log.warning("%s: not read: %s", opening.source.connector, type(error).__name__)
        opening.health.trouble(sentence)


async def remembered(memory: Memory, conversation: str) -> Thread:
    """What is known of a conversation, also for who only speaks. Raises ConnectionError."""
    return await Remembered.read(memory, _place(conversation), Thread)


def _is_new(message: Incoming, thread: Thread, since: float) -> bool:
    """Whether it was not handed over yet; notes it as if it were now."""
    if not message.replaces:
        if message.id in thread.posts or message.at < since or message.at <= thread.before:
            return False
        thread.posts[message.id] = Post(message.author, message.at)
        return True
    post = thread.posts.get(message.replaces)
    if post is None or message.at <= post.changed:
        return False
    post.changed = message.at
    return True


def _taken_back(name: str, conversation: str, post: Post, at: float) -> Incoming:
    return Incoming(
        id=name + GONE,
        conversation=conversation,
        author=post.author,
        at=max(at, post.at),
        text="",
        replaces=name,
        deleted=True,
    )


def _shorten(thread: Thread) -> None:
    oldest = sorted(thread.posts, key=lambda name: thread.posts[name].at)
    for name in oldest[: max(0, len(oldest) - MOST_POSTS)]:
        thread.before = max(thread.before, thread.posts.pop(name).at)


def _place(conversation: str) -> str:
    return f"thread:{conversation}"
