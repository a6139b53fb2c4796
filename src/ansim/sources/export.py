"""A conversation that someone exported from a messenger and gave to us: what every importer makes.

An importer reads bytes and returns an ``Export`` or raises an ``ExportError``; it keeps nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from enum import StrEnum
from typing import Literal

import msgspec

from ansim.chat import Attachment, Message

Language = Literal["ko", "en"]

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_MESSAGES = 500_000


class SystemKind(StrEnum):
    """What a line of the messenger itself reports."""

    JOINED = "joined"
    LEFT = "left"
    INVITED = "invited"
    REMOVED = "removed"
    DELETED = "deleted"
    """A message was there and its sender took it back."""
    HIDDEN = "hidden"
    """A message was there and the room's keeper hid it."""
    NOTICE = "notice"
    OTHER = "other"


class ExportTurn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message. ``at`` in seconds since 1970-01-01 UTC, ``line`` of the file counted from 1."""

    at: float
    sender: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    line: int


class SystemLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line the messenger wrote. ``at`` is None before the first dated line of the file."""

    kind: SystemKind
    text: str
    line: int
    at: float | None = None
    sender: str = ""
    """Whose message was deleted, where the file says so."""


class Remark(msgspec.Struct, frozen=True):
    """Something the reader of the result should know about the file. ``str`` gives Korean."""

    code: str
    line: int
    count: int = 1

    def sentence(self, language: Language = "ko") -> str:
        """The remark in one sentence."""
        text = _REMARKS[self.code][0 if language == "ko" else 1]
        return text.format(line=self.line, count=self.count)

    def __str__(self) -> str:
        return self.sentence()


