"""What goes over the pipe between the process that asks and the one that reads, and its caps.

The reading process handles hostile bytes, so its answer is hostile too: it is taken up to a cap,
within a time, and decoded into the very type that was asked for.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from typing import IO

import msgspec

from ansim.pictures.values import Limits, Unread, Wanted, Why


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures, and the task (a name of `child.TASKS`) to do on them."""

    task: str
    pictures: list[bytes]
    wanted: Wanted
    limits: Limits


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``body`` is what the task gave, encoded; or ``why`` and of which picture not."""

    why: str = ""
    picture: int = -1
    body: bytes = b""


_CHUNK = 256 * 1024
_SIZE = 8


def framed(body: bytes) -> bytes:
    """The bytes with their length before them, so that the end needs no closed pipe."""
    return len(body).to_bytes(_SIZE, "big") + body


def talk(request: bytes, into: IO[bytes], out: IO[bytes], deadline: float, cap: int) -> bytes:
    """Writes the request and reads the framed answer; the other end can hang or flood us in no way.

    ``deadline`` is of ``time.monotonic``. Raises Unread: ``too_slow``, or ``broke`` for an answer
    cut short or over ``cap`` bytes.
    """
    said, sent = bytearray(), 0
    view = memoryview(request)
    os.set_blocking(into.fileno(), False)
    os.set_blocking(out.fileno(), False)
    with selectors.DefaultSelector() as ready:
        ready.register(into, selectors.EVENT_WRITE)
        ready.register(out, selectors.EVENT_READ)
        while (whole := _whole(said, cap)) is None:
            left = deadline - time.monotonic()
            events = ready.select(left) if left > 0 else []
            if not events:
                raise Unread(Why.TOO_SLOW)
            for key, _ in events:
                if key.fileobj is out:
                    piece = os.read(out.fileno(), _CHUNK)
                    if not piece:
                        raise Unread(Why.BROKE)
                    said += piece
                    continue
                with contextlib.suppress(BlockingIOError):
                    try:
                        sent += os.write(into.fileno(), view[sent : sent + _CHUNK])
                    except BrokenPipeError:  # it ended; what it said is still to be read
                        sent = len(view)
                if sent >= len(view):
                    ready.unregister(into)
                    with contextlib.suppress(BrokenPipeError):
                        into.close()
    return whole


def _whole(said: bytearray, cap: int) -> bytes | None:
    """The answer, if all of it is there. Raises Unread for one over ``cap``."""
    if len(said) < _SIZE:
        return None
    size = int.from_bytes(said[:_SIZE], "big")
    if size > cap or len(said) > _SIZE + size:
        raise Unread(Why.BROKE)
    return bytes(said[_SIZE:]) if len(said) == _SIZE + size else None
