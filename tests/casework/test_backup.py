"""A backup brings everything back, in another process and place; a changed one is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from ansim import archive
from ansim.casework.actions import alerts, audit, audit_chain, evidence, sources
from ansim.casework.models import Account, Alert, Turn
from ansim.casework.roles import Role
from ansim.casework.sealing import keyring
from ansim.chat import SourceKind
from ansim.config import Config
from ansim.keys import Keyring
from ansim.stopped import stopped
from ansim.stream.server import write_config
from tests.casework.conftest import report, risky, turn
from tests.told import ansim

pytestmark = pytest.mark.django_db(transaction=True)

LOOK = """
import sys
from ansim.cli import main
status = main(["restore", *sys.argv[1:]])
print("status", status, flush=True)
if status == 0:
    print("verify", main(["audit", "verify"]))
    from ansim.casework.models import AuditEvent, Turn
    print([row.text for row in Turn.objects.order_by("at")])
    print(AuditEvent.objects.filter(action="agency.written").count())
    print(AuditEvent.objects.order_by("-pk").first().action)
    from ansim.casework.actions import audit
    audit.row("agency.written", "agency", 99, actor=audit.SETUP).save()
    print("again", main(["audit", "verify"]))
"""


def database(name: str) -> str:
    settings = connection.settings_dict
    return f"postgresql://{settings['USER']}:@/{name}?host={settings['HOST']}"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the running system, with keys and a stream of its own."""
    place = tmp_path / "home"
    place.mkdir()
    config = replace(django_settings.ANSIM, home=place)
    monkeypatch.setenv("ANSIM_HOME", str(place))
    if connection.vendor == "postgresql":
        monkeypatch.setenv("ANSIM_DATABASE_URL", database(connection.settings_dict["NAME"]))
    monkeypatch.setattr(django_settings, "ANSIM", config)
    sources.declare(
        "demo", "데모", SourceKind.PLATFORM_PARTNER, "시연", actor=audit.SETUP, connector="demo"
    )
    alerts.raise_or_update([report(1, turns=(turn(1), risky(2)), raised=True)])
    for n in range(5):
        audit.row("agency.written", "agency", n, actor=audit.SETUP).save()
    store = place / "nats" / "store" / "jetstream"
    store.mkdir(parents=True)
    (store / "1.blk").write_bytes(os.urandom(3000))
    write_config(Config(home=place), keyring())
    (place / "keys" / "signing.sealed").write_bytes(b"sealed")
    return place


