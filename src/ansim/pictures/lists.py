"""Lists of hashes that the operator supplies, and the pictures that are like one on them.

A list is a text file with a PDQ hash (64 hexadecimal digits) a line, ``#`` beginning a comment; its
name is the file's. Lists stay on this machine and are read again when a file changes.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ansim.chat import KnownPicture

NEAR = 31
"""Bits of 256 within which two hashes are of the same picture (the published advice)."""
_HASH = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)


class ListError(Exception):
    """A list cannot be used; the message names the file, the line and what to do."""


@dataclass(frozen=True, slots=True)
class HashList:
    """A list by its name, and its hashes as bytes, shape (number, 32)."""

    name: str
    hashes: NDArray[np.uint8]


def read_list(path: Path) -> HashList:
    """Raises ListError naming the line that is no hash, or why the file cannot be read."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        kind = type(problem).__name__
        raise ListError(
            f"{path}: 해시 목록을 읽을 수 없습니다 ({kind}) / this list of hashes cannot be read"
        ) from None
    found = bytearray()
    for number, line in enumerate(lines, 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        if not _HASH.fullmatch(entry):
            raise ListError(
                f"{path}, {number}번째 줄 / line {number}: PDQ 해시가 아닙니다. "
                "한 줄에 16진수 64자리 하나만 적어 주세요 / "
                "not a PDQ hash; write one a line, 64 hexadecimal digits"
            )
        found += bytes.fromhex(entry)
    return HashList(path.stem, np.frombuffer(bytes(found), dtype=np.uint8).reshape(-1, 32))


class Lists:
    """The operator's lists: files, or folders whose ``.txt`` files are lists.

    Raises ListError at once for what cannot be used. A list that is spoilt later goes on as it
    was, and ``problem`` says why.
    """

    def __init__(self, places: Sequence[Path] = (), *, near: int = NEAR) -> None:
        self.near = near
        self.problem = ""
        self._places = tuple(places)
        self._lock = threading.Lock()
        self._stamp = self._look()
        self._lists = self._read()

    def known(self, fingerprint: str) -> tuple[KnownPicture, ...]:
        """For each list with a hash near enough the nearest one's distance, nearest list first."""
        if not fingerprint or not self._places:
            return ()
        hash_ = np.frombuffer(bytes.fromhex(fingerprint), dtype=np.uint8)
        found = []
        for one in self._current():
            if len(one.hashes):
                bits = np.bitwise_count(one.hashes ^ hash_).sum(axis=1, dtype=np.int64)
                if (nearest := int(bits.min())) <= self.near:
                    found.append(KnownPicture(list=one.name, distance=nearest))
        return tuple(sorted(found, key=lambda match: (match.distance, match.list)))

    def _current(self) -> tuple[HashList, ...]:
        with self._lock:
            if (stamp := self._look()) != self._stamp:
                self._stamp = stamp
                try:
                    self._lists, self.problem = self._read(), ""
                except ListError as problem:
                    self.problem = str(problem)
            return self._lists

    def _files(self) -> list[Path]:
        files = []
        for place in self._places:
            files += sorted(place.glob("*.txt")) if place.is_dir() else [place]
        return files

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        """What tells that a file changed."""
        seen = []
        for path in self._files():
            try:
                status = path.stat()
            except OSError:
                seen.append((str(path), 0, -1))
            else:
                seen.append((str(path), status.st_mtime_ns, status.st_size))
        return tuple(seen)

    def _read(self) -> tuple[HashList, ...]:
        return tuple(read_list(path) for path in self._files())
