"""One entry of a room's archive after the other: what of it may be handed over."""

from __future__ import annotations

import msgspec

from ansim.sources.contract import Incoming
from ansim.sources.telling import Telling
from ansim.sources.xmpp.line import Line, Refused
from ansim.sources.xmpp.rooms import Original, Room
from ansim.sources.xmpp.stanzas import Archived, Words, id_of, words
from ansim.sources.xmpp.uploads import Uploads

PAGES_BACK = 10
"""How far back a message is looked for that another corrects or retracts."""


class Reading:
    """Reads for one connection."""

    def __init__(self, line: Line, telling: Telling, uploads: Uploads) -> None:
        self._line = line
        self._telling = telling
        self._uploads = uploads

    async def read(self, room: Room, entry: Archived, at: float) -> list[Incoming]:
        """Nothing, or the one message that an entry is. Raises ConnectionError."""
        said = words(entry.message)
        nick = entry.message.get("from", "").partition("/")[2]
        if said is None or not (nick or said.moderated):
            return []
        author = room.author(entry.message, nick) if nick else ""
        ours = bool(nick) and room.ours(author, nick)
        message = Incoming(
            id=id_of(entry.id),
            conversation=room.name,
            author=author,
            at=at,
            text=said.text,
            attachments=said.attachments,
            contents=self._uploads.contents(said.files),
            to_agency=False,
        )
        if said.retracts:
            return await self._retracted(room, entry, said, message, nick)
        original = Original(message.id, author, at)
        if said.corrects:
            found = await self._original(room, author, said.corrects, entry)
            if found is not None:
                original = found
        room.remember(said, original)
        if ours:
            return []
        if original.id != message.id:
            # What was said before the notice stays unread, also when it is changed after it.
            before = msgspec.structs.replace(message, at=original.at, text="")
            if not await self._telling.may_read(before):
                return []
            message = msgspec.structs.replace(message, replaces=original.id)
        return [message] if await self._telling.may_read(message) else []

    async def _retracted(
        self, room: Room, entry: Archived, said: Words, message: Incoming, nick: str
    ) -> list[Incoming]:
        """By its author, or by the room for a moderator: nobody else takes back what one said."""
        by_room = said.moderated and not nick
        if said.moderated != by_room:
            return []
        author = "" if by_room else message.author
        found = await self._original(room, author, said.retracts, entry)
        if found is None or room.ours(found.author, ""):
            return []
        gone = msgspec.structs.replace(
            message, author=found.author, replaces=found.id, deleted=True, text=""
        )
        if found.author not in room.people():
            return [gone]  # no words in it, and its author is not there to be told
        return [gone] if await self._telling.may_read(gone) else []

    async def _original(
        self, room: Room, author: str, key: str, entry: Archived
    ) -> Original | None:
        """The message that an entry is about; after a restart, from the archive."""
        found = room.original(author, key)
        before, pages = entry.id, 0
        while found is None and room.archive and pages < PAGES_BACK:
            try:
                page = await self._line.archive(room.name, before=before)
            except Refused:
                return None
            for each in reversed(page.entries):
                said = words(each.message)
                nick = each.message.get("from", "").partition("/")[2]
                if said is None or said.corrects or said.retracts or not nick:
                    continue
                original = Original(id_of(each.id), room.author(each.message, nick), each.at)
                room.remember(said, original)
            found = room.original(author, key)
            if page.complete or not page.entries:
                break
            before, pages = page.entries[0].id, pages + 1
        return found
