"""Nobody is read who was not told first: rooms that a visible bot sits in (R02, R04).

A connector says who is present and what was said; this decides what may be handed on and says the
approved notices. What it must still know after a crash lies in the source's memory.
"""

from __future__ import annotations

import asyncio
import time
import unicodedata
from collections.abc import Awaitable, Callable, Iterable

import msgspec

from ansim.sources.contract import Incoming
from ansim.sources.wiring import NoticeKind, Opening, Remembered, Rule

OBJECTION = frozenset({"!그만", "!stop"})
RESUMING = frozenset({"!다시", "!resume"})
AGREEMENT = frozenset({"!동의", "!agree"})
JOINED_EVERY = 30.0
"""Seconds between two notices to newcomers of one room; until then the newcomers are not read."""
MARK = {"ko": "[자동 안내] ", "en": "[Automatic notice] "}
WORDS_KEPT = 100
"""Fixed words a room remembers as heard, so that what is delivered again does not count again."""
SHUT_KEPT = 50
GONE_KEPT = 1000

Say = Callable[[str, str], Awaitable[float | None]]
"""Says a fixed text in a room (room, text). Raises ConnectionError when it surely was not said now,
PermissionError where we may not speak: such a room stays untold and unread, and stops no other.

Returns when it was said by the platform's clock (seconds since 1970, rounded up to the platform's
precision), or None where the platform does not tell: then our own clock counts, and with a
platform whose clock is ahead of it, words said that little before the notice could pass as said
after it. Tell the time wherever the platform does. It must not call ``Telling`` itself.
"""


class RoomBook(msgspec.Struct):
    """What is known of one room. Accounts in the platform's own names: only ever sealed."""

    told: dict[str, float] = {}
    """Who is present and was told, and when (seconds since 1970)."""
    waiting: set[str] = set()
    """Who is present and has not been told yet."""
    gone: dict[str, float] = {}
    """Who left, and when: what they said before is no sign that they are back."""
    latest: float = 0.0
    """When the newest message was said that we were asked for, by the platform's clock. Kept with
    the next change only: after a crash it may be older."""
    ahead: float = 0.0
    """Seconds by which the platform's clock was seen to be ahead of ours, at most."""
    agreed: set[str] = set()
    objected: set[str] = set()
    """Who objects; each takes back their own objection only."""
    shut: list[tuple[float, float]] = []
    """From and until when, by the platform's clock, words were not to be read: asked again after a
    crash, the answer must still be no."""
    shut_since: float | None = None
    """Since when the room is shut by an objection now."""
    noticed_at: float = 0.0
    """When the last notice was said; 0: never."""
    language: str = ""
    rule: Rule | None = None
    """Under which rule those in ``told`` were told."""
    heard: list[str] = []
    """Ids of the messages with fixed words, newest last."""
    owed: NoticeKind | None = None
    """The answer to a fixed word that has not been said yet."""


