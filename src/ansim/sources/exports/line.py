"""LINE's chat history as text, from telephones (columns by tab) and from computers (by blanks), in
Korean, Japanese or English. It states no time zone: Seoul's, which is Japan's too, is assumed.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

from ansim.chat import Attachment, AttachmentKind
from ansim.sources.export import Export, SystemKind
from ansim.sources.exports.parsing import Gathered

FORM = "line-text"
ZONE = "Asia/Seoul"
_SEOUL = timezone(timedelta(hours=9))

_TITLES = (
    re.compile(r"\[LINE\] Chat history (?:with|in) (?P<name>.{1,200}?)\.?"),
    re.compile(r"\[LINE\] (?P<name>.{1,200}?)(?:님과|의) ?대화(?:한 내용| 내용)?"),
    re.compile(r"\[LINE\] ?(?P<name>.{1,200}?)(?:との|の)トーク履歴"),
    re.compile(r"\[LINE\] ?(?P<name>.{0,200})"),
)
_SAVED = re.compile(
    r"(?:Saved on|저장한 날짜|저장일|保存日時) ?[:：] ?"
    r"(?P<y>\d{4})[/.-](?P<m>\d{1,2})[/.-](?P<d>\d{1,2}) (?P<h>\d{1,2}):(?P<min>\d{2})"
)
_DAY_NAME = r"(?: ?\(\S{1,4}\)| ?[월화수목금토일]요일| ?[月火水木金土日]曜日| [A-Z][a-z]{2,8})?"
_DAYS = (
    re.compile(rf"(?P<y>\d{{4}})[/.-] ?(?P<m>\d{{1,2}})[/.-] ?(?P<d>\d{{1,2}})\.?{_DAY_NAME}"),
    re.compile(r"[A-Z][a-z]{2,8}, (?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})"),
    re.compile(rf"(?P<y>\d{{4}})년 ?(?P<m>\d{{1,2}})월 ?(?P<d>\d{{1,2}})일{_DAY_NAME}"),
)
_CLOCK = (
    r"(?P<before>오전 ?|오후 ?|午前 ?|午後 ?)?(?P<h>\d{1,2}):(?P<min>\d{2})(?P<after> ?[AaPp][Mm])?"
)
_TABBED = re.compile(rf"{_CLOCK}\t(?P<rest>.*)", re.DOTALL)
_BLANKED = re.compile(rf"{_CLOCK} (?P<rest>\S.*)", re.DOTALL)

_THINGS = {
    "sticker": ("sticker", "stickers", "스티커", "스탬프", "スタンプ"),
    "image": ("photo", "photos", "image", "사진", "이미지", "写真", "画像"),
    "video": ("video", "videos", "동영상", "動画"),
    "audio": ("voice message", "audio", "음성 메시지", "음성메시지", "ボイスメッセージ"),
    "file": ("file", "파일", "ファイル"),
    "contact": ("contact", "연락처", "連絡先"),
    "location": ("location", "위치 정보", "위치", "位置情報"),
}
_THING = {word: kind for kind, spelled in _THINGS.items() for word in spelled}
_EVENTS = (
    (
        SystemKind.DELETED,
        ("unsent a message", "메시지를 삭제", "메시지 전송을 취소", "送信を取り消"),
    ),
    (SystemKind.JOINED, ("joined", "참여", "参加")),
    (SystemKind.LEFT, ("left", "나갔", "退会", "退出")),
    (SystemKind.INVITED, ("invited", "초대", "招待")),
    (SystemKind.REMOVED, ("removed", "내보", "削除")),
)


def fits(text: str) -> bool:
    """Whether the text begins as LINE's does, or with its date line and a row of three columns."""
    head = [line for line in text.lstrip("\ufeff").split("\n", 40)[:40] if line.strip()]
    if not head:
        return False
    if head[0].startswith("[LINE]"):
        return True
    if _day(head[0]) is None or len(head) < 2:
        return False
    row = _TABBED.fullmatch(head[1])
    return row is not None and "\t" in row["rest"]


def read(text: str) -> list[Export]:
    """The one conversation of the file. Raises TooLarge."""
    return [_Reader(text).read()]


