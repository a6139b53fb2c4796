"""Signatures of the webhook: HMAC-SHA256 over time and body, made and checked."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence

import msgspec

from ansim.client.values import AnsimError, Words

TIMESTAMP = "X-Ansim-Timestamp"
SIGNATURE = "X-Ansim-Signature"
WINDOW_SECONDS = 300


class NotFromAnsim(AnsimError):
    """A request is not proved to be Ansim Eye's: answer it with 401."""


def sign(secret: str, body: bytes, *, now: float | None = None) -> dict[str, str]:
    """The two headers that prove a body."""
    timestamp = str(int(time.time() if now is None else now))
    return {TIMESTAMP: timestamp, SIGNATURE: f"v1={_digest(secret, timestamp, body)}"}


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: str | Sequence[str],
    *,
    now: float | None = None,
) -> Words:
    """The counsellor's words in a request to your webhook.

    ``headers`` in any case of letters, ``body`` exactly as it arrived, ``secrets`` the secret or,
    while it is being changed, the new and the old. Raises NotFromAnsim.
    """
    known = [each for each in ([secrets] if isinstance(secrets, str) else secrets) if each]
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get(TIMESTAMP.lower(), "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise NotFromAnsim(f"no usable {TIMESTAMP}")
    if abs((time.time() if now is None else now) - int(timestamp)) > WINDOW_SECONDS:
        raise NotFromAnsim(f"{TIMESTAMP} is over {WINDOW_SECONDS} seconds from this clock")
    claimed = [part.strip() for part in given.get(SIGNATURE.lower(), "").split(",")][:8]
    expected = [f"v1={_digest(secret, timestamp, body)}".encode() for secret in known]
    pairs = [(c.encode("utf-8", "replace"), e) for c in claimed for e in expected]
    if not any([hmac.compare_digest(one, other) for one, other in pairs]):
        raise NotFromAnsim("no signature fits the body and the secret")
    try:
        return msgspec.json.decode(body, type=Words)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise NotFromAnsim("the body holds no words of a counsellor") from None


def _digest(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
