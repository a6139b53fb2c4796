"""One item of a batch becomes a message, or the reason why it is none.

The fast way decodes straight into ``Item``. What does not fit is looked at again, slowly, to say
what is wrong in words of our own: an error never repeats the text of a message.
"""

from __future__ import annotations

import json
import math
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from ansim.chat import Attachment, AttachmentKind
from ansim.sources.contract import Handed, Incoming
from ansim.stream.gateway import limits


class AttachmentItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """That something other than text was sent. Its content, if handed on, is looked at at once and
    let go: only what was noticed in it is kept, but for pictures under a legal hold."""

    kind: AttachmentKind
    name: Annotated[
        str,
        msgspec.Meta(
            max_length=limits.MAX_ATTACHMENT_NAME, description="File name, if it may be known."
        ),
    ] = ""
    content: Annotated[
        bytes,
        msgspec.Meta(
            description="The file itself in base64, for pictures (PNG, JPEG, GIF, WebP, BMP; up "
            "to 10 MiB) and voices (OGG, M4A, MP3, WAV). Its words, codes and likeness are read "
            "while the request waits; the file is not kept, unless it is a picture and a legal "
            "hold stands on the conversation. Where the agency shows pictures to its own reviewing "
            "model, a small copy lies sealed in memory for a quarter of an hour."
        ),
    ] = b""


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
    to_agency: Annotated[
        bool | None,
        msgspec.Meta(
            description="True for an answer that only the agency could read, false for words that "
            "everybody in the conversation could; leave it out where the platform cannot say."
        ),
    ] = None
    replaces: Annotated[
        Annotated[str, msgspec.Meta(min_length=1, max_length=limits.MAX_ID)] | None,
        msgspec.Meta(
            description="Id of the earlier message of this author that was changed; `text` is how "
            "it reads now. The change has an id and a time of its own."
        ),
    ] = None
    deleted: Annotated[
        bool,
        msgspec.Meta(
            description="The message `replaces` was taken back. `text` is then empty, and there "
            "are no attachments. `author` is whose message it was, whoever removed it."
        ),
    ] = False


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why the item at ``index`` (from 0) was not stored."""

    index: int
    id: str | None = None
    error: str
    detail: str


class Wrong(Exception):
    """Why an item is no message: a code for programs and a sentence for people."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail


_item = msgspec.json.Decoder(Item)
_any = msgspec.json.Decoder()

LENIENT = json.JSONDecoder(parse_int=float)  # int() refuses more than 4,300 digits
LARGEST = f"{limits.MAX_ITEM_BYTES // 1024} KiB"
TOO_DEEP = f"the JSON is nested deeper than {limits.MAX_DEPTH} levels"

Part = bytes | msgspec.Raw


def message(part: Part, now: float) -> Incoming:
    """The message that ``part`` is. Raises Wrong with the reason when it is none."""
    size = len(memoryview(part))
    if size > limits.MAX_ITEM_BYTES + limits.MAX_CONTENT_BYTES * 4 // 3:
        raise Wrong("item_too_large", f"the item is longer than {LARGEST}")
    try:
        item = _item.decode(part)
    except RecursionError:
        raise Wrong("too_deep", TOO_DEEP) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        _explain(_loosely(part))
        raise Wrong("invalid", "the item does not have the form of a message") from None
    contents = sum(len(each.content) for each in item.attachments)
    if size - contents * 4 // 3 > limits.MAX_ITEM_BYTES:
        raise Wrong("item_too_large", f"the item is longer than {LARGEST}")
    return _checked(item, now)


