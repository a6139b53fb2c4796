"""What a status of Mastodon says: only public ones, as plain text, with every version it had."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from ansim.chat import Attachment
from ansim.sources.contract import Incoming
from ansim.sources.fitting import MAX_ATTACHMENTS, fit_attachment, fit_id, fit_name, fit_text

Fields = Mapping[str, Any]

_KINDS = {"image": "image", "gifv": "video", "video": "video", "audio": "audio"}


def number(status: object) -> str:
    """Id of a status; empty where it is none."""
    return fit_id(fields(status).get("id"))


def parent(status: object) -> str:
    """Id of the status that this one answers; empty where it begins a thread."""
    return fit_id(fields(status).get("in_reply_to_id"))


def author(status: object) -> str:
    """Account in the server's own form: name, or name@server for people of other servers."""
    return fit_name(fields(fields(status).get("account")).get("acct")).lower()


def public(status: object) -> bool:
    """Whether everybody can read it and its author had it listed. Boosts are somebody else's."""
    said = fields(status)
    return said.get("visibility") == "public" and not said.get("reblog")


def edited(status: object) -> float:
    """When it was changed last; 0.0 where never."""
    return moment(fields(status).get("edited_at"))


def order(status: object) -> tuple[float, int, str]:
    """By time; of one moment, by number."""
    name = number(status)
    return (moment(fields(status).get("created_at")), len(name), name)


def said(status: object, conversation: str, history: Iterable[object] = ()) -> list[Incoming]:
    """A post and its changes in order; nothing where it is no public post with words or files.

    ``history`` are the versions that the server keeps, the first one first.
    """
    name, who = number(status), author(status)
    at = moment(fields(status).get("created_at"))
    if not (public(status) and name and who and at):
        return []
    versions = [each for each in history if fields(each)] or [status]
    messages = []
    for place, version in enumerate(versions):
        changed = moment(fields(version).get("created_at")) if place else 0.0
        if place and changed <= at:
            continue
        text, files = words(version), attached(version)
        if not (text or files):
            continue
        messages.append(
            Incoming(
                id=f"{name}~{round(changed * 1000)}" if place else name,
                conversation=conversation,
                author=who,
                at=changed or at,
                text=text,
                attachments=files,
                replaces=name if place else "",
            )
        )
    return messages


def words(status: object) -> str:
    """Text as it is read on a page; the warning above it comes first."""
    content = fields(status)
    warning = content.get("spoiler_text")
    parts = [warning if isinstance(warning, str) else "", plain(content.get("content"))]
    return fit_text("\n\n".join(part for part in parts if part))


def attached(status: object) -> tuple[Attachment, ...]:
    """Kinds of what comes with it. The server gives files names of its own: they are left out."""
    files = fields(status).get("media_attachments")
    found = [fields(each) for each in files] if isinstance(files, list | tuple) else []
    return tuple(
        fit_attachment("", "", _KINDS.get(str(each.get("type")), "other"))
        for each in found[:MAX_ATTACHMENTS]
        if each
    )


def moment(value: object) -> float:
    """Seconds since 1970, UTC; 0.0 for what is no time."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
            return max(0.0, aware.timestamp())
    except (ValueError, OverflowError, OSError):
        pass
    return 0.0


def fields(value: object) -> Fields:
    return value if isinstance(value, Mapping) else {}


def listed(value: object, name: str) -> list[Any]:
    """Statuses in an answer, without what has no number."""
    found = fields(value).get(name)
    return [each for each in found if number(each)] if isinstance(found, list | tuple) else []


def plain(html: object) -> str:
    """Text of a post's HTML: paragraphs and line breaks as they are seen, links in full."""
    if not isinstance(html, str):
        return ""
    reader = _Text()
    try:
        reader.feed(html)
        reader.close()
    except AssertionError:  # how the parser says that a "<![" is none
        return re.sub(r"<[^>]*>", "", html)
    return "".join(reader.parts).strip("\n")


class _Text(HTMLParser):
    """Collects what is said between the tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")
        elif tag in ("p", "blockquote", "pre", "ul", "ol") and self.parts:
            self.parts.append("\n\n")
        elif tag == "li" and self.parts:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        # Line ends of the source mean nothing on a page; Mastodon writes <br /> for real ones.
        self.parts.append(re.sub(r"[\r\n]+", "", data))
