"""A new key for everything: nothing is lost on the way, and a lost key is named as loss."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.db import connection

from ansim.casework.actions import alerts, audit, resealing, sources
from ansim.casework.models import Account, AuditEvent, Turn
from ansim.casework.roles import Role
from ansim.casework.sealing import keyring
from ansim.chat import SourceKind
from ansim.keys import KeyLost, Keyring
from tests.casework.conftest import report, turn
from tests.told import ansim

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a key file of its own: the one of the other tests stays as it is."""
    monkeypatch.setenv("ANSIM_HOME", str(tmp_path))
    monkeypatch.setattr(django_settings, "ANSIM", replace(django_settings.ANSIM, home=tmp_path))
    return tmp_path


def fill(number: int) -> list[str]:
    sources.declare(
        "demo", "데모", SourceKind.PLATFORM_PARTNER, "시연", actor=audit.SETUP, connector="demo"
    )
    turns = tuple(turn(n, text=f"글 {n}") for n in range(number))
    alerts.raise_or_update([report(1, turns=turns, raised=True)])
    return [f"글 {n}" for n in range(number)]


def texts() -> list[str | None]:
    return [row.text for row in Turn.objects.order_by("at")]


def test_threads_that_need_the_first_key_at_the_same_time_all_get_the_same(tmp_path: Path) -> None:
    gate = Barrier(8)

    def first(_: int) -> str:
        gate.wait(120)
        return Keyring.load_or_create(tmp_path / "keys" / "ansim.keys").pseudonym("account", "x")

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(first, range(8)))) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["ansim.keys"]


