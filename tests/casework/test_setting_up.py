"""Setting Django up outside a web server, and its management commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(home: Path, *words: str, typed: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIM_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, *words],
        input=typed,
        env={**environment, "ANSIM_HOME": str(home), **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_importing_settings_touches_nothing(tmp_path: Path) -> None:
    home = tmp_path / "not" / "there"
    done = run(home, "-c", "import ansim.settings as s; print(s.DATABASES['default']['NAME'])")
    assert done.stdout.strip() == str(home / "ansim.sqlite3")
    assert not home.parent.exists()


def test_a_database_address_that_is_none_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", "import ansim.settings", ANSIM_DATABASE_URL="mysql://x")
    assert "ANSIM_DATABASE_URL" in done.stderr


def test_ready_may_be_called_again_and_keeps_the_home_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = "from ansim.casework import ready; ready(); ready(); print('ok')"
    assert run(home, "-c", code).stdout == "ok\n"
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["migrate", "--noinput", "-v0"], 0, ""),
        (["makemigrations", "--check", "--dry-run"], 0, "No changes detected"),
        (["check"], 0, "no issues"),
        (["--help"], 0, "axes_reset"),
        (["no_such_thing"], 1, "Unknown command"),
    ],
)
def test_ansim_manage_is_djangos_management(
    tmp_path: Path, words: list[str], status: int, told: str
) -> None:
    done = run(tmp_path, "-m", "ansim.cli", "manage", *words)
    assert done.returncode == status, done.stderr
    assert told in done.stdout + done.stderr


def test_the_first_account_is_made_at_the_keyboard(tmp_path: Path) -> None:
    assert run(tmp_path, "-m", "ansim.cli", "manage", "migrate", "-v0").returncode == 0

    def create(password: str) -> subprocess.CompletedProcess[str]:
        words = ["manage", "create_account", "haenim", "--role", "administrator"]
        return run(tmp_path, "-m", "ansim.cli", *words, typed=password + "\n")

    weak = create("1234")
    assert weak.returncode == 1
    assert "비밀번호" in weak.stderr
    assert create("mellow-river-lamp").stdout == "haenim: administrator\n"
    assert "이미 있습니다" in create("mellow-river-lamp").stderr
    code = (
        "from ansim.casework import ready; ready()\n"
        "from ansim.casework.models import AuditEvent\n"
        "print(*[(e.action, e.actor_label) for e in AuditEvent.objects.all()])"
    )
    assert run(tmp_path, "-c", code).stdout == "('account.created', 'system:setup')\n"
