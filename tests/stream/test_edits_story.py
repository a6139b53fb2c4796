"""The whole way of an edit and a deletion: intake, worker, casework and the counsellor's page.

The real processes of ``ansim run``, a platform that posts by HTTP, and a counsellor who logs in.
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ansim.config import Config
from tests.detection.talk import LURE
from tests.migrated import give_database
from tests.ports import free_port
from tests.stream.house import DECLARE
from tests.test_run import Run

pytestmark = pytest.mark.nats

HARMLESS = "오늘 급식 뭐 나와?"
EDITED, DELETED = 4, 6
"""The places of the offer of money for a picture and of the secret."""


class House:
    """Everything running, with one declared platform."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ports = {name: free_port() for name in ("CONSOLE", "INTAKE", "NATS")}
        environment = {"ANSIM_HOME": str(home)} | {
            f"ANSIM_{name}_PORT": str(port) for name, port in self.ports.items()
        }
        give_database(home)
        self.run = Run(environment)
        self.environment = environment

    def open(self) -> None:
        """Comes back when everything runs and the platform is declared."""
        self.run.wait_for("Ctrl-C stops everything")
        made = subprocess.run(
            [sys.executable, "-c", DECLARE],
            env=os.environ | self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        self.key = made.stdout.strip()

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        path = Config(home=self.home).sqlite_path
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return database.execute(query).fetchall()

    def post(self, *items: dict[str, Any]) -> None:
        """Sends as a platform; a source just declared is known within seconds."""
        deadline = time.monotonic() + 120
        while True:
            answered = httpx.post(
                f"{self.address('INTAKE')}/v1/messages",
                json=list(items),
                headers={"Authorization": f"Bearer {self.key}"},
                timeout=120,
            )
            if answered.status_code == 202:
                assert answered.json()["accepted"] == len(items)
                return
            assert answered.status_code in (401, 429, 503), answered.text
            assert time.monotonic() < deadline, answered.text
            time.sleep(0.5)

    def counsellor(self) -> httpx.Client:
        """A browser's worth of client that has logged in."""
        name, _, password = self.run.log_ins()["counsellor"].partition(":")
        client = httpx.Client(base_url=self.address("CONSOLE"), follow_redirects=True, timeout=120)
        page = client.get("/queue/")
        token = found(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        page = client.post(
            page.url,
            data={"csrfmiddlewaretoken": token, "username": name, "password": password},
            headers={"Referer": str(page.url)},
        )
        assert page.url.path == "/queue/", page.text
        return client


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, pattern
    return match[1]


def wait(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def line(page: str, words: str) -> str:
    """The bubble of the page that holds these words, without its marks."""
    bubbles = re.findall(r"<article.*?</article>", page, re.DOTALL)
    plain = [" ".join(re.sub(r"<[^>]*>", " ", bubble).split()) for bubble in bubbles]
    (one,) = [text for text in plain if words in text]
    return one


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    running = House(tmp_path / "home")
    try:
        running.open()
        yield running
    finally:
        if running.run.process.poll() is None:
            running.run.interrupt()


def test_what_was_edited_away_or_deleted_stays_marked_and_the_risk_does_not_fall(
    house: House,
) -> None:
    began = time.time() - 600
    said = [
        {
            "id": f"m-{n}",
            "conversation": "room",
            "author": author,
            "at": began + 20 * n,
            "text": text,
        }
        for n, (author, text) in enumerate(LURE)
    ]
    house.post(*said)
    wait(lambda: len(house.ask("SELECT id FROM casework_turn")) == len(LURE))
    ((alert, risk),) = house.ask("SELECT id, risk FROM casework_alert")

    edit = said[EDITED] | {
        "id": "m-4/2",
        "at": began + 300,
        "text": HARMLESS,
        "replaces": said[EDITED]["id"],
    }
    house.post(edit)
    wait(lambda: len(house.ask("SELECT id FROM casework_turn")) == len(LURE) + 1)
    ((after_edit,),) = house.ask("SELECT risk FROM casework_alert")
    assert after_edit >= risk - 0.01

    gone = said[DELETED] | {
        "id": "m-6/x",
        "at": began + 400,
        "text": "",
        "replaces": said[DELETED]["id"],
        "deleted": True,
    }
    house.post(gone)
    wait(lambda: bool(house.ask("SELECT id FROM casework_turn WHERE deleted")))
    assert house.ask("SELECT risk FROM casework_alert") == [(after_edit,)]
    assert house.ask("SELECT state FROM casework_alert") == [("open",)]

    client = house.counsellor()
    path = f"/alerts/{alert}/"
    page = client.get(path).text
    assert "이후 수정됨" in page
    assert "이후 삭제됨" in page
    for words in ("용돈", "비밀이야", HARMLESS):
        assert words not in page, "masked as all words are"
    token = found(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    page = client.post(
        f"{path}reveal/",
        data={"csrfmiddlewaretoken": token, "reason": "경보 확인"},
        headers={"Referer": str(client.base_url.join(path))},
    ).text
    original, taken_back = line(page, "보낼래? 얼굴만"), line(page, "비밀이야")
    assert "이후 수정됨" in original
    assert "이후 삭제됨" not in original
    assert "증거로 보관 기간까지 남습니다" in taken_back
    assert "위 메시지를 고친 말" in line(page, HARMLESS)
    client.close()
