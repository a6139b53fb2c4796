"""What a comment or a message of a live chat says. Comments are told apart by seconds only."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ansim.sources.contract import Incoming
from ansim.sources.fitting import (
    Fields,
    fields,
    fit_attachment,
    fit_id,
    fit_name,
    fit_text,
    moment,
)
from ansim.sources.threads import Post

CHAT = "chat/"


def word(value: object) -> str:
    return value if isinstance(value, str) else ""


def author(comment: object) -> str:
    """Id of the channel that wrote a comment."""
    snippet = fields(fields(comment).get("snippet"))
    return fit_name(fields(snippet.get("authorChannelId")).get("value"))


def oldest_first(comments: Iterable[Fields], *, newest_first: bool) -> list[Fields]:
    """In the order in which they were written: within a second, that of the list, which may run
    either way. ``newest_first``: how it runs where its times do not tell."""
    found = list(comments)
    times = [moment(fields(each.get("snippet")).get("publishedAt")) for each in found]
    if times and (times[0] > times[-1] or (newest_first and times[0] == times[-1])):
        found.reverse()
    return sorted(found, key=lambda one: moment(fields(one.get("snippet")).get("publishedAt")))


def comments(
    found: Sequence[Fields], thread: str, known: Mapping[str, Post], me: str
) -> tuple[list[Incoming], dict[str, str]]:
    """The comments of a thread in order and what changed in them, and how each reads now, as a
    mark. Within a second each gets a thousandth more than the one before."""
    messages: list[Incoming] = []
    marks: dict[str, str] = {}
    of_second: Counter[float] = Counter()
    for comment in found:
        snippet = fields(comment.get("snippet"))
        name, who = fit_id(comment.get("id")), author(comment)
        second, changed = moment(snippet.get("publishedAt")), moment(snippet.get("updatedAt"))
        text = fit_text(snippet.get("textOriginal") or snippet.get("textDisplay"))
        if not (name and who and second and text) or who == me:
            continue
        at = second + min(of_second[second], 999) / 1000
        of_second[second] += 1
        marks[name] = mark_of(text)
        before = known.get(name)
        message = Incoming(id=name, conversation=thread, author=who, at=at, text=text)
        messages.append(message)
        if changed > second if before is None else before.mark != marks[name]:
            edited_at = max(changed, at + 0.001, before.changed + 0.001 if before else 0.0)
            messages.append(
                Incoming(
                    id=f"{name}~{changed:.0f}~{marks[name]}",
                    conversation=thread,
                    author=who,
                    at=edited_at,
                    text=text,
                    replaces=name,
                )
            )
    messages.sort(key=lambda each: each.at)
    return messages, marks


def chatted(item: Fields, conversation: str) -> Incoming | None:
    """What somebody said in a live chat, or None."""
    snippet = fields(item.get("snippet"))
    name, at = fit_id(item.get("id")), moment(snippet.get("publishedAt"))
    who = fit_name(snippet.get("authorChannelId"))
    if not (name and at and who):
        return None
    text, files = "", None
    kind = snippet.get("type")
    if kind == "textMessageEvent":
        text = word(fields(snippet.get("textMessageDetails")).get("messageText"))
        text = text or word(snippet.get("displayMessage"))
    elif kind == "superChatEvent":
        text = word(fields(snippet.get("superChatDetails")).get("userComment"))
    elif kind == "memberMilestoneChatEvent":
        text = word(fields(snippet.get("memberMilestoneChatDetails")).get("userComment"))
    elif kind == "superStickerEvent":
        files = fit_attachment("", "", "sticker")
    text = fit_text(text)
    if not (text or files):
        return None
    return Incoming(
        id=name,
        conversation=conversation,
        author=who,
        at=at,
        text=text,
        attachments=(files,) if files else (),
    )


def taken_back(item: Fields) -> str:
    """Id of the message of a live chat that this one says is gone; empty where it says no such."""
    snippet = fields(item.get("snippet"))
    deleted = fields(snippet.get("messageDeletedDetails")).get("deletedMessageId")
    retracted = fields(snippet.get("messageRetractedDetails")).get("retractedMessageId")
    gone = fit_id(deleted or retracted)
    return gone or (fit_id(item.get("id")) if snippet.get("type") == "tombstone" else "")


def mark_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
