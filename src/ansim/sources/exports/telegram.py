"""Telegram Desktop's "result.json": one chat, or everything its owner has."""

from __future__ import annotations

from typing import Any

from ansim.chat import Attachment
from ansim.sources.export import Export, SystemKind
from ansim.sources.exports.parsing import Gathered, items, mapping, moment, words
from ansim.sources.fitting import fit_attachment

FORM = "telegram-json"
_MEDIA = {
    "voice_message": "audio",
    "audio_file": "audio",
    "video_message": "video",
    "video_file": "video",
    "animation": "image",
    "sticker": "sticker",
}
_EVENTS = {
    "invite_members": SystemKind.INVITED,
    "join_group_by_link": SystemKind.JOINED,
    "join_group_by_request": SystemKind.JOINED,
    "remove_members": SystemKind.REMOVED,
    "phone_call": SystemKind.OTHER,
}


def fits(document: Any) -> bool:
    """Whether this is such a file: one chat with its messages, or a list of chats."""
    held = mapping(document)
    if isinstance(mapping(held.get("chats")).get("list"), list):
        return True
    return {"messages", "type", "id"} <= held.keys() and "participants" not in held


def read(document: Any) -> list[Export]:
    """Every chat of the file. Raises TooLarge."""
    held = mapping(document)
    if "messages" in held:
        return [_chat(held)]
    lists = (mapping(held.get(name)).get("list") for name in ("chats", "left_chats"))
    return [_chat(mapping(chat)) for each in lists for chat in items(each)]


def _chat(chat: dict[str, Any]) -> Export:
    # The chat with oneself has no name.
    title = words(chat.get("name")) or words(chat.get("type")).replace("_", " ")
    gathered = Gathered(FORM, title)
    for line, item in enumerate(items(chat.get("messages")), 1):
        _one(gathered, line, mapping(item))
    return gathered.export()


def _one(gathered: Gathered, line: int, item: dict[str, Any]) -> None:
    at = moment(item.get("date_unixtime"))
    if item.get("type") == "service":
        action = words(item.get("action"))
        sender = item.get("actor") or item.get("actor_id")
        gathered.note(line, _EVENTS.get(action, SystemKind.OTHER), action, at, sender)
        return
    # Who deleted their account has no name left, only a number.
    sender = item.get("from") or item.get("from_id")
    edited = "edited" in item or "edited_unixtime" in item
    gathered.say(line, at, sender, _text(item.get("text")), _attached(item), edited=edited)


def _text(value: Any) -> str:
    """Plain text, or pieces of which some are formatted."""
    if isinstance(value, str):
        return words(value)
    return words("".join(_piece(piece) for piece in items(value)))


def _piece(piece: Any) -> str:
    if isinstance(piece, str):
        return piece
    found = mapping(piece).get("text")
    return found if isinstance(found, str) else ""


def _attached(item: dict[str, Any]) -> list[Attachment]:
    found = []
    if "photo" in item:
        found.append(fit_attachment("", kind="image"))
    if "file" in item or "media_type" in item:
        kind = _MEDIA.get(words(item.get("media_type")), "")
        name = words(item.get("file_name")) or words(item.get("sticker_emoji"))
        found.append(fit_attachment(name, item.get("mime_type"), kind))
    if "location_information" in item:
        found.append(fit_attachment("", kind="location"))
    if "contact_information" in item:
        found.append(fit_attachment("", kind="contact"))
    return found
