"""Has evidence packages made: each in a process of its own, one at a time and at low priority, so
that a conversation of 50,000 messages holds up nobody's queue.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from django.conf import settings
from django.utils import timezone

from ansim.casework.evidence.contents import Order
from ansim.casework.evidence.shelf import Shelf, Standing
from ansim.casework.sealing import keyring
from ansim.console import live
from ansim.console.processes import Alone

LONGEST_SECONDS = 15 * 60.0

_one_at_a_time = Alone("evidence")
_running: set[subprocess.Popen[bytes]] = set()


def shelf() -> Shelf:
    """Where this installation's packages wait."""
    return Shelf(settings.ANSIM.home, keyring())


def begin(order: Order) -> None:
    """Puts the order on the shelf and returns; its standing there says how far it is."""
    shelf().put_order(order)
    threading.Thread(target=_make, args=(order.id,), name="evidence", daemon=True).start()


def _make(package: str) -> None:
    with _one_at_a_time:
        process = subprocess.Popen(
            [sys.executable, "-m", "ansim.cli", "evidence", "make", package],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "ANSIM_HOME": str(settings.ANSIM.home)},
        )
        _running.add(process)
        try:
            process.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            process.kill()
            process.wait()
            _running.discard(process)
    here = shelf()
    if here.standing(package).state in ("waiting", "making"):  # it died, or was stopped
        here.say(package, Standing(state="failed", why="stopped"))


def sweep() -> None:
    """Takes away packages whose hour is over; the console asks for it again and again."""
    shelf().sweep(timezone.now().timestamp())


def stop() -> None:
    """Ends what is being made: the console is shutting down."""
    for process in list(_running):
        process.kill()


live.before_stop(stop)
