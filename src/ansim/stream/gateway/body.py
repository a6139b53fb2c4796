"""Reading a request's body without ever holding more of it than its limits allow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ansim.stream.gateway import limits
from ansim.stream.gateway.limits import Load


class BodyTooLarge(Exception):
    """More than ``limits.MAX_BATCH_BYTES``."""


class BodyTooSlow(Exception):
    """Not here after ``limits.BODY_SECONDS``."""


class HandsFull(Exception):
    """This process holds as much as it may; the request can be repeated."""


async def read(
    chunks: AsyncIterator[bytes],
    declared: str | None,
    load: Load,
    *,
    largest: int = limits.MAX_BATCH_BYTES,
    seconds: float = limits.BODY_SECONDS,
) -> bytes:
    """The whole body. ``declared`` is its Content-Length, which saves time but is not believed.

    Raises BodyTooLarge, BodyTooSlow or HandsFull.
    """
    if declared is not None and declared.isascii() and declared.isdigit():
        announced = int(declared[:13])
        if announced > largest:
            raise BodyTooLarge
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in chunks:
                size += len(chunk)
                if size > largest:
                    raise BodyTooLarge
                if not load.grow(len(chunk)):
                    raise HandsFull
                parts.append(chunk)
    except TimeoutError:
        raise BodyTooSlow from None
    return b"".join(parts)
