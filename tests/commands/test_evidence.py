"""`ansim evidence` and `ansim verify` at the keyboard, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.ports import free_port

ROOT = Path(__file__).parents[2]


class House(NamedTuple):
    """A home with demo accounts and one alert, and no NATS."""

    environment: dict[str, str]
    password: str
    folder: Path

    def ansim(self, *words: str, said: str = "") -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "ansim.cli", *words],
            env=self.environment,
            cwd=self.folder,
            input=said,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("evidence")
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("ANSIM_", "DJANGO_"))},
        "ANSIM_HOME": str(folder / "home"),
        "ANSIM_DEMO": "1",
        "ANSIM_NATS_PORT": str(free_port()),
    }
    acts = [sys.executable, str(ROOT / "tests/console/casework_acts.py")]

    def act(*words: str) -> str:
        return subprocess.run(
            [*acts, *words], env=environment, capture_output=True, text=True, check=True
        ).stdout

    passwords = json.loads(act("prepare"))
    act("raise", "room")
    return House(environment, passwords["supervisor"], folder)


def test_a_package_is_made_checked_and_refused_when_one_byte_changed(house: House) -> None:
    status, told = house.ansim(
        *("evidence", "export", "1", "--as", "supervisor", "--reason", "수사 협조"),
        *("-o", "package.zip"),
        said=house.password + "\n",
    )
    assert status == 0, told
    assert "10 messages" in told
    path = house.folder / "package.zip"
    assert path.stat().st_mode & 0o777 == 0o600

    status, told = house.ansim("verify", "package.zip")
    assert status == 0, told
    assert "exactly as it was signed" in told
    assert "the key that you know" in told

    status, key = house.ansim("evidence", "key")
    assert status == 0
    pem, _, fingerprint = key.partition("SHA-256 ")
    (house.folder / "agency.pem").write_text(pem)
    elsewhere = house._replace(
        environment={**house.environment, "ANSIM_HOME": str(house.folder / "elsewhere")}
    )
    status, told = elsewhere.ansim("verify", "package.zip")
    assert status == 0
    assert "was not checked" in told
    for known in (fingerprint.strip(), "agency.pem"):
        assert elsewhere.ansim("verify", "package.zip", "--key", known)[0] == 0
    assert not (house.folder / "elsewhere").exists(), "a check writes nothing"
    status, told = elsewhere.ansim("verify", "package.zip", "--key", "0" * 64)
    assert status == 1
    assert "another key" in told

    data = bytearray(path.read_bytes())
    data[data.index("안녕".encode())] ^= 1
    (house.folder / "changed.zip").write_bytes(data)
    status, told = house.ansim("verify", "changed.zip")
    assert status == 1
    assert "facts/messages.jsonl: " in told
    assert "changed: do not rely on it" in told
    status, told = house.ansim("verify", "changed.zip", "--json")
    assert json.loads(told)["faults"][0]["file"] == "facts/messages.jsonl"


def test_what_cannot_be_done_is_said_and_leaves_no_file(house: House) -> None:
    export = ("evidence", "export", "1", "--as", "supervisor", "--reason", "까닭", "-o", "no.zip")
    status, told = house.ansim(*export, said="wrong\n")
    assert (status, "another password" in told) == (2, True)
    status, told = house.ansim(*export[:2], "77", *export[3:], said=house.password + "\n")
    assert (status, "없는 경보" in told) == (2, True)
    (house.folder / "no.zip").write_text("mine")
    status, told = house.ansim(*export, said=house.password + "\n")
    assert (status, "nothing is written over" in told) == (2, True)
    assert (house.folder / "no.zip").read_text() == "mine"
    assert house.ansim("verify", "no.zip")[0] == 2
    assert house.ansim("verify", "nowhere.zip")[0] == 2
    status, told = house.ansim("evidence", "make", "0" * 32)
    assert (status, "no order" in told) == (2, True)
