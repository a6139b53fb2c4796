"""What an event of a room says: words, attachments, a change, a removal. No input or output."""

from __future__ import annotations

from typing import Any

from ansim.chat import Attachment, AttachmentKind
from ansim.sources.contract import Incoming
from ansim.sources.fitting import fit_attachment, fit_id, fit_name, fit_text
from ansim.sources.matrix.asking import Event, table, text

MESSAGES = frozenset({"m.room.message", "m.sticker"})
_MEDIA = {
    "m.image": AttachmentKind.IMAGE,
    "m.video": AttachmentKind.VIDEO,
    "m.audio": AttachmentKind.AUDIO,
    "m.file": None,
}
_NOT_SPOKEN = frozenset({"m.notice", "m.server_notice", "m.key.verification.request"})
"""What other bots and the server say by themselves."""


def spoken(
    event: Event, conversation: str, now: float, *, to_agency: bool = False, changes: bool = True
) -> Incoming | None:
    """The event as a message, None where nobody says anything with it.

    A change has ``replaces`` and the new words, unless ``changes`` is False: then it is read as
    clients show a change that does not count. Who removed a message stands as its author. ``now``
    (seconds since 1970) is the latest time that is believed.
    """
    author, name = fit_name(event.get("sender")), fit_id(event.get("event_id"))
    if not author or not name:
        return None
    content = table(event.get("content"))
    heard = Incoming(
        id=name,
        conversation=conversation,
        author=author,
        at=said_at(event, now),
        text="",
        to_agency=to_agency,
    )
    if event.get("type") == "m.room.redaction":
        removed = fit_id(target(event))
        return _with(heard, replaces=removed, deleted=True) if removed else None
    if event.get("type") == "m.sticker":
        title = fit_text(content.get("body"), 300)
        return _with(heard, attachments=(fit_attachment(title, kind=AttachmentKind.STICKER.value),))
    if event.get("type") != "m.room.message":
        return None
    return _message(heard, content, changes=changes)


def target(event: Event) -> str:
    """The id of the event that this one changes or removes; empty where it does neither."""
    content = table(event.get("content"))
    if event.get("type") == "m.room.redaction":
        return text(event.get("redacts")) or text(content.get("redacts"))
    relation = table(content.get("m.relates_to"))
    return text(relation.get("event_id")) if relation.get("rel_type") == "m.replace" else ""


def said_at(event: Event, now: float) -> float:
    """When it was said by its author's server, in seconds since 1970; never after ``now``."""
    at = event.get("origin_server_ts")
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at < now * 1000:
        return now
    return at / 1000


def _message(heard: Incoming, content: dict[str, Any], *, changes: bool) -> Incoming | None:
    relation = table(content.get("m.relates_to"))
    changed = content.get("m.new_content")
    replaces = ""
    if changes and relation.get("rel_type") == "m.replace" and isinstance(changed, dict):
        replaces = fit_id(relation.get("event_id"))
        if replaces:
            content = changed
    kind = text(content.get("msgtype"))
    if kind in _NOT_SPOKEN or "body" not in content:
        return None
    if kind == "m.location":
        # Where somebody is stays out, also its words: only that they told it.
        place = Attachment(kind=AttachmentKind.LOCATION)
        return _with(heard, replaces=replaces, attachments=(place,))
    body = text(content.get("body"))
    if kind in _MEDIA:
        file = text(content.get("filename"))
        known = _MEDIA[kind]
        media_type = table(content.get("info")).get("mimetype")
        attachment = fit_attachment(file or body, media_type, "" if known is None else known.value)
        words = fit_text(body) if file and body != file else ""
        return _with(heard, replaces=replaces, text=words, attachments=(attachment,))
    if table(relation.get("m.in_reply_to")):
        body = without_quote(body)
    return _with(heard, replaces=replaces, text=fit_text(body))


def without_quote(body: str) -> str:
    """A reply without the words it answers, which older clients repeat as lines of "> "."""
    lines = body.split("\n")
    if not lines[0].startswith("> "):
        return body
    for number, line in enumerate(lines):
        if not line.startswith(">"):
            return "\n".join(lines[number + 1 if not line.strip() else number :])
    return ""


def _with(
    heard: Incoming,
    *,
    text: str = "",
    attachments: tuple[Attachment, ...] = (),
    replaces: str = "",
    deleted: bool = False,
) -> Incoming:
    return Incoming(
        id=heard.id,
        conversation=heard.conversation,
        author=heard.author,
        at=heard.at,
        text=text,
        attachments=attachments,
        to_agency=heard.to_agency,
        replaces=replaces,
        deleted=deleted,
    )
