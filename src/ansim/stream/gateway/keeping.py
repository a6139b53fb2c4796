"""What connectors must still know after a crash, sealed, in a JetStream bucket that never forgets.

A key is two keyed hashes, of the source and of the name, so that no room or account shows in it and
all that is kept of one source can be wiped at once.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager

import msgspec
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue

from ansim.keys import Keyring
from ansim.stream.layout import open_bucket

BUCKET = "connectors"
PURPOSE = "connectors"
TIMEOUT_SECONDS = 5.0
MAX_VALUE_BYTES = 4 * 1024 * 1024


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A value with the name it belongs to, so that one entry cannot pass for another."""

    source: str
    name: str
    value: bytes


class ConnectorBucket:
    """The bucket, for all sources. Every verb raises ConnectionError when NATS does not answer."""

    def __init__(self, client: Client, bucket: KeyValue, keyring: Keyring) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=TIMEOUT_SECONDS)
        self._bucket = bucket
        self._keyring = keyring

    @classmethod
    async def open(cls, client: Client, keyring: Keyring, replicas: int) -> ConnectorBucket:
        """Opens the bucket, creating it where there is none."""
        settings = KeyValueConfig(
            bucket=BUCKET,
            description="positions and rooms of connectors, sealed",
            history=1,
            storage=StorageType.FILE,
            replicas=replicas,
            direct=False,  # read what was written last, whichever server answers
        )
        bucket = await open_bucket(client.jetstream(timeout=TIMEOUT_SECONDS), settings)
        return cls(client, bucket, keyring)

    def _folder(self, source: str) -> str:
        return self._keyring.pseudonym("connector", source)

    def _key(self, source: str, name: str) -> str:
        return f"{self._folder(source)}.{self._keyring.pseudonym('connector', source, name)}"

    async def get(self, source: str, name: str) -> bytes | None:
        """Raises ConnectionError; KeyLost where the key it was sealed with is gone."""
        with _asking_nats():
            try:
                entry = await self._bucket.get(self._key(source, name))
            except KeyNotFoundError:
                return None
        packed = zlib.decompress(self._keyring.open(entry.value or b"", PURPOSE))
        kept = msgspec.msgpack.decode(packed, type=Kept)
        if (kept.source, kept.name) != (source, name):
            raise ValueError("a connector's memory holds another entry than its key says")
        return kept.value

    async def put(self, source: str, name: str, value: bytes) -> None:
        """Durable when it returns. Raises ConnectionError; ValueError for what is too large."""
        if len(value) > MAX_VALUE_BYTES:
            raise ValueError(
                f"a connector keeps {len(value)} bytes under one name; {MAX_VALUE_BYTES} "
                "(4 MiB) is the most: keep it under several names"
            )
        packed = msgspec.msgpack.encode(Kept(source, name, value))
        sealed = self._keyring.seal(zlib.compress(packed, 1), PURPOSE)
        room = self._client.max_payload
        if len(sealed) > room - 1024:
            raise ValueError(
                f"a connector keeps {len(sealed)} bytes under one name and the NATS server takes "
                f"messages of {room}: raise max_payload in its configuration"
            )
        with _asking_nats():
            await self._js.publish(f"$KV.{BUCKET}.{self._key(source, name)}", sealed)

    async def forget(self, source: str, name: str | None = None) -> None:
        """Wipes one name, or all that is kept of a source. Raises ConnectionError."""
        key = f"{self._folder(source)}.*" if name is None else self._key(source, name)
        await self._purge(key)

    async def forget_others(self, sources: Collection[str]) -> int:
        """Wipes what is kept of every source that is not among these; returns of how many.

        What was removed while no gateway ran is found here. Raises ConnectionError.
        """
        stays = {self._folder(source) for source in sources}
        with _asking_nats():
            info = await self._js.stream_info(f"KV_{BUCKET}", subjects_filter=f"$KV.{BUCKET}.>")
        folders = {subject.split(".")[2] for subject in (info.state.subjects or {})}
        for folder in folders - stays:
            await self._purge(f"{folder}.*")
        return len(folders - stays)

    async def _purge(self, key: str) -> None:
        with _asking_nats():
            await self._js.purge_stream(f"KV_{BUCKET}", subject=f"$KV.{BUCKET}.{key}")


@contextmanager
def _asking_nats() -> Iterator[None]:
    try:
        yield
    except (NatsError, OSError) as error:
        raise ConnectionError(f"a connector's memory: {type(error).__name__}") from error


class KeptMemory:
    """``sources.wiring.Memory`` of one source.

    ``may_write`` says whether this gateway is (still) the one that listens for the source: one that
    stood still must not put positions back. ``before`` is awaited before every write.
    """

    def __init__(
        self,
        source: str,
        bucket: Callable[[], ConnectorBucket | None],
        *,
        may_write: Callable[[], bool] = lambda: True,
        before: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._source = source
        self._bucket_now = bucket
        self._may_write = may_write
        self._before = before
        self._writing = asyncio.Lock()
        """Of two writes under one name the later one stays."""

    def _bucket(self) -> ConnectorBucket:
        bucket = self._bucket_now()
        if bucket is None:
            raise ConnectionError("NATS is not connected yet")
        return bucket

    async def get(self, name: str) -> bytes | None:
        return await self._bucket().get(self._source, name)

    async def put(self, name: str, value: bytes) -> None:
        async with self._writing:
            await self._ready_to_write()
            await self._bucket().put(self._source, name, value)

    async def forget(self, name: str) -> None:
        async with self._writing:
            await self._ready_to_write()
            await self._bucket().forget(self._source, name)

    async def _ready_to_write(self) -> None:
        if self._before is not None:
            await self._before()
        if not self._may_write():
            raise ConnectionError("another gateway may be listening for this source now")
