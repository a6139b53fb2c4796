"""Names of streams and subjects, and their settings: what lies where in JetStream.

=============  =================================  ============================================
stream         subjects                           holds
=============  =================================  ============================================
``CHAT-<p>``   ``chat.<p>.<conversation>``        messages, one stream a partition, 24 hours
``LEASES``     ``lease.<p>``, ``worker.<id>``     who works on what, gone when not renewed
``SNAPSHOTS``  ``snapshot.<p>.head`` and parts    sealed conversation states
``QUESTIONS``  ``questions.asked``                an empty message for each question to a model
``PICTURES``   ``picture.<conversation>``         sealed copies for the reviewer (``shown.py``)
=============  =================================  ============================================

A stream of its own for every partition keeps sequence numbers of a partition without holes, so
that "the next message is no longer there" can be told from "other partitions moved on".
"""

from __future__ import annotations

import re
import time
import zlib

from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError
from nats.js.kv import KeyValue

from ansim.config import Config

CHAT_MAX_AGE = 24 * 3600.0
"""Seconds a message stays in the stream (R06: unflagged text lives 24 hours)."""

DUPLICATE_WINDOW = 600.0
"""Seconds within which JetStream drops a message id it has seen."""

SEQUENCES_A_SECOND = 1_000_000
"""A stream begins at (seconds since 1970) times this, so that the numbers of a stream made anew
are always higher than those of one that was lost: "newer" stays a comparison of two numbers."""

LEASES = "LEASES"
SNAPSHOTS = "SNAPSHOTS"
QUESTIONS = "QUESTIONS"
ASKED = "questions.asked"
QUESTIONS_COUNT = 3600.0 + 10.0
"""Seconds for which a question counts: an hour, and longer than one takes from being counted to
being sent, so that no hour has more of them than were counted."""
POSITIONS = "ansim.position"
"""Core subject on which workers tell how far they have come: ``ansim.position.<p>``."""

REVIEWERS = "ansim.reviewer"
"""Core subject on which workers tell how the model they ask is: ``ansim.reviewer.<worker>``."""


_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


class LayoutMismatch(Exception):
    """The streams that exist were made with other settings; the message says which."""


def chat_stream(partition: int) -> str:
    return f"CHAT-{partition}"


def chat_subject(partition: int, conversation: str) -> str:
    """Subject of one conversation. Raises ValueError for what is no pseudonym."""
    if not _TOKEN.fullmatch(conversation):
        raise ValueError(f"{conversation!r} is no conversation pseudonym")
    return f"chat.{partition}.{conversation}"


def partition_of(conversation: str, partitions: int) -> int:
    """Partition of a conversation: CRC-32 of its pseudonym, stable across processes."""
    return zlib.crc32(conversation.encode()) % partitions


def _streams(config: Config) -> list[StreamConfig]:
    chats = [
        StreamConfig(
            name=chat_stream(partition),
            subjects=[f"chat.{partition}.*"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=CHAT_MAX_AGE,
            duplicate_window=DUPLICATE_WINDOW,
            first_seq=int(time.time()) * SEQUENCES_A_SECOND,
            num_replicas=config.replicas,
            allow_direct=True,
            metadata={"ansim.partitions": str(config.partitions)},
        )
        for partition in range(config.partitions)
    ]
    latest = [
        StreamConfig(
            name=name,
            subjects=subjects,
            storage=StorageType.FILE,
            max_msgs_per_subject=1,
            allow_msg_ttl=name == LEASES,
            num_replicas=config.replicas,
            allow_direct=True,
        )
        for name, subjects in ((LEASES, ["lease.*", "worker.*"]), (SNAPSHOTS, ["snapshot.>"]))
    ]
    questions = StreamConfig(
        name=QUESTIONS,
        subjects=[ASKED],
        storage=StorageType.FILE,
        max_age=QUESTIONS_COUNT,
        num_replicas=config.replicas,
    )
    return [*chats, *latest, questions]


async def ensure(js: JetStreamContext, config: Config) -> None:
    """Creates the streams that are missing.

    Raises LayoutMismatch when the partitions were made with another ANSIM_PARTITIONS: states and
    messages would part ways.
    """
    try:
        first = await js.stream_info(chat_stream(0))
        made_with = (first.config.metadata or {}).get("ansim.partitions")
        if made_with is not None and int(made_with) != config.partitions:
            raise LayoutMismatch(
                f"the streams have {made_with} partitions, ANSIM_PARTITIONS is "
                f"{config.partitions}: set it back to {made_with}"
            )
    except NotFoundError:
        pass
    for stream in _streams(config):
        try:
            await js.stream_info(stream.name or "")
        except NotFoundError:
            try:
                await js.add_stream(stream)
            except APIError:
                await js.stream_info(stream.name or "")  # another process was first


async def open_bucket(js: JetStreamContext, settings: KeyValueConfig) -> KeyValue:
    """Opens a key-value bucket, creating it with these settings where there is none."""
    try:
        return await js.key_value(settings.bucket)
    except NotFoundError:
        try:
            return await js.create_key_value(settings)
        except APIError:
            return await js.key_value(settings.bucket)  # another process was first
