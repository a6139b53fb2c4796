"""Discord, as DiscordChatExporter writes it to JSON: one file a channel or direct conversation."""

from __future__ import annotations

from typing import Any

from ansim.sources.export import Export, SystemKind
from ansim.sources.exports.parsing import Gathered, items, mapping, moment, words
from ansim.sources.fitting import fit_attachment

FORM = "discord-json"
_SPOKEN = {"Default", "Reply", "0", "19", ""}
_EVENTS = {
    "RecipientAdd": SystemKind.INVITED,
    "RecipientRemove": SystemKind.LEFT,
    "GuildMemberJoin": SystemKind.JOINED,
}


def fits(document: Any) -> bool:
    """Whether this is such a file."""
    held = mapping(document)
    return {"guild", "channel", "messages"} <= held.keys() and "id" in mapping(held["channel"])


def read(document: Any) -> list[Export]:
    """The one conversation of the file. Raises TooLarge."""
    held = mapping(document)
    channel = mapping(held["channel"])
    place = " / ".join(
        part
        for part in (words(mapping(held["guild"]).get("name")), words(channel.get("name")))
        if part
    )
    gathered = Gathered(FORM, place)
    for line, item in enumerate(items(held["messages"]), 1):
        _one(gathered, line, mapping(item))
    return [gathered.export(moment(held.get("exportedAt")))]


def _one(gathered: Gathered, line: int, item: dict[str, Any]) -> None:
    author = mapping(item.get("author"))
    # The account name, which is one person's alone; nicknames are given twice.
    sender = author.get("name") or author.get("nickname") or author.get("id")
    number = words(author.get("discriminator"))
    if isinstance(sender, str) and number.strip("0"):
        sender = f"{sender}#{number}"
    at = moment(item.get("timestamp"))
    kind = words(item.get("type"))
    text = words(item.get("content"))
    if kind not in _SPOKEN:
        gathered.note(line, _EVENTS.get(kind, SystemKind.OTHER), text, at, sender)
        return
    attachments = [
        fit_attachment(mapping(each).get("fileName")) for each in items(item.get("attachments"))
    ]
    attachments += [
        fit_attachment(mapping(each).get("name"), kind="sticker")
        for each in items(item.get("stickers"))
    ]
    gathered.say(
        line, at, sender, text, attachments, edited=item.get("timestampEdited") is not None
    )
