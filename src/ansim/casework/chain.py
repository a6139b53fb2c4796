"""How audit rows are hashed into a chain, and segments of the chain into anchors. Pure functions.

Whoever holds the rows and this page can compute the chain again::

    hash(n)   = SHA-256("ansim audit 1\\0" + hash(n-1) + n as 8 bytes + row as canonical JSON)
    anchor(s) = SHA-256("ansim segment 1\\0" + anchor(s-1) + segment as canonical JSON)

Before the first stand 32 zero bytes. The form is fixed: rows that were hashed stay hashed that way.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

START = "0" * 64
"""What stands before the first row and the first segment, in hex."""


def row_hash(previous: str, number: int, row: Mapping[str, Any]) -> str:
    """Hex hash of the row with this place in the chain; ``row`` as ``row_values`` gives it."""
    return _sha256(b"ansim audit 1\0", previous, number.to_bytes(8, "big") + canonical(row))


def anchor_hash(previous: str, segment: Mapping[str, Any]) -> str:
    """Hex anchor of a closed segment; ``segment`` as ``segment_values`` gives it."""
    return _sha256(b"ansim segment 1\0", previous, canonical(segment))


def mark(key: bytes, anchor: str) -> str:
    """What only the holder of the key file can put beside an anchor."""
    return hmac.digest(key, bytes.fromhex(anchor), hashlib.sha256).hex()


def _sha256(kind: bytes, previous: str, content: bytes) -> str:
    return hashlib.sha256(kind + bytes.fromhex(previous) + content).hexdigest()


def row_values(event: Any) -> dict[str, Any]:
    """All that an audit row says, ready to be hashed."""
    return {
        "id": event.pk,
        "at": moment(event.at),
        "actor": event.actor_id,
        "actor_label": event.actor_label,
        "action": event.action,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "reason": event.reason,
        "details": event.details,
    }


def segment_values(segment: Any) -> dict[str, Any]:
    """All that a closed segment says for ever, also after its rows have expired."""
    return {
        "number": segment.number,
        "first": segment.first,
        "last": segment.last,
        "first_at": moment(segment.first_at),
        "last_at": moment(segment.last_at),
        "closed_at": moment(segment.closed_at),
        "last_hash": segment.last_hash,
    }


def moment(at: datetime) -> str:
    """A moment as both databases keep it: UTC, six digits of a second."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, in ASCII."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":")).encode("ascii")


def _plain(value: Any) -> Any:
    # PostgreSQL writes 1e16 as a whole number and SQLite as it came: one form for both.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
