"""How numba compiles here: no Python objects, and results kept on disk between runs."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar, cast

import numba
from numba.core import config as numba_config

Function = TypeVar("Function", bound=Callable[..., object])


def _places() -> Iterator[Path]:
    """Where compiled code may be kept, best first."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(os.environ["NUMBA_CACHE_DIR"])
    yield Path(__file__).parent / "__pycache__"
    yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ansim"
    yield Path(tempfile.gettempdir()) / f"ansim-numba-{os.getuid()}"


def _settle_cache() -> None:
    """Chooses numba's cache folder: the first writable place, in a folder named after our source.

    Numba looks only at the file of the function it compiles; a constant or a function of another
    module that changed would go unnoticed. And left to itself it fails where neither the package
    nor the home folder can be written (a read-only container).
    """
    source = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        source.update(path.read_bytes())
    for place in _places():
        folder = place / f"numba-{source.hexdigest()[:16]}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        # Code another user left in a shared folder is not ours to run.
        if os.access(folder, os.W_OK) and folder.stat().st_uid == os.getuid():
            numba_config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
            return


_settle_cache()


def compiled(function: Function) -> Function:
    """``numba.njit`` with the cache on. No fast-math: results must not depend on the batch."""
    cache = bool(numba_config.CACHE_DIR)  # type: ignore[attr-defined]
    return cast(Function, numba.njit(cache=cache, nogil=True)(function))
