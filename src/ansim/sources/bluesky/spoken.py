"""What a post of Bluesky says, and where in a thread it stands."""

from __future__ import annotations

from collections.abc import Iterator

from ansim.chat import Attachment
from ansim.sources.content import Fetched
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

POST = "app.bsky.feed.post"
NOT_FOR_STRANGERS = "!no-unauthenticated"
"""Label of an account or post that is to be shown only to people who are logged in."""


CDN = "cdn.bsky.app"
"""Where Bluesky keeps the pictures that everybody can see."""
NOWHERE = Places()


def address(post: object) -> str:
    """at://account/app.bsky.feed.post/key; empty where it is no post."""
    found = fields(post).get("uri")
    return found if isinstance(found, str) and f"/{POST}/" in found else ""


def root(post: object) -> str:
    """Address of the post that the thread begins with."""
    above = fields(fields(fields(fields(post).get("record")).get("reply")).get("root"))
    found = above.get("uri")
    return found if isinstance(found, str) and f"/{POST}/" in found else address(post)


def author(post: object) -> str:
    """The account's lasting name (DID)."""
    return fit_name(fields(fields(post).get("author")).get("did"))


def known_at(post: object) -> float:
    """When Bluesky came to know it, in seconds since 1970: what an author writes as the time can
    be anything. 0.0 where there is none."""
    return moment(fields(post).get("indexedAt"))


def for_strangers(post: object) -> bool:
    """Whether everybody may read it, also without an account."""
    for labelled in (fields(post), fields(fields(post).get("author"))):
        for label in listed(labelled, "labels"):
            if label.get("val") == NOT_FOR_STRANGERS and not label.get("neg"):
                return False
    return True


def said(post: object, conversation: str, places: Places = NOWHERE) -> Incoming | None:
    """The message, or None where it is none of a person with words or files. ``places``: where its
    pictures may be fetched from."""
    name, who, at = address(post), author(post), known_at(post)
    if not (name and who and at and for_strangers(post)):
        return None
    text = fit_text(fields(fields(post).get("record")).get("text"))
    files = attached(fields(post).get("embed"))
    if not (text or files):
        return None
    return Incoming(
        id=fit_id(name),
        conversation=fit_name(conversation),
        author=who,
        at=at,
        text=text,
        attachments=files,
        contents=contents(fields(post).get("embed"), places),
    )


def attached(embed: object) -> tuple[Attachment, ...]:
    """Kinds of what comes with a post; quoted posts are no part of it."""
    content = fields(embed)
    kind = str(content.get("$type")).removesuffix("#view")
    if kind == "app.bsky.embed.recordWithMedia":
        return attached(content.get("media"))
    if kind == "app.bsky.embed.images":
        images = listed(content, "images")[:MAX_ATTACHMENTS]
        return tuple(fit_attachment("", "", "image") for _ in images)
    found = {"app.bsky.embed.video": "video", "app.bsky.embed.external": "link"}.get(kind)
    return (fit_attachment("", "", found),) if found else ()


def contents(embed: object, places: Places) -> tuple[Content | None, ...]:
    """Where the pictures among ``attached`` lie."""
    content = fields(embed)
    kind = str(content.get("$type")).removesuffix("#view")
    if kind == "app.bsky.embed.recordWithMedia":
        return contents(content.get("media"), places)
    if kind != "app.bsky.embed.images":
        return ()
    found = tuple(
        Fetched(place, places) if (place := address_in(each.get("fullsize"))) else None
        for each in listed(content, "images")[:MAX_ATTACHMENTS]
    )
    return found if any(found) else ()


def walk(thread: object) -> Iterator[Fields]:
    """The posts of a thread's answer, parents first; what is gone or blocked is left out."""
    waiting = [fields(thread)]
    while waiting:
        node = waiting.pop()
        post = fields(node.get("post"))
        if address(post):
            yield post
        waiting += reversed(listed(node, "replies"))
