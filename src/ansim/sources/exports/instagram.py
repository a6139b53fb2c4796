"""Instagram's own export ("message_1.json", also as the ZIP it comes in). Facebook's is the same.

Its text is UTF-8 whose bytes were written as if each were a letter; that is undone here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansim.chat import Attachment
from ansim.sources.export import Export, SystemKind
from ansim.sources.exports.parsing import Gathered, items, mapping, moment, words
from ansim.sources.fitting import fit_attachment

FORM = "instagram-json"
_MEDIA = {
    "photos": "image",
    "videos": "video",
    "audio_files": "audio",
    "gifs": "image",
    "files": "file",
}


def fits(document: Any) -> bool:
    """Whether this is one part of a conversation."""
    held = mapping(document)
    return isinstance(held.get("participants"), list) and isinstance(held.get("messages"), list)


def read(document: Any) -> list[Export]:
    """The one conversation of a file. Raises TooLarge."""
    return [together([mapping(document)])]


def threads(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Of the files of a ZIP, those of each conversation: its folder → its parts, oldest first."""
    found: dict[str, list[str]] = {}
    for name in files:
        folder, _, last = name.rpartition("/")
        if last.startswith("message_") and last.endswith(".json") and "/" in f"/{folder}":
            found.setdefault(folder, []).append(name)
    return {folder: sorted(parts, key=_part, reverse=True) for folder, parts in found.items()}


def _part(name: str) -> int:
    number = name.rpartition("message_")[2].removesuffix(".json")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0


def together(parts: list[dict[str, Any]]) -> Export:
    """A conversation of its parts, the oldest first. Raises TooLarge."""
    title = next((words(undone(part.get("title"))) for part in parts if part.get("title")), "")
    gathered = Gathered(FORM, title)
    line = 0
    for part in parts:
        for item in reversed(items(part.get("messages"))):  # newest first in the file
            line += 1
            _one(gathered, line, mapping(item))
    return gathered.export()


def _one(gathered: Gathered, line: int, item: dict[str, Any]) -> None:
    millis = item.get("timestamp_ms")
    at = moment(millis / 1000) if isinstance(millis, int) and abs(millis) < 10**15 else None
    sender = words(undone(item.get("sender_name")))
    text = words(undone(item.get("content")))
    if item.get("is_unsent") is True:
        gathered.note(line, SystemKind.DELETED, text, at, sender)
        return
    attachments: list[Attachment] = []
    for name, kind in _MEDIA.items():
        for each in items(item.get(name)):
            uri = words(mapping(each).get("uri"))
            attachments.append(fit_attachment(uri.rpartition("/")[2], kind=kind))
    if "sticker" in item:
        attachments.append(fit_attachment("", kind="sticker"))
    share = mapping(item.get("share"))
    if share:
        attachments.append(fit_attachment(words(share.get("link")), kind="link"))
        shared = words(undone(share.get("share_text")))
        text = f"{text}\n{shared}".strip() if shared else text
    if "call_duration" in item:
        attachments.append(fit_attachment("", kind="call"))
    gathered.say(line, at, sender, text, attachments)


def undone(value: Any) -> Any:
    """The letters behind bytes that were written as letters; other text as it is."""
    if not isinstance(value, str):
        return ""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
