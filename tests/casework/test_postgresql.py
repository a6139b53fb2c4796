"""The same promises on a real PostgreSQL: this folder's tests once more, in another process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import postgres

HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.skipif(
        bool(os.environ.get("ANSIM_DATABASE_URL")), reason="this is that other process"
    ),
    pytest.mark.timeout(3000),  # it is as many tests as the whole folder
]


@pytest.fixture
def address() -> Iterator[str]:
    with postgres() as server:
        yield server


def test_casework_keeps_its_promises_on_postgresql(address: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", str(HERE), "-p", "no:cacheprovider", "-x"),
            *("--ignore", str(HERE / "test_setting_up.py")),  # it has homes of its own
            *("--basetemp", str(tmp_path / "files")),
        ],
        env={**os.environ, "ANSIM_DATABASE_URL": address, "ANSIM_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=2900,
        check=False,
        cwd=HERE.parents[1],
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
