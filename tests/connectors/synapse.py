"""A real Synapse on a free port, with SQLite and no rate limits: Matrix as its users know it.

It knows nobody outside this machine (no federation, no key servers). Media are kept and never
looked at (no previews of addresses).
"""

from __future__ import annotations

import atexit
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

import httpx
from signedjson.key import generate_signing_key, write_signing_keys

from ansim.stream.server import die_with_parent
from tests.stream.conftest import free_port

START_SECONDS = 180.0
SECRET = "registration by the tests alone"
LIMITS = (
    "message",
    "registration",
    "admin_redaction",
    "joins_per_room",
    "3pid_validation",
    "room_creation",
    "presence",
    "reports",
)


class Synapse:
    """One homeserver. Its data lie in ``folder`` and outlive ``stop`` and ``start``."""

    def __init__(self, folder: Path, port: int = 0, name: str = "matrix.test") -> None:
        self.folder = folder
        self.name = name
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "signing.key").exists():
            with (folder / "signing.key").open("w", encoding="ascii") as file:
                write_signing_keys(file, [generate_signing_key("a_1")])
        # JSON is YAML, too.
        (folder / "homeserver.yaml").write_text(json.dumps(self._settings()), "utf-8")
        (folder / "log.yaml").write_text(json.dumps(LOG), "utf-8")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Returns when it answers; raises RuntimeError with its last lines when it does not."""
        self._output = (self.folder / "output.log").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "synapse.app.homeserver",
                "-c",
                str(self.folder / "homeserver.yaml"),
            ],
            cwd=self.folder,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C is for whoever started it
            # Not where a passing thread starts it: it would end with that.
            preexec_fn=die_with_parent if _in_main_thread() else None,  # noqa: PLW1509
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.address}/health", timeout=60).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        last = (self.folder / "output.log").read_text("utf-8", "replace").splitlines()[-5:]
        self.stop()
        raise RuntimeError("Synapse did not start: " + " | ".join(last))

    def stop(self) -> None:
        """Ends it; what it was told is on disk."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        if self._output is not None:
            self._output.close()
            self._output = None

    def register(self, name: str, password: str, *, admin: bool = False) -> str:
        """A new account; returns its access token."""
        path = f"{self.address}/_synapse/admin/v1/register"
        nonce = httpx.get(path, timeout=120).json()["nonce"]
        parts = [nonce, name, password, "admin" if admin else "notadmin"]
        signed = hmac.new(SECRET.encode(), "\0".join(parts).encode(), hashlib.sha1)
        answer = httpx.post(
            path,
            json={
                "nonce": nonce,
                "username": name,
                "password": password,
                "admin": admin,
                "mac": signed.hexdigest(),
            },
            timeout=120,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def user(self, name: str) -> str:
        """The full name of an account."""
        return f"@{name}:{self.name}"

    def _settings(self) -> dict[str, object]:
        plenty = {"per_second": 1e6, "burst_count": 1_000_000}
        limits: dict[str, object] = {f"rc_{limit}": plenty for limit in LIMITS}
        limits["rc_login"] = dict.fromkeys(("address", "account", "failed_attempts"), plenty)
        limits["rc_joins"] = dict.fromkeys(("local", "remote"), plenty)
        limits["rc_invites"] = dict.fromkeys(("per_room", "per_user", "per_issuer"), plenty)
        listener = {
            "port": self.port,
            "type": "http",
            "tls": False,
            "bind_addresses": ["127.0.0.1"],
            "resources": [{"names": ["client", "media"], "compress": False}],
        }
        return limits | {
            "server_name": self.name,
            "public_baseurl": f"{self.address}/",
            "listeners": [listener],
            "database": {
                "name": "sqlite3",
                "args": {"database": str(self.folder / "homeserver.db")},
            },
            "log_config": str(self.folder / "log.yaml"),
            "signing_key_path": str(self.folder / "signing.key"),
            "pid_file": str(self.folder / "homeserver.pid"),
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "report_stats": False,
            "media_store_path": str(self.folder / "media"),
            "url_preview_enabled": False,
            "enable_registration": False,
            "registration_shared_secret": SECRET,
            "macaroon_secret_key": "only for tests",
            "form_secret": "only for tests",
            "bcrypt_rounds": 4,
            "presence": {"enabled": False},
            "user_directory": {"enabled": False},
            "encryption_enabled_by_default_for_room_type": "off",
        }


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


_shared: list[Synapse] = []


def shared() -> Synapse:
    """One Synapse for all tests of this process: each makes accounts and rooms of its own."""
    if not _shared:
        folder = Path(tempfile.mkdtemp(prefix="ansim-synapse-"))
        started = Synapse(folder)
        started.start()
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(started.stop)
        _shared.append(started)
    return _shared[0]


LOG = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},
    "root": {"level": "ERROR", "handlers": ["console"]},
    "disable_existing_loggers": False,
}
