"""A backup as one file: a tar with a manifest at its end that holds the SHA-256 of every part.

Nothing in it is sealed anew: text is sealed in the database already, and the stream is encrypted on
disk, both with the key file, which is never part of it.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

MANIFEST = "manifest.json"
MOST_MANIFEST = 64 * 1024 * 1024


class Damaged(Exception):
    """The file is no backup of ours, or was changed; the message names the part."""


class Part(msgspec.Struct, frozen=True):
    """One file of the backup."""

    sha256: str
    size: int


class Writer:
    """Adds parts; ``close`` adds the manifest. The file appears under its name when it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)
        self._parts: dict[str, Part] = {}

    def add(self, name: str, path: Path) -> None:
        """Adds one file of this machine under ``name``."""
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            reading = _Hashing(file, size)
            self._tar.addfile(_member(name, size), reading)  # type: ignore[arg-type]
        self._parts[name] = Part(reading.digest.hexdigest(), size)

    def close(self, told: Mapping[str, Any]) -> None:
        """Writes what else is told about the backup, and puts it in its place."""
        content = msgspec.json.format(msgspec.json.encode({**told, "parts": self._parts}), indent=1)
        self._tar.addfile(_member(MANIFEST, len(content)), io.BytesIO(content))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.replace(self._path)

    def abandon(self) -> None:
        """Leaves nothing behind."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A writer that leaves nothing behind unless it was closed."""
    writer = Writer(path)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise


class _Hashing:
    """Hashes what is read. A file that shrinks meanwhile is no backup."""

    def __init__(self, file: Any, size: int) -> None:
        self._file = file
        self._left = size
        self.digest = hashlib.sha256()

    def read(self, number: int) -> bytes:
        content: bytes = self._file.read(min(number, self._left))
        self._left -= len(content)
        self.digest.update(content)
        return content


def _member(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o600
    return info


def write_private(path: Path, content: bytes) -> None:
    """A new file that only its owner may read. Raises FileExistsError instead of overwriting."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def unpack(path: Path, into: Path) -> dict[str, Any]:
    """Writes every part into the folder ``into`` and returns the manifest.

    Raises Damaged, naming the part, when a byte of it is not the one that was written.
    """
    digests: dict[str, Part] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                name = _safe(member)
                source = tar.extractfile(member)
                if source is None or manifest is not None:
                    raise Damaged(f"{path}: {name} does not belong there")
                if name == MANIFEST:
                    manifest = msgspec.json.decode(source.read(MOST_MANIFEST))
                    continue
                digests[name] = _write(source, into / name)
    except tarfile.TarError as error:
        raise Damaged(f"{path} is damaged or no backup: {error}") from None
    except msgspec.DecodeError:
        raise Damaged(f"{path}: {MANIFEST} is damaged") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("parts"), dict):
        raise Damaged(f"{path}: {MANIFEST} is missing; the file is not whole")
    parts = msgspec.convert(manifest["parts"], dict[str, Part])
    for name in sorted(parts.keys() | digests.keys()):
        if name not in digests:
            raise Damaged(f"{path}: {name} is missing")
        if parts.get(name) != digests[name]:
            raise Damaged(f"{path}: {name} was changed (its SHA-256 is another one)")
    return manifest


def _safe(member: tarfile.TarInfo) -> str:
    place = PurePosixPath(member.name)
    if not member.isreg() or place.is_absolute() or ".." in place.parts or not place.parts:
        raise Damaged(f"{member.name!r} has no place in a backup")
    return str(place)


def _write(source: Any, to: Path) -> Part:
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while content := source.read(1024 * 1024):
            digest.update(content)
            size += len(content)
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Part(digest.hexdigest(), size)
