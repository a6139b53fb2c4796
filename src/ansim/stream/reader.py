"""Reads one partition in order from a given place on, without acknowledgements.

An ephemeral consumer is pulled continuously. Its own numbering of deliveries tells whether one
was lost on the way; then, and after a lost connection or a server that forgot the consumer, a new
one is made behind the last item received. (nats-py's ordered consumer pushes, without
backpressure, and does not survive a restart of the server by itself.)
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from ansim.stream import layout

log = logging.getLogger(__name__)

PULL = 1000
"""Messages asked for at a time; asked again when half of them have come."""
MAX_BUFFERED = 4000
HEARTBEAT_SECONDS = 1.0
SILENCE_SECONDS = 3.0
EXPIRES_SECONDS = 20.0
INACTIVE_SECONDS = 60.0


class Delivered(msgspec.Struct, gc=False):
    """One stored item: its place in the partition and its bytes."""

    sequence: int
    data: bytes


class Gap(msgspec.Struct, frozen=True):
    """Items ``first`` to ``last`` of the partition are no longer in the stream."""

    first: int
    last: int


class StreamGone(Exception):
    """The partition's stream does not exist any more."""


class Reader:
    """An endless ordered read of one partition's stream."""

    def __init__(self, client: Client, partition: int, after: int) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=5)
        self._stream = layout.chat_stream(partition)
        self._after = after
        self._buffer: deque[Delivered] = deque()
        self._arrived = asyncio.Event()
        self._consumer = ""
        self._expected = 1
        self._asked = 0
        self._asked_until = 0.0
        self._silent = 0.0
        self._broken = False
        self._generation = 0
        self._inbox = ""
        self._subscription: object | None = None
        self.gaps: list[Gap] = []
        """Items that vanished while we read; whoever tells of them empties the list."""

    @property
    def after(self) -> int:
        """Place of the last item received."""
        return self._after

    async def gap(self) -> Gap | None:
        """What was lost between the place to start from and what the stream still holds.

        Also moves the place to the beginning of the stream where nothing was read before.
        """
        state = (await self._js.stream_info(self._stream)).state
        if self._after == 0:
            self._after = state.first_seq - 1
            return None
        if state.last_seq < self._after:
            # An older copy of the stream was put back: what came after it is gone.
            lost = Gap(state.last_seq + 1, self._after)
            self._after = state.last_seq
            return lost
        if state.first_seq > self._after + 1:
            gone = Gap(self._after + 1, state.first_seq - 1)
            self._after = gone.last
            return gone
        return None

    async def take(self, most: int, wait: float) -> list[Delivered]:
        """Up to ``most`` next items, waiting at most ``wait`` seconds for the first."""
        deadline = time.monotonic() + wait
        while not self._buffer:
            await self._keep_asking()
            self._arrived.clear()
            left = deadline - time.monotonic()
            if left <= 0:
                return []
            waited = time.monotonic()
            try:
                async with asyncio.timeout(min(left, HEARTBEAT_SECONDS)):
                    await self._arrived.wait()
                self._silent = 0.0
            except TimeoutError:
                # Only waiting counts as silence: a busy worker hears nothing either.
                self._silent += time.monotonic() - waited
        count = min(most, len(self._buffer))
        items = [self._buffer.popleft() for _ in range(count)]
        await self._keep_asking()
        return items

    async def _keep_asking(self) -> None:
        now = time.monotonic()
        try:
            if not self._consumer or self._broken or self._silent > SILENCE_SECONDS:
                await self._begin()
                now = time.monotonic()
            if now > self._asked_until:
                self._asked = 0
            if self._asked <= PULL // 2 and len(self._buffer) < MAX_BUFFERED:
                await self._pull()
        except NotFoundError:
            raise StreamGone(self._stream) from None
        except (NatsError, OSError) as error:
            log.debug("%s: %s", self._stream, error)
            self._consumer = ""
            await asyncio.sleep(0.2)

    async def _begin(self) -> None:
        await self._end()
        self._generation += 1
        self._inbox = self._client.new_inbox()
        generation = self._generation

        async def arrived(message: Msg) -> None:
            if generation == self._generation:
                self._receive(message)

        self._subscription = await self._client.subscribe(
            self._inbox, cb=arrived, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        info = await self._js.add_consumer(
            self._stream,
            ConsumerConfig(
                ack_policy=AckPolicy.NONE,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self._after + 1,
                inactive_threshold=INACTIVE_SECONDS,
                mem_storage=True,
                num_replicas=1,
                max_waiting=16,
            ),
        )
        self._consumer = info.name
        self._expected = 1
        self._asked = 0
        self._asked_until = 0.0
        self._silent = 0.0
        self._broken = False

    async def _end(self) -> None:
        if self._subscription is not None:
            subscription, self._subscription = self._subscription, None
            try:
                await subscription.unsubscribe()  # type: ignore[attr-defined]
                if self._consumer:
                    await self._js.delete_consumer(self._stream, self._consumer)
            except (NatsError, OSError):
                pass  # the server forgets it by itself
        self._consumer = ""

    async def _pull(self) -> None:
        request = {
            "batch": PULL,
            "expires": int(EXPIRES_SECONDS * 1e9),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * 1e9),
        }
        await self._client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}",
            msgspec.json.encode(request),
            reply=self._inbox,
        )
        self._asked += PULL
        self._asked_until = time.monotonic() + EXPIRES_SECONDS

    def _receive(self, message: Msg) -> None:
        if message.headers and "Status" in message.headers:
            status = message.headers["Status"]
            if status in ("404", "408"):  # this pull is over
                self._asked = 0
            elif status != "100":  # 409, 503: consumer gone or refused
                self._broken = True
            self._arrived.set()
            return
        # $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>
        tokens = message.reply.split(".")
        sequence, delivery = int(tokens[-4]), int(tokens[-3])
        if delivery != self._expected:
            self._broken = True  # one was lost on the way: begin again behind the last good one
            self._generation += 1
            self._arrived.set()
            return
        self._expected += 1
        self._asked -= 1
        if sequence != self._after + 1:
            self.gaps.append(Gap(self._after + 1, sequence - 1))
        self._after = sequence
        self._buffer.append(Delivered(sequence, message.data))
        self._arrived.set()

    async def close(self) -> None:
        """Ends the consumer."""
        self._generation += 1
        await self._end()
