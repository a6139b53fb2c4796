"""Snapshots of a partition: the sealed states of its conversations up to one sequence number.

Parts are written first under a new generation, then the head is replaced by compare-and-set on
its revision. Taking over a partition rewrites the head too, so that an owner who lost the lease
holds an old revision and cannot write any more (the lease's epoch is in the head for the reader).

::

    snapshot.3.head        {"epoch": 41, "sequence": 9120, "generation": 7, "parts": 2}
    snapshot.3.7.0, .1     sealed(zlib(msgpack({conversation: state})))
"""

from __future__ import annotations

import asyncio
import zlib

import msgspec
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from ansim.detection.state import SCHEMA
from ansim.keys import KeyLost, Keyring
from ansim.stream import layout
from ansim.stream.comparing import publish_after

PART_BYTES = 512 * 1024
PURPOSE = "snapshot"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force: the states cover every item of the partition up to ``sequence``."""

    epoch: int
    sequence: int
    generation: int
    parts: int
    schema: int = 1
    """Form of the states; a worker of an older version leaves newer ones alone."""
    revision: int = 0


class Fenced(Exception):
    """Another worker has taken the partition; nothing was written."""


class SnapshotLost(Exception):
    """A part of the snapshot is missing or damaged for good; the message says which."""


class SnapshotClosed(Exception):
    """The snapshot is there but not for us (its key or a newer version is missing): hands off."""


def _head_subject(partition: int) -> str:
    return f"snapshot.{partition}.head"


async def read_head(js: JetStreamContext, partition: int) -> Head | None:
    """The head in force, or None before the first snapshot."""
    try:
        message = await js.get_msg(layout.SNAPSHOTS, subject=_head_subject(partition))
    except NotFoundError:
        return None
    head = msgspec.json.decode(message.data or b"", type=Head)
    return msgspec.structs.replace(head, revision=message.seq or 0)


class SnapshotStore:
    """Reads and writes the snapshot of one partition for the holder of one lease."""

    def __init__(self, js: JetStreamContext, keyring: Keyring, partition: int, epoch: int) -> None:
        self._js = js
        self._keyring = keyring
        self._partition = partition
        self._epoch = epoch
        self._head = Head(epoch=epoch, sequence=0, generation=0, parts=0)

    @property
    def sequence(self) -> int:
        return self._head.sequence

    async def take_over(self) -> bytes | None:
        """Fences off earlier owners and returns the packed states, None if there are none.

        Raises Fenced when a later owner was faster, SnapshotLost when parts are unusable and
        SnapshotClosed, before anything is written, when it takes another key or version.
        """
        found = await read_head(self._js, self._partition)
        if found is not None:
            if found.epoch > self._epoch:
                raise Fenced(f"partition {self._partition}: epoch {found.epoch} is newer")
            if found.schema > SCHEMA:
                raise SnapshotClosed(
                    f"partition {self._partition}: its snapshot was written by a newer version "
                    f"(form {found.schema}, this one knows {SCHEMA}): start the newer version"
                )
            self._head = found
        packed: bytes | None = None
        lost: SnapshotLost | None = None
        try:
            packed = await self._read(found) if found is not None else None
        except SnapshotLost as error:
            lost = error
        await self._replace_head(msgspec.structs.replace(self._head, epoch=self._epoch))
        if lost is not None:
            raise lost
        return packed

    async def _read(self, head: Head) -> bytes | None:
        if head.parts == 0:
            return None
        parts: list[bytes] = []
        for index in range(head.parts):
            subject = f"snapshot.{self._partition}.{head.generation}.{index}"
            try:
                message = await self._js.get_msg(layout.SNAPSHOTS, subject=subject)
            except NotFoundError:
                raise SnapshotLost(f"{subject} is missing") from None
            parts.append(message.data or b"")
        sealed = b"".join(parts)
        try:
            plain = await asyncio.to_thread(self._keyring.open, sealed, PURPOSE)
        except KeyLost as error:
            raise SnapshotClosed(
                f"partition {self._partition}: {error}: put the key file back"
            ) from None
        try:
            return await asyncio.to_thread(zlib.decompress, plain)
        except zlib.error as error:
            raise SnapshotLost(f"snapshot of partition {self._partition}: {error}") from None

    async def write(self, packed: bytes, sequence: int) -> None:
        """Makes ``packed`` the states in force for everything up to ``sequence``.

        Raises Fenced when the partition has another owner.
        """
        sealed = await asyncio.to_thread(
            lambda: self._keyring.seal(zlib.compress(packed, 1), PURPOSE)
        )
        # The epoch in the generation keeps parts of two owners apart.
        generation = max(self._head.generation + 1, self._epoch * 1_000_000)
        parts = [sealed[i : i + PART_BYTES] for i in range(0, len(sealed), PART_BYTES)]
        for index, part in enumerate(parts):
            await self._js.publish(f"snapshot.{self._partition}.{generation}.{index}", part)
        await self._replace_head(
            Head(
                epoch=self._epoch,
                sequence=sequence,
                generation=generation,
                parts=len(parts),
                schema=SCHEMA,
            )
        )
        await self._clear_away(generation)

    async def _clear_away(self, current: int) -> None:
        """Removes the parts of every other generation, also those of a write that was cut off."""
        prefix = f"snapshot.{self._partition}"
        info = await self._js.stream_info(layout.SNAPSHOTS, subjects_filter=f"{prefix}.*.*")
        generations = {subject.split(".")[2] for subject in (info.state.subjects or {})}
        for generation in generations - {str(current)}:
            await self._js.purge_stream(layout.SNAPSHOTS, subject=f"{prefix}.{generation}.*")

    async def _replace_head(self, head: Head) -> None:
        data = msgspec.json.encode(head)
        subject = _head_subject(self._partition)
        revision = await publish_after(self._js, subject, data, self._head.revision)
        if revision is None:
            raise Fenced(f"partition {self._partition} has a newer owner")
        self._head = msgspec.structs.replace(head, revision=revision)
