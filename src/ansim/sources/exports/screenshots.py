"""Screenshots of a chat as the conversation they show: the same as an export of it, with remarks.

Each picture is opened in a process apart and let go there; only what it says comes back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ansim.chat import Attachment, AttachmentKind, Noticed
from ansim.config import Config
from ansim.pictures import sniffing
from ansim.pictures.apart import Apart
from ansim.pictures.lists import Lists
from ansim.pictures.reader import PictureReader
from ansim.pictures.screens import Screen, Screens, Side, Stitched, Told, naming, stitched, timing
from ansim.pictures.values import MAX_TEXT, Limits, Unread, Wanted, Why
from ansim.sources.export import Export, ExportError, ExportTurn, Remark, safe

FORM = "screenshots"
MOST = 20
"""Screenshots of one conversation that are taken at once."""
LONGER = 4.0
"""A whole screen, perhaps a long one, may take so many times as long as any other picture."""
UNSURE = 0.6
"""A message read less surely than this (0..1) is said to be so."""

_PEOPLE = {
    naming.ME: "나 (me)",
    naming.OTHER: "상대 (other)",
    naming.UNKNOWN: "모름 (unknown)",
}

_WHY: dict[Why, tuple[str, str]] = {
    Why.UNKNOWN_TYPE: (
        "그림 파일(PNG, JPEG, WebP, GIF, BMP)이 아닙니다.",
        "this is no picture (PNG, JPEG, WebP, GIF, BMP).",
    ),
    Why.TOO_LARGE: (
        "그림이 10 MiB보다 큽니다. 나누어 찍거나 줄여 주세요.",
        "the picture is larger than 10 MiB. Take it in parts, or make it smaller.",
    ),
    Why.TOO_MANY_PIXELS: (
        "그림이 너무 크거나 깁니다. 나누어 찍어 주세요.",
        "the picture is too large or too long. Take it in parts.",
    ),
    Why.TOO_MANY: (
        f"그림은 한 번에 {MOST}장까지 읽을 수 있습니다.",
        f"at most {MOST} pictures can be read at once.",
    ),
    Why.DAMAGED: (
        "파일이 손상되어 열 수 없습니다. 원본을 다시 저장해 주세요.",
        "the file is damaged and cannot be opened. Save the original again.",
    ),
    Why.TOO_SLOW: (
        "읽는 데 너무 오래 걸려 멈췄습니다. 나누어 찍어 주세요.",
        "reading it took too long. Take it in parts.",
    ),
    Why.TOO_COSTLY: (
        "읽는 데 메모리가 너무 많이 듭니다. 나누어 찍어 주세요.",
        "reading it takes too much memory. Take it in parts.",
    ),
    Why.NO_READER: (
        "글자를 읽는 프로그램(Tesseract, 한국어와 영어)이 설치되어 있지 않습니다.",
        "the program that reads letters (Tesseract with Korean and English) is not installed.",
    ),
    Why.BUSY: (
        "다른 그림을 읽고 있습니다. 잠시 뒤에 다시 해 주세요.",
        "other pictures are being read. Try again in a moment.",
    ),
    Why.BROKE: (
        "그림을 읽다가 멈췄습니다. 원본을 다시 저장하거나 다시 찍어 주세요.",
        "reading the picture broke off. Save it again, or take it anew.",
    ),
}


class PictureProblem(ExportError):
    """One of the pictures cannot be used; the sentence names its file."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """What screenshots show."""

    export: Export
    screens: tuple[Noticed, ...]
    """Of each picture, as given: words that stand in no message, and codes."""
    first: tuple[int, ...]
    """Number (``ExportTurn.line``) of the first message taken from each picture, 0 for none."""


@dataclass(frozen=True, slots=True)
class Means:
    """What pictures are read with: processes apart, and the operator's lists and classifiers."""

    apart: Apart
    lists: Lists
    wanted: Wanted

    @classmethod
    def of(cls, settings: Config) -> Means:
        """As the settings say. Raises ListError for a list that cannot be read."""
        limits = Limits(
            wall=LONGER * settings.picture_seconds, memory=settings.picture_megabytes * 2**20
        )
        places = [Path(place) for place in _listed(settings.picture_lists)]
        return cls(
            Apart(limits, at_once=settings.pictures_at_once),
            Lists(places, near=settings.picture_near),
            Wanted(classifiers=tuple(_listed(settings.picture_classifiers))),
        )

    def close(self) -> None:
        """Ends what runs."""
        self.apart.close()


def _listed(setting: str) -> list[str]:
    return [part.strip() for part in setting.split(",") if part.strip()]


def is_picture(data: bytes) -> bool:
    """Whether these bytes begin like a picture of a kind that is read."""
    try:
        sniffing.sniff(data)
    except Unread:
        return False
    return True


