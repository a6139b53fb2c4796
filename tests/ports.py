"""Free ports for the servers that tests start."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from functools import cache
from pathlib import Path

_given: set[int] = set()


@cache
def _book() -> int:
    """A file that all test runs of this machine share: a lock on its byte N is a hold on port N,
    which ends with the process. Between the choice of a port and its use seconds may pass."""
    path = Path(tempfile.gettempdir()) / f"ansim-test-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def free_port() -> int:
    """A port that nobody listens on, that no other test is given as long as this run lasts, and
    that no outgoing connection is given before the server begins to listen: systems take those
    from 32768 on. By chance that nobody seeds."""
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(12_000, 32_000)
        if port in _given:
            continue
        try:
            fcntl.lockf(_book(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        _given.add(port)
        return port
