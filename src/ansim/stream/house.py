"""Everything on one machine: the embedded NATS server, worker, gateway and console as children.

Children that end are started again. Ctrl-C, SIGTERM and even the death of this process stop all
of them.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import FrameType
from typing import IO

from nats.errors import Error as NatsError

from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream.connection import connect
from ansim.stream.lease import holders
from ansim.stream.reviewer_settings import reviewer_settings
from ansim.stream.server import EmbeddedServer, ServerUnavailable, die_with_parent

READY_SECONDS = 90.0
STOP_SECONDS = 15.0
QUICK_SECONDS = 5.0
"""A child that lives shorter than this is restarted with a growing pause."""
MAX_PAUSE = 10.0
SERVER_PAUSE = 3.0


class HouseError(Exception):
    """The system cannot start; the message says what to do."""


class Child:
    """One of our own commands as a process that is kept running."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 0.5
        self._not_before = 0.0

    def start(self) -> None:
        """Starts ``ansim NAME`` in a session of its own, so that Ctrl-C reaches only us."""
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ansim.cli", self.name],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - nothing but one system call
        )

    def keep_running(self) -> None:
        """Starts it again if it ended, not faster than its pause allows."""
        if self.process is None:
            if time.monotonic() >= self._not_before:
                self.start()
            return
        status = self.process.poll()
        if status is None:
            return
        quick = time.monotonic() - self._started < QUICK_SECONDS
        self._pause = min(self._pause * 2, MAX_PAUSE) if quick else 0.5
        self._not_before = time.monotonic() + self._pause
        print(f"ansim: {self.name} ended ({status}), starting it again", file=sys.stderr)
        self.process = None

    def stop(self) -> None:
        """SIGTERM; SIGKILL when it does not end in time."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class House:
    """The whole system. ``run`` returns when it has been stopped."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stopping = False
        self._lock: IO[str] | None = None

    def run(self) -> int:
        """Raises HouseError when something needed is missing or taken, ConfigError for a reviewer
        that may not be used as set: the worker alone would tell of it over and over."""
        reviewer_settings(self._config)
        self._take_home()
        self._check_ports()
        self._check_key()
        keyring = Keyring.load_or_create(self._config.keys_path)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        server = EmbeddedServer(self._config, keyring) if not self._config.nats_url else None
        children = [Child("worker"), Child("gateway"), Child("console")]
        try:
            if server is not None:
                try:
                    server.start(with_parent=True)
                except ServerUnavailable as error:
                    raise HouseError(str(error)) from None
            print("ansim: starting (the first start takes a little longer) ...", flush=True)
            logins = self._prepare_database()
            for child in children:
                child.start()
            self._wait_until_ready(children, keyring)
            if not self._stopping:
                self._greet(logins)
            while not self._stopping:
                if server is not None and server.ended():
                    print("ansim: NATS ended, starting it again", file=sys.stderr)
                    try:
                        server.start(with_parent=True)
                    except ServerUnavailable as error:
                        print(f"ansim: {error}; trying again", file=sys.stderr)
                        time.sleep(SERVER_PAUSE)
                for child in children:
                    child.keep_running()
                time.sleep(0.25)
        finally:
            # Intake first, so that nothing comes in that the worker would no longer read.
            for name in ("gateway", "console", "worker"):
                next(child for child in children if child.name == name).stop()
            if server is not None:
                server.stop()
        print("ansim: stopped; all data is kept in", self._config.home)
        return 0

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _take_home(self) -> None:
        home = self._config.home
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = home / f".write-{os.getpid()}"
            probe.touch()
            probe.unlink()
            self._lock = (home / "run.lock").open("w")
        except OSError as error:
            raise HouseError(
                f"cannot write to {home.resolve()} ({error.strerror}): "
                "make it writable or set ANSIM_HOME to another folder"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise HouseError(
                f"another `ansim run` uses {home.resolve()}: stop it or set ANSIM_HOME"
            ) from None

    def _check_key(self) -> None:
        """A new key beside old data would look like a fresh start and destroy what is sealed."""
        path = self._config.keys_path
        sealed = [self._config.sqlite_path, self._config.nats_dir / "store"]
        if not path.exists() and any(data.exists() for data in sealed):
            raise HouseError(
                f"the key file {path.resolve()} is missing, and the folder holds "
                "data sealed with it: put it back from your backup, or set ANSIM_HOME to an "
                "empty folder to begin anew"
            )

    def _check_ports(self) -> None:
        wanted = [
            (self._config.host, self._config.console_port, "console", "ANSIM_CONSOLE_PORT"),
            (self._config.host, self._config.intake_port, "intake", "ANSIM_INTAKE_PORT"),
        ]
        if not self._config.nats_url:
            wanted.append(("127.0.0.1", self._config.nats_port, "NATS", "ANSIM_NATS_PORT"))
        ports = [port for _, port, _, _ in wanted]
        for host, port, what, variable in wanted:
            if ports.count(port) > 1:
                raise HouseError(f"port {port} is given to two parts: change {variable}")
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError as error:
                    raise HouseError(
                        f"port {port} ({what}) on {host} cannot be used ({error.strerror}): "
                        f"stop what uses it or set {variable}"
                    ) from None

    def _prepare_database(self) -> list[tuple[str, str, str]]:
        from django.core.management import call_command

        from ansim import casework

        casework.ready()
        call_command("migrate", interactive=False, verbosity=0)
        if not self._config.demo:
            return []
        from ansim.casework.actions import accounts

        return accounts.create_demo()

    def _wait_until_ready(self, children: list[Child], keyring: Keyring) -> None:
        deadline = time.monotonic() + READY_SECONDS
        ready: list[Callable[[], bool]] = [
            lambda: _answers(_address(self._config, self._config.console_port)),
            lambda: _answers(_address(self._config, self._config.intake_port)),
            lambda: asyncio.run(_worked_on(self._config, keyring)),
        ]
        for part_is_ready in ready:
            while not self._stopping and not part_is_ready():
                if time.monotonic() > deadline:
                    raise HouseError("the system did not become ready; see the messages above")
                for child in children:
                    child.keep_running()
                time.sleep(0.2)

    def _greet(self, logins: list[tuple[str, str, str]]) -> None:
        console = _address(self._config, self._config.console_port)
        intake = _address(self._config, self._config.intake_port)
        lines = [
            "",
            f"  Ansim Eye 안심아이   {console}/",
            f"  Intake API            {intake}/v1/docs",
        ]
        if self._config.demo:
            lines.append(f"  Demo room 데모 대화방   {intake}/demo/")
        if logins:
            how = "; no second factor" if self._config.second_factor == "people" else ""
            lines += ["", f"  Log-ins of the demo (new passwords at every start{how}):"]
            lines += [f"    {role:<14} {name:<14} {word}" for name, word, role in logins]
        else:
            lines += ["", "  First account: ansim manage create_account NAME --role administrator"]
        lines += ["", "  Ctrl-C stops everything; the data stays.", ""]
        print("\n".join(lines), flush=True)


def _address(config: Config, port: int) -> str:
    host = f"[{config.host}]" if ":" in config.host else config.host
    if host in ("0.0.0.0", "[::]"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://{host}:{port}"


async def _worked_on(config: Config, keyring: Keyring) -> bool:
    """Whether every partition has a worker."""
    try:
        client = await connect(config, keyring, "run")
        try:
            return len(await holders(client.jetstream(), "lease")) == config.partitions
        finally:
            await client.close()
    except (NatsError, OSError):
        return False


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=2):  # noqa: S310 - our own
            return True
    except urllib.error.HTTPError:
        return False
    except OSError:
        return False