class Telling:
    """The notices of one source's rooms."""

    def __init__(self, opening: Opening, say: Say, clock: Callable[[], float] = time.time) -> None:
        self._opening = opening
        self._say = say
        self._clock = clock
        self._books: dict[str, RoomBook] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def present(
        self, room: str, accounts: Iterable[str], language: str = "", *, everybody: bool = False
    ) -> None:
        """These people (not the bot) are in the room, or came in: tells those who were not told.

        Call it with everybody when the bot comes in, and before handing on what a newcomer says.
        ``everybody``: nobody else is there, whoever was has left (after a time of not listening).
        ``language`` is the room's, where it says it. Raises ConnectionError.
        """
        async with self._turn(room):
            there = set(accounts)
            book = await self._book(room)
            gone = (book.told.keys() | book.waiting) - there if everybody else set()
            new = there - book.told.keys() - book.waiting
            changed = bool(language) and language != book.language
            if changed:
                book.language = language
            book.waiting |= new
            for account in new:
                book.gone.pop(account, None)
            self._drop(book, gone)
            if new or gone or changed:
                await self._keep(room)
            await self._tell(room)

    async def left(self, room: str, accounts: Iterable[str]) -> None:
        """These people went. Whoever comes back is told again; an objection outlasts its going."""
        async with self._turn(room):
            book = await self._book(room)
            had_agreed = self._agreed(book)
            self._drop(book, accounts)
            if self._agreed(book) and not had_agreed:
                # The last who had not agreed went; what was said in their presence stays unread.
                self._shut(book, 0.0, self._by_now(book))
            await self._keep(room)

    async def forget(self, room: str) -> None:
        """The bot left the room: coming back, it tells everybody again."""
        async with self._turn(room):
            self._books.pop(room, None)
            await self._opening.memory.forget(_name(room))

    async def may_read(self, message: Incoming) -> bool:
        """Whether this message may be handed to intake; answers the fixed words (!그만, !stop …).

        False for everything said before its author was told, while somebody objects, and under
        ``Rule.AGREED`` until all present agreed, also where it is asked again later. Messages of
        one room are asked for in the order they were said. Raises ConnectionError.
        """
        room, author = message.conversation, message.author
        async with self._turn(room):
            book = await self._book(room)
            # Before anything is told now: what brings the notice about was said before it.
            told_at = book.told.get(author)
            book.latest = max(book.latest, message.at)
            if message.at - self._clock() > book.ahead:
                book.ahead = message.at - self._clock()
                await self._keep(room)
            back = message.at > book.gone.get(author, 0.0)
            if told_at is None and author not in book.waiting and back:
                book.gone.pop(author, None)
                book.waiting.add(author)
                await self._keep(room)
            known = told_at is not None and message.at >= told_at
            word = _word(message.text)
            if word is not None:
                # First of all: it counts also where nothing can be said now.
                await self._answer(room, message, word, told=known)
            await self._tell(room)
            if word is not None:
                return False
            shut = any(since <= message.at <= until for since, until in book.shut)
            return known and not shut and self.open(book)

    def open(self, book: RoomBook) -> bool:
        """Whether the room's words may be read at all."""
        return not book.objected and self._agreed(book)

    def _agreed(self, book: RoomBook) -> bool:
        """Whether all present agreed, where that is asked for, whoever objects meanwhile."""
        if self._opening.wiring.rule is Rule.AGREED:
            return not book.waiting and book.told.keys() <= book.agreed
        return True

    async def _answer(self, room: str, message: Incoming, kind: NoticeKind, *, told: bool) -> None:
        """A fixed word was said. An objection always counts, an agreement only after the notice."""
        book = await self._book(room)
        if message.id in book.heard:
            return  # delivered again after a crash
        book.heard = [*book.heard, message.id][-WORDS_KEPT:]
        author, at = message.author, message.at
        objecting = bool(book.objected)
        if kind is NoticeKind.STOPPED:
            book.objected.add(author)
            if not objecting:
                book.shut_since = at
                book.owed = NoticeKind.STOPPED
        elif kind is NoticeKind.RESUMED and author in book.objected:
            book.objected.discard(author)
            if not book.objected:
                self._shut(book, book.shut_since or 0.0, at)
                book.shut_since = None
                book.owed = NoticeKind.RESUMED
        elif kind is NoticeKind.ASK and told and author not in book.agreed:
            book.agreed.add(author)
            if self._agreed(book):
                # What was said while somebody had not agreed stays unread for good.
                self._shut(book, 0.0, at)
        await self._keep(room)  # before it is answered: the word counts from now
        if book.objected and not objecting:
            self._opening.health.objected()

    async def _tell(self, room: str) -> None:
        """Says what is owed to the room, where we may speak in it."""
        try:
            await self._say_what_is_owed(room)
        except PermissionError:
            self._opening.health.trouble(
                "a room does not let us speak: it is not told and not read"
            )

    async def _say_what_is_owed(self, room: str) -> None:
        """An answer first, then at most one notice to newcomers in ``JOINED_EVERY``."""
        book = await self._book(room)
        rule = self._opening.wiring.rule
        if book.owed is not None:
            await self._notice(room, book.owed)
            book.owed = None
            await self._keep(room)
        if rule is Rule.AGREED and book.told and book.rule is not Rule.AGREED:
            # They were told that they are read, but never asked.
            book.waiting |= book.told.keys()
            book.told = {}
        if not book.waiting or book.objected:
            return  # nothing is read while somebody objects, so there is nothing to tell
        now = self._clock()
        if book.noticed_at and 0 <= now - book.noticed_at < JOINED_EVERY:
            return  # with the next ones; they are not read before
        first = NoticeKind.ASK if rule is Rule.AGREED else NoticeKind.ROOM
        later = first if rule is Rule.AGREED else NoticeKind.JOINED
        at = await self._notice(room, later if book.told else first, instead=first)
        # The platform's clock may be ahead of ours: what was said in that second waits.
        said_at = self._clock()
        book.told |= dict.fromkeys(book.waiting, said_at if at is None else at)
        book.waiting = set()
        book.noticed_at = said_at
        book.rule = rule
        await self._keep(room)

    async def _notice(
        self, room: str, kind: NoticeKind, instead: NoticeKind | None = None
    ) -> float | None:
        """Says the notice; where none was approved, ``instead`` of it. An answer (``instead`` is
        None) that nobody approved is left out: the word it answers counts all the same."""
        book = await self._book(room)
        text = notice(self._opening, kind, book.language)
        if not text and instead is not None:
            text = notice(self._opening, instead, book.language)
            if not text:
                raise ConnectionError(f"no approved notice of kind {instead.value}")
        return await self._say(room, text) if text else None

    def _by_now(self, book: RoomBook) -> float:
        """Not before anything that we were asked for, by the platform's clock, also where that was
        before a crash."""
        return max(self._clock() + book.ahead, book.latest)

    def _drop(self, book: RoomBook, accounts: Iterable[str]) -> None:
        for account in accounts:
            if account in book.told or account in book.waiting:
                book.gone[account] = self._by_now(book)
            book.told.pop(account, None)
            book.waiting.discard(account)
            book.agreed.discard(account)
        for account in sorted(book.gone, key=book.gone.__getitem__)[:-GONE_KEPT]:
            del book.gone[account]

    @staticmethod
    def _shut(book: RoomBook, since: float, until: float) -> None:
        """Remembers a time that is never read; of very many, the oldest two become one."""
        times = sorted({*book.shut, (since, until)})
        if len(times) > SHUT_KEPT:
            times[:2] = [(times[0][0], max(times[0][1], times[1][1]))]
        book.shut = times

    def _turn(self, room: str) -> asyncio.Lock:
        """One event of a room at a time: two at once would tell it twice."""
        return self._turns.setdefault(room, asyncio.Lock())

    async def _book(self, room: str) -> RoomBook:
        book = self._books.get(room)
        if book is None:
            book = await Remembered.read(self._opening.memory, _name(room), RoomBook)
            self._books[room] = book
        return book

    async def _keep(self, room: str) -> None:
        await Remembered.write(self._opening.memory, _name(room), self._books[room])


