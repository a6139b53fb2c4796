"""Database fields whose content is sealed with the key file: text of a chat is never in clear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import models

from ansim.keys import Keyring

PURPOSE = "casework"


Stamp = tuple[int, int, int]
"""What tells that a file changed. Its time alone does not: of two changes within milliseconds the
second may have the time of the first."""

_loaded: dict[Path, tuple[Stamp | None, Keyring]] = {}


def keyring() -> Keyring:
    """The keys of this installation; read again when the file has changed (a rotation)."""
    path: Path = settings.ANSIM.keys_path
    known = _loaded.get(path)
    stamp: Stamp | None = None
    try:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
    except FileNotFoundError:
        if known is not None:
            return known[1]  # never make a new file while the old one is only misplaced
    if known is None or known[0] != stamp:
        # With the stamp of before: what changes while it is read is read again the next time.
        known = _loaded[path] = (stamp, Keyring.load_or_create(path))
    return known[1]


class SealedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text in Python, AES-256-GCM bytes in the database; None stays NULL ("no longer held")."""

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        # A chat may hold half a surrogate pair; it is kept as it came and made harmless on display.
        return keyring().seal(str(value).encode("utf-8", "surrogatepass"), PURPOSE)

    def from_db_value(self, value: Any, *_: object) -> str | None:
        if value is None:
            return None
        return keyring().open(bytes(value), PURPOSE).decode("utf-8", "surrogatepass")

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError("sealed text is not written into fixtures")


class SealedListField(SealedTextField):
    """A list of plain values, sealed as JSON; the empty list is stored as NULL."""

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(msgspec.json.encode(value).decode()) if value else None

    def from_db_value(self, value: Any, *_: object) -> Any:
        text = super().from_db_value(value)
        return [] if text is None else msgspec.json.decode(text)


class SealedMapField(SealedTextField):
    """Names with their values, sealed as one JSON object; the empty one is stored as NULL."""

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(msgspec.json.encode(value).decode()) if value else None

    def from_db_value(self, value: Any, *_: object) -> Any:
        text = super().from_db_value(value)
        return {} if text is None else msgspec.json.decode(text)


class SealedBytesField(SealedTextField):
    """Bytes in Python, sealed in the database: documents of a case."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else keyring().seal(bytes(value), PURPOSE)

    def from_db_value(self, value: Any, *_: object) -> Any:
        return None if value is None else keyring().open(bytes(value), PURPOSE)
