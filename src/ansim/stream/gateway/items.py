"""A batch as bytes becomes items, each either a message or the reason why it is none.

The fast way decodes straight into ``Item``. What does not fit is looked at again, slowly, to say
what is wrong in words of our own: an error never repeats the text of a message.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from ansim.chat import Attachment, AttachmentKind
from ansim.sources.contract import Incoming
from ansim.stream.gateway import limits


class AttachmentItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """That something other than text was sent. Its content is never taken."""

    kind: AttachmentKind
    name: Annotated[
        str,
        msgspec.Meta(
            max_length=limits.MAX_ATTACHMENT_NAME, description="File name, if it may be known."
        ),
    ] = ""


class Item(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """One message as a platform sends it."""

    id: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            max_length=limits.MAX_ID,
            description="Unique within the conversation. The same id again is the same message.",
        ),
    ]
    conversation: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            max_length=limits.MAX_NAME,
            description="The platform's own name of the room or chat; stored as a pseudonym.",
        ),
    ]
    author: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            max_length=limits.MAX_NAME,
            description="The platform's own name of the account; stored as a pseudonym.",
        ),
    ]
    at: Annotated[
        float | Annotated[datetime, msgspec.Meta(tz=True)],
        msgspec.Meta(
            description="When it was said: seconds since 1970-01-01 UTC, or an RFC 3339 time with "
            "its offset. At most 5 minutes ahead and not before 2005."
        ),
    ]
    text: Annotated[str, msgspec.Meta(description="Up to 64 KiB in UTF-8; may be empty.")]
    attachments: Annotated[
        list[AttachmentItem], msgspec.Meta(max_length=limits.MAX_ATTACHMENTS)
    ] = []


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why the item at ``index`` (from 0) was not stored."""

    index: int
    id: str | None = None
    error: str
    detail: str


class NotABatch(Exception):
    """The body as a whole cannot be read; the message says why."""


class TooManyItems(Exception):
    """The batch holds more items than ``limits.MAX_BATCH_ITEMS``."""


class _Wrong(Exception):
    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail


class Batch(msgspec.Struct):
    """The items of one request: messages with their index, and problems with theirs."""

    size: int
    messages: list[tuple[int, Incoming]]
    problems: list[Problem]


_item = msgspec.json.Decoder(Item)
_array = msgspec.json.Decoder(list[msgspec.Raw])
_any = msgspec.json.Decoder()

_lenient = json.JSONDecoder(parse_int=float)  # int() refuses more than 4,300 digits
_SPACE = " \t\r\n"
_LARGEST = f"{limits.MAX_ITEM_BYTES // 1024} KiB"
_TOO_DEEP = f"the JSON is nested deeper than {limits.MAX_DEPTH} levels"

Part = bytes | msgspec.Raw

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
            message = _message(part, now)
        except _Wrong as wrong:
            unread += wrong.error == "not_json"
            name = _id_of(part)
            batch.problems.append(
                Problem(index=index, id=name, error=wrong.error, detail=wrong.detail)
            )
        else:
            batch.messages.append((index, message))
    if unread and unread == len(parts):
        raise NotABatch("the body is not JSON" if not lines else "no line of the batch is JSON")
    return batch


def _lines(body: bytes) -> list[Part]:
    most = limits.MAX_BATCH_ITEMS * 2
    split = body.split(b"\n", most)
    if len(split) > most:
        raise TooManyItems
    found = [line for line in split if line.strip()]
    if not found:
        raise NotABatch("the batch is empty")
    return list(found)


def _parts(body: bytes) -> list[Part]:
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
        raise NotABatch(_TOO_DEEP) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return list(_pieces(body))
    raise NotABatch("the body is not a JSON object or array")


