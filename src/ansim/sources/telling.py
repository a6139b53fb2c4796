"""Nobody is read who was not told first: rooms that a visible bot sits in (R02, R04).

A connector says who is present and what was said; this decides what may be handed on and says the
approved notices. What it must still know after a crash lies in the source's memory.
"""

from __future__ import annotations

import time
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

Say = Callable[[str, str], Awaitable[None]]
"""Says a fixed text in a room (room, text). Raises ConnectionError when it surely was not said."""


class RoomBook(msgspec.Struct):
    """What is known of one room. Accounts in the platform's own names: only ever sealed."""

    told: dict[str, float] = {}
    """Who is present and was told, and when (seconds since 1970)."""
    waiting: set[str] = set()
    """Who is present and has not been told yet."""
    agreed: set[str] = set()
    objected: str = ""
    """Who objected; empty while nobody does."""
    noticed_at: float = 0.0
    """When the last notice was said; 0: never."""
    language: str = ""


class Telling:
    """The notices of one source's rooms."""

    def __init__(self, opening: Opening, say: Say, clock: Callable[[], float] = time.time) -> None:
        self._opening = opening
        self._say = say
        self._clock = clock
        self._books: dict[str, RoomBook] = {}

    async def present(self, room: str, accounts: Iterable[str], language: str = "") -> None:
        """These people (not the bot) are in the room, or came in: tells those who were not told.

        Call it with everybody when the bot comes in, and before handing on what a newcomer says.
        ``language`` is the room's, where it says it. Raises ConnectionError.
        """
        book = await self._book(room)
        new = set(accounts) - book.told.keys()
        if language and language != book.language:
            book.language = language
        if new - book.waiting:
            book.waiting |= new
            await self._keep(room)
        await self._tell(room)

    async def left(self, room: str, accounts: Iterable[str]) -> None:
        """These people went. Whoever comes back is told again."""
        book = await self._book(room)
        for account in accounts:
            book.told.pop(account, None)
            book.waiting.discard(account)
            book.agreed.discard(account)
        await self._keep(room)

    async def forget(self, room: str) -> None:
        """The bot left the room: coming back, it tells everybody again."""
        self._books.pop(room, None)
        await self._opening.memory.forget(_name(room))

    async def may_read(self, message: Incoming) -> bool:
        """Whether this message may be handed to intake; answers the fixed words (!그만, !stop …).

        False for everything said before its author was told, while somebody objects, and under
        ``Rule.AGREED`` until all present agreed. Raises ConnectionError.
        """
        room, author = message.conversation, message.author
        book = await self._book(room)
        if author not in book.told and author not in book.waiting:
            await self.present(room, [author])
        await self._tell(room)
        word = message.text.strip().lower()
        if word in OBJECTION | RESUMING | AGREEMENT:
            await self._word(room, author, word)
            return False
        told_at = book.told.get(author)
        return told_at is not None and message.at >= told_at and self.open(book)

    def open(self, book: RoomBook) -> bool:
        """Whether the room's words may be read at all."""
        if book.objected:
            return False
        if self._opening.wiring.rule is Rule.AGREED:
            return not book.waiting and book.told.keys() <= book.agreed
        return True

    async def _word(self, room: str, author: str, word: str) -> None:
        book = await self._book(room)
        if word in OBJECTION and not book.objected:
            book.objected = author
            await self._keep(room)  # before it is answered: the objection counts from now
            self._opening.health.objected()
            await self._notice(room, NoticeKind.STOPPED)
        elif word in RESUMING and book.objected == author:
            book.objected = ""
            await self._keep(room)
            await self._notice(room, NoticeKind.RESUMED)
        elif word in AGREEMENT and author not in book.agreed:
            book.agreed.add(author)
            await self._keep(room)

    async def _tell(self, room: str) -> None:
        book = await self._book(room)
        now = self._clock()
        if not book.waiting:
            return
        if book.noticed_at and book.told and now - book.noticed_at < JOINED_EVERY:
            return  # with the next ones; they are not read before
        agreeing = self._opening.wiring.rule is Rule.AGREED
        first = NoticeKind.ASK if agreeing else NoticeKind.ROOM
        later = first if agreeing else NoticeKind.JOINED
        told = set(book.waiting)
        await self._notice(room, later if book.told else first)
        # The platform's clock may be ahead of ours: what was said in that second waits.
        at = self._clock()
        book.told |= dict.fromkeys(told, at)
        book.waiting -= told
        book.noticed_at = at
        await self._keep(room)

    async def _notice(self, room: str, kind: NoticeKind) -> None:
        book = await self._book(room)
        text = notice(self._opening, kind, book.language)
        if not text:
            raise ConnectionError(f"no approved notice of kind {kind.value}")
        await self._say(room, text)

    async def _book(self, room: str) -> RoomBook:
        book = self._books.get(room)
        if book is None:
            book = await Remembered.read(self._opening.memory, _name(room), RoomBook)
            book = self._books.setdefault(room, book)
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


def _name(room: str) -> str:
    return f"room:{room}"