def _loosely(part: Part) -> Any:
    data = bytes(part)
    try:
        value = _any.decode(data)
        if len(data) - _content_in(value) > limits.MAX_ITEM_BYTES:
            raise Wrong("item_too_large", f"the item is longer than {LARGEST}")
        return value
    except RecursionError:
        raise Wrong("too_deep", TOO_DEEP) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    if len(data) > limits.MAX_ITEM_BYTES:
        raise Wrong("item_too_large", f"the item is longer than {LARGEST}")
    try:
        return LENIENT.decode(data.decode("utf-8", "surrogateescape"))
    except RecursionError:
        raise Wrong("too_deep", TOO_DEEP) from None
    except ValueError:
        raise Wrong("not_json", "the item is not JSON") from None


def _content_in(value: Any) -> int:
    """Characters of base64 in an item that may have any form."""
    attachments = value.get("attachments") if isinstance(value, dict) else None
    if not isinstance(attachments, list):
        return 0
    contents = (each.get("content") for each in attachments if isinstance(each, dict))
    return sum(len(content) for content in contents if isinstance(content, str))


def _checked(item: Item, now: float) -> Incoming:
    """What the types cannot say: times that can be, sizes in bytes, characters in names."""
    if type(item.at) is datetime:
        try:
            at = item.at.astimezone(UTC).timestamp()
        except (OverflowError, ValueError):
            raise Wrong("invalid_at", "'at' lies outside the calendar") from None
    else:
        at = float(item.at)  # type: ignore[arg-type]
    if not limits.EARLIEST <= at <= now + limits.MAX_FUTURE_SECONDS:
        raise Wrong(
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
    if item.replaces is not None or item.deleted:
        _check_change(item)
    attachments: tuple[Attachment, ...] = ()
    contents: tuple[Handed | None, ...] = ()
    if item.attachments:
        for each in item.attachments:
            _check_name("attachments.name", each.name)
        attachments = tuple(Attachment(kind=each.kind, name=each.name) for each in item.attachments)
        if any(each.content for each in item.attachments):
            contents = tuple(
                Handed(each.content) if each.content else None for each in item.attachments
            )
    return Incoming(
        id=item.id,
        conversation=item.conversation,
        author=item.author,
        at=at,
        text=item.text,
        attachments=attachments,
        contents=contents,
        to_agency=item.to_agency,
        replaces=item.replaces or "",
        deleted=item.deleted,
    )


def _check_change(item: Item) -> None:
    """What an edit or a deletion needs to be one."""
    if item.replaces is None:
        raise Wrong("nothing_replaced", "'deleted' needs 'replaces', the id of what was deleted")
    _check_name("replaces", item.replaces)
    if item.replaces == item.id:
        raise Wrong(
            "replaces_itself", "'replaces' is the item's own id; a change has one of its own"
        )
    if item.deleted and (item.text or item.attachments):
        raise Wrong("not_empty", "an item with 'deleted' has an empty 'text' and no 'attachments'")


def _check_text(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Wrong("invalid_unicode", "'text' is not valid Unicode") from None
    if size > limits.MAX_TEXT_BYTES:
        raise Wrong(
            "text_too_long", f"'text' is longer than {limits.MAX_TEXT_BYTES} bytes in UTF-8"
        )


def _check_name(field: str, value: str) -> None:
    for character in value:
        category = unicodedata.category(character)
        if category == "Cc":
            raise Wrong("invalid_character", f"'{field}' holds a control character")
        if category == "Cs":
            raise Wrong("invalid_unicode", f"'{field}' is not valid Unicode")


_TEXTS = {"id": limits.MAX_ID, "conversation": limits.MAX_NAME, "author": limits.MAX_NAME}
_FIELDS = {*_TEXTS, "at", "text", "attachments", "to_agency", "replaces", "deleted"}


def _explain(value: Any) -> None:
    """Raises Wrong with the first thing that is wrong, or returns when nothing is found."""
    if not isinstance(value, dict):
        raise Wrong("not_an_object", "the item is not a JSON object")
    _check_fields(value, _FIELDS, {*_TEXTS, "at", "text"}, "")
    for field, longest in _TEXTS.items():
        _explain_name(field, value[field], longest)
    if value.get("replaces") is not None:
        _explain_name("replaces", value["replaces"], limits.MAX_ID)
    if not isinstance(value.get("deleted", False), bool):
        raise Wrong("wrong_type", "'deleted' is neither true nor false")
    if not isinstance(value["text"], str):
        raise Wrong("wrong_type", "'text' is not a string")
    _check_text(value["text"])
    at = value["at"]
    if isinstance(at, bool) or not isinstance(at, int | float | str):
        raise Wrong("wrong_type", "'at' is neither a number of seconds nor an RFC 3339 time")
    if isinstance(at, str):
        raise Wrong("invalid_at", "'at' is not an RFC 3339 time with its offset")
    if not math.isfinite(at):
        raise Wrong("invalid_at", "'at' is not a finite number")
    if not isinstance(value.get("to_agency"), bool | None):
        raise Wrong("wrong_type", "'to_agency' is neither true nor false")
    _explain_attachments(value.get("attachments", []))


def _explain_name(field: str, value: Any, longest: int) -> None:
    if not isinstance(value, str):
        raise Wrong("wrong_type", f"'{field}' is not a string")
    if not value:
        raise Wrong("empty", f"'{field}' is empty")
    if len(value) > longest:
        raise Wrong("too_long", f"'{field}' is longer than {longest} characters")
    _check_name(field, value)


def _explain_attachments(value: Any) -> None:
    if not isinstance(value, list):
        raise Wrong("wrong_type", "'attachments' is not an array")
    if len(value) > limits.MAX_ATTACHMENTS:
        raise Wrong("too_many", f"'attachments' has more than {limits.MAX_ATTACHMENTS} entries")
    kinds = {kind.value for kind in AttachmentKind}
    for each in value:
        if not isinstance(each, dict):
            raise Wrong("wrong_type", "an entry of 'attachments' is not an object")
        _check_fields(each, {"kind", "name", "content"}, {"kind"}, "attachments.")
        if not isinstance(each["kind"], str) or each["kind"] not in kinds:
            known = ", ".join(sorted(kinds))
            raise Wrong("unknown_kind", f"'attachments.kind' is none of {known}")
        if not isinstance(each.get("content", ""), str):
            raise Wrong("wrong_type", "'attachments.content' is not a string in base64")
        name = each.get("name", "")
        if not isinstance(name, str):
            raise Wrong("wrong_type", "'attachments.name' is not a string")
        if len(name) > limits.MAX_ATTACHMENT_NAME:
            raise Wrong(
                "too_long",
                f"'attachments.name' is longer than {limits.MAX_ATTACHMENT_NAME} characters",
            )
        _check_name("attachments.name", name)
        try:
            msgspec.convert(each.get("content", ""), bytes)
        except msgspec.ValidationError:
            raise Wrong("invalid_content", "'attachments.content' is not base64") from None


def _check_fields(value: dict[Any, Any], known: set[str], needed: set[str], prefix: str) -> None:
    for field in value:
        if field not in known:
            raise Wrong(
                "unknown_field",
                f"field '{prefix}{_shown(str(field))}' is not taken; "
                f"send only {', '.join(sorted(known))}",
            )
    for field in sorted(needed):
        if field not in value:
            raise Wrong("missing_field", f"'{prefix}{field}' is missing")


def _shown(field: str) -> str:
    """A field's name for an error: short, and without what a terminal or log could trip over."""
    kept = "".join(
        c if c.isascii() and c.isprintable() and c not in "'\"<>&" else "?" for c in field
    )
    return kept if len(kept) <= 40 else kept[:40] + "..."


def id_of(part: Part) -> str | None:
    """The id of an item that was refused, where it has a usable one."""
    try:
        value = _loosely(part)
    except Wrong:
        return None
    name = value.get("id") if isinstance(value, dict) else None
    if isinstance(name, str) and 0 < len(name) <= limits.MAX_ID and name.isprintable():
        return name
    return None
