"""Free ports for the servers that tests start."""

from __future__ import annotations

import random
import socket


def free_port() -> int:
    """A port that nobody listens on, and that no outgoing connection is given before the server
    begins to listen: systems take those from 32768 on. By chance that nobody seeds."""
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(12_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
