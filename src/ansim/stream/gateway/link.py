"""The gateway's link to NATS: brought up in the background, so that the process can start first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from nats.aio.client import Client

from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream.connection import connect
from ansim.stream.gateway.reviewers import Reviewers
from ansim.stream.layout import LayoutMismatch
from ansim.stream.publishing import Publisher, StreamUnavailable
from ansim.stream.routing import Routing

log = logging.getLogger(__name__)

CONNECT_SECONDS = 1.0
BACKLOG_SECONDS = 0.5


class LinkDown(Exception):
    """NATS was not reached yet."""


class Link:
    """Publisher and routing once NATS answers. ``up`` tells whether it does now."""

    def __init__(self, config: Config, keyring: Keyring) -> None:
        self._config = config
        self._keyring = keyring
        self._publisher: Publisher | None = None
        self._client: Client | None = None
        self._routing: Routing | None = None
        self.reviewers = Reviewers()
        self.backlog = 0
        """Messages no worker has read yet, at most ``BACKLOG_SECONDS`` old."""

    @property
    def up(self) -> bool:
        return self._routing is not None and self.publisher.connected

    @property
    def publisher(self) -> Publisher:
        if self._publisher is None:
            raise LinkDown
        return self._publisher

    @property
    def routing(self) -> Routing:
        if self._routing is None:
            raise LinkDown
        return self._routing

    async def run(self, when_up: Callable[[Client], Awaitable[None]]) -> None:
        """Connects (for as long as it takes), calls ``when_up``, then follows the backlog.

        ``when_up`` gets a connection of its own, so that small words do not wait behind batches.

        Ends only when cancelled. Raises LayoutMismatch: waiting would not help.
        """
        told = False
        while self._routing is None:
            try:
                if self._publisher is None:
                    self._publisher = await Publisher.connect(self._config, self._keyring)
                if self._client is None:
                    self._client = await connect(self._config, self._keyring, "gateway")
                routing = await Routing.open(self._publisher.jetstream, self._config, self._keyring)
                await when_up(self._client)
                await self.reviewers.follow(self._client)
                self._routing = routing
            except LayoutMismatch:
                raise
            except Exception as error:
                if not told:
                    log.warning("gateway: waiting for NATS: %s", error)
                    told = True
                await asyncio.sleep(CONNECT_SECONDS)
        log.info("gateway: connected to NATS")
        while True:
            await asyncio.sleep(BACKLOG_SECONDS)
            with suppress(StreamUnavailable):  # ``up`` tells of it; the last figure stands
                self.backlog = await self.publisher.backlog()

    async def close(self) -> None:
        if self._publisher is not None:
            await self._publisher.close()
        if self._client is not None:
            await self._client.close()