_REMARKS = {
    "backwards": (
        "시간이 거꾸로 가는 줄이 {count}개 있습니다(처음: {line}번째 줄). 대화를 붙여 넣은 글이면 "
        "보낸 사람이 실제와 다를 수 있습니다.",
        "Time runs backwards in {count} line(s), first in line {line}. Where a chat was pasted "
        "into a message, the sender shown may not be the real one.",
    ),
    "bytes": (
        "읽을 수 없는 글자 {count}개를 � 로 바꾸었습니다(처음: {line}번째 줄).",
        "{count} unreadable character(s) were replaced by �, first in line {line}.",
    ),
    "edited": (
        "나중에 고친 메시지가 {count}개 있습니다(처음: {line}번째). 파일에는 고친 뒤의 말만 "
        "있습니다.",
        "{count} message(s) were changed later, first item {line}. "
        "The file has only the new words.",
    ),
    "odd": (
        "메시지로 읽을 수 없어 뺀 항목이 {count}개 있습니다(처음: {line}번째).",
        "{count} item(s) could not be read as messages and were left out, first item {line}.",
    ),
    "screens_dates": (
        "화면에 날짜가 없어 마지막 메시지를 오늘 것으로 보았습니다.",
        "No date is shown; the last message is taken to be of today.",
    ),
    "screens_gap": (
        "이어지지 않는 화면이 있어 대화가 {count}곳에서 끊깁니다(처음: {line}번째 메시지 앞).",
        "Some screens do not join: there are {count} gap(s), the first before message {line}.",
    ),
    "screens_no_chat": (
        "그림 {count}장에서 대화 화면을 찾지 못해, 보이는 글을 누가 보냈는지 모르는 그림의 글로 "
        "읽었습니다.",
        "{count} picture(s) show no chat: what is written there was read as words of pictures sent "
        "by somebody unknown.",
    ),
    "screens_one_name": (
        "이름이 보이지 않는 메시지 {count}개를 화면에 보이는 하나뿐인 이름의 것으로 보았습니다"
        "(처음: {line}번째). 다른 사람의 말일 수 있습니다.",
        "{count} message(s) without a name, first {line}, were taken to be of the only one who is "
        "named. Somebody else may have said them.",
    ),
    "screens_order": (
        "화면 순서를 겹치는 부분에 맞추어 바꾸었습니다.",
        "The screens were put in another order, by where they overlap.",
    ),
    "screens_photograph": (
        "화면을 다시 찍은 사진이 {count}장 있습니다. 글자가 틀리게 읽혔을 수 있습니다.",
        "{count} picture(s) are photographs of a screen. Letters may have been misread.",
    ),
    "screens_repeated": (
        "새로운 내용이 없는 화면 {count}장은 쓰지 않았습니다.",
        "{count} screen(s) show nothing new and were not used.",
    ),
    "screens_sides": (
        "오른쪽 말풍선은 화면을 찍은 사람의 말로 보았습니다.",
        "Bubbles on the right are taken to be of whoever made the screenshots.",
    ),
    "screens_times": (
        "화면에 시각이 없어 메시지의 시각을 알 수 없습니다. 차례만 맞습니다.",
        "No times are shown: only the order of the messages is known.",
    ),
    "screens_unknown": (
        "누가 말했는지 화면에 보이지 않는 메시지가 {count}개 있습니다(처음: {line}번째).",
        "Of {count} message(s) the screens do not show who said them, first {line}.",
    ),
    "screens_unsure": (
        "글자가 흐려 잘못 읽었을 수 있는 메시지가 {count}개 있습니다(처음: {line}번째).",
        "{count} message(s) were hard to read and may be wrong, first {line}.",
    ),
    "unfinished": (
        "{line}번째 줄에서 시작한 인용 부호가 닫히지 않았습니다. 파일이 잘렸을 수 있습니다.",
        "The quotation begun in line {line} is never closed. The file may have been cut off.",
    ),
}


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as its file tells it, in the order of the file."""

    form: str
    """Which kind of file it was, for example ``kakaotalk-android-text-ko``."""
    title: str
    exported_at: float | None
    turns: list[ExportTurn]
    system: list[SystemLine]
    participants: list[str]
    """Senders in order of appearance. Two people of one name cannot be told apart."""
    warnings: list[Remark]
    zone: str = "Asia/Seoul"
    """Assumed where the file states no time zone; "UTC" where its times are certain."""


class ExportError(Exception):
    """The file cannot be used. ``str`` gives the Korean sentence, ``sentence`` either one."""

    def __init__(self, korean: str, english: str, line: int = 0) -> None:
        super().__init__(korean)
        self.korean = korean
        self.english = english
        self.line = line

    def sentence(self, language: Language = "ko") -> str:
        """What is wrong and what to do, in one or two sentences."""
        return self.korean if language == "ko" else self.english


class TooLarge(ExportError):
    """The file, one message of it, or the number of its messages is over the limit."""


class UnknownForm(ExportError):
    """The file is in no form that is known. ``line`` is the first that could not be read.

    ``known`` says in Korean and in English what can be read; ``data`` that the bytes are no text.
    """

    def __init__(
        self, line: int, text: str, known: tuple[str, str], name: str = "", *, data: bool = False
    ) -> None:
        shown = safe(text, 60)
        if data or (shown.strip() and not shown.strip(" ·…")):
            korean = (
                "글로 된 파일이 아닙니다 (사진, 압축 파일, 다른 프로그램의 파일일 수 있습니다)."
            )
            english = "this is no text (perhaps a picture, an archive, another program's file)."
        elif not shown.strip():
            korean = f"빈 파일이거나, 끝({line}번째 줄)까지 대화가 한 줄도 없습니다."
            english = f"it is empty, or there is no message in it up to its end, line {line}."
        else:
            korean = f"{line}번째 줄이 아는 형식이 아닙니다: “{shown}”."
            english = f"line {line} is in no form that is known: “{shown}”."
        file = safe(name, 80)
        before = f"{file}: " if file else ""
        super().__init__(
            f"{before}{korean} 읽을 수 있는 형식: {known[0]}",
            f"{before}{english} What can be read: {known[1]}",
            line,
        )
        self.text = shown


def safe(text: str, limit: int | None = None) -> str:
    """``text`` fit for a terminal or a log: one line without control or direction characters.

    Line breaks become spaces, every other control, format or unassigned character ``·``; longer
    than ``limit`` it ends in ``…``.
    """
    cut = text if limit is None or len(text) <= limit else text[: max(limit - 1, 0)] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(_shown(character) for character in cut)


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    return "·" if unicodedata.category(character)[0] == "C" else character


def messages(
    export: Export, *, source: str, conversation: str, author: Callable[[str], str]
) -> list[Message]:
    """The turns as messages of ``conversation``, in the order of the file.

    ``author`` makes an account of a sender's name (a pseudonym, wherever anything is kept). Ids
    come from the line, so that reading the same file again gives the same ids, and sort like the
    file does among messages of the same minute.
    """
    authors = {name: author(name) for name in export.participants}
    return [
        Message(
            id=f"L{turn.line:08d}",
            source=source,
            conversation=conversation,
            author=authors[turn.sender],
            at=turn.at,
            text=turn.text,
            attachments=turn.attachments,
        )
        for turn in export.turns
    ]
