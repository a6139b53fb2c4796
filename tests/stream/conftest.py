"""A real NATS server a test, with its own key, folder and port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream.server import EmbeddedServer
from tests.ports import free_port


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Leases are long: no worker loses one because the machine stands still for seconds. Tests
    that kill workers shorten them."""
    return Config(home=tmp_path, nats_port=free_port(), partitions=4, lease_seconds=60.0)


@pytest.fixture
def keyring(config: Config) -> Keyring:
    return Keyring.load_or_create(config.keys_path)


@pytest.fixture
def server(config: Config, keyring: Keyring) -> Iterator[EmbeddedServer]:
    running = EmbeddedServer(config, keyring)
    running.start()
    yield running
    running.stop()
