"""A request's body as a batch: split into items so that one bad item does not spoil the others."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from ansim.sources.contract import Incoming
from ansim.stream.gateway import items, limits


class NotABatch(Exception):
    """The body as a whole cannot be read; the message says why."""


class TooManyItems(Exception):
    """The batch holds more items than ``limits.MAX_BATCH_ITEMS``."""


class Batch(msgspec.Struct):
    """The items of one request: messages with their index, and problems with theirs."""

    size: int
    messages: list[tuple[int, Incoming]]
    problems: list[items.Problem]


_array = msgspec.json.Decoder(list[msgspec.Raw])
_SPACE = " \t\r\n"
_SPACES = re.compile(r"[ \t\r\n]*")

_CROWDED = 250_000
"""Commas from which an array is split piece by piece, so that 16 MiB of `0,0,0` cannot become
eight million objects."""


def read(body: bytes, *, lines: bool, now: float) -> Batch:
    """Takes a batch apart: one object, an array, or (``lines``) one object a line.

    ``now`` is the time of intake in epoch seconds. Raises NotABatch and TooManyItems.
    """
    parts = _lines(body) if lines else _parts(body)
    if len(parts) > limits.MAX_BATCH_ITEMS:
        raise TooManyItems
    batch = Batch(len(parts), [], [])
    unread = 0
    for index, part in enumerate(parts):
        try:
            message = items.message(part, now)
        except items.Wrong as wrong:
            unread += wrong.error == "not_json"
            name = items.id_of(part)
            batch.problems.append(
                items.Problem(index=index, id=name, error=wrong.error, detail=wrong.detail)
            )
        else:
            batch.messages.append((index, message))
    if unread and unread == len(parts):
        raise NotABatch("the body is not JSON" if not lines else "no line of the batch is JSON")
    return batch


def _lines(body: bytes) -> list[items.Part]:
    most = limits.MAX_BATCH_ITEMS * 2
    split = body.split(b"\n", most)
    if len(split) > most:
        raise TooManyItems
    found = [line for line in split if line.strip()]
    if not found:
        raise NotABatch("the batch is empty")
    return list(found)


def _parts(body: bytes) -> list[items.Part]:
    start = body.lstrip(_SPACE.encode())[:1]
    if not start:
        raise NotABatch("the batch is empty")
    try:
        if start == b"[":
            if body.count(b",") > _CROWDED:
                return list(_pieces(body))
            return list(_array.decode(body))
        if start == b"{":
            return [body]
    except RecursionError:
        raise NotABatch(items.TOO_DEEP) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return list(_pieces(body))
    raise NotABatch("the body is not a JSON object or array")


def _pieces(body: bytes) -> Iterator[items.Part]:
    """Items of an array one after another, even where the strict reader refuses the whole.

    Python's own reader takes lone surrogates and NaN and tells where a value ends, so that one
    such item does not take the others with it. Raises NotABatch where no value can be found.
    """
    text = body.decode("utf-8", "surrogateescape").strip(_SPACE)
    position, count = 1, 0
    # Values are looked for in a window, so that a huge one cannot become millions of objects.
    window, offset = text[: 2 * limits.MAX_ITEM_BYTES], 0
    while True:
        position = _after_space(text, position)
        if position - offset > limits.MAX_ITEM_BYTES:
            offset = position
            window = text[offset : offset + 2 * limits.MAX_ITEM_BYTES]
        if count == 0 and text[position : position + 1] == "]":
            position += 1
            break
        try:
            start = position
            _, end = items.LENIENT.raw_decode(window, start - offset)
            position = end + offset
        except RecursionError:
            raise NotABatch(items.TOO_DEEP) from None
        except ValueError:
            raise NotABatch(
                f"the JSON array is broken, or over {items.LARGEST}, at item {count}"
            ) from None
        count += 1
        if count > limits.MAX_BATCH_ITEMS:
            raise TooManyItems
        yield text[start:position].encode("utf-8", "surrogateescape")
        position = _after_space(text, position)
        mark = text[position : position + 1]
        position += 1
        if mark == "]":
            break
        if mark != ",":
            raise NotABatch(f"the JSON array is broken after item {count - 1}")
    if text[position:].strip(_SPACE):
        raise NotABatch("something follows the JSON array")


def _after_space(text: str, position: int) -> int:
    found = _SPACES.match(text, position)
    return position if found is None else found.end()
