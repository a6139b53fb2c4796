"""Slack's export: a ZIP with a folder a channel, a JSON file a day, and the list of people."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ansim.sources.export import Export, ExportError, SystemKind
from ansim.sources.exports.parsing import Gathered, decode, items, mapping, moment, words
from ansim.sources.fitting import fit_attachment

FORM = "slack-zip"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")
_MENTION = re.compile(r"<([@#!]?)([^<>|\s]{1,400})(?:\|([^<>]{0,400}))?>")
_EVENTS = {
    "channel_join": SystemKind.JOINED,
    "group_join": SystemKind.JOINED,
    "channel_leave": SystemKind.LEFT,
    "group_leave": SystemKind.LEFT,
    "tombstone": SystemKind.DELETED,
    "message_deleted": SystemKind.DELETED,
}
_SPOKEN = {"", "thread_broadcast", "file_share", "me_message", "bot_message", "file_comment"}
_LISTS = ("channels.json", "groups.json", "dms.json", "mpims.json")


def fits(files: Mapping[str, bytes]) -> bool:
    """Whether the ZIP holds such an export."""
    return any(name.rpartition("/")[2] == "users.json" for name in files) and bool(threads(files))


def threads(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Folder of a channel → its days, in order."""
    found: dict[str, list[str]] = {}
    for name in sorted(files):
        folder, _, last = name.rpartition("/")
        if folder and _DAY.fullmatch(last):
            found.setdefault(folder, []).append(name)
    return found


def read(files: Mapping[str, bytes]) -> list[Export]:
    """Every channel of the export. Raises ExportError, TooLarge."""
    names = _people(files)
    titles = _titles(files, names)
    return [
        _channel(files, days, titles.get(folder.rpartition("/")[2], folder), names)
        for folder, days in threads(files).items()
    ]


def _people(files: Mapping[str, bytes]) -> dict[str, str]:
    """Id → name. Names that two people have get their id beside them."""
    found: dict[str, str] = {}
    for name, data in files.items():
        if name.rpartition("/")[2] != "users.json":
            continue
        for each in items(decode(data)):
            user = mapping(each)
            shown = words(user.get("name")) or words(mapping(user.get("profile")).get("real_name"))
            if isinstance(user.get("id"), str) and shown:
                found[user["id"]] = shown
    often = Counter(found.values())
    return {
        account: f"{name} ({account})" if often[name] > 1 else name
        for account, name in found.items()
    }


def _titles(files: Mapping[str, bytes], names: Mapping[str, str]) -> dict[str, str]:
    """Folder → what it is called: channels by name, direct conversations by who is in them."""
    found: dict[str, str] = {}
    for name, data in files.items():
        if name.rpartition("/")[2] not in _LISTS:
            continue
        for each in items(decode(data)):
            channel = mapping(each)
            title = words(channel.get("name"))
            if title:
                found[title] = f"#{title}"
            elif isinstance(channel.get("id"), str):
                members = [
                    names.get(m, m) for m in items(channel.get("members")) if isinstance(m, str)
                ]
                found[channel["id"]] = ", ".join(members)
    return found


def _channel(
    files: Mapping[str, bytes], days: list[str], title: str, names: Mapping[str, str]
) -> Export:
    gathered = Gathered(FORM, title)
    line = 0
    for day in days:
        try:
            held = decode(files[day])
        except ExportError as error:
            raise ExportError(f"{day}: {error.korean}", f"{day}: {error.english}") from None
        for item in items(held):
            line += 1
            _one(gathered, line, mapping(item), names)
    return gathered.export()


def _one(gathered: Gathered, line: int, item: dict[str, Any], names: Mapping[str, str]) -> None:
    at = moment(item.get("ts"))
    subtype = words(item.get("subtype"))
    user = words(item.get("user"))
    sender = names.get(user, user) or words(item.get("username")) or words(item.get("bot_id"))
    text = _plain(words(item.get("text")), names)
    if subtype not in _SPOKEN:
        gathered.note(line, _EVENTS.get(subtype, SystemKind.OTHER), text, at, sender)
        return
    attachments = [
        fit_attachment(mapping(each).get("name"), mapping(each).get("mimetype"))
        for each in items(item.get("files"))
    ]
    gathered.say(line, at, sender, text, attachments, edited=bool(mapping(item.get("edited"))))


def _plain(text: str, names: Mapping[str, str]) -> str:
    """Slack's marks as people see them: <@U1> is a name, <http…|label> a label, &lt; a sign."""

    def shown(found: re.Match[str]) -> str:
        sign, target, label = found.groups()
        if sign == "@":
            return "@" + (label or names.get(target, target))
        if sign == "#":
            return "#" + (label or target)
        if sign == "!":
            return "@" + (label or target.partition("^")[0])
        return f"{label} ({target})" if label and label not in target else target

    return html.unescape(_MENTION.sub(shown, text))
