"""A gateway killed at any moment while its connectors listen: nothing is lost or comes twice."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream.server import EmbeddedServer
from tests.gateway.conftest import stored
from tests.gateway.toy import ToyPlatform
from tests.ports import free_port
from tests.stream.house import environment

pytestmark = pytest.mark.nats

KILLS = 3


def test_messages_said_around_kills_are_each_stored_once(
    config: Config, keyring: Keyring, server: EmbeddedServer, tmp_path: Path
) -> None:
    platform = ToyPlatform(tmp_path / "platform")
    moments = random.Random(7)

    def listening(life: int) -> bool:
        return len(platform.runs) > life

    for life in range(KILLS):
        with gateway(replace(config, intake_port=free_port()), platform) as process:
            wait(partial(listening, life))
            deadline = time.monotonic() + moments.uniform(0.1, 0.7)
            while time.monotonic() < deadline:
                platform.say(moments.randrange(1, 40))
                time.sleep(0.02)
            process.kill()
    with gateway(replace(config, intake_port=free_port()), platform):
        wait(lambda: len(asyncio.run(stored(config, keyring))) >= platform.said)
        time.sleep(0.5)
    found = asyncio.run(stored(config, keyring))
    assert found == [f"m-{number}" for number in range(1, platform.said + 1)]


@contextmanager
def gateway(config: Config, platform: ToyPlatform) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gateway.toy_gateway", str(platform.folder)],
        env=environment(config) | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)


def wait(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
