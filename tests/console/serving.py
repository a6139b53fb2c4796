"""A console of its own in another process, on a free port with a temporary home.

Its database is a copy of one that is migrated and peopled once a test run.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.ports import free_port

SCRIPTS = Path(__file__).parent
LONGEST = 120.0
"""Seconds that a process may take to begin or to end: other work may keep the machine busy."""


def show_second_factor(session: MutableMapping[str, Any], account: Any) -> None:
    """Leaves in a session what a log-in with a second factor leaves there."""
    now = time.time()
    session["account_authentication_methods_user"] = str(account.pk)
    session["account_authentication_methods"] = [
        {"method": "password", "at": now},
        {"method": "mfa", "at": now, "type": "totp"},
    ]


def surroundings(home: Path, database: str = "") -> dict[str, str]:
    """Variables for a process of ansim that lives in this home."""
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("ANSIM_", "DJANGO_"))},
        "ANSIM_HOME": str(home),
        "ANSIM_DEMO": "1",
        "ANSIM_DATABASE_URL": database,
        "PYTHONUNBUFFERED": "1",
    }


def act(environment: dict[str, str], *words: str) -> str:
    """Does something in casework from another process (scripts in ``casework_acts``)."""
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / "casework_acts.py"), *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=2 * LONGEST,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def prepared(database: str = "") -> tuple[Path, dict[str, str]]:
    """A home with a migrated database (SQLite in it, or the one at this address) and the demo
    accounts, and their passwords. To be copied, never used."""
    home = Path(tempfile.mkdtemp(prefix="ansim-prepared-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home, json.loads(act(surroundings(home, database), "prepare"))


class Console:
    """Starts `ansim console`; ``address`` has no slash at its end, ``passwords`` is by user.

    ``database`` is the address of a copy of ``like``, a database that is prepared; without them it
    is SQLite in ``home``.
    """

    def __init__(self, home: Path, database: str = "", like: str = "") -> None:
        self.home = home
        origin, passwords = prepared(like)
        shutil.copytree(origin, home, dirs_exist_ok=True)
        self.passwords = dict(passwords)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = surroundings(home, database) | {"ANSIM_CONSOLE_PORT": str(self.port)}
        self.log = (home / "console.log").open("wb")
        self.start()

    def start(self) -> None:
        """Starts the process, again if it was ended, and waits until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ansim.cli", "console"],
            env=self.environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + LONGEST
        while True:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=10) as answer:  # noqa: S310
                    assert answer.status == 200
                    return
            except OSError:
                assert self.process.poll() is None, (self.home / "console.log").read_text()
                assert time.monotonic() < deadline, (self.home / "console.log").read_text()
                time.sleep(0.1)

    def tell(self, *words: str) -> str:
        """Does something in casework from yet another process."""
        return act(self.environment, *words)

    def stop(self) -> None:
        """SIGTERM, and waits until it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(LONGEST)
        finally:
            self.process.kill()
            self.log.close()
