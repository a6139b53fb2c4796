"""Whether anybody reads what came in: a partition that stands still while messages wait tells."""

from __future__ import annotations

import pytest

from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream.gateway import reading
from ansim.stream.gateway.ledger import MemoryLedger
from ansim.stream.gateway.reading import Behind, Reading, ReadingWatch
from ansim.stream.server import EmbeddedServer
from tests.gateway.conftest import item, serve, until


def test_messages_that_wait_while_their_partition_moves_are_no_alarm() -> None:
    watch = ReadingWatch()
    for second in range(0, 300, 10):
        seen = watch.look([Behind(500, second), Behind(0, 7)], float(second))
        assert seen == Reading(unread=500, still_since=None)


def test_one_partition_that_stands_still_is_seen_among_others_that_move() -> None:
    watch = ReadingWatch()
    assert watch.look([Behind(5, 40), Behind(3, 1)], 10.0).still_since is None
    assert watch.look([Behind(9, 40), Behind(3, 2)], 20.0).still_since == 10.0
    assert watch.look([Behind(19, 40), Behind(3, 3)], 90.0) == Reading(unread=22, still_since=10.0)
    assert watch.look([Behind(1, 60), Behind(3, 4)], 100.0).still_since is None


def test_a_quiet_night_is_no_standstill() -> None:
    watch = ReadingWatch()
    for second in (0.0, 3600.0, 7200.0):
        assert watch.look([Behind(0, 40)], second).still_since is None
    # What comes after it is counted from when it was first seen waiting.
    assert watch.look([Behind(1, 40)], 7210.0).still_since == 7200.0


@pytest.mark.nats
async def test_a_gateway_tells_casework_that_nobody_reads_and_says_farewell(
    config: Config,
    keyring: Keyring,
    server: EmbeddedServer,
    ledger: MemoryLedger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "TELL_SECONDS", 0.1)
    async with serve(config, keyring, ledger) as running:  # no worker runs
        await running.send([item(1), item(2)])
        await until(
            lambda: any(
                each and each.unread == 2 and each.still_since is not None
                for each in ledger.readings
            )
        )
    assert ledger.readings[-1] is None
