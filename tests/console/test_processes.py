"""Several processes of one console: what one does alone, limits of all together, a common end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from ansim.config import load
from ansim.console.processes import Alone, share
from tests.console.serving import Console, free_port
from tests.console.test_live import Reader, log_in

HOLDER = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "ansim.settings"
from ansim.console.processes import Alone
with Alone("something"):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.ANSIM = load({"ANSIM_HOME": str(tmp_path)})
    return tmp_path


def test_what_another_process_holds_is_waited_for_until_it_dies(home: Path) -> None:
    environment = {**os.environ, "ANSIM_HOME": str(home)}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        something = Alone("something")
        assert not something.acquire(timeout=0.3)
        assert Alone("something else").acquire(timeout=0)
        holder.kill()
        assert something.acquire(timeout=120)
        something.release()
    finally:
        holder.kill()
        holder.communicate()


def test_threads_of_one_process_take_turns_as_well(home: Path) -> None:
    something = Alone("something")
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        with something:
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert most == [1, 1, 1, 1]


def test_processes_share_a_limit_so_that_together_they_let_no_more_pass(
    settings: Any,
) -> None:
    assert share(20) == 20
    settings.ANSIM = load({"ANSIM_CONSOLE_PROCESSES": "3"})
    assert share(20) == 6
    assert share(2) == 1


def test_postgresql_has_two_processes_where_there_are_cores_and_sqlite_one() -> None:
    assert load({}).page_processes == 1
    assert load({"ANSIM_CONSOLE_PROCESSES": "5"}).page_processes == 5
    beside = load({"ANSIM_DATABASE_URL": "postgresql://somewhere/ansim"})
    assert beside.page_processes == min(2, os.cpu_count() or 1)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_of_the_console_outlives_the_first(tmp_path: Path, how: signal.Signals) -> None:
    port = free_port()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("ANSIM_")},
        "ANSIM_HOME": str(tmp_path),
        "ANSIM_CONSOLE_PORT": str(port),
        "ANSIM_CONSOLE_PROCESSES": "2",
    }
    first = subprocess.Popen([sys.executable, "-m", "ansim.cli", "console"], env=environment)
    others: list[psutil.Process] = []
    try:
        until = time.monotonic() + 120
        while True:
            assert first.poll() is None
            assert time.monotonic() < until
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60).close()
                break
            time.sleep(0.2)
        while len(others := psutil.Process(first.pid).children(recursive=True)) < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        first.send_signal(how)
        first.wait(120)
        _, alive = psutil.wait_procs(others, timeout=120)
        assert not alive
    finally:
        for process in [first, *others]:
            with suppress(psutil.Error, OSError):
                process.kill()
        first.wait()


def test_a_process_that_dies_is_started_again_and_pages_go_on(tmp_path: Path) -> None:
    console = Two(tmp_path)
    try:
        cookie = log_in(console, "counsellor")
        first = psutil.Process(console.process.pid)
        until = time.monotonic() + 120
        while len(before := {process.pid for process in makers(first)}) != 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        psutil.Process(min(before)).kill()
        while not (len(now := {process.pid for process in makers(first)}) == 2 and now != before):
            assert time.monotonic() < until
            time.sleep(0.1)
        reader = Reader(console, cookie)
        assert reader.status == 200
        assert reader.next()[0] == []
        reader.close()
    finally:
        console.stop()


def makers(first: psutil.Process) -> list[psutil.Process]:
    """The processes of a console that make pages."""
    found = []
    for process in first.children():
        with suppress(psutil.Error):
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
    return found


class Two(Console):
    """A console of two processes."""

    def start(self) -> None:
        self.environment["ANSIM_CONSOLE_PROCESSES"] = "2"
        super().start()


def test_news_reach_pages_of_whichever_process_within_their_own_log_in(tmp_path: Path) -> None:
    """Who is connected where is chance: with sixteen pages hardly ever all at one."""
    console = Two(tmp_path)
    readers: list[Reader] = []
    try:
        cookie = log_in(console, "counsellor")  # its steps may already be at different ones
        readers = [Reader(console, cookie) for _ in range(16)]
        for reader in readers:
            assert reader.status == 200
            assert reader.next()[0] == []
        number = int(console.tell("raise", "room", "1"))
        assert [reader.next()[0] for reader in readers] == [[number]] * 16
    finally:
        for reader in readers:
            reader.close()
        console.stop()