@pytest.fixture
def bring_back(tmp_path: Path) -> Callable[..., str]:
    """Restores in a process of its own, into an empty home and, there, an empty database."""

    def run(backup: Path, *words: str, place: str = "second") -> str:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ANSIM_")}
        environment["ANSIM_HOME"] = str(tmp_path / place)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("DROP DATABASE IF EXISTS ansim_second")
                cursor.execute("CREATE DATABASE ansim_second")
            environment["ANSIM_DATABASE_URL"] = database("ansim_second")
        done = subprocess.run(
            [sys.executable, "-c", LOOK, str(backup), *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return done.stdout + done.stderr

    return run


def test_a_restored_system_has_everything_and_its_audit_chain_verifies(
    home: Path,
    tmp_path: Path,
    bring_back: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    backup, keys = tmp_path / "backup.tar", tmp_path / "keys.txt"
    Turn.objects.filter(message_id="m1").update(kept_at=timezone.now() - timedelta(days=400))
    audit_chain.close(audit.SETUP)
    status, told = ansim(capsys, "backup", str(backup), "--keys", str(keys))
    assert status == 0, told
    assert backup.stat().st_mode & 0o777 == keys.stat().st_mode & 0o777 == 0o600
    assert keys.read_bytes() == (home / "keys/ansim.keys").read_bytes()
    for content in (b"\xec\x9a\xa9\xeb\x8f\x88", keys.read_bytes().split()[1]):
        assert content not in backup.read_bytes(), "no words of a chat, and no key"
    told = bring_back(backup, "--keys", str(keys))
    assert "status 0" in told, told
    assert "verify 0" in told
    assert "[None, '용돈 줄게 사진 보낼래?']" in told, "what came of age meanwhile is gone"
    assert "\n5\n" in told
    assert "again 0" in told, "the chain goes on with new rows"
    second = tmp_path / "second"
    block = Path("nats/store/jetstream/1.blk")
    assert (second / block).read_bytes() == (home / block).read_bytes()
    assert (second / "keys/signing.sealed").read_bytes() == b"sealed"
    assert not list(second.glob(".restore-*"))
    again = bring_back(backup)
    if connection.vendor == "sqlite":
        assert "is not overwritten" in again
    assert "status 2" in again


def test_a_package_of_before_is_known_as_the_agencys_after_a_restore(
    home: Path,
    tmp_path: Path,
    bring_back: Callable[..., str],
    person: Callable[..., Account],
    capsys: pytest.CaptureFixture[str],
) -> None:
    order = evidence.order(Alert.objects.get().pk, person(Role.LIAISON), "수사 협조", unmask=False)
    package = tmp_path / "package.zip"
    package.write_bytes(evidence.make(order, lambda *_: None, lambda *_: None).content)
    backup, keys = tmp_path / "backup.tar", tmp_path / "keys.txt"
    assert ansim(capsys, "backup", str(backup), "--keys", str(keys))[0] == 0
    assert "status 0" in bring_back(backup, "--keys", str(keys))

    def verified() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ansim.cli", "verify", str(package), "--json"],
            env={**os.environ, "ANSIM_HOME": str(tmp_path / "second")},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    done = verified()
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["known_key"] is True
    (tmp_path / "second/keys/evidence-signing.pem").write_bytes(
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    assert verified().returncode == 1, "by another key it would not be known"


def test_a_backup_without_its_key_is_refused_and_nothing_is_put_in_place(
    home: Path,
    tmp_path: Path,
    bring_back: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    backup = tmp_path / "backup.tar"
    assert ansim(capsys, "backup", str(backup))[0] == 0
    assert "nobody can read the backup" in bring_back(backup)
    other = tmp_path / "other.keys"
    Keyring.load_or_create(other)
    assert "this key file cannot open the backup" in bring_back(backup, "--keys", str(other))
    left = {path.name for path in (tmp_path / "second").rglob("*") if path.is_file()}
    assert left == {"run.lock"}


@pytest.mark.parametrize("part", ["database/", "stream/jetstream/1.blk", "keys/signing.sealed"])
def test_one_changed_byte_is_found_and_its_part_named(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    import tarfile

    backup = tmp_path / "backup.tar"
    assert ansim(capsys, "backup", str(backup))[0] == 0
    with tarfile.open(backup) as tar:
        member = next(item for item in tar if item.name.startswith(part) and item.size > 0)
    content = bytearray(backup.read_bytes())
    content[member.offset_data] ^= 1
    backup.write_bytes(content)
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(archive.Damaged, match=member.name):
        archive.unpack(backup, into)


@pytest.mark.parametrize("cut", [0, 100, 1024, -1024])
def test_a_file_that_is_not_whole_is_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], cut: int
) -> None:
    backup = tmp_path / "backup.tar"
    assert ansim(capsys, "backup", str(backup))[0] == 0
    content = backup.read_bytes().rstrip(b"\0")
    backup.write_bytes(content[:cut] if cut else b"no tar at all" * 99)
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(archive.Damaged):
        archive.unpack(backup, into)


def test_a_part_that_would_land_elsewhere_is_refused(tmp_path: Path) -> None:
    import tarfile

    for name in ("../out", "/out"):
        path = tmp_path / "evil.tar"
        with tarfile.open(path, "w") as tar:
            tar.addfile(tarfile.TarInfo(name))
        into = tmp_path / "into"
        into.mkdir(exist_ok=True)
        with pytest.raises(archive.Damaged, match="no place"):
            archive.unpack(path, into)
        assert not (tmp_path / "out").exists()


def test_the_stream_is_copied_only_while_nothing_runs(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "backup.tar"
    with stopped(Config(home=home)):
        status, told = ansim(capsys, "backup", str(backup))
        assert status == 2
        assert "--without-stream" in told
        assert not backup.exists()
        assert ansim(capsys, "backup", str(backup), "--without-stream")[0] == 0
    into = tmp_path / "into"
    into.mkdir()
    told_of = archive.unpack(backup, into)
    assert told_of["stream"] is False
    assert not (into / "stream").exists()


def test_a_backup_never_overwrites(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "backup.tar"
    backup.write_bytes(b"the one of yesterday")
    status, told = ansim(capsys, "backup", str(backup))
    assert status == 2
    assert "exists already" in told
    assert backup.read_bytes() == b"the one of yesterday"
