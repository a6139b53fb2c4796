"""Writes messages into the stream and says which of them are durable.

Publishing is pipelined: a whole batch is sent before its acknowledgements are awaited, and they
are counted, not awaited one by one (nats-py's own ``publish_async`` makes a task and a future a
message, which costs more than the rest of intake together).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from enum import StrEnum

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from ansim.chat import Message
from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream import layout
from ansim.stream.codec import AlertClosed, AlertReopened, Item, deduplication_id, encode
from ansim.stream.connection import connect
from ansim.stream.snapshot import read_head

log = logging.getLogger(__name__)

ATTEMPTS = 2
ATTEMPT_SECONDS = 5.0
MAX_IN_FLIGHT = 20_000
FAILURE_SECONDS = 30.0


class PublishState(StrEnum):
    STORED = "stored"
    DUPLICATE = "duplicate"
    FAILED = "failed"


class Published(msgspec.Struct, frozen=True):
    """What became of one message: durable, already known, or not stored (with the reason)."""

    state: PublishState
    reason: str = ""


class StreamUnavailable(Exception):
    """Nothing could be stored now; try again."""


class _Ack(msgspec.Struct):
    stream: str = ""
    seq: int = 0
    duplicate: bool = False
    error: dict[str, object] | None = None


_STORED = Published(PublishState.STORED)
_DUPLICATE = Published(PublishState.DUPLICATE)


class _Batch:
    """Acknowledgements still awaited for one call of ``publish``."""

    __slots__ = ("done", "missing", "results")

    def __init__(self, size: int) -> None:
        self.results: list[Published | None] = [None] * size
        self.missing = 0
        self.done = asyncio.Event()

    def settle(self, index: int, result: Published) -> None:
        if self.results[index] is None:
            self.results[index] = result
            self.missing -= 1
            if self.missing == 0:
                self.done.set()


class Publisher:
    """The way into the stream, used by intake and by the courier. One a process."""

    def __init__(self, client: Client, config: Config) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=5)
        self._config = config
        self._inbox = client.new_inbox()
        self._pending: dict[str, tuple[_Batch, int]] = {}
        self._counter = 0
        self._room = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._decoder = msgspec.json.Decoder(_Ack)
        self._last = [0] * config.partitions
        self._covered = [0] * config.partitions
        self._subscriptions: list[Subscription] = []
        self._failed_at = 0.0

    @classmethod
    async def connect(cls, config: Config, keyring: Keyring) -> Publisher:
        """Connects, makes missing streams and learns how far the workers are.

        Raises StreamUnavailable when NATS cannot be reached, LayoutMismatch when the streams
        were made with another number of partitions.
        """
        client: Client | None = None
        try:
            client = await connect(config, keyring, "publisher")
            self = cls(client, config)
            await layout.ensure(self._js, config)
            await self._start()
        except BaseException as error:
            if client is not None:
                await client.close()
            if isinstance(error, NatsError | OSError):
                raise StreamUnavailable(f"NATS at {config.nats_address}: {error}") from None
            raise
        return self

    async def _start(self) -> None:
        acks = await self._client.subscribe(
            f"{self._inbox}.*", cb=self._acknowledged, pending_bytes_limit=-1, pending_msgs_limit=-1
        )
        positions = await self._client.subscribe(f"{layout.POSITIONS}.*", cb=self._told_position)
        self._subscriptions = [acks, positions]
        for partition in range(self._config.partitions):
            head = await read_head(self._js, partition)
            first = (await self._js.stream_info(layout.chat_stream(partition))).state.first_seq
            read = max(first - 1, head.sequence if head else 0)
            self._covered[partition] = max(self._covered[partition], read)
        await self._refresh()

    async def _refresh(self) -> None:
        for partition in range(self._config.partitions):
            info = await self._js.stream_info(layout.chat_stream(partition))
            self._last[partition] = max(self._last[partition], info.state.last_seq)

    async def publish(self, messages: Sequence[Message]) -> list[Published]:
        """Stores messages in the order given; returns one result a message, when durable.

        A message that JetStream does not confirm is sent once more under the same id (so it
        cannot be stored twice) and then reported as failed.
        """
        return await self._publish(
            [(m.conversation, deduplication_id(m.conversation, m.id), m) for m in messages]
        )

    async def close_alert(
        self, command_id: str, source: str, conversation: str, about: str, episode: int
    ) -> None:
        """Tells the state that a person closed the alert. Durable and idempotent.

        Raises StreamUnavailable when it could not be stored.
        """
        item = AlertClosed(source=source, conversation=conversation, about=about, episode=episode)
        await self._command(f"closed-{command_id}", item)

    async def reopen_alert(
        self, command_id: str, source: str, conversation: str, about: str, episode: int
    ) -> None:
        """Tells the state that a person took the closing back. Otherwise as ``close_alert``."""
        item = AlertReopened(source=source, conversation=conversation, about=about, episode=episode)
        await self._command(f"reopened-{command_id}", item)

    async def _command(self, dedup: str, item: AlertClosed | AlertReopened) -> None:
        (result,) = await self._publish([(item.conversation, dedup, item)])
        if result.state is PublishState.FAILED:
            raise StreamUnavailable(result.reason)

    async def _publish(self, items: Sequence[tuple[str, str, Item]]) -> list[Published]:
        if not items:
            return []
        batch = _Batch(len(items))
        for attempt in range(ATTEMPTS):
            # From the second attempt on, "duplicate" may be our own first one: then it is stored.
            missing = [i for i, result in enumerate(batch.results) if result is None]
            batch.missing = len(missing)
            batch.done.clear()
            tokens: list[str] = []
            try:
                async with asyncio.timeout(ATTEMPT_SECONDS):
                    for index in missing:
                        tokens.append(await self._send(batch, index, *items[index]))
                    await batch.done.wait()
            except (TimeoutError, NatsError, OSError) as error:
                log.debug("publish attempt %d: %s", attempt + 1, error)
            finally:
                for token in tokens:
                    if self._pending.pop(token, None) is not None:
                        self._room.release()
            if batch.missing == 0:
                break
        stored = any(done and done.state is not PublishState.FAILED for done in batch.results)
        self._failed_at = 0.0 if stored else time.monotonic()
        failed = Published(
            PublishState.FAILED, "not confirmed by the stream in time; send it again"
        )
        return [failed if result is None else result for result in batch.results]

    async def _send(
        self, batch: _Batch, index: int, conversation: str, dedup: str, item: Item
    ) -> str:
        if self._room.locked():
            await self._client.flush()
        await self._room.acquire()
        self._counter += 1
        token = str(self._counter)
        self._pending[token] = (batch, index)
        partition = layout.partition_of(conversation, self._config.partitions)
        try:
            await self._client.publish(
                layout.chat_subject(partition, conversation),
                encode(item),
                reply=f"{self._inbox}.{token}",
                headers={"Nats-Msg-Id": dedup},
            )
        except BaseException:
            self._pending.pop(token, None)
            self._room.release()
            raise
        return token

    async def _acknowledged(self, message: Msg) -> None:
        token = message.subject.rpartition(".")[2]
        entry = self._pending.pop(token, None)
        if entry is None:
            return  # came after the time limit; the message was sent again under the same id
        self._room.release()
        batch, index = entry
        try:
            ack = self._decoder.decode(message.data)
        except msgspec.MsgspecError:
            batch.settle(index, Published(PublishState.FAILED, "the stream is not available"))
            return
        if ack.error is not None:
            reason = str(ack.error.get("description", "refused by the stream"))
            batch.settle(index, Published(PublishState.FAILED, reason))
            return
        partition = int(ack.stream.rpartition("-")[2])
        self._last[partition] = max(self._last[partition], ack.seq)
        batch.settle(index, _DUPLICATE if ack.duplicate else _STORED)

    async def _told_position(self, message: Msg) -> None:
        partition = int(message.subject.rpartition(".")[2])
        if partition < len(self._covered):
            self._covered[partition] = max(self._covered[partition], int(message.data))

    async def backlog(self) -> int:
        """Messages in the stream that no worker has read yet, over all partitions."""
        try:
            await self._refresh()
        except (NatsError, OSError) as error:
            raise StreamUnavailable(str(error)) from None
        pairs = zip(self._last, self._covered, strict=True)
        return sum(max(0, last - covered) for last, covered in pairs)

    async def behind(self) -> list[tuple[int, int]]:
        """For each partition, messages that no worker has read and the position read up to.

        Where some wait, the snapshot is asked as well: a worker's word on its position may be lost.
        Raises StreamUnavailable.
        """
        await self.backlog()
        try:
            for partition, last in enumerate(self._last):
                if last > self._covered[partition]:
                    head = await read_head(self._js, partition)
                    read = head.sequence if head else 0
                    self._covered[partition] = max(self._covered[partition], read)
        except (NatsError, OSError) as error:
            raise StreamUnavailable(str(error)) from None
        return [
            (max(0, last - covered), covered)
            for last, covered in zip(self._last, self._covered, strict=True)
        ]

    @property
    def storing(self) -> bool:
        """False when the last batch, within half a minute, could not be stored at all."""
        return not self._failed_at or time.monotonic() - self._failed_at > FAILURE_SECONDS

    @property
    def connected(self) -> bool:
        return bool(self._client.is_connected)

    @property
    def jetstream(self) -> JetStreamContext:
        """For parts that share this connection, such as routing."""
        return self._js

    async def close(self) -> None:
        await self._client.close()
