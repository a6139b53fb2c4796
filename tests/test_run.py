"""`ansim run` starts everything, keeps what was there, and leaves no process behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from tests.migrated import give_database
from tests.ports import free_port

pytestmark = pytest.mark.nats


class Run:
    """One ``ansim run --demo`` as a person would start it, its output gathered as it comes."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ansim.cli", "run", "--demo"],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.rstrip() for line in self.process.stdout)

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, words: str, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def read_to_end(self) -> None:
        """Waits for the last of its output: it has ended, and so have its children."""
        self._reader.join(120)
        assert not self._reader.is_alive(), self.output

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def workers(self) -> list[psutil.Process]:
        """Those it started itself; a process may go while it is asked for its name."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):
                if child.cmdline()[-1:] == ["worker"]:
                    found.append(child)
        return found

    def log_ins(self) -> dict[str, str]:
        found = re.findall(r"^\s+(\w+)\s+(\w+)\s+([0-9a-f-]{19})$", self.output, re.MULTILINE)
        return {role: f"{name}:{password}" for role, name, password in found}

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(180)
        self.read_to_end()
        return status


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "ANSIM_HOME": str(tmp_path / "home"),
        "ANSIM_NATS_PORT": str(free_port()),
        "ANSIM_CONSOLE_PORT": str(free_port()),
        "ANSIM_INTAKE_PORT": str(free_port()),
    }


@pytest.fixture
def first_run(environment: dict[str, str]) -> Iterator[Run]:
    """As a newcomer starts it: there is nothing yet."""
    running = Run(environment)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.interrupt()


@pytest.fixture
def run(environment: dict[str, str], request: pytest.FixtureRequest) -> Run:
    give_database(Path(environment["ANSIM_HOME"]))
    running: Run = request.getfixturevalue("first_run")
    return running


def gone(processes: list[psutil.Process], seconds: float = 120) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def test_it_starts_prints_log_ins_and_ctrl_c_stops_every_child(
    first_run: Run, environment: dict[str, str]
) -> None:
    run = first_run
    run.wait_for("Ctrl-C stops everything")
    assert set(run.log_ins()) == {"counsellor", "supervisor", "administrator"}
    address = f"http://127.0.0.1:{environment['ANSIM_CONSOLE_PORT']}"
    assert address in run.output
    assert httpx.get(f"{address}/healthz", timeout=120).status_code == 200
    children = run.children()
    assert len(children) >= 4
    assert run.interrupt() == 0
    assert gone(children)
    assert "stopped" in run.output


def test_a_second_start_keeps_data_and_a_second_copy_is_refused(
    run: Run, environment: dict[str, str]
) -> None:
    run.wait_for("Ctrl-C stops everything")
    home = Path(environment["ANSIM_HOME"])
    key = (home / "keys" / "ansim.keys").read_text()
    rival = Run(environment)
    assert rival.process.wait(180) == 2
    rival.read_to_end()
    assert "another `ansim run`" in rival.output
    assert "Traceback" not in rival.output
    run.interrupt()
    again = Run(environment)
    again.wait_for("Ctrl-C stops everything")
    assert (home / "keys" / "ansim.keys").read_text() == key
    assert again.log_ins() != run.log_ins()
    assert again.interrupt() == 0


def test_children_end_even_when_the_parent_is_killed(run: Run) -> None:
    run.wait_for("Ctrl-C stops everything")
    children = run.children()
    run.process.kill()
    run.process.wait()
    assert gone(children)


def test_a_child_that_dies_is_started_again(run: Run, environment: dict[str, str]) -> None:
    run.wait_for("Ctrl-C stops everything")
    (worker,) = run.workers()
    worker.kill()
    run.wait_for("worker ended")
    deadline = time.monotonic() + 120
    while not any(child.pid != worker.pid for child in run.workers()):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_taken_port_is_one_clear_line(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment["ANSIM_INTAKE_PORT"])))
        taken.listen()
        refused = Run(environment)
        assert refused.process.wait(180) == 2
    refused.read_to_end()
    (line,) = refused.lines
    assert environment["ANSIM_INTAKE_PORT"] in line
    assert "ANSIM_INTAKE_PORT" in line


def test_a_folder_that_cannot_be_written_is_one_clear_line(environment: dict[str, str]) -> None:
    refused = Run(environment | {"ANSIM_HOME": "/proc/ansim"})
    assert refused.process.wait(180) == 2
    refused.read_to_end()
    (line,) = refused.lines
    assert "/proc/ansim" in line
    assert "ANSIM_HOME" in line


def test_a_setting_that_cannot_be_used_is_one_clear_line(environment: dict[str, str]) -> None:
    refused = Run(environment | {"ANSIM_PARTITIONS": "many"})
    assert refused.process.wait(180) == 2
    refused.read_to_end()
    (line,) = refused.lines
    assert "ANSIM_PARTITIONS" in line


def test_two_parts_on_one_port_are_refused(environment: dict[str, str]) -> None:
    same = {"ANSIM_INTAKE_PORT": environment["ANSIM_CONSOLE_PORT"]}
    refused = Run(environment | same)
    assert refused.process.wait(180) == 2
    refused.read_to_end()
    (line,) = refused.lines
    assert "two parts" in line


def test_a_missing_key_beside_sealed_data_is_refused_and_nothing_is_touched(
    environment: dict[str, str],
) -> None:
    home = Path(environment["ANSIM_HOME"])
    store = home / "nats" / "store"
    store.mkdir(parents=True)
    (store / "sealed").write_bytes(b"something")
    refused = Run(environment)
    assert refused.process.wait(180) == 2
    refused.read_to_end()
    (line,) = refused.lines
    assert "ansim.keys is missing" in line
    assert not (home / "keys" / "ansim.keys").exists()
    assert (store / "sealed").read_bytes() == b"something"