class _Reader:
    def __init__(self, text: str) -> None:
        self._lines = text.lstrip("\ufeff").split("\n")
        self._title = ""
        self._saved: float | None = None
        self._today: date | None = None
        self._open: tuple[int, float, str, list[str]] | None = None
        """A message that may go on in the next line: line, time, sender, its lines."""

    def read(self) -> Export:
        begin = self._head()
        self._gathered = Gathered(FORM, self._title, zone=ZONE)
        # Computers write no tabs at all: one kind of row a file.
        rows = self._lines[begin : begin + 400]
        self._row = _TABBED if any(_TABBED.fullmatch(row) for row in rows) else _BLANKED
        for number, row in enumerate(self._lines[begin:], begin + 1):
            self._one(number, row)
        self._close()
        return self._gathered.export(self._saved)

    def _head(self) -> int:
        """Reads title and time of saving; index of the first other line."""
        for index, row in enumerate(self._lines):
            line = row.strip()
            if line.startswith("[LINE]"):
                found = next((m for p in _TITLES if (m := p.fullmatch(line))), None)
                self._title = found["name"].strip() if found else ""
            elif (saved := _SAVED.fullmatch(line)) is not None:
                on = _date(saved)
                self._saved = None if on is None else _at(on, int(saved["h"]), int(saved["min"]))
            elif line:
                return index
        return len(self._lines)

    def _one(self, number: int, row: str) -> None:
        on = _day(row.strip())
        if on is not None and (self._today is None or on >= self._today):
            self._close()
            self._today = on
            return
        found = self._row.fullmatch(row)
        at = None if found is None or self._today is None else _moment(found, self._today)
        if found is None or at is None:
            if self._open is not None:
                self._open[3].append(row)
            elif row.strip():
                self._gathered.odd(number)
            return
        self._close()
        sender, text = self._columns(found["rest"])
        if text is None:
            self._event(number, sender, at)
        else:
            self._open = (number, at, sender, [text])

    def _columns(self, rest: str) -> tuple[str, str | None]:
        """Sender and words; of a line of LINE's own, that line and None."""
        if self._row is _TABBED:
            sender, tab, text = rest.partition("\t")
            return (sender, text) if tab and sender else (sender or text, None)
        if self._title and rest.startswith(f"{self._title} "):
            return self._title, rest[len(self._title) + 1 :]
        sender, blank, text = rest.partition(" ")
        if not blank or (_kind(rest) is not None and rest.rstrip(".").endswith(_ENDS)):
            return rest, None
        return sender, text

    def _event(self, number: int, text: str, at: float) -> None:
        kind = _kind(text) or SystemKind.OTHER
        self._gathered.note(number, kind, text, at)

    def _close(self) -> None:
        """The message that was open is whole."""
        if self._open is None:
            return
        number, at, sender, lines = self._open
        self._open = None
        text = "\n".join(lines).rstrip("\n")
        if len(text) > 1 and text[0] == text[-1] == '"' and "\n" in text:
            text = text[1:-1].replace('""', '"')  # several lines are quoted
        text, attached = _attached(text.strip())
        self._gathered.say(number, at, sender, text, attached)


_ENDS = ("group", "chat", "message", "다", "요", "した", "ました", "joined", "left")


def _kind(text: str) -> SystemKind | None:
    low = text.casefold()
    return next((kind for kind, marks in _EVENTS if any(mark in low for mark in marks)), None)


def _attached(text: str) -> tuple[str, list[Attachment]]:
    """A word in brackets alone stands for a picture and the like; ☎ begins a call."""
    if text.startswith("☎"):
        return "", [Attachment(kind=AttachmentKind.CALL)]
    if text[:1] == "[" and text[-1:] == "]":
        kind = _THING.get(text[1:-1].strip().casefold())
        if kind is not None:
            return "", [Attachment(kind=AttachmentKind(kind))]
    return text, []


def _day(line: str) -> date | None:
    if not line or len(line) > 40:
        return None
    found = next((m for pattern in _DAYS if (m := pattern.fullmatch(line))), None)
    return None if found is None else _date(found)


def _date(found: re.Match[str]) -> date | None:
    try:
        on = date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        return None
    return on if 1990 <= on.year <= 2100 else None


def _moment(found: re.Match[str], on: date) -> float | None:
    hour, minute = int(found["h"]), int(found["min"])
    half = (found["before"] or found["after"] or "").strip().casefold()
    if half:
        late = half in ("오후", "午後", "pm")
        if hour > 12:
            return None
        hour = hour % 12 + 12 * late
    return None if hour > 23 or minute > 59 else _at(on, hour, minute)


def _at(on: date, hour: int, minute: int) -> float:
    return datetime(on.year, on.month, on.day, hour % 24, minute % 60, tzinfo=_SEOUL).timestamp()
