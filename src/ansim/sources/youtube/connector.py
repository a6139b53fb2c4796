"""The connector ``youtube``: looks at comments and live chats, and answers in them."""

from __future__ import annotations

import asyncio

from ansim.sources.contract import Connector, Delivery, Intake, Outgoing
from ansim.sources.wiring import Opening
from ansim.sources.youtube import DECLARATION
from ansim.sources.youtube.hearing import Hearing
from ansim.sources.youtube.mouth import Mouth


class YoutubeConnector:
    """One source: declared channels and videos."""

    declaration = DECLARATION

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._mouth = Mouth(opening)

    async def receive(self, intake: Intake) -> None:
        """As ``Connector.receive``."""
        # Making the client reads a file of half a megabyte.
        hearing = await asyncio.to_thread(Hearing, self._opening, intake)
        await hearing.run()

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Raises ConnectionError only where surely nothing was said."""
        return await self._mouth.send(outgoing)


def connect(opening: Opening) -> Connector:
    return YoutubeConnector(opening)
