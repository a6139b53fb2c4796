"""A home with database, key and NATS server, and real worker processes to kill."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec

from ansim.config import Config
from ansim.detection.state import ConversationState
from ansim.keys import Keyring
from ansim.stream import layout
from ansim.stream.connection import connect
from ansim.stream.snapshot import SnapshotStore, read_head
from tests.migrated import give_database

DECLARE = """
from ansim import casework
casework.ready()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from ansim.casework.actions import audit, sources
from ansim.chat import SourceKind
record, key = sources.declare(
    "test", "test", SourceKind.PLATFORM_PARTNER, "made-up traffic of a test", actor=audit.SETUP
)
print(key)
"""


def environment(config: Config) -> dict[str, str]:
    """Environment of a process of this home."""
    return os.environ | {
        "ANSIM_HOME": str(config.home),
        "ANSIM_NATS_PORT": str(config.nats_port),
        "ANSIM_CONSOLE_PORT": str(config.console_port),
        "ANSIM_INTAKE_PORT": str(config.intake_port),
        "ANSIM_PARTITIONS": str(config.partitions),
        "ANSIM_LEASE_SECONDS": str(config.lease_seconds),
        "ANSIM_SNAPSHOT_SECONDS": str(config.snapshot_seconds),
    }


def make_database(config: Config) -> str:
    """A database that is migrated and has the source ``test``; returns its API key."""
    give_database(config.home)
    made = subprocess.run(
        [sys.executable, "-c", DECLARE],
        env=environment(config),
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()


class Workers:
    """Real ``ansim worker`` processes of one home."""

    def __init__(self, config: Config, log: Path) -> None:
        self._config = config
        self._log = log.open("ab")
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self.running.append(
            subprocess.Popen(
                [sys.executable, "-m", "ansim.cli", "worker"],
                env=environment(self._config),
                stdout=self._log,
                stderr=self._log,
            )
        )

    def kill(self, index: int) -> None:
        """SIGKILL: no handler runs, nothing is saved."""
        process = self.running.pop(index)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """SIGTERM, as on an orderly shutdown: last snapshots are written."""
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            assert process.wait(120) == 0
        self.running.clear()


def alerts_in_database(config: Config) -> list[tuple[str, str, int]]:
    """(conversation, about, episode) of every alert row."""
    with sqlite3.connect(f"file:{config.sqlite_path}?mode=ro", uri=True) as database:
        return [
            (str(conversation), str(about), int(episode))
            for conversation, about, episode in database.execute(
                "SELECT c.pseudonym, a.about, a.episode FROM casework_alert a"
                " JOIN casework_conversation c ON c.id = a.conversation_id"
            )
        ]


async def until_kept(config: Config, keyring: Keyring, seconds: float = 240) -> None:
    """Waits until snapshots cover the whole stream. A worker that was held up for longer than its
    lease loses what it had read to the next one, which reads it again."""
    client = await connect(config, keyring, "kept")
    js = client.jetstream()
    try:
        async with asyncio.timeout(seconds):
            for partition in range(config.partitions):
                while True:
                    head = await read_head(js, partition)
                    info = await js.stream_info(layout.chat_stream(partition))
                    if head is not None and head.sequence == info.state.last_seq:
                        break
                    await asyncio.sleep(0.2)
    finally:
        await client.close()


async def final_states(config: Config, keyring: Keyring) -> dict[str, ConversationState]:
    """The states in the last snapshots; asserts that these cover the whole stream."""
    client = await connect(config, keyring, "states")
    js = client.jetstream()
    states: dict[str, ConversationState] = {}
    try:
        for partition in range(config.partitions):
            head = await read_head(js, partition)
            assert head is not None
            info = await js.stream_info(layout.chat_stream(partition))
            assert head.sequence == info.state.last_seq
            packed = await SnapshotStore(js, keyring, partition, head.epoch).take_over()
            if packed is not None:
                states |= msgspec.msgpack.decode(packed, type=dict[str, ConversationState])
    finally:
        await client.close()
    return states
