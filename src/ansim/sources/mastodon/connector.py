"""The connector ``mastodon``: looks at public timelines and threads, and answers in threads."""

from __future__ import annotations

from ansim.sources.contract import Connector, Delivery, Intake, Outgoing
from ansim.sources.mastodon import DECLARATION
from ansim.sources.mastodon.hearing import Hearing
from ansim.sources.mastodon.mouth import Mouth
from ansim.sources.wiring import Opening


class MastodonConnector:
    """One source: hashtags or one server's public posts."""

    declaration = DECLARATION

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._mouth = Mouth(opening)

    async def receive(self, intake: Intake) -> None:
        """As ``Connector.receive``."""
        await Hearing(self._opening, intake).run()

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Raises ConnectionError where it may be tried again: one id is said once."""
        return await self._mouth.send(outgoing)


def connect(opening: Opening) -> Connector:
    return MastodonConnector(opening)
