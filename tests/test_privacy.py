"""What people said, and who they are, lies nowhere readable: the whole home is searched."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ansim.config import Config
from tests.detection.talk import LURE
from tests.lying_files import contents
from tests.migrated import give_database
from tests.ports import free_port
from tests.stream.house import alerts_in_database, environment, make_database
from tests.test_run import Run

pytestmark = pytest.mark.nats

CALM = ["내일 수행평가 준비물 보라색색연필", "ㅇㅋ 급식 돈까스래"]
RISKY = [
    ({"stranger": "stranger-raw-77", "youth": "youth-raw-88"}[who], text) for who, text in LURE
]
SECRETS = [
    "보라색색연필",
    "데리러 갈게",
    "비밀이야",
    "calm-room-raw-55",
    "risky-room-raw-66",
    "stranger-raw-77",
    "youth-raw-88",
    "friend-raw-99",
    "message-raw-",
]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return replace(
        Config(home=tmp_path / "home", nats_port=free_port()),
        console_port=free_port(),
        intake_port=free_port(),
    )


@pytest.fixture
def run(config: Config) -> Iterator[Run]:
    give_database(config.home)
    running = Run(environment(config))
    try:
        running.wait_for("Ctrl-C stops everything")
        yield running
    finally:
        if running.process.poll() is None:
            running.interrupt()


def readable(folder: Path) -> list[str]:
    """Every place in the folder where one of the secrets can be read, in any usual encoding."""
    found = []
    for path, content in contents(folder):
        for secret in SECRETS:
            forms = {
                secret.encode(),
                secret.encode("utf-16-le"),
                secret.encode("cp949"),
                secret.encode("ascii", "backslashreplace"),
            }
            if any(form in content for form in forms):
                found.append(f"{path.relative_to(folder)}: {secret}")
    return found


def test_the_search_itself_finds_what_is_readable(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("saw 보라색색연필", "utf-8")
    (tmp_path / "json").write_text('{"id": "youth-raw-88"}', "utf-8")
    assert readable(tmp_path) == ["json: youth-raw-88", "log: 보라색색연필"]


def test_nothing_said_and_no_raw_id_is_readable_in_the_home_or_the_output(
    run: Run, config: Config
) -> None:
    key = make_database(config)
    address = f"http://127.0.0.1:{config.intake_port}/v1/messages"
    now = time.time()
    items = [
        {
            "id": f"message-raw-11-{n}",
            "conversation": "calm-room-raw-55",
            "author": "friend-raw-99",
            "text": text,
        }
        for n, text in enumerate(CALM)
    ] + [
        {
            "id": f"message-raw-22-{n}",
            "conversation": "risky-room-raw-66",
            "author": author,
            "text": text,
        }
        for n, (author, text) in enumerate(RISKY)
    ]
    deadline = time.monotonic() + 180
    for number, item in enumerate(items):
        while True:  # the gateway learns of a new source within two seconds
            answer = httpx.post(
                address,
                json={**item, "at": now + number},
                headers={"Authorization": f"Bearer {key}"},
                timeout=120,
            )
            if answer.status_code == 202:
                break
            assert answer.status_code in (401, 429, 503), answer.text
            assert time.monotonic() < deadline
            time.sleep(0.1)
    # All of it, not only up to the turn that alerted: what nobody read is not kept at the end.
    while turns_so_far(config) < len(RISKY):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len({room for room, _, _ in alerts_in_database(config)}) == 1, (
        "the calm room raised none"
    )
    assert readable(config.home) == []
    assert run.interrupt() == 0
    assert readable(config.home) == [], "after the last snapshots as well"
    assert not [secret for secret in SECRETS if secret in run.output]
    assert turns_in_database(config) == len(RISKY), "only what alerted is in the database"


def turns_so_far(config: Config) -> int:
    with sqlite3.connect(f"file:{config.sqlite_path}?mode=ro", uri=True) as database:
        ((count,),) = database.execute("SELECT count(*) FROM casework_turn")
    return int(count)


def turns_in_database(config: Config) -> int:
    """Turns that casework holds, counted by its own means, with their words readable by key."""
    script = (
        "from ansim import casework; casework.ready()\n"
        "from ansim.casework.models import Turn\n"
        "print(sum('데리러' in (turn.text or '') for turn in Turn.objects.all()),"
        " Turn.objects.count())"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | environment(config),
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert int(told[0]) == 1
    return int(told[1])
