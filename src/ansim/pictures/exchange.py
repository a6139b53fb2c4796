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


def talk(request: bytes, into: IO[bytes], out: IO[bytes], deadline: float, cap: int) -> bytes:
    """Writes the request and reads the answer until the other end closes; neither can hang us.

    ``deadline`` is of ``time.monotonic``. Raises Unread: ``too_slow``, or ``broke`` for an answer
    over ``cap`` bytes.
    """
    answer: list[bytes] = []
    size, sent = 0, 0
    view = memoryview(request)
    os.set_blocking(into.fileno(), False)
    os.set_blocking(out.fileno(), False)
    with selectors.DefaultSelector() as ready:
        ready.register(into, selectors.EVENT_WRITE)
        ready.register(out, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            events = ready.select(left) if left > 0 else []
            if not events:
                raise Unread(Why.TOO_SLOW)
            for key, _ in events:
                if key.fileobj is into:
                    try:
                        sent += os.write(into.fileno(), view[sent : sent + _CHUNK])
                    except BrokenPipeError:
                        sent = len(view)
                    if sent >= len(view):
                        ready.unregister(into)
                        with contextlib.suppress(BrokenPipeError):
                            into.close()
                    continue
                piece = os.read(out.fileno(), _CHUNK)
                if not piece:
                    return b"".join(answer)
                size += len(piece)
                if size > cap:
                    raise Unread(Why.BROKE)
                answer.append(piece)
