"""The embedded NATS server: a real one, as a child process on loopback, encrypted at rest."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from ansim.config import Config
from ansim.keys import Keyring

USER = "ansim"
READY_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1


class ServerUnavailable(Exception):
    """The server could not be started; the message says why and what to do."""


def password(keyring: Keyring) -> str:
    """Password of the embedded server, derived from the first key so that it outlives rotations."""
    return keyring.pseudonym("nats", "password")


def binary() -> Path:
    """The nats-server that came with our requirements, else one on the PATH."""
    beside = Path(sys.executable).parent / "nats-server"
    if beside.exists():
        return beside
    found = shutil.which("nats-server")
    if found is None:
        raise ServerUnavailable(
            "nats-server is not installed: run `make install`, or set ANSIM_NATS_URL to a server"
        )
    return Path(found)


def write_config(config: Config, keyring: Keyring) -> Path:
    """Writes the server's configuration (mode 0600, it holds the key) and returns its path."""
    directory = config.nats_dir.resolve()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    previous = keyring.previous
    lines = [
        f'listen: "127.0.0.1:{config.nats_port}"',
        "server_name: ansim",
        "max_payload: 8MB",
        "max_pending: 256MB",
        f'authorization {{ user: "{USER}", password: "{password(keyring)}" }}',
        "jetstream {",
        f'  store_dir: "{directory / "store"}"',
        "  cipher: chachapoly",
        f'  key: "{keyring.derive("nats").hex()}"',
    ]
    if previous is not None:
        lines.append(f'  prev_key: "{keyring.derive("nats", key=previous).hex()}"')
    if config.nats_sync_always:
        lines.append("  sync_interval: always")
    lines += ["}", f'log_file: "{directory / "server.log"}"', "logfile_size_limit: 10MB", ""]
    path = directory / "server.conf"
    temporary = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines))
    temporary.replace(path)
    return path


def die_with_parent() -> None:
    """Asks Linux to end this process when the thread that started it ends, whatever the cause."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def listening(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


class EmbeddedServer:
    """One server process: start, wait until ready, stop. Used by ``ansim run`` and by tests."""

    def __init__(self, config: Config, keyring: Keyring) -> None:
        self._config = config
        self._keyring = keyring
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, with_parent: bool = False) -> None:
        """Starts the server and waits until it answers.

        ``with_parent``: it ends when this thread does, even by SIGKILL (Linux).

        Raises ServerUnavailable when the port is taken or the server ends at once.
        """
        port = self._config.nats_port
        if listening("127.0.0.1", port):
            raise ServerUnavailable(
                f"port {port} (NATS) is taken: stop what uses it or set ANSIM_NATS_PORT"
            )
        path = write_config(self._config, self._keyring)
        # Its own process group: Ctrl-C reaches us first, and we stop it last.
        self.process = subprocess.Popen(
            [str(binary()), "-c", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent if with_parent else None,  # noqa: PLW1509 - one system call
        )
        deadline = time.monotonic() + READY_SECONDS
        while not listening("127.0.0.1", port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServerUnavailable(
                    f"the NATS server did not start; see {path.with_name('server.log')}"
                )
            time.sleep(0.05)

    def ended(self) -> bool:
        """Whether the server was started and is no longer there."""
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """Asks the server to end (it flushes), kills it after ten seconds."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
