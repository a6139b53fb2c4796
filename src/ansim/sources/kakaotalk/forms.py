"""The line grammars of KakaoTalk's text exports: what one line of each form can be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum

from ansim.sources.kakaotalk import moments

KNOWN_FORMS = (
    "kakaotalk-android-text-ko",
    "kakaotalk-android-text-en",
    "kakaotalk-windows-text-ko",
    "kakaotalk-windows-text-en",
    "kakaotalk-ios-text-ko",
    "kakaotalk-ios-text-en",
    "kakaotalk-csv",
)

READABLE = (
    "카카오톡 ‘대화 내보내기’ 파일 (안드로이드·윈도우·아이폰의 txt, csv; 한국어와 영어), 라인 txt, "
    "인스타그램·텔레그램·디스코드 JSON, 인스타그램·슬랙 ZIP, 대화 화면 그림 (PNG, JPEG, WebP, GIF, "
    "BMP; 아이폰의 HEIC은 JPEG로 바꿔 주세요).",
    "files of KakaoTalk's “Export chat” (txt of Android, Windows, iPhone, csv; Korean, English), "
    "txt of LINE, JSON of Instagram, Telegram, Discord, ZIP of Instagram and Slack, screenshots "
    "(PNG, JPEG, WebP, GIF, BMP; save an iPhone's HEIC as JPEG).",
)
"""For people: what can be read, also by the readers of other messengers' files (``exports``)."""


class What(Enum):
    """What a record is."""

    MESSAGE = 1
    SYSTEM = 2
    DAY = 3


@dataclass(frozen=True, slots=True)
class Record:
    """A line that begins something. ``sender`` is that before the first `` : ``."""

    what: What
    at: float
    sender: str = ""
    text: str = ""
    day: date | None = None


class Grammar:
    """Reads one line of one form, given the day the last date line named."""

    name: str

    def record(self, line: str, today: date | None) -> Record | None:
        """The record that ``line`` begins, or None when it begins none."""
        raise NotImplementedError


class Stamped(Grammar):
    """``<date and time>, <sender> : <text>``: Android and iOS."""

    def __init__(self, name: str, *stamps: str) -> None:
        self.name = name
        self._stamps = [re.compile(stamp) for stamp in stamps]

    def record(self, line: str, today: date | None) -> Record | None:
        for stamp in self._stamps:
            match = stamp.match(line)
            if match is None:
                continue
            if "y" in match.groupdict():
                at = moments.stamped(match)
            else:
                seconds = moments.clock(match)
                at = None if today is None or seconds is None else moments.moment(today, seconds)
            return None if at is None else self._rest(at, line[match.end() :])
        return None

    @staticmethod
    def _rest(at: float, rest: str) -> Record | None:
        if not rest:
            return Record(What.DAY, at)
        if rest.startswith(": "):
            return Record(What.SYSTEM, at, text=rest[2:])
        if not rest.startswith(", "):
            return None
        body = rest[2:]
        split = body.find(" : ")
        if split < 0 and body.endswith(" :"):
            split = len(body) - 2
        if split <= 0:
            return Record(What.SYSTEM, at, text=body.removeprefix(" : ") if split == 0 else body)
        return Record(What.MESSAGE, at, body[:split], body[split + 3 :])


class Bracketed(Grammar):
    """``[<sender>] [<time>] <text>`` under date lines: Windows."""

    def __init__(self, name: str, time: str) -> None:
        self.name = name
        self._time = re.compile(rf"\] \[{time}\](?: |$)")

    def record(self, line: str, today: date | None) -> Record | None:
        if not line.startswith("[") or today is None:
            return None
        match = self._time.search(line)
        if match is None:
            return None
        seconds = moments.clock(match)
        if seconds is None:
            return None
        sender = line[1 : match.start()]
        what = What.MESSAGE if sender else What.SYSTEM
        return Record(what, moments.moment(today, seconds), sender, line[match.end() :])


_EN = rf"{moments.EN_DATE}(?:,| at) {moments.EN_TIME}"

GRAMMARS: tuple[Grammar, ...] = (
    Stamped("kakaotalk-android-text-ko", rf"{moments.KO_DATE} {moments.KO_TIME}"),
    Stamped(
        "kakaotalk-ios-text-ko",
        rf"{moments.DOT_DATE} ?{moments.KO_TIME}",
        r"(?P<half>오전|오후) (?P<h>\d{1,2}):(?P<min>\d{2})(?=, )",
    ),
    Bracketed(
        "kakaotalk-windows-text-ko",
        r"(?:(?P<half>오전|오후) )?(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2}))?",
    ),
    Bracketed("kakaotalk-windows-text-en", moments.EN_TIME),
    Stamped(
        "kakaotalk-android-text-en",
        _EN,
        rf"{moments.EN_TIME}, {moments.EN_DATE}",
    ),
    Stamped("kakaotalk-ios-text-en", _EN),
)
SHORT_MONTH = re.compile(r"(?:\d{1,2} )?(?!May )(?:[A-Z][a-z]{2}\.?|Sept\.?) \d")
LONG_MONTH = re.compile(r"(?:\d{1,2} )?(?!Sept )[A-Z][a-z]{3,8} \d|\d{1,2}:")
"""What tells English iOS (Jan 5) from English Android (January 5); May tells nothing."""

_RULED = re.compile(r"-{3,} (?P<inside>[^-].{4,60}[^-]) -{3,}")


def ruled_day(line: str) -> date | None:
    """The day a line names between two rules of dashes (Windows)."""
    match = _RULED.fullmatch(line) if len(line) <= 120 else None
    return moments.whole_day(match["inside"]) if match else None


def bare_day(line: str) -> date | None:
    """The day a line names when it does nothing else (phones)."""
    if not 8 <= len(line) <= 60:
        return None
    found = moments.whole_day(line)
    if found is None and (at := moments.when(line)) is not None:
        return moments.day_of(at)
    return found


@dataclass(frozen=True, slots=True)
class Header:
    """What a line before the conversation says."""

    title: str = ""
    exported_at: float | None = None


_TITLES = [
    re.compile(pattern)
    for pattern in (
        r"(.{1,300}?)(?: ?님과)?(?:의)? 카카오톡 대화",
        r"KakaoTalk Chats with (.{1,300})",
        r"(.{1,300}?) with KakaoTalk Chats",
        r"(.{1,300}?) KakaoTalk Chats",
        r"(Talk_.{1,100}|KakaoTalk.{1,200})\.(?:txt|csv|eml)",
    )
]
_SAVED = re.compile(r"(?:저장한 날짜|Date Saved|Saved Date) ?: (?P<when>.{1,60})")


def header(line: str) -> Header | None:
    """What a header line says, or None when it is none."""
    if len(line) > 400:
        return None
    saved = _SAVED.fullmatch(line)
    if saved is not None:
        return Header(exported_at=moments.when(saved["when"].strip()))
    for index, pattern in enumerate(_TITLES):
        match = pattern.fullmatch(line)
        if match is not None:
            return Header(title="" if index == len(_TITLES) - 1 else match[1])
    return None
