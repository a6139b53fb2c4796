"""The way back from pseudonyms to a platform's own names, sealed: the only place that holds both.

Names are written before the message that brings them is acknowledged, live 30 days after they were
last seen, and are read for two acts of a person only: answering, and unmasking in a case (R05).
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

import msgspec
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue

from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream.layout import open_bucket

BUCKET = "routing"
PURPOSE = "routing"
LIFE_SECONDS = 30 * 24 * 3600.0
REFRESH_SECONDS = 24 * 3600.0
CONVERSATION = "conversation"
ACCOUNT = "account"
MESSAGE = "message"
"""Of an id within its conversation: a hash alone, nothing leads back from it."""

ACK_SECONDS = 10.0
BATCH = 1000
"""Writes under way at a time; nats-py stalls above 4,000."""


class RoutingUnavailable(Exception):
    """Names could not be written; nothing that depends on them may be acknowledged."""


class _Known:
    """A name seen before: its pseudonym and when it was last written (never, until then: 0)."""

    __slots__ = ("pseudonym", "written")

    def __init__(self, pseudonym: str) -> None:
        self.pseudonym = pseudonym
        self.written = 0.0


class Routing:
    """Pseudonyms of conversations and accounts, and what they stand for.

    ``capacity`` names are remembered in the process, so that a known one costs a look-up only.
    """

    def __init__(
        self,
        js: JetStreamContext,
        bucket: KeyValue,
        keyring: Keyring,
        *,
        capacity: int = 100_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._js = js
        self._bucket = bucket
        self._keyring = keyring
        self._capacity = capacity
        self._clock = clock
        self._known: OrderedDict[tuple[str, str, str], _Known] = OrderedDict()

    @classmethod
    async def open(cls, js: JetStreamContext, config: Config, keyring: Keyring) -> Routing:
        """Opens the bucket, creating it where there is none."""
        settings = KeyValueConfig(
            bucket=BUCKET,
            description="sealed names behind pseudonyms",
            history=1,
            ttl=LIFE_SECONDS,
            storage=StorageType.FILE,
            replicas=config.replicas,
            direct=True,
        )
        bucket = await open_bucket(js, settings)
        return cls(js, bucket, keyring)

    def pseudonym(self, kind: str, source: str, raw: str) -> str:
        """Pseudonym of a conversation or account of ``source``; remembered, not yet written."""
        return self._lookup((kind, source, raw)).pseudonym

    def _lookup(self, name: tuple[str, str, str]) -> _Known:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _Known(self._keyring.pseudonym(*name))
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(name)
        return known

    async def remember(
        self, source: str, conversations: Iterable[str], accounts: Iterable[str]
    ) -> None:
        """Writes the names that are new or were not written for a day, all or an error.

        Raises RoutingUnavailable; calling again is safe.
        """
        stale = self._clock() - REFRESH_SECONDS
        due: list[tuple[tuple[str, str, str], _Known]] = []
        for kind, raws in ((CONVERSATION, conversations), (ACCOUNT, accounts)):
            for raw in raws:
                name = (kind, source, raw)
                known = self._lookup(name)
                if known.written < stale:
                    due.append((name, known))
        try:
            for start in range(0, len(due), BATCH):
                await self._write(due[start : start + BATCH])
        except Exception as error:
            raise RoutingUnavailable(type(error).__name__) from error

    async def _write(self, due: list[tuple[tuple[str, str, str], _Known]]) -> None:
        written = self._clock()
        async with asyncio.timeout(ACK_SECONDS):
            acks = [
                await self._js.publish_async(
                    f"$KV.{BUCKET}.{kind}.{known.pseudonym}",
                    self._keyring.seal(msgspec.json.encode([source, raw]), PURPOSE),
                )
                for (kind, source, raw), known in due
            ]
            await asyncio.gather(*acks)
        for _, known in due:
            known.written = written

    async def raw(self, kind: str, pseudonym: str) -> str | None:
        """What a pseudonym stands for, or None when it is not (or no longer) known."""
        try:
            entry = await self._bucket.get(f"{kind}.{pseudonym}")
        except KeyNotFoundError:
            return None
        plain = self._keyring.open(entry.value or b"", PURPOSE)
        _, raw = msgspec.json.decode(plain, type=tuple[str, str])
        return raw

    async def forget(self, kind: str, pseudonym: str) -> None:
        """Removes a name for good, as when its person asks for it (R07)."""
        await self._bucket.purge(f"{kind}.{pseudonym}")
        for name, known in list(self._known.items()):
            if name[0] == kind and known.pseudonym == pseudonym:
                del self._known[name]
