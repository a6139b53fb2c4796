"""How much intake takes, and the gauge that keeps one process from taking more than it can hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansim.chat.message import MAX_TEXT_BYTES

MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_BATCH_ITEMS = 10_000
MAX_ID = 200
"""Characters of a message id."""
MAX_NAME = 500
"""Characters of a conversation's or account's own name."""
MAX_ATTACHMENTS = 20
MAX_ATTACHMENT_NAME = 300
MAX_ITEM_BYTES = 512 * 1024
"""Bytes of one item as JSON: 64 KiB of text written wholly in escapes, with every name full, is
shorter. Whatever is longer is not worth taking apart."""
MAX_CONTENT_BYTES = 11 * 1024 * 1024
"""Bytes of an item's attachments. The largest picture taken fits, and in base64 a batch does."""
MAX_DEPTH = 8
"""Levels of JSON arrays and objects in a batch; an item that is right needs four."""
MAX_FUTURE_SECONDS = 300.0
EARLIEST = 1_104_537_600.0
"""2005-01-01 UTC: no service we read kept chats before it, so an earlier time is a mistake."""
MAX_IN_FLIGHT_BYTES = 64 * 1024 * 1024
"""Bytes of request bodies in this process that are not yet durable."""
MAX_OUTBOX_WAIT = 30.0
MAX_OUTBOX_MESSAGES = 100
MAX_LONG_POLLS = 500
MAX_FAIL_REASON = 500
BODY_SECONDS = 30.0
"""A batch that has not arrived within this time is given up."""
RETRY_SECONDS = 2

__all__ = ["MAX_TEXT_BYTES", "InFlight"]


class InFlight:
    """Bytes being worked on. ``room`` tells whether more may come in."""

    def __init__(self, limit: int = MAX_IN_FLIGHT_BYTES) -> None:
        self.limit = limit
        self.bytes = 0

    @contextmanager
    def load(self) -> Iterator[Load]:
        """A request's share, given back when the block ends."""
        share = Load(self)
        try:
            yield share
        finally:
            self.bytes -= share.bytes


class Load:
    """One request's bytes in the gauge."""

    __slots__ = ("_gauge", "bytes")

    def __init__(self, gauge: InFlight) -> None:
        self._gauge = gauge
        self.bytes = 0

    def grow(self, count: int) -> bool:
        """Adds ``count`` bytes; False when the process holds too much already."""
        if self._gauge.bytes + count > self._gauge.limit:
            return False
        self._gauge.bytes += count
        self.bytes += count
        return True
