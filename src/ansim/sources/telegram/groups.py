"""Who in a Telegram group was told: Telegram lists no members, but tells an administrator of each
who comes and goes."""

from __future__ import annotations

from ansim.sources.telling import Telling


class GroupTelling(Telling):
    """``Telling`` for rooms whose members are not listed."""

    async def was_there(self, room: str, account: str) -> None:
        """This person speaks and never came in while we were there: they were in the room when it
        was told. Call it only where nobody can come in unnoticed. Raises ConnectionError."""
        async with self._turn(room):
            book = await self._book(room)
            if book.told and account not in book.told and account not in book.waiting:
                book.told[account] = min(book.told.values())
                await self._keep(room)

    async def known(self, room: str) -> int:
        """How many people are known to be in the room."""
        book = await self._book(room)
        return len(book.told.keys() | book.waiting)