def notice(opening: Opening, kind: NoticeKind, language: str = "") -> str:
    """The approved text of a kind, marked as automatic, in the language or in the source's own;
    empty where none was approved."""
    texts = opening.wiring.notices.get(kind.value, {})
    for choice in (language[:2].lower(), opening.wiring.language, "ko", "en"):
        if texts.get(choice):
            agency = opening.agency.get(choice) or opening.agency.get("ko", "")
            return MARK.get(choice, MARK["en"]) + texts[choice].replace("{agency}", agency)
    return ""


def _word(text: str) -> NoticeKind | None:
    """Which fixed word a message is, by the notice that answers it (ASK for an agreement).

    An objection counts at the beginning or end of what is said, also after a name that is called;
    in the middle it is the notice being quoted. Leave to read must be said on its own.
    """
    # Some phones send Hangul taken apart, some keyboards a wide exclamation mark.
    words = unicodedata.normalize("NFKC", text).casefold().split()
    if not words:
        return None
    ends = {word.rstrip(".!?~,…") for word in (words[0], words[-1])}
    if len(words) > 1 and words[0].startswith(("@", "<@")):
        ends.add(words[1].rstrip(".!?~,…"))
    if ends & OBJECTION:
        return NoticeKind.STOPPED
    if len(words) == 1 and ends <= RESUMING:
        return NoticeKind.RESUMED
    if len(words) == 1 and ends <= AGREEMENT:
        return NoticeKind.ASK
    return None


def _name(room: str) -> str:
    return f"room:{room}"