def _pieces(body: bytes) -> Iterator[Part]:
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
            _, end = _lenient.raw_decode(window, start - offset)
            position = end + offset
        except RecursionError:
            raise NotABatch(_TOO_DEEP) from None
        except ValueError:
            raise NotABatch(
                f"the JSON array is broken, or over {_LARGEST}, at item {count}"
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
    while text[position : position + 1] in _SPACE and position < len(text):
        position += 1
    return position


def _message(part: Part, now: float) -> Incoming:
    if len(memoryview(part)) > limits.MAX_ITEM_BYTES:
        raise _Wrong("item_too_large", f"the item is longer than {_LARGEST}")
    try:
        item = _item.decode(part)
    except RecursionError:
        raise _Wrong("too_deep", _TOO_DEEP) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        _explain(_loosely(part))
        raise _Wrong("invalid", "the item does not have the form of a message") from None
    return _checked(item, now)


def _loosely(part: Part) -> Any:
    data = bytes(part)
    if len(data) > limits.MAX_ITEM_BYTES:
        raise _Wrong("item_too_large", f"the item is longer than {_LARGEST}")
    try:
        return _any.decode(data)
    except RecursionError:
        raise _Wrong("too_deep", _TOO_DEEP) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        return _lenient.decode(data.decode("utf-8", "surrogateescape"))
    except RecursionError:
        raise _Wrong("too_deep", _TOO_DEEP) from None
    except ValueError:
        raise _Wrong("not_json", "the item is not JSON") from None


def _checked(item: Item, now: float) -> Incoming:
    """What the types cannot say: times that can be, sizes in bytes, characters in names."""
    if type(item.at) is datetime:
        try:
            at = item.at.astimezone(UTC).timestamp()
        except (OverflowError, ValueError):
            raise _Wrong("invalid_at", "'at' lies outside the calendar") from None
    else:
        at = float(item.at)  # type: ignore[arg-type]
    if not limits.EARLIEST <= at <= now + limits.MAX_FUTURE_SECONDS:
        raise _Wrong(
            "at_out_of_range",
            "'at' is before 2005" if at < limits.EARLIEST else "'at' is over 5 minutes ahead",
        )
    if len(item.text) * 4 > limits.MAX_TEXT_BYTES:
        _check_text(item.text)
    for name, value in (
        ("id", item.id),
        ("conversation", item.conversation),
        ("author", item.author),
    ):
        if not value.isprintable():
            _check_name(name, value)
    attachments: tuple[Attachment, ...] = ()
    if item.attachments:
        for each in item.attachments:
            _check_name("attachments.name", each.name)
        attachments = tuple(Attachment(kind=each.kind, name=each.name) for each in item.attachments)
    return Incoming(
        id=item.id,
        conversation=item.conversation,
        author=item.author,
        at=at,
        text=item.text,
        attachments=attachments,
    )


def _check_text(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise _Wrong("invalid_unicode", "'text' is not valid Unicode") from None
    if size > limits.MAX_TEXT_BYTES:
        raise _Wrong(
            "text_too_long", f"'text' is longer than {limits.MAX_TEXT_BYTES} bytes in UTF-8"
        )


def _check_name(field: str, value: str) -> None:
    for character in value:
        category = unicodedata.category(character)
        if category == "Cc":
            raise _Wrong("invalid_character", f"'{field}' holds a control character")
        if category == "Cs":
            raise _Wrong("invalid_unicode", f"'{field}' is not valid Unicode")


_TEXTS = {"id": limits.MAX_ID, "conversation": limits.MAX_NAME, "author": limits.MAX_NAME}
_FIELDS = {*_TEXTS, "at", "text", "attachments"}


def _explain(value: Any) -> None:
    """Raises _Wrong with the first thing that is wrong, or returns when nothing is found."""
    if not isinstance(value, dict):
        raise _Wrong("not_an_object", "the item is not a JSON object")
    _check_fields(value, _FIELDS, {*_TEXTS, "at", "text"}, "")
    for field, longest in _TEXTS.items():
        text = value[field]
        if not isinstance(text, str):
            raise _Wrong("wrong_type", f"'{field}' is not a string")
        if not text:
            raise _Wrong("empty", f"'{field}' is empty")
        if len(text) > longest:
            raise _Wrong("too_long", f"'{field}' is longer than {longest} characters")
        _check_name(field, text)
    if not isinstance(value["text"], str):
        raise _Wrong("wrong_type", "'text' is not a string")
    _check_text(value["text"])
    at = value["at"]
    if isinstance(at, bool) or not isinstance(at, int | float | str):
        raise _Wrong("wrong_type", "'at' is neither a number of seconds nor an RFC 3339 time")
    if isinstance(at, str):
        raise _Wrong("invalid_at", "'at' is not an RFC 3339 time with its offset")
    if not math.isfinite(at):
        raise _Wrong("invalid_at", "'at' is not a finite number")
    _explain_attachments(value.get("attachments", []))


def _explain_attachments(value: Any) -> None:
    if not isinstance(value, list):
        raise _Wrong("wrong_type", "'attachments' is not an array")
    if len(value) > limits.MAX_ATTACHMENTS:
        raise _Wrong("too_many", f"'attachments' has more than {limits.MAX_ATTACHMENTS} entries")
    kinds = {kind.value for kind in AttachmentKind}
    for each in value:
        if not isinstance(each, dict):
            raise _Wrong("wrong_type", "an entry of 'attachments' is not an object")
        _check_fields(each, {"kind", "name"}, {"kind"}, "attachments.")
        if not isinstance(each["kind"], str) or each["kind"] not in kinds:
            known = ", ".join(sorted(kinds))
            raise _Wrong("unknown_kind", f"'attachments.kind' is none of {known}")
        name = each.get("name", "")
        if not isinstance(name, str):
            raise _Wrong("wrong_type", "'attachments.name' is not a string")
        if len(name) > limits.MAX_ATTACHMENT_NAME:
            raise _Wrong(
                "too_long",
                f"'attachments.name' is longer than {limits.MAX_ATTACHMENT_NAME} characters",
            )
        _check_name("attachments.name", name)


def _check_fields(value: dict[Any, Any], known: set[str], needed: set[str], prefix: str) -> None:
    for field in value:
        if field not in known:
            raise _Wrong(
                "unknown_field",
                f"field '{prefix}{_shown(str(field))}' is not taken; "
                f"send only {', '.join(sorted(known))}",
            )
    for field in sorted(needed):
        if field not in value:
            raise _Wrong("missing_field", f"'{prefix}{field}' is missing")


def _shown(field: str) -> str:
    """A field's name for an error: short, and without what a terminal or log could trip over."""
    kept = "".join(
        c if c.isascii() and c.isprintable() and c not in "'\"<>&" else "?" for c in field
    )
    return kept if len(kept) <= 40 else kept[:40] + "..."


def _id_of(part: Part) -> str | None:
    """The id of an item that was refused, where it has a usable one."""
    try:
        value = _loosely(part)
    except _Wrong:
        return None
    name = value.get("id") if isinstance(value, dict) else None
    if isinstance(name, str) and 0 < len(name) <= limits.MAX_ID and name.isprintable():
        return name
    return None
