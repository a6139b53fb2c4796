"""Private messages between one occupant of a room and the agency, as words of that room."""

from __future__ import annotations

import time
from xml.etree import ElementTree as ET

from ansim.sources.contract import Incoming
from ansim.sources.privately import Privately
from ansim.sources.telling import OBJECTION, RESUMING, notice
from ansim.sources.wiring import NoticeKind, Opening
from ansim.sources.xmpp.mouth import Mouth
from ansim.sources.xmpp.rooms import Room
from ansim.sources.xmpp.stanzas import moment, private_id, words
from ansim.sources.xmpp.uploads import Uploads


class Whispers:
    """What people say to the agency alone."""

    def __init__(self, opening: Opening, mouth: Mouth, privately: Privately) -> None:
        self._opening = opening
        self._mouth = mouth
        self._privately = privately

    async def heard(self, room: Room, stanza: ET.Element, uploads: Uploads) -> Incoming | None:
        """The message; who writes for the first time is greeted. Raises ConnectionError."""
        said = words(stanza)
        nick = stanza.get("from", "").partition("/")[2]
        if said is None or nick == room.nick:
            return None
        author = room.occupants.get(nick) or room.author(stanza, nick)
        at = moment(stanza.find("{urn:xmpp:delay}delay")) or time.time()
        key = said.keys[0] if said.keys else str(at)
        about = said.retracts or said.corrects
        await self._greet(room, nick, author)
        return Incoming(
            id=private_id(room.name, author, key),
            conversation=room.name,
            author=author,
            at=at,
            text=said.text,
            attachments=said.attachments,
            contents=uploads.contents(said.files),
            to_agency=True,
            replaces=private_id(room.name, author, about) if about else "",
            deleted=bool(said.retracts),
        )

    async def _greet(self, room: Room, nick: str, author: str) -> None:
        person = f"{room.name}\n{author}"
        if await self._privately.with_person(person) is not None:
            return
        text = notice(self._opening, NoticeKind.HELLO)
        if text:
            await self._mouth.whisper(room, nick, text)
        await self._privately.remember(person, nick, room.name)

    @staticmethod
    def fixed_word(text: str) -> bool:
        return text.strip().casefold() in OBJECTION | RESUMING
