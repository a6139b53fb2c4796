"""Discord's message objects read with suspicion: what a person said in one, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansim.chat import Attachment
from ansim.sources.content import Fetched, worth_fetching
from ansim.sources.contract import Content, Incoming
from ansim.sources.fitting import MAX_ATTACHMENTS, fit_attachment, fit_name, fit_text
from ansim.sources.places import Places, address_in

EPOCH_MS = 1_420_070_400_000
"""2015-01-01 UTC, from which Discord's ids count their milliseconds."""
HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
"""Where Discord keeps files."""
SAID_BY_PEOPLE = (0, 19)
"""Types of message that somebody typed: plain ones and replies."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a person."""

    id: int
    channel: str
    author: str
    text: str
    attachments: tuple[Attachment, ...]
    edited: int
    """When it was changed last, in milliseconds since 1970; 0: never."""
    contents: tuple[Content | None, ...] = ()

    @property
    def at(self) -> float:
        return spoken_at(self.id)

    def message(self, conversation: str, private: bool) -> Incoming:
        return Incoming(
            id=str(self.id),
            conversation=conversation,
            author=self.author,
            at=self.at,
            text=self.text,
            attachments=self.attachments,
            contents=self.contents,
            to_agency=private,
        )

    def change(self, conversation: str, private: bool) -> Incoming:
        """The change as a message of its own, with the same id however often it is told."""
        return Incoming(
            id=f"{self.id}:edit:{self.edited}",
            conversation=conversation,
            author=self.author,
            at=self.edited / 1000,
            text=self.text,
            attachments=self.attachments,
            contents=self.contents,
            to_agency=private,
            replaces=str(self.id),
        )


def spoken_at(snowflake: int) -> float:
    """When an id was given, in seconds since 1970."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000


def snowflake_at(seconds: float) -> int:
    """The smallest id that could be given at a time."""
    return max(int(seconds * 1000) - EPOCH_MS, 0) << 22


def snowflake(value: object) -> int:
    """An id as a number; 0 for anything else."""
    text = value if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def said(data: Mapping[str, Any], api: str = "") -> Said | None:
    """``api`` is the operator's own address of Discord's; pictures may lie there too.

    None for what bots, webhooks and Discord itself say, and for what says nothing."""
    author = data.get("author")
    number, channel = snowflake(data.get("id")), snowflake(data.get("channel_id"))
    if not number or not channel or not isinstance(author, Mapping) or author.get("bot"):
        return None
    if data.get("webhook_id") or data.get("type", 0) not in SAID_BY_PEOPLE:
        return None
    person = fit_name(author.get("id"))
    found = Said(
        id=number,
        channel=str(channel),
        author=person,
        text=fit_text(data.get("content")),
        attachments=attached(data),
        edited=milliseconds(data.get("edited_timestamp")),
        contents=contents(data, api),
    )
    return found if person and (found.text or found.attachments or found.edited) else None


def attached(data: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Files, stickers and forwarded messages by their names."""
    found = [
        fit_attachment(each.get("filename"), each.get("content_type"))
        for each in _objects(data.get("attachments"))
    ]
    found += [
        fit_attachment(each.get("name"), kind="sticker")
        for each in _objects(data.get("sticker_items"))
    ]
    found += [
        fit_attachment("전달한 메시지 / forwarded message", kind="other")
        for _ in _objects(data.get("message_snapshots"))
    ]
    return tuple(found[:MAX_ATTACHMENTS])


def contents(data: Mapping[str, Any], api: str = "") -> tuple[Content | None, ...]:
    """Where the pictures and voices among ``attached`` lie; the files come first there."""
    places = Places(HOSTS, (api,))
    found = tuple(
        Fetched(address, places)
        if worth_fetching(fit_attachment(each.get("filename"), each.get("content_type")))
        and (address := address_in(each.get("url")))
        else None
        for each in _objects(data.get("attachments"))
    )
    return found[:MAX_ATTACHMENTS] if any(found) else ()


def milliseconds(value: object) -> int:
    """A time as Discord writes it (ISO 8601), in milliseconds since 1970; 0 for anything else."""
    if not isinstance(value, str):
        return 0
    try:
        return int(datetime.fromisoformat(value).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
