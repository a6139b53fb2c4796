"""One way to connect to NATS, embedded or a cluster: keeps trying, tells the log once."""

from __future__ import annotations

import logging

from nats.aio.client import Client

from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream import server

log = logging.getLogger(__name__)

MAX_PENDING_BYTES = 64 * 1024 * 1024


async def connect(config: Config, keyring: Keyring, name: str) -> Client:
    """Connects and keeps reconnecting for ever. Raises when the first connection fails."""

    async def on_error(error: Exception) -> None:
        log.debug("nats: %s", error)

    async def on_disconnect() -> None:
        if not client.is_closed:
            log.warning("%s: connection to NATS lost, trying again", name)

    async def on_reconnect() -> None:
        log.warning("%s: connected to NATS again", name)

    client = Client()
    await client.connect(
        [url.strip() for url in config.nats_address.split(",")],
        name=name,
        allow_reconnect=True,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.25,  # type: ignore[arg-type]
        ping_interval=5,
        max_outstanding_pings=2,
        connect_timeout=3,
        pending_size=MAX_PENDING_BYTES,
        error_cb=on_error,
        disconnected_cb=on_disconnect,
        reconnected_cb=on_reconnect,
        user=None if config.nats_url else server.USER,
        password=None if config.nats_url else server.password(keyring),
    )
    return client
