"""What both clients share: how requests are made, what answers mean, how long to wait."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from ansim.client.signing import sign
from ansim.client.values import Message, Problem, Refused, Sent, Words

MOST_ITEMS = 1000
MOST_BYTES = 8 * 1024 * 1024
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
POLL_SECONDS = 25
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that another try may change."""


class _Batch(msgspec.Struct):
    accepted: int = 0
    duplicates: int = 0
    results: list[Problem] = []


class _Error(msgspec.Struct):
    error: str = "unknown"
    detail: str = ""


class Outbox(msgspec.Struct):
    messages: list[Words] = []
    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are to Ansim Eye: a webhook's source with its secret, or the key of an http source."""

    base: str
    source: str = ""
    secret: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        if urlsplit(self.base).scheme not in ("http", "https"):
            raise ValueError("base is an address such as https://ansim.example")
        if bool(self.source and self.secret) == bool(self.key):
            raise ValueError("give source and secret (webhook), or key (http)")

    def __repr__(self) -> str:
        return f"Account({self.base!r}, source={self.source!r})"

    def address(self, path: str) -> str:
        """Of a call: ``""`` for messages, ``/delivered`` … for what belongs to a webhook."""
        base = self.base.rstrip("/")
        if self.key:
            return f"{base}/v1{path or '/messages'}"
        return f"{base}/v1/webhook/{quote(self.source, safe='')}{path}"

    def headers(self, body: bytes) -> dict[str, str]:
        """Fresh for every try: a signature is good for five minutes."""
        proof = {"Authorization": f"Bearer {self.key}"} if self.key else sign(self.secret, body)
        return {"Content-Type": "application/json", **proof}


class Patience:
    """The pauses between tries, until ``seconds`` of waiting are used up."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._pause = FIRST_PAUSE

    def pause(self, response: httpx.Response | None) -> float | None:
        """Seconds to wait before the next try; None: no more."""
        asked = response.headers.get("retry-after", "") if response is not None else ""
        wanted = float(asked) if asked.isascii() and asked.isdigit() else 0.0
        # Spread, so that many clients do not come back at once.
        pause = max(wanted, self._pause * random.uniform(0.5, 1.0))  # noqa: S311
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        if pause > self._left:
            return None
        self._left -= pause
        return pause


def bodies(messages: Sequence[Message]) -> Iterator[tuple[int, int, bytes]]:
    """Messages as requests: (first index, index after the last, body). In order."""
    start, size, parts = 0, 2, list[bytes]()
    for index, message in enumerate(messages):
        part = msgspec.json.encode(message)
        if parts and (len(parts) >= MOST_ITEMS or size + len(part) > MOST_BYTES):
            yield start, index, b"[" + b",".join(parts) + b"]"
            start, size, parts = index, 2, []
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield start, len(messages), b"[" + b",".join(parts) + b"]"


def taken(response: httpx.Response, start: int, so_far: Sent) -> Sent:
    """``so_far`` and what an answer to a batch says. Raises Refused."""
    if response.status_code not in (202, 422):
        raise refused(response)
    try:
        batch = msgspec.json.decode(response.content, type=_Batch)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Refused(response.status_code, "unknown", "not an answer of Ansim Eye") from None
    problems = [msgspec.structs.replace(each, index=each.index + start) for each in batch.results]
    return Sent(
        accepted=so_far.accepted + batch.accepted,
        duplicates=so_far.duplicates + batch.duplicates,
        problems=(*so_far.problems, *problems),
    )


def refused(response: httpx.Response) -> Refused:
    try:
        said = msgspec.json.decode(response.content, type=_Error)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = _Error(detail="not an answer of Ansim Eye")
    return Refused(response.status_code, said.error, said.detail)


def confirmation(message: str, *, shown: bool, reason: str) -> bytes:
    """Body of a webhook's ``/delivered``."""
    state = "sent" if shown else "failed"
    return msgspec.json.encode({"id": message, "state": state, "reason": reason})