def test_a_rotation_is_noticed_however_soon_it_follows(home: Path) -> None:
    path = django_settings.ANSIM.keys_path
    assert keyring().names == ("k1",)
    assert keyring() is keyring(), "read once"
    before = path.stat()
    Keyring.add_key(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as within one tick of the clock
    assert keyring().names == ("k1", "k2")


def test_after_a_rotation_everything_is_under_the_new_key_and_reads_the_same(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = fill(7)
    ring = keyring()
    pseudonym = ring.pseudonym("account", "x")
    account = Account.objects.create_user("a", password="pw", role=Role.COUNSELLOR)
    secret = b64encode(ring.seal(b"SECRET", "second factor")).decode()
    factor = Authenticator.objects.create(
        user=account, type="totp", data={"secret": secret, "codes": [secret], "n": 3}
    )
    status, told = ansim(capsys, "keys", "rotate")
    assert status == 0, told
    assert keyring().names == ("k1", "k2")
    assert texts() == said
    assert {key for counter in resealing.census().values() for key in counter} == {"k2"}
    factor.refresh_from_db()
    assert factor.data["n"] == 3
    for sealed in (factor.data["secret"], factor.data["codes"][0]):
        from ansim.console import resealing as factors
        from ansim.console import sign_in

        assert factors.key_of(sealed) == "k2"
        assert sign_in.unseal(sealed) == "SECRET"
    assert keyring().pseudonym("account", "x") == pseudonym, "links outlive a rotation"
    assert (home / "keys/ansim.keys").stat().st_mode & 0o777 == 0o600
    assert [event.action for event in AuditEvent.objects.filter(action__startswith="keys.")] == [
        "keys.resealed",
        "keys.rotated",
    ]
    status, told = ansim(capsys, "keys", "status")
    assert status == 0
    assert "k1: 0 sealed values" in told


def test_a_run_that_was_cut_off_loses_nothing_and_is_gone_on_with(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = fill(9)
    batches = resealing.reseal

    def cut(*_: Any) -> Iterator[Any]:
        for number, step in enumerate(batches(2)):
            if number == 2:
                raise KeyboardInterrupt
            yield step

    monkeypatch.setattr(resealing, "reseal", cut)
    assert ansim(capsys, "keys", "rotate")[0] == 130
    monkeypatch.undo()
    monkeypatch.setenv("ANSIM_HOME", str(home))
    monkeypatch.setattr(django_settings, "ANSIM", replace(django_settings.ANSIM, home=home))
    counter = resealing.census()["casework_turn.text"]
    assert min(counter["k1"], counter["k2"]) > 0, "it was cut in the middle"
    assert texts() == said
    status, told = ansim(capsys, "keys", "rotate")
    assert status == 0
    assert "going on with key k2" in told
    assert keyring().names == ("k1", "k2"), "no third key for the second half"
    assert resealing.census()["casework_turn.text"] == {"k2": 9}
    assert texts() == said


def test_a_lost_key_is_named_as_loss_and_the_rest_goes_on(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = fill(4)
    path = home / "keys/ansim.keys"
    Keyring.add_key(path)
    lost = Turn.objects.order_by("at")[0]
    Turn.objects.filter(pk=lost.pk).update(text="글 0")  # under k2
    first = path.read_text().splitlines()[0]
    path.write_text(f"{first}\nk3 {'ab' * 32}\n")
    os.utime(path, (1, 1))
    status, told = ansim(capsys, "keys", "status")
    assert status == 1
    assert "LOST: 1 values in casework_turn.text are sealed with key 'k2'" in told
    status, told = ansim(capsys, "keys", "rotate")
    assert status == 1
    assert "LOST: 1 values" in told
    with pytest.raises(KeyLost, match="'k2'"):
        texts()
    assert [row.text for row in Turn.objects.order_by("at")[1:]] == said[1:]


def test_no_key_file_is_made_in_the_place_of_a_lost_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(2)
    path = home / "keys/ansim.keys"
    kept = path.read_bytes()
    path.unlink()
    for step in ("status", "rotate"):
        status, told = ansim(capsys, "keys", step)
        assert status == 2
        assert "restore it from backup" in told
        assert not path.exists()
    assert texts() == ["글 0", "글 1"], "who has read the keys goes on"
    assert not path.exists()
    path.write_bytes(kept)


def test_nothing_is_rotated_while_the_system_runs(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ansim.config import Config
    from ansim.stopped import stopped

    fill(1)
    with stopped(Config(home=home)):
        status, told = ansim(capsys, "keys", "rotate")
    assert status == 2
    assert "stop it first" in told
    assert keyring().names == ("k1",)


def test_two_rotations_need_a_start_of_the_stream_between_them(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ansim.config import Config
    from ansim.stream.server import write_config

    fill(1)
    config = Config(home=home)
    write_config(config, keyring())
    assert ansim(capsys, "keys", "rotate")[0] == 0
    status, told = ansim(capsys, "keys", "rotate")
    assert status == 2
    assert "has not been started since the last rotation" in told
    write_config(config, keyring())
    assert ansim(capsys, "keys", "rotate")[0] == 0
    assert keyring().names == ("k1", "k2", "k3")


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_while_it_seals_leaves_every_word_readable(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = fill(120)
    settings = connection.settings_dict
    address = ""
    if connection.vendor == "postgresql":
        address = f"postgresql://{settings['USER']}:@/{settings['NAME']}?host={settings['HOST']}"
    else:
        (home / "ansim.sqlite3").symlink_to(settings["NAME"])
    script = (
        "import sys, time\n"
        "from ansim.casework import ready; ready()\n"
        "from ansim.casework.actions import resealing\n"
        "from ansim.keys import Keyring\n"
        "from django.conf import settings\n"
        "Keyring.add_key(settings.ANSIM.keys_path)\n"
        "turns = 0\n"
        "for step in resealing.reseal(1):\n"
        "    turns += step[0] == 'casework_turn.text'\n"
        "    if turns == 10: print('in the middle', flush=True); time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "ANSIM_HOME": str(home), "ANSIM_DATABASE_URL": address},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "in the middle\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=120)
    counter = resealing.census()["casework_turn.text"]
    assert min(counter["k1"], counter["k2"]) > 0, "it was killed in the middle"
    assert texts() == said
    assert ansim(capsys, "keys", "rotate")[0] == 0
    assert resealing.census()["casework_turn.text"] == {"k2": 120}
    assert texts() == said
    shutil.rmtree(home / "keys")
