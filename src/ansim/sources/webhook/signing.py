"""The signature on every request of the webhook, ours and the platform's: HMAC-SHA256 over its
time and its body, so that neither can be changed nor kept for later."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

TIMESTAMP = "X-Ansim-Timestamp"
SIGNATURE = "X-Ansim-Signature"
VERSION = "v1"
WINDOW_SECONDS = 300
"""How far a request's time may lie from ours."""
MOST_SIGNATURES = 4
SHORTEST_SECRET = 16
"""Characters; whatever is shorter proves nothing."""
_HEX = frozenset("0123456789abcdef")


class Unproved(Exception):
    """The request is not proved to be the platform's; the message is a sentence for its people."""


def sign(secrets: Iterable[str], timestamp: str, body: bytes) -> str:
    """Value of the signature header: one signature a secret, the newest first."""
    return ",".join(f"{VERSION}={_digest(secret, timestamp, body)}" for secret in secrets)


def claims(timestamp: str, signatures: Iterable[str], now: float) -> list[str]:
    """What the headers claim, before the body is read. Raises Unproved."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Unproved(f"send {TIMESTAMP}: seconds since 1970-01-01 UTC")
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        raise Unproved(f"{TIMESTAMP} is over {WINDOW_SECONDS} seconds from our time")
    given = [part.strip() for line in signatures for part in line.split(",")]
    found = [
        digest
        for version, _, digest in (part.partition("=") for part in given)
        if version == VERSION and len(digest) == 64 and _HEX.issuperset(digest)
    ]
    if not found:
        raise Unproved(f"send {SIGNATURE}: {VERSION}=<HMAC-SHA256 in hex>")
    return found[:MOST_SIGNATURES]


def prove(claimed: Iterable[str], secrets: Iterable[str], timestamp: str, body: bytes) -> str:
    """The claim that one of the secrets made. Raises Unproved."""
    expected = [
        _digest(secret, timestamp, body) for secret in secrets if len(secret) >= SHORTEST_SECRET
    ]
    proved = ""
    for claim in claimed:
        for digest in expected:  # every pair: how long it takes tells nothing
            if hmac.compare_digest(claim, digest):
                proved = claim
    if not proved:
        raise Unproved("the signature does not fit the body and the secret")
    return proved


def _digest(secret: str, timestamp: str, body: bytes) -> str:
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode("utf-8", "surrogatepass"), signed, hashlib.sha256).hexdigest()
