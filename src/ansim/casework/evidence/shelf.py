"""Where packages wait to be fetched: sealed files in the home folder, gone after an hour.

Several processes meet here: one asks, one makes, one hands out. A place on the shelf has up to
three files, ``<id>.order`` and ``<id>.package`` (sealed) and ``<id>.standing`` (how far; no text).
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import msgspec

from ansim.casework.evidence.contents import Order
from ansim.keys import KeyLost, Keyring

PURPOSE = "evidence shelf"
KEPT_SECONDS = 3600.0
"""A package that nobody fetched is taken away after so long, and one that was fetched too."""
SILENT_SECONDS = 180.0
"""Whoever makes a package says something more often than this, or has died."""

_ID = re.compile(r"[0-9a-f]{32}")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a package is."""

    state: str = "waiting"
    """``waiting``, ``making``, ``ready`` or ``failed``."""
    doing: str = ""
    done: int = 0
    of: int = 0
    name: str = ""
    size: int = 0
    why: str = ""


class Shelf:
    """The folder, and what is in it."""

    def __init__(self, home: Path, keyring: Keyring) -> None:
        self._folder = home / "evidence"
        self._keyring = keyring

    def _path(self, package: str, what: str) -> Path:
        if not _ID.fullmatch(package):
            raise FileNotFoundError(package)
        return self._folder / f"{package}.{what}"

    def _write(self, package: str, what: str, content: bytes) -> None:
        path = self._path(package, what)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{what}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.replace(path)

    def put_order(self, order: Order) -> None:
        self._write(order.id, "standing", msgspec.json.encode(Standing()))
        sealed = self._keyring.seal(msgspec.json.encode(order), PURPOSE)
        self._write(order.id, "order", sealed)

    def order(self, package: str) -> Order | None:
        """The order, or None where it is no longer here."""
        try:
            sealed = self._path(package, "order").read_bytes()
            return msgspec.json.decode(self._keyring.open(sealed, PURPOSE), type=Order)
        except (FileNotFoundError, KeyLost, msgspec.DecodeError):
            return None

    def say(self, package: str, standing: Standing) -> None:
        self._write(package, "standing", msgspec.json.encode(standing))

    def standing(self, package: str) -> Standing:
        """How far it is. Who has been silent for too long counts as dead."""
        path = self._path(package, "standing")
        try:
            told = msgspec.json.decode(path.read_bytes(), type=Standing)
            silent = time.time() - path.stat().st_mtime
        except (FileNotFoundError, msgspec.DecodeError):
            return Standing(state="failed", why="gone")
        if told.state == "making" and silent > SILENT_SECONDS:
            return Standing(state="failed", why="stopped")
        return told

    def put_package(self, package: str, content: bytes) -> None:
        self._write(package, "package", self._keyring.seal(content, PURPOSE))

    def package(self, package: str) -> bytes | None:
        try:
            return self._keyring.open(self._path(package, "package").read_bytes(), PURPOSE)
        except (FileNotFoundError, KeyLost):
            return None

    def of(self, actor: int) -> list[tuple[Order, Standing]]:
        """What one person asked for, the newest first."""
        found = []
        for path in self._folder.glob("*.order"):
            order = self.order(path.stem)
            if order is not None and order.actor == actor:
                found.append((order, self.standing(order.id)))
        return sorted(found, key=lambda pair: -pair[0].at)

    def sweep(self, now: float) -> int:
        """Takes away what is over (``now`` as of ``time.time``). Returns how many files went."""
        gone = 0
        if self._folder.is_dir():
            for path in list(self._folder.iterdir()):
                try:
                    if now - path.stat().st_mtime > KEPT_SECONDS:
                        path.unlink()
                        gone += 1
                except FileNotFoundError:
                    continue
        return gone
