"""A migrated SQLite file, made once a test run and copied into homes: to migrate anew takes
seconds, and tests of migrating are elsewhere (tests/test_run.py, tests/casework)."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from ansim.config import Config
from ansim.keys import Keyring


@cache
def _origin() -> Path:
    home = Path(tempfile.mkdtemp(prefix="ansim-migrated-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    others = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIM_", "DJANGO_"))}
    subprocess.run(
        [sys.executable, "-m", "ansim.cli", "manage", "migrate", "--noinput", "-v0"],
        env=others | {"ANSIM_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    return Config(home=home).sqlite_path


def give_database(home: Path) -> None:
    """Puts a migrated database, and the key without which none is opened, into an empty home."""
    settings = Config(home=home)
    home.mkdir(parents=True, exist_ok=True)
    if not settings.sqlite_path.exists() and not os.environ.get("ANSIM_DATABASE_URL"):
        Keyring.load_or_create(settings.keys_path)
        shutil.copy(_origin(), settings.sqlite_path)