def read(
    pictures: Sequence[tuple[str, bytes]],
    means: Means,
    *,
    now: float | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Conversation:
    """The conversation in the pictures, each a file name and its bytes, in the order as given.

    ``progress`` is called with how many are read. Undated messages are placed before ``now``
    (seconds since 1970). Where none shows a chat, each is taken for a message of its own from
    somebody unknown, with what is seen in it. Raises PictureProblem naming the file, or an
    ExportError where nothing at all can be read.
    """
    if len(pictures) > MOST:
        raise PictureProblem(*_WHY[Why.TOO_MANY])
    screens: list[Screen] = []
    for place, (name, data) in enumerate(pictures):
        progress(place)
        try:
            screens += means.apart.ask("screen", [data], Screens, means.wanted).screens
        except Unread as unread:
            raise _problem(name, unread.why) from None
    progress(len(pictures))
    found = stitched(screens)
    at = time.time() if now is None else now
    if not found.told:
        return _of_no_chat(pictures, means, at)
    return Conversation(
        export=_export(screens, found, means.lists, at),
        screens=tuple(_beside(screen) for screen in screens),
        first=tuple(
            next((line for line, one in enumerate(found.told, 1) if one.screen == number), 0)
            for number in range(len(screens))
        ),
    )


def _of_no_chat(pictures: Sequence[tuple[str, bytes]], means: Means, now: float) -> Conversation:
    """A notice, a post, an invitation: words, codes and likeness count as those of a picture that
    was sent. Raises ExportError where there are none."""
    reader = PictureReader(means.apart, means.lists, means.wanted.classifiers)
    seen = [reader.notice(data) for _, data in pictures]
    if not any(one.text or one.codes or one.known for one in seen):
        names = ", ".join(safe(name, 40) for name, _ in pictures[:3])
        raise ExportError(
            f"{names}: 대화도 글도 찾지 못했습니다. 말풍선이 보이게 찍은 화면을 골라 주세요.",
            f"{names}: neither a chat nor words were found. Choose screenshots that show messages.",
        )
    turns = [
        ExportTurn(
            at=now,
            sender=_PEOPLE[naming.UNKNOWN],
            text="",
            attachments=(Attachment(kind=AttachmentKind.IMAGE, noticed=one),),
            line=line,
        )
        for line, one in enumerate(seen, 1)
    ]
    export = Export(
        form=FORM,
        title="",
        exported_at=None,
        turns=turns,
        system=[],
        participants=[_PEOPLE[naming.UNKNOWN]],
        warnings=[Remark("screens_no_chat", 1, len(turns))],
    )
    empty = (Noticed(),) * len(turns)
    return Conversation(export=export, screens=empty, first=tuple(range(1, len(turns) + 1)))


def _problem(name: str, why: Why) -> PictureProblem:
    korean, english = _WHY.get(why, _WHY[Why.BROKE])
    before = f"{safe(name, 80)}: " if name else ""
    return PictureProblem(before + korean, before + english)


def _export(screens: Sequence[Screen], found: Stitched, lists: Lists, now: float) -> Export:
    times = timing.timed([one.shown for one in found.told], now)
    turns = [
        ExportTurn(
            at=at,
            sender=_sender(one.speaker),
            text=one.shown.text[:MAX_TEXT],
            attachments=_attachments(one, lists),
            line=line,
        )
        for line, (one, at) in enumerate(zip(found.told, times.at, strict=True), 1)
    ]
    return Export(
        form=FORM,
        title="",
        exported_at=None,
        turns=turns,
        system=[],
        participants=list(dict.fromkeys(turn.sender for turn in turns)),
        warnings=_remarks(screens, found, times),
    )


def _sender(speaker: str) -> str:
    """A name for each speaker; nobody's own name is that of a role."""
    return _PEOPLE.get(speaker) or safe(speaker, 60)


def _attachments(one: Told, lists: Lists) -> tuple[Attachment, ...]:
    if not one.shown.picture:
        return ()
    noticed = one.shown.noticed
    if noticed is not None and noticed.fingerprint:
        known = lists.known(noticed.fingerprint)
        noticed = msgspec.structs.replace(noticed, known=known)
    return (Attachment(kind=AttachmentKind.IMAGE, noticed=noticed),)


def _beside(screen: Screen) -> Noticed:
    return Noticed(text="\n".join(screen.outside)[:MAX_TEXT], codes=screen.codes)


def _remarks(screens: Sequence[Screen], found: Stitched, times: timing.Timed) -> list[Remark]:
    remarks = []

    def told(code: str, places: Sequence[int]) -> None:
        if places:
            remarks.append(Remark(f"screens_{code}", places[0] + 1, len(places)))

    told("gap", found.gaps)
    if list(found.order) != sorted(found.order):
        remarks.append(Remark("screens_order", 0))
    if found.repeated:
        remarks.append(Remark("screens_repeated", 0, found.repeated))
    photographs = sum(screen.straightened for screen in screens)
    if photographs:
        remarks.append(Remark("screens_photograph", 0, photographs))
    by_side = [place for place, one in enumerate(found.told) if one.shown.side is Side.RIGHT]
    if by_side:
        remarks.append(Remark("screens_sides", by_side[0] + 1))
    told("unknown", _of(found, lambda one: one.speaker == naming.UNKNOWN))
    told("one_name", found.uncertain)
    told("unsure", _of(found, lambda one: not one.shown.picture and one.shown.confidence < UNSURE))
    if not times.clocked:
        remarks.append(Remark("screens_times", 0))
    if not times.dated:
        remarks.append(Remark("screens_dates", 0))
    return remarks


def _of(found: Stitched, wanted: Callable[[Told], bool]) -> list[int]:
    return [place for place, one in enumerate(found.told) if wanted(one)]
