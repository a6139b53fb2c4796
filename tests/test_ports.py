"""Runs of tests beside each other, and tests of one run, never give their servers the same port."""

from __future__ import annotations

import fcntl
import subprocess
import sys

from tests import ports

ASK = """
import random, sys
from tests import ports
class Few(random.SystemRandom):
    def randrange(self, *_):
        return super().choice([int(port) for port in sys.argv[1:]])
ports.random.SystemRandom = Few
print(ports.free_port())
"""


def test_a_port_is_given_once_whoever_asks() -> None:
    mine = [ports.free_port() for _ in range(50)]
    assert len(set(mine)) == 50
    fcntl.lockf(ports._book(), fcntl.LOCK_UN, 1, mine[-1])
    # Another process has no choice but these, and may take the one alone that is held no more.
    other = subprocess.run(
        [sys.executable, "-c", ASK, *map(str, mine)], capture_output=True, text=True, check=True
    )
    assert int(other.stdout) == mine[-1]
