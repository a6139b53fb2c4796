"""Who works on which partition: leases that vanish when their holder falls silent.

A lease is a message with a time to live on a subject of its own, created only where there is
none and renewed only by its holder (both by expected sequence). The sequence of its creation is
the epoch: it only grows, so that a later holder always has the higher one.
"""

from __future__ import annotations

import contextlib
import math
import secrets
import time

from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from ansim.stream import layout
from ansim.stream.comparing import publish_after


class LeaseLost(Exception):
    """Somebody else may hold the partition now: stop working on it."""


class Lease:
    """One subject held by one worker until it is released or not renewed in time."""

    def __init__(self, js: JetStreamContext, subject: str, holder: str, seconds: float) -> None:
        self._js = js
        self._subject = subject
        # Told apart from every other lease, so that our own write is known again when its
        # acknowledgement was lost.
        self._token = f"{holder} {secrets.token_hex(8)}".encode()
        self._ttl = max(1, math.ceil(seconds))
        self._revision = 0
        self._renewed = 0.0
        self.epoch = 0

    async def acquire(self) -> bool:
        """Tries to take the lease; False when somebody holds it."""
        if not await self._take(0):
            return False
        self.epoch = self._revision
        return True

    async def renew(self) -> None:
        """Extends the lease. Raises LeaseLost when it is another's or ran out meanwhile."""
        if not await self._take(self._revision):
            raise LeaseLost(self._subject)

    async def _take(self, last: int) -> bool:
        started = time.monotonic()
        revision = await self._write(last)
        if revision is None:
            mine = await self._mine()
            if mine is None:
                return False
            started = time.monotonic()
            revision = await self._write(mine)
            if revision is None:
                return False
        self._revision = revision
        self._renewed = started
        return True

    async def _mine(self) -> int | None:
        """Sequence of the entry in force if it is ours: a write whose answer never came."""
        try:
            entry = await self._js.get_msg(layout.LEASES, subject=self._subject)
        except NotFoundError:
            return None
        return entry.seq if entry.data == self._token else None

    async def release(self) -> None:
        """Gives the lease back at once, if it is still ours."""
        with contextlib.suppress(APIError):  # it ran out by itself
            await self._js.delete_msg(layout.LEASES, self._revision)

    @property
    def due(self) -> bool:
        """Whether it is time to renew: a third of the lease has passed."""
        return time.monotonic() - self._renewed > self._ttl / 3

    @property
    def held(self) -> bool:
        """False once another could have taken it, by our own monotonic clock."""
        return time.monotonic() - self._renewed < self._ttl

    async def _write(self, last: int) -> int | None:
        return await publish_after(self._js, self._subject, self._token, last, ttl=self._ttl)


async def holders(js: JetStreamContext, prefix: str) -> list[str]:
    """Names after ``prefix.`` of the subjects held now (``lease`` or ``worker``)."""
    info = await js.stream_info(layout.LEASES, subjects_filter=f"{prefix}.*")
    return [subject.partition(".")[2] for subject in (info.state.subjects or {})]
