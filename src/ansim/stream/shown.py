"""Small copies of pictures on their way from the gateway to the reviewer: sealed, in memory, brief.

A stream of NATS with memory storage that forgets after a quarter of an hour. A subject is a
conversation, so that the newest few of each are held and a room that floods us with pictures pushes
out only its own; when the whole is full the oldest go. Who looks for one that is gone does without.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

import msgspec
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RawStreamMsg, StorageType, StreamConfig
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from ansim.keys import Keyring
from ansim.pictures.values import MOST_RENDERED_BYTES

STREAM = "PICTURES"
LIFE_SECONDS = 900.0
MOST_BYTES = 64 * 1024 * 1024
MOST_A_CONVERSATION = 8
"""More than are shown at a time: some are taken back."""
TIMEOUT_SECONDS = 3.0
PURPOSE = "pictures shown"
_NAME = "Ansim-Picture"
"""Header with the message's pseudonym, so that one can be taken back unopened."""


class Copy(msgspec.Struct, frozen=True, array_like=True):
    """A small copy, with what it belongs to, so that one cannot pass for another."""

    conversation: str
    message: str
    place: int
    content: bytes


class Shelf:
    """Where copies lie. Conversations and messages are named by their pseudonyms.

    Every verb may raise nats.errors.Error, OSError or TimeoutError: then do without.
    """

    def __init__(self, client: Client, keyring: Keyring) -> None:
        self._client = client
        self._keyring = keyring

    async def put(self, copy: Copy) -> None:
        """Lays a copy there. Raises ValueError for one that is too large."""
        if len(copy.content) > MOST_RENDERED_BYTES:
            raise ValueError(f"a copy of more than {MOST_RENDERED_BYTES} bytes")
        sealed = self._keyring.seal(msgspec.msgpack.encode(copy), PURPOSE)
        headers = {_NAME: copy.message}
        js = self._js()
        try:
            await js.publish(_subject(copy.conversation), sealed, headers=headers)
        except NoStreamResponseError:  # the first picture, or NATS was started again
            await _make(js)
            await js.publish(_subject(copy.conversation), sealed, headers=headers)

    async def of(self, conversation: str) -> dict[tuple[str, int], bytes]:
        """What lies there of a conversation, by message and place."""
        found: dict[tuple[str, int], bytes] = {}
        async for held in self._held(conversation):
            plain = self._keyring.open(held.data or b"", PURPOSE)
            copy = msgspec.msgpack.decode(plain, type=Copy)
            if copy.conversation == conversation:
                found[copy.message, copy.place] = copy.content
        return found

    async def forget(self, conversation: str, messages: Collection[str]) -> None:
        """Takes away the copies of messages that were taken back."""
        async for held in self._held(conversation):
            if (held.headers or {}).get(_NAME) in messages and held.seq:
                await self._js().delete_msg(STREAM, held.seq)

    def _js(self) -> JetStreamContext:
        return self._client.jetstream(timeout=TIMEOUT_SECONDS)

    async def _held(self, conversation: str) -> AsyncIterator[RawStreamMsg]:
        """The copies of a conversation, oldest first."""
        js, after = self._js(), 0
        for _ in range(2 * MOST_A_CONVERSATION):  # new ones may come meanwhile
            try:
                held = await js.get_msg(
                    STREAM, seq=after + 1, subject=_subject(conversation), next=True
                )
            except NotFoundError:
                return
            after = held.seq or after + 1
            yield held


def _subject(conversation: str) -> str:
    return f"picture.{conversation}"


async def _make(js: JetStreamContext) -> None:
    try:
        await js.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=[_subject("*")],
                storage=StorageType.MEMORY,
                max_age=LIFE_SECONDS,
                max_bytes=MOST_BYTES,
                max_msg_size=MOST_RENDERED_BYTES + 4096,
                max_msgs_per_subject=MOST_A_CONVERSATION,
                discard=DiscardPolicy.OLD,
                num_replicas=1,  # what is lost with a server is done without
            )
        )
    except APIError:
        await js.stream_info(STREAM)  # another gateway was first
