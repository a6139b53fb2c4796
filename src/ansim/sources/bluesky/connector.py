"""The connector ``bluesky``: looks at public feeds and threads, and answers in threads."""

from __future__ import annotations

from ansim.sources.bluesky import DECLARATION
from ansim.sources.bluesky.hearing import Hearing
from ansim.sources.bluesky.line import Line
from ansim.sources.bluesky.mouth import Mouth
from ansim.sources.contract import Connector, Delivery, Intake, Outgoing
from ansim.sources.wiring import Opening


class BlueskyConnector:
    """One source: declared accounts, hashtags and words."""

    declaration = DECLARATION

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._line = Line(opening)
        self._mouth = Mouth(opening, self._line)

    async def receive(self, intake: Intake) -> None:
        """As ``Connector.receive``."""
        try:
            await Hearing(self._opening, self._line, intake).run()
        except ConnectionError:
            raise  # words may be on their way out through the same session
        except BaseException:
            await self._line.close()
            raise

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Raises ConnectionError where it may be tried again: one id is said once."""
        return await self._mouth.send(outgoing)


def connect(opening: Opening) -> Connector:
    return BlueskyConnector(opening)
