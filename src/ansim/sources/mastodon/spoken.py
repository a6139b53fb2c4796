"""What a status of Mastodon says: only public ones, as plain text, with every version it had."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

from ansim.chat import Attachment
from ansim.sources.content import Fetched, worth_fetching
from ansim.sources.contract import Content, Incoming
from ansim.sources.fitting import (
    MAX_ATTACHMENTS,
    Fields,
    fields,
    fit_attachment,
    fit_id,
    fit_name,
    fit_text,
    listed,
    moment,
)
from ansim.sources.places import Places, address_in

NOWHERE = Places()
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


def said(
    status: object,
    conversation: str,
    history: Iterable[object] = (),
    places: Places = NOWHERE,
) -> list[Incoming]:
    """A post and its changes in order; nothing where it is no public post with words or files.

    ``history`` are the versions that the server keeps, the first one first; ``places`` where its
    pictures may be fetched from.
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
                contents=contents(version, files, places),
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
    return tuple(
        fit_attachment("", "", _KINDS.get(str(each.get("type")), "other"))
        for each in _files(status)
    )


def _files(status: object) -> list[Fields]:
    return [each for each in listed(status, "media_attachments")[:MAX_ATTACHMENTS] if each]


def contents(
    status: object, files: Iterable[Attachment], places: Places
) -> tuple[Content | None, ...]:
    """Where the pictures and sounds among ``files`` lie, by the copy that the server itself has.
    Never at ``remote_url``: that is the word of another server."""
    found = tuple(
        Fetched(address, places)
        if worth_fetching(file) and (address := address_in(each.get("url")))
        else None
        for each, file in zip(_files(status), files, strict=True)
    )
    return found if any(found) else ()


def numbered(answer: object, name: str) -> list[Fields]:
    """Statuses in an answer, without what has no number."""
    return [each for each in listed(answer, name) if number(each)]


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
