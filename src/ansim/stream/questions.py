"""How many questions to a model were asked within the hour, by all workers together.

Each is an empty message in a stream of its own that forgets after an hour, written before the
question is asked and only if nobody wrote since the messages were counted. So workers on any
number of machines never ask more than the setting together, whatever is killed in between; and
where nobody can be asked for the count, no question is asked.
"""

from __future__ import annotations

import asyncio
import logging

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import APIError

from ansim.stream import layout
from ansim.stream.comparing import WRONG_LAST_SEQUENCE

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 3.0
ATTEMPTS = 10
"""Others may be first so often in a row; after that the question waits like any other."""


class Questions:
    """The budget as one worker sees it: ``reviewing.budget.Budget``."""

    def __init__(self, hourly: int) -> None:
        self._hourly = hourly
        self._client: Client | None = None
        self.left = hourly
        """Questions that may be asked now, as far as was last heard."""
        self._turn = asyncio.Lock()

    def connect(self, client: Client) -> None:
        """Counts over this connection from now on."""
        self._client = client

    async def look(self) -> None:
        """Asks how many are left. Where nobody answers, what was heard before stands."""
        async with self._turn:
            try:
                if (js := self._reached()) is not None:
                    await self._counted(js)
            except (NatsError, OSError) as error:
                log.debug("questions: %s", type(error).__name__)

    async def spend(self) -> bool:
        """Takes one; False when none is left, or when that cannot be known or written down."""
        async with self._turn:
            try:
                if (js := self._reached()) is not None:
                    return await self._spend(js)
            except (NatsError, OSError) as error:
                # Perhaps it was written and only the answer is lost: then one goes unasked.
                log.debug("questions: %s", type(error).__name__)
        return False

    async def _spend(self, js: JetStreamContext) -> bool:
        for _ in range(ATTEMPTS):
            last = await self._counted(js)
            if not self.left:
                return False
            if await self._written(js, last):
                self.left -= 1
                return True
        return False

    def _reached(self) -> JetStreamContext | None:
        if self._client is None or not self._client.is_connected:
            return None
        return self._client.jetstream(timeout=TIMEOUT_SECONDS)

    async def _counted(self, js: JetStreamContext) -> int:
        """Sets ``left`` and returns the stream's last sequence, both of the same moment."""
        state = (await js.stream_info(layout.QUESTIONS)).state
        self.left = max(0, self._hourly - state.messages)
        return state.last_seq

    @staticmethod
    async def _written(js: JetStreamContext, last: int) -> bool:
        """Writes one down, unless somebody did since ``last``."""
        headers = {Header.EXPECTED_LAST_SEQUENCE.value: str(last)}
        try:
            await js.publish(layout.ASKED, b"", headers=headers)
        except APIError as error:
            if error.err_code in WRONG_LAST_SEQUENCE:
                return False
            raise
        return True
