"""A console of its own in another process, on a free port with a temporary home."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent


def show_second_factor(session: MutableMapping[str, Any], account: Any) -> None:
    """Leaves in a session what a log-in with a second factor leaves there."""
    now = time.time()
    session["account_authentication_methods_user"] = str(account.pk)
    session["account_authentication_methods"] = [
        {"method": "password", "at": now},
        {"method": "mfa", "at": now, "type": "totp"},
    ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Console:
    """Starts `ansim console`; ``address`` has no slash at its end, ``passwords`` is by user."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("ANSIM_", "DJANGO_"))},
            "ANSIM_HOME": str(home),
            "ANSIM_DEMO": "1",
            "ANSIM_CONSOLE_PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }
        self.passwords: dict[str, str] = json.loads(self.tell("prepare"))
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
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:  # noqa: S310
                    assert answer.status == 200
                    return
            except OSError:
                assert self.process.poll() is None, (self.home / "console.log").read_text()
                assert time.monotonic() < deadline, (self.home / "console.log").read_text()
                time.sleep(0.1)

    def tell(self, *words: str) -> str:
        """Does something in casework from yet another process (scripts in ``casework_acts``)."""
        done = subprocess.run(
            [sys.executable, str(SCRIPTS / "casework_acts.py"), *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> float:
        """SIGTERM; returns the seconds it took to end."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.log.close()
        return time.monotonic() - began
