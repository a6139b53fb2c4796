"""The connector ``xmpp``: sits in rooms, hears them, and says what the agency says."""

from __future__ import annotations

from slixmpp.jid import JID, InvalidJID

from ansim.sources.contract import Connector, Delivery, Intake, Outgoing, Revoked
from ansim.sources.privately import Privately
from ansim.sources.wiring import Opening
from ansim.sources.xmpp import DECLARATION
from ansim.sources.xmpp.hearing import Hearing
from ansim.sources.xmpp.mouth import Mouth
from ansim.sources.xmpp.private import Whispers
from ansim.sources.xmpp.rooms import Room

NO_ROOM = "방 주소 하나를 읽을 수 없습니다 / the address of one of the rooms cannot be read"
NICK = "ansim-eye"


class XmppConnector:
    """One source: an account in the rooms that its operator named."""

    declaration = DECLARATION

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        privately = Privately(opening.memory)
        self._mouth = Mouth(privately)
        self._whispers = Whispers(opening, self._mouth, privately)
        self._mouth.rooms = self._rooms()

    async def receive(self, intake: Intake) -> None:
        """As ``Connector.receive``."""
        self._mouth.rooms = self._rooms()
        self._mouth.refused = False
        try:
            await Hearing(self._opening, self._mouth, self._whispers, intake).run()
        except Revoked:
            self._mouth.refused = True
            raise

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Raises ConnectionError only where surely nothing was said."""
        return await self._mouth.send(outgoing)

    def _rooms(self) -> dict[str, Room]:
        wiring = self._opening.wiring
        nick = wiring.entry("nickname").strip() or self._opening.agency.get(wiring.language, "")
        rooms = {}
        for entry in wiring.entries("rooms"):
            try:
                name = JID(entry)
                if not name.user or name.resource:
                    raise InvalidJID("no room")
            except InvalidJID:
                self._opening.health.trouble(NO_ROOM)
                continue
            rooms[str(name.bare)] = Room(str(name.bare), nick or NICK)
        return rooms


def connect(opening: Opening) -> Connector:
    return XmppConnector(opening)
