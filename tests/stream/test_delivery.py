"""Publishing, reading in order, leases and snapshots against a real NATS server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from nats.aio.client import Client

from ansim.chat import Message
from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream import layout
from ansim.stream.codec import decode
from ansim.stream.connection import connect
from ansim.stream.lease import Lease, LeaseLost, holders
from ansim.stream.publishing import Publisher, PublishState
from ansim.stream.reader import Gap, Reader
from ansim.stream.server import EmbeddedServer, ServerUnavailable
from ansim.stream.snapshot import Fenced, SnapshotClosed, SnapshotLost, SnapshotStore

pytestmark = pytest.mark.nats


@asynccontextmanager
async def connected(config: Config, keyring: Keyring) -> AsyncIterator[Client]:
    client = await connect(config, keyring, "test")
    try:
        await layout.ensure(client.jetstream(), config)
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def publishing(config: Config, keyring: Keyring) -> AsyncIterator[Publisher]:
    publisher = await Publisher.connect(config, keyring)
    try:
        yield publisher
    finally:
        await publisher.close()


def message(number: int, conversation: str = "room") -> Message:
    return Message(
        id=str(number), source="test", conversation=conversation, author="a", at=float(number),
        text=f"안녕 {number}", received_at=float(number),
    )  # fmt: skip


async def read_all(reader: Reader, count: int) -> list[str]:
    texts: list[str] = []
    async with asyncio.timeout(120):
        while len(texts) < count:
            for item in await reader.take(100, 1.0):
                value = decode(item.data)
                assert isinstance(value, Message)
                texts.append(value.text)
    return texts


async def test_messages_are_read_in_the_order_they_were_published(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with publishing(config, keyring) as publisher, connected(config, keyring) as client:
        results = await publisher.publish([message(n) for n in range(5000)])
        assert {result.state for result in results} == {PublishState.STORED}
        partition = layout.partition_of("room", config.partitions)
        reader = Reader(client, partition, 0)
        assert await read_all(reader, 5000) == [f"안녕 {n}" for n in range(5000)]
        assert await publisher.backlog() > 0
        await reader.close()


async def test_the_same_message_id_twice_is_stored_once(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with publishing(config, keyring) as publisher:
        first = await publisher.publish([message(1), message(2)])
        again = await publisher.publish([message(2), message(3), message(1, "other-room")])
    assert [r.state.value for r in first] == ["stored", "stored"]
    assert [r.state.value for r in again] == ["duplicate", "stored", "stored"]


async def test_a_name_that_is_no_pseudonym_never_becomes_a_subject(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with publishing(config, keyring) as publisher:
        for name in ("two words", "a.b", ">", "", "line\r\nPUB x"):
            with pytest.raises(ValueError, match="pseudonym"):
                await publisher.publish([message(1, name)])
        (stored,) = await publisher.publish([message(1)])
        assert stored.state is PublishState.STORED


async def test_publishing_to_a_dead_server_fails_and_recovers_after_its_restart(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with publishing(config, keyring) as publisher:
        await publisher.publish([message(1)])
        server.kill()
        assert publisher.storing
        with monkeypatch.context() as patched:
            patched.setattr("ansim.stream.publishing.ATTEMPT_SECONDS", 0.5)
            (failed,) = await publisher.publish([message(2)])
        assert failed.state is PublishState.FAILED
        assert not publisher.storing
        server.start()
        async with asyncio.timeout(120):
            while (await publisher.publish([message(2)]))[0].state is PublishState.FAILED:
                await asyncio.sleep(0.1)
        assert publisher.storing
        (known,) = await publisher.publish([message(1)])
        assert known.state is PublishState.DUPLICATE, "ids known before the restart stay known"


async def test_a_reader_goes_on_without_loss_or_doubles_when_the_server_is_killed(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with publishing(config, keyring) as publisher, connected(config, keyring) as client:
        await publisher.publish([message(n) for n in range(1000)])
        reader = Reader(client, layout.partition_of("room", config.partitions), 0)
        before = await read_all(reader, 300)
        server.kill()
        server.start()
        async with asyncio.timeout(120):
            while not publisher.connected:
                await asyncio.sleep(0.05)
        await publisher.publish([message(n) for n in range(1000, 1500)])
        after = await read_all(reader, 1500 - len(before))
        assert before + after == [f"안녕 {n}" for n in range(1500)]
        await reader.close()


async def test_what_the_stream_no_longer_holds_is_reported_as_a_gap(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with publishing(config, keyring) as publisher, connected(config, keyring) as client:
        await publisher.publish([message(n) for n in range(10)])
        partition = layout.partition_of("room", config.partitions)
        js = client.jetstream()
        first = (await js.stream_info(layout.chat_stream(partition))).state.first_seq
        assert await Reader(client, partition, first).gap() is None
        await js.purge_stream(layout.chat_stream(partition), seq=first + 5)
        assert await Reader(client, partition, first + 4).gap() is None
        assert await Reader(client, partition, first + 1).gap() == Gap(first + 2, first + 4)


async def test_a_lease_has_one_holder_and_passes_on_when_not_renewed(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with connected(config, keyring) as client:
        js = client.jetstream()
        first = Lease(js, "lease.0", "first", 60)
        second = Lease(js, "lease.0", "second", 60)
        assert await first.acquire()
        assert not await second.acquire()
        assert await holders(js, "lease") == ["0"]
        first._ttl = 1  # from the next renewal on; a test need not wait for a minute
        await first.renew()
        async with asyncio.timeout(120):
            while not await second.acquire():
                await asyncio.sleep(0.1)
        assert not first.held
        assert second.epoch > first.epoch
        with pytest.raises(LeaseLost):
            await first.renew()
        await first.release()
        assert not await Lease(js, "lease.0", "third", 60).acquire(), (
            "release must not free another's"
        )
        await second.release()
        assert await Lease(js, "lease.0", "fourth", 60).acquire()


async def test_a_stale_owner_cannot_write_a_snapshot(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with connected(config, keyring) as client:
        js = client.jetstream()
        old = SnapshotStore(js, keyring, 0, epoch=1)
        assert await old.take_over() is None
        await old.write(b"first" * 300_000, 10)
        new = SnapshotStore(js, keyring, 0, epoch=2)
        assert await new.take_over() == b"first" * 300_000
        assert new.sequence == 10
        with pytest.raises(Fenced):
            await old.write(b"stale", 20)
        with pytest.raises(Fenced):
            await SnapshotStore(js, keyring, 0, epoch=1).take_over()
        await new.write(b"second", 20)
        last = SnapshotStore(js, keyring, 0, epoch=3)
        assert await last.take_over() == b"second"
        assert last.sequence == 20


async def test_a_holder_whose_answer_was_lost_keeps_the_lease(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with connected(config, keyring) as client:
        lease = Lease(client.jetstream(), "lease.0", "first", 60)
        assert await lease.acquire()
        epoch = lease.epoch
        assert await lease._write(lease._revision), "a renewal of which the holder never hears"
        await lease.renew()
        assert lease.epoch == epoch
        assert not await Lease(client.jetstream(), "lease.0", "first", 60).acquire()


async def test_parts_of_a_write_that_was_cut_off_are_cleared_away(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with connected(config, keyring) as client:
        js = client.jetstream()
        store = SnapshotStore(js, keyring, 0, epoch=1)
        await store.take_over()
        await store.write(b"first", 10)
        await js.publish("snapshot.0.77.0", b"left by a crash")
        await js.publish("snapshot.1.88.0", b"of another partition")
        await store.write(b"second", 20)
        info = await js.stream_info(layout.SNAPSHOTS, subjects_filter=">")
        subjects = set(info.state.subjects or {})
        assert {name for name in subjects if name.startswith("snapshot.1")} == {"snapshot.1.88.0"}
        own = {name for name in subjects if name.startswith("snapshot.0")}
        assert len(own) == 2, "the head and one part"
        assert await SnapshotStore(js, keyring, 0, epoch=2).take_over() == b"second"


async def test_a_snapshot_of_another_key_or_a_newer_version_is_left_alone(
    config: Config, keyring: Keyring, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(config, keyring) as client:
        js = client.jetstream()
        store = SnapshotStore(js, keyring, 0, epoch=1)
        await store.take_over()
        await store.write(b"precious", 10)
        with pytest.raises(SnapshotClosed, match="key"):
            await SnapshotStore(js, Keyring.generate(), 0, epoch=2).take_over()
        monkeypatch.setattr("ansim.stream.snapshot.SCHEMA", 0)
        with pytest.raises(SnapshotClosed, match="newer version"):
            await SnapshotStore(js, keyring, 0, epoch=2).take_over()
        monkeypatch.undo()
        assert await SnapshotStore(js, keyring, 0, epoch=2).take_over() == b"precious"


async def test_a_damaged_snapshot_is_said_to_be_lost(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with connected(config, keyring) as client:
        js = client.jetstream()
        store = SnapshotStore(js, keyring, 0, epoch=1)
        await store.take_over()
        await store.write(b"first", 10)
        (part,) = [
            name
            for name in (await js.stream_info("SNAPSHOTS", subjects_filter=">")).state.subjects
            or {}
            if not name.endswith("head")
        ]
        await js.publish(part, keyring.seal(b"not zlib", "snapshot"))
        with pytest.raises(SnapshotLost):
            await SnapshotStore(js, keyring, 0, epoch=2).take_over()
        await js.purge_stream("SNAPSHOTS", subject=part)
        with pytest.raises(SnapshotLost, match="missing"):
            await SnapshotStore(js, keyring, 0, epoch=3).take_over()


async def test_nothing_readable_lies_on_disk(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with publishing(config, keyring) as publisher, connected(config, keyring) as client:
        await publisher.publish([message(n) for n in range(100)])
        store = SnapshotStore(client.jetstream(), keyring, 0, epoch=1)
        await store.take_over()
        await store.write("안녕 하세요".encode() * 100, 1)
    server.stop()
    files = [path for path in config.nats_dir.rglob("*") if path.is_file()]
    assert any(path.suffix == ".blk" for path in files)
    for path in files:
        assert "안녕".encode() not in path.read_bytes(), path
    assert config.keys_path.stat().st_mode & 0o777 == 0o600
    assert (config.nats_dir / "server.conf").stat().st_mode & 0o777 == 0o600


async def test_a_rotated_key_still_opens_the_stream(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with publishing(config, keyring) as publisher:
        await publisher.publish([message(1)])
    server.stop()
    with config.keys_path.open("a") as file:
        file.write("k2 " + "ab" * 32 + "\n")
    rotated = Keyring.load(config.keys_path)
    restarted = EmbeddedServer(config, rotated)
    restarted.start()
    try:
        async with publishing(config, rotated) as publisher:
            (again,) = await publisher.publish([message(1)])
            assert again.state is PublishState.DUPLICATE
    finally:
        restarted.stop()


def test_a_taken_port_is_named(config: Config, keyring: Keyring, server: EmbeddedServer) -> None:
    with pytest.raises(ServerUnavailable, match=str(config.nats_port)):
        EmbeddedServer(config, keyring).start()


async def test_other_number_of_partitions_is_refused(
    config: Config, keyring: Keyring, server: EmbeddedServer
) -> None:
    async with connected(config, keyring) as client:
        other = Config(home=config.home, nats_port=config.nats_port, partitions=5)
        with pytest.raises(layout.LayoutMismatch, match="4 partitions"):
            await layout.ensure(client.jetstream(), other)
