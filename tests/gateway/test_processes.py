"""Real processes on a real database: refusals, words and closings, with kills in between."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ansim.config import Config
from ansim.keys import Keyring
from ansim.stream import layout
from ansim.stream.codec import AlertClosed, decode
from ansim.stream.connection import connect
from ansim.stream.routing import CONVERSATION
from ansim.stream.server import EmbeddedServer
from tests.gateway.conftest import item
from tests.ports import free_port
from tests.stream.house import environment, make_database

pytestmark = pytest.mark.nats

COUNSEL = """
import sys
from ansim import casework
casework.ready()
from ansim.casework.actions import accounts, alerts, audit, interventions, sources
from ansim.casework.actions.reports import AlertReport, raise_or_update
from ansim.casework.models import Account, Alert
from ansim.casework.roles import Role
from ansim.detection import Priority, Versions
act, conversation = sys.argv[1:3]
versions = Versions(software="0", gate="g", risk="r", reading="1", threshold=.6, watch=.1)
if act == "send":
    person = accounts.create("night", "a-long-enough-password-1", Role.COUNSELLOR,
        actor=audit.SETUP)
    [alert] = raise_or_update([AlertReport(source="test", conversation=conversation, about="x",
        episode=1, priority=Priority.P2, risk=.9, why=(), versions=versions, trajectory=(),
        turns=(), sequence=1, raised=True)])
    alerts.claim(alert, person)
    print(interventions.send(alert, person, "안녕하세요, 상담센터입니다.").pk)
elif act == "close":
    alert = Alert.objects.get()
    alerts.close(
        alert.pk,
        Account.objects.get(username="night"),
        "unclear",
        done=["no_contact"],
        grounds="too_little",
    )
elif act == "off":
    sources.switch("test", audit.SETUP, active=False)
"""


class Home:
    """A home with a database, a NATS server and processes of our own making."""

    def __init__(self, config: Config, keyring: Keyring) -> None:
        self.config = config
        self.keyring = keyring
        self.key = make_database(config)
        self.base = f"http://127.0.0.1:{config.intake_port}"

    @contextmanager
    def gateway(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """A gateway process that answers; ended afterwards if it still runs."""
        arguments = command or ("-m", "ansim.cli", "gateway")
        environ = environment(self.config) | {"PYTHONPATH": str(Path(__file__).parents[2])}
        process = subprocess.Popen([sys.executable, *arguments], env=environ)
        try:
            self.wait(lambda: self._healthy(process))
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(120)

    def _healthy(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, "the gateway ended"
        try:
            return httpx.get(f"{self.base}/healthz", timeout=60).status_code == 200
        except httpx.TransportError:
            return False

    def wait(self, condition: object, seconds: float = 120.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def counsel(self, act: str, room: str = "room-1") -> str:
        pseudonym = self.keyring.pseudonym(CONVERSATION, "test", room)
        done = subprocess.run(
            [sys.executable, "-c", COUNSEL, act, pseudonym],
            env=environment(self.config),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(f"file:{self.config.sqlite_path}?mode=ro", uri=True) as database:
            return list(database.execute(query))

    def state(self) -> object:
        ((state,),) = self.rows("SELECT state FROM casework_outgoingmessage")
        return state

    def call(self, method: str, path: str, **options: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.request(method, f"{self.base}{path}", headers=headers, timeout=120, **options)  # type: ignore[arg-type]


@pytest.fixture
def home(config: Config, keyring: Keyring, server: EmbeddedServer) -> Home:
    return Home(replace(config, intake_port=free_port()), keyring)


@pytest.mark.parametrize("mode", ["once", "repeats"])
def test_a_gateway_killed_in_mid_send_says_words_once_or_says_that_it_does_not_know(
    home: Home, tmp_path: Path, mode: str
) -> None:
    marker = tmp_path / "marker"
    with home.gateway():
        assert home.call("POST", "/v1/messages", json=item(1)).status_code == 202
    message = home.counsel("send")
    assert home.state() == "queued"
    with home.gateway("-m", "tests.gateway.half_sent", str(marker), mode) as process:
        home.wait(marker.exists)
        assert home.state() == "sending"
        process.kill()
    if mode == "once":
        with home.gateway():
            found: list[dict[str, object]] = []
            while not found:  # the turn of the killed one has to run out first
                found = home.call("GET", "/v1/outbox?wait=20").json()["messages"]
            assert [each["id"] for each in found] == [message]
            assert home.call("POST", f"/v1/outbox/{message}/ack").json()["state"] == "sent"
            assert home.state() == "sent"
    else:
        with home.gateway("-m", "tests.gateway.half_sent", str(marker), mode):
            home.wait(lambda: home.state() == "unknown")
            time.sleep(1)
        assert marker.read_text().split() == [message]


def test_closing_and_refusal_pass_between_database_and_stream(home: Home) -> None:
    with home.gateway():
        assert home.call("POST", "/v1/messages", json=item(1)).status_code == 202
        home.counsel("send")
        home.counsel("close")
        home.wait(
            lambda: (
                home.rows("SELECT count(*) FROM casework_streamcommand WHERE done_at IS NULL")
                == [(0,)]
            )
        )
        home.counsel("off")
        home.wait(lambda: home.call("POST", "/v1/messages", json=item(2)).status_code == 403)
        audited = "SELECT subject_id, reason FROM casework_auditevent WHERE action='intake.refused'"
        ((source, reason),) = home.rows(audited)
        assert source == "test"
        assert "switched off" in str(reason)
    closings = [each for each in asyncio.run(_items(home)) if isinstance(each, AlertClosed)]
    pseudonym = home.keyring.pseudonym(CONVERSATION, "test", "room-1")
    assert closings == [AlertClosed(source="test", conversation=pseudonym, about="x", episode=1)]


async def _items(home: Home) -> list[object]:
    client = await connect(home.config, home.keyring, "test")
    found: list[object] = []
    for partition in range(home.config.partitions):
        stream = layout.chat_stream(partition)
        info = await client.jetstream().stream_info(stream)
        for sequence in range(info.state.first_seq, info.state.last_seq + 1):
            raw = await client.jetstream().get_msg(stream, seq=sequence)
            found.append(decode(raw.data or b""))
    await client.close()
    return found


def test_stopping_does_not_wait_for_long_polls(home: Home) -> None:
    with home.gateway() as process:
        poll = subprocess.Popen(
            [sys.executable, "-c", _POLL, str(home.config.intake_port), home.key],
            stdout=subprocess.PIPE,
        )
        assert poll.stdout is not None
        assert poll.stdout.readline().strip() == b"asked"
        for _ in range(3):  # what asked later was answered: that one has been read, and waits
            assert home.call("GET", "/healthz").status_code == 200
        process.send_signal(signal.SIGTERM)
        process.wait(120)
        told, _ = poll.communicate(timeout=120)
        status, seconds = told.split()
        assert status == b"200"
        assert float(seconds) < 29, "as long as the poll"


_POLL = """
import http.client, sys, time
port, key = sys.argv[1:]
line = http.client.HTTPConnection("127.0.0.1", int(port), timeout=120)
began = time.monotonic()
line.request("GET", "/v1/outbox?wait=30", headers={"Authorization": f"Bearer {key}"})
print("asked", flush=True)
print(line.getresponse().status, time.monotonic() - began)
"""


def test_a_missing_key_file_is_told_in_one_line(tmp_path: Path) -> None:
    environ = os.environ | {"ANSIM_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "ansim.cli", "gateway"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "key file" in ended.stderr
    assert "Traceback" not in ended.stderr
