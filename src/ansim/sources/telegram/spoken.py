"""Telegram's message objects read with suspicion: what a person said in one, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ansim.chat import Attachment
from ansim.sources.content import worth_fetching
from ansim.sources.contract import Incoming
from ansim.sources.fitting import Fields, fields, fit_attachment, fit_name, fit_text
from ansim.sources.telegram.files import file_id

_FILES = {
    "animation": "video",
    "audio": "audio",
    "document": "",
    "photo": "image",
    "sticker": "sticker",
    "story": "other",
    "video": "video",
    "video_note": "video",
    "voice": "audio",
    "contact": "contact",
    "location": "location",
    "venue": "location",
    "poll": "other",
    "dice": "other",
    "game": "other",
    "paid_media": "other",
    "checklist": "other",
}
"""Fields of a message that stand for something attached, and what it is (empty: by its name)."""
_NAMED = {
    "story": "이야기 / story",
    "poll": "투표 / poll",
    "dice": "주사위 / dice",
    "game": "게임 / game",
    "paid_media": "유료 사진·영상 / paid media",
    "checklist": "할 일 목록 / checklist",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a person. ``chat`` is the group or the person; ``topic`` one of a forum's."""

    chat: str
    topic: str
    number: int
    author: str
    private: bool
    date: int
    edited: int
    text: str
    attachments: tuple[Attachment, ...]
    files: tuple[str, ...] = ()
    """Id of the file of each attachment that is worth fetching; empty for the others."""

    @property
    def id(self) -> str:
        """Numbers count up in each chat. They are filled up so that they sort as they count."""
        return f"{self.chat}:{self.number:012d}"

    @property
    def place(self) -> str:
        """The conversation: the chat, or one topic of a forum."""
        return f"{self.chat}/{self.topic}" if self.topic else self.chat

    def message(self, conversation: str) -> Incoming:
        return Incoming(
            id=self.id,
            conversation=conversation,
            author=self.author,
            at=moment(self.date, self.number),
            text=self.text,
            attachments=self.attachments,
            to_agency=self.private,
        )

    def change(self, conversation: str, update: int) -> Incoming:
        """Two changes within a second have the same date, but never the same ``update``."""
        return Incoming(
            id=f"{self.id}:edit:{update}",
            conversation=conversation,
            author=self.author,
            at=moment(self.edited, self.number),
            text=self.text,
            attachments=self.attachments,
            to_agency=self.private,
            replaces=self.id,
        )


def moment(date: int, number: int) -> float:
    """Telegram tells whole seconds only. What was said within one keeps its order by the number of
    the message; of a thousand messages one may be out of place."""
    return date + number % 1000 / 1000


def said(data: Fields) -> Said | None:
    """None for what bots and Telegram itself say, and for what says nothing we understand."""
    chat, number = fields(data.get("chat")), whole(data.get("message_id"))
    sender, speaking_as = fields(data.get("from")), fields(data.get("sender_chat"))
    kind = chat.get("type")
    if not whole(chat.get("id")) or number <= 0 or kind not in ("group", "supergroup", "private"):
        return None
    if data.get("is_automatic_forward") or (sender.get("is_bot") and not speaking_as):
        return None
    # Who speaks as the group or as a channel hides behind its name: that is the author then.
    author = fit_name(speaking_as.get("id") or sender.get("id"))
    text = fit_text(data.get("text") or data.get("caption"))
    attachments, files = attached(data)
    if not author or not (text or attachments):
        return None
    topic = whole(data.get("message_thread_id")) if data.get("is_topic_message") is True else 0
    return Said(
        chat=str(chat["id"]),
        topic=str(topic) if topic else "",
        number=number,
        author=author,
        private=kind == "private",
        date=whole(data.get("date")),
        edited=whole(data.get("edit_date")),
        text=text,
        attachments=attachments,
        files=files,
    )


def attached(data: Fields) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """What comes with a message, without anybody's name; and the id of each picture or voice."""
    found, files = [], []
    for field, kind in _FILES.items():
        if field not in data or (field == "location" and "venue" in data):
            continue
        if field == "document" and "animation" in data:
            continue  # the same file twice, for old clients
        value = fields(data[field])
        name = _NAMED.get(field) or value.get("file_name") or value.get("emoji") or ""
        if field == "contact":
            name = ""
        found.append(fit_attachment(name, value.get("mime_type"), kind))
        files.append(file_id(data, field) if worth_fetching(found[-1]) else "")
    return tuple(found), tuple(files)


def whole(value: object) -> int:
    """A whole number; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def people(value: object) -> list[str]:
    """Accounts in a list of users, without bots."""
    users = value if isinstance(value, list) else [value]
    found = [each for each in map(fields, users) if not each.get("is_bot")]
    return [fit_name(each.get("id")) for each in found if whole(each.get("id"))]
