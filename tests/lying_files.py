"""What lies in a folder that a running server may write in meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below and what it holds; one that goes while we look is passed over."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            with suppress(FileNotFoundError):
                if path.is_file():
                    yield path, path.read_bytes()
