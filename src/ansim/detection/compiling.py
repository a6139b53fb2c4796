"""How numba compiles here: no Python objects, results cached on disk, also where the package
folder cannot be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba
from numba.core import config as numba_config

Function = TypeVar("Function", bound=Callable[..., object])


def _settle_cache() -> None:
    """Points numba's cache at a temporary folder of this user when no better one is writable.

    Numba itself tries ``__pycache__`` beside the source, then the user's cache folder, and fails
    when it may write to neither (a read-only container image with no home).
    """
    if numba_config.CACHE_DIR:  # type: ignore[attr-defined]
        return
    for folder in (Path(__file__).parent, Path.home()):
        if os.access(folder, os.W_OK):
            return
    folder = Path(tempfile.gettempdir()) / f"ansim-numba-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid == os.getuid():  # never run code another user left in a shared folder
        numba_config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


_settle_cache()


def compiled(function: Function) -> Function:
    """``numba.njit`` with the cache on. No fast-math: results must not depend on the batch."""
    return cast(Function, numba.njit(cache=True, nogil=True)(function))
