"""Whose turn it is among several gateways: one is the courier and listens for connectors."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from contextlib import suppress

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from ansim.stream.layout import open_bucket

TURN_SECONDS = 5.0
RENEW_SECONDS = 1.0
BUCKET = "courier"


class CourierTurn:
    """The right to be the courier: an entry that vanishes when its holder stops renewing it."""

    def __init__(self, bucket: KeyValue) -> None:
        self._bucket = bucket
        self._me = secrets.token_hex(8).encode()
        self._revision: int | None = None
        self._renewed = -math.inf
        self._lock = asyncio.Lock()
        self.taken = False
        """Whether another had it when we last asked."""

    @classmethod
    async def open(cls, client: Client, replicas: int) -> CourierTurn:
        js = client.jetstream(timeout=2)
        settings = KeyValueConfig(
            bucket=BUCKET,
            description="who carries counsellors' words out",
            history=1,
            ttl=TURN_SECONDS,
            storage=StorageType.FILE,
            replicas=replicas,
        )
        bucket = await open_bucket(js, settings)
        return cls(bucket)

    @property
    def held(self) -> bool:
        """False from the moment another could have taken it, by our own monotonic clock."""
        return self._revision is not None and self.unrenewed < TURN_SECONDS

    @property
    def unrenewed(self) -> float:
        """Seconds since the turn was last known to be ours."""
        return time.monotonic() - self._renewed

    async def hold(self) -> bool:
        """Takes or renews the turn. Raises ConnectionError when NATS does not answer."""
        async with self._lock:
            return await self._hold()

    async def _hold(self) -> bool:
        if self.held and self.unrenewed < TURN_SECONDS / 3:
            return True
        try:
            revision = await self._write(self._revision)
            if revision is None:
                # It ran out, which is nobody's loss where no other took it meanwhile; or it is
                # ours and the answer never came.
                revision = await self._write(await self._mine())
        except (NatsError, OSError) as error:
            raise ConnectionError(f"the courier's turn: {type(error).__name__}") from error
        self._revision = revision
        self.taken = revision is None
        return revision is not None

    async def _write(self, last: int | None) -> int | None:
        """Writes the entry where ``last`` is in force (None: no entry); None when it is not."""
        started = time.monotonic()
        try:
            if last is None:
                revision = await self._bucket.create("turn", self._me)
            else:
                revision = await self._bucket.update("turn", self._me, last=last)
        except KeyWrongLastSequenceError:
            return None
        self._renewed = started
        return revision

    async def _mine(self) -> int | None:
        """The revision in force if the entry is ours."""
        try:
            entry = await self._bucket.get("turn")
        except KeyNotFoundError:
            return None
        return entry.revision if entry.value == self._me else None

    async def give_up(self) -> None:
        """Lets another take over at once."""
        if self._revision is None:
            return
        with suppress(NatsError, OSError):  # it runs out by itself
            await self._bucket.delete("turn", last=self._revision)
        self._revision = None
