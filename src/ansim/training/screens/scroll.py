"""A whole chat drawn as one long picture, as if a telephone had no lower edge."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from ansim.training.screens.styles import Colour, Style
from ansim.training.screens.writing import broken, font, width, write

SEOUL = ZoneInfo("Asia/Seoul")
ME = ""
"""Who took the screenshots, as a speaker."""
_AVATARS: tuple[Colour, ...] = ((156, 178, 120), (190, 140, 150), (120, 150, 190), (180, 160, 110))


@dataclass(frozen=True, slots=True)
class Said:
    """One message to draw. ``at`` in seconds since 1970; ``picture`` is a box without words."""

    speaker: str
    text: str
    at: float
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """What it is drawn on: pixels across, pixels of the print, and its font."""

    width: int
    print: int
    face: str = "NanumGothic"


@dataclass(slots=True)
class Scroll:
    """The long picture, and from where to where in it each message stands."""

    picture: Image.Image
    places: list[tuple[int, int]]


def clock(at: float) -> str:
    """``오후 3:07``."""
    when = datetime.fromtimestamp(at, SEOUL)
    return f"{'오전' if when.hour < 12 else '오후'} {when.hour % 12 or 12}:{when.minute:02}"


def day(at: float, style: Style) -> str:
    """The date as this messenger writes it between messages."""
    when = datetime.fromtimestamp(at, SEOUL)
    return style.date.format(
        **{"y": when.year, "m": when.month, "d": when.day, "w": "월화수목금토일"[when.weekday()]},
        **{"a": "오전" if when.hour < 12 else "오후", "h": when.hour % 12 or 12, "n": when.minute},
    )


class _Pen:
    """Draws from top to bottom on a picture that is long enough."""

    def __init__(self, style: Style, paper: Paper, rng: random.Random, group: bool) -> None:
        self.style, self.paper, self.rng, self.group = style, paper, rng, group
        self.height = 0
        self.canvas = Image.new("RGB", (paper.width, 2000), style.page)
        self.words = font(paper.face, paper.print)
        self.small = font(paper.face, round(paper.print * 0.72))
        self.bold = font("NanumGothicBold", round(paper.print * (1.0 if style.rows else 0.8)))
        self.faces: dict[str, Colour] = {}

    def room(self, height: float) -> int:
        """Makes the picture long enough for what comes; gives the row where it begins."""
        while self.height + height + 400 > self.canvas.height:
            taller = Image.new("RGB", (self.paper.width, self.canvas.height * 2), self.style.page)
            taller.paste(self.canvas)
            self.canvas = taller
        return self.height

    def skip(self, units: float) -> None:
        self.height += round(units * self.paper.print)

    def between(self, text: str, *, pill: bool = False) -> None:
        """A line in the middle: a date, or something the messenger says."""
        self.skip(0.8)
        top = self.room(3 * self.paper.print)
        left = (self.paper.width - width(text, self.small)) / 2
        unit = self.paper.print
        if pill:
            shade = tuple(round(0.8 * c + (40 if self.style.dark else 0)) for c in self.style.page)
            box = (left - unit, top - unit * 0.35, self.paper.width - left + unit, top + unit * 1.2)
            ImageDraw.Draw(self.canvas).rounded_rectangle(box, unit * 0.7, fill=shade)
            write(
                self.canvas,
                (left, top),
                text,
                self.small,
                self.style.right_ink if not self.style.dark else self.style.ink,
            )
        else:
            write(self.canvas, (left, top), text, self.small, self.style.soft)
        self.skip(2.0)

    def face(self, speaker: str, top: int) -> None:
        """The round picture of whoever speaks."""
        unit = self.paper.print
        colour = self.faces.setdefault(speaker, _AVATARS[len(self.faces) % len(_AVATARS)])
        box = (unit * 0.5, top, unit * 2.9, top + unit * 2.4)
        draw = ImageDraw.Draw(self.canvas)
        draw.ellipse(box, fill=colour)
        draw.ellipse((unit * 1.3, top + unit * 0.5, unit * 2.1, top + unit * 1.3), fill="white")
        draw.chord((unit * 0.9, top + unit * 1.4, unit * 2.5, top + unit * 3), 180, 360, "white")


def draw(said: Sequence[Said], style: Style, paper: Paper, rng: random.Random) -> Scroll:
    """The chat from its first to its last message."""
    others = {one.speaker for one in said if one.speaker != ME}
    pen = _Pen(style, paper, rng, group=len(others) > 1)
    pen.skip(0.6)
    places = []
    for place, one in enumerate(said):
        before = said[place - 1] if place else None
        after = said[place + 1] if place + 1 < len(said) else None
        _announce(pen, one, before)
        places.append((_row if style.rows else _bubble)(pen, one, before, after))
    pen.skip(1.2)
    return Scroll(pen.canvas.crop((0, 0, paper.width, pen.height)), places)


def _announce(pen: _Pen, one: Said, before: Said | None) -> None:
    style = pen.style
    new_day = before is None or day(one.at, style)[:8] != day(before.at, style)[:8]
    if style.times == "between":
        if before is None or one.at - before.at > 3600:
            pen.between(day(one.at, style))
    elif new_day:
        pen.between(day(one.at, style), pill=style.pill)


def _ends(one: Said, after: Said | None) -> bool:
    """Whether the next message belongs to another group: other speaker or other minute."""
    return after is None or after.speaker != one.speaker or clock(after.at) != clock(one.at)


def _bubble(pen: _Pen, one: Said, before: Said | None, after: Said | None) -> tuple[int, int]:
    style, unit = pen.style, pen.paper.print
    mine = one.speaker == ME
    first = before is None or before.speaker != one.speaker or one.at - before.at > 3600
    pen.skip(0.9 if first else 0.35)
    begin = 3.4 * unit if style.avatars else 0.7 * unit
    named = style.names == "always" or (style.names == "group" and pen.group)
    if first and not mine:
        top = pen.room(3 * unit)
        if style.avatars:
            pen.face(one.speaker, top)
        if named:
            write(
                pen.canvas,
                (begin, top),
                one.speaker,
                pen.bold,
                style.soft if style.names == "group" else style.ink,
            )
            pen.skip(1.25)
    room = pen.paper.width * 0.62
    lines = [] if one.picture else broken(one.text, pen.words, room, anywhere=style.letters)
    wide = pen.paper.width * 0.45 if one.picture else max(width(line, pen.words) for line in lines)
    tall = unit * 7.0 if one.picture else (1.36 * len(lines) - 0.2) * unit
    pad = 0 if one.picture else unit * 0.62
    top = pen.room(tall + 3 * unit)
    left = pen.paper.width - 0.6 * unit - wide - 2 * pad if mine else begin
    box = (left, top, left + wide + 2 * pad, top + tall + 1.4 * pad)
    fill, ink = (style.right, style.right_ink) if mine else (style.left, style.left_ink)
    paint = ImageDraw.Draw(pen.canvas)
    paint.rounded_rectangle(box, unit * style.round, (128, 132, 138) if one.picture else fill)
    if one.picture:
        paint.polygon(
            [(left + wide * x, top + tall * y) for x, y in ((0.2, 0.8), (0.5, 0.4), (0.8, 0.8))],
            fill=(170, 176, 184),
        )
    for number, line in enumerate(lines):
        row = top + 0.62 * pad + number * 1.36 * unit
        write(pen.canvas, (left + pad, row), line, pen.words, ink)
    _beside(pen, one, after, box)
    pen.height = round(box[3])
    if style.times == "below" and _ends(one, after):
        pen.skip(0.3)
        said = clock(one.at)
        at = pen.paper.width - 0.8 * unit - width(said, pen.small) if mine else begin + 0.3 * unit
        write(pen.canvas, (at, pen.height), said, pen.small, style.soft)
        pen.skip(0.9)
    return top, round(box[3])


def _beside(
    pen: _Pen, one: Said, after: Said | None, box: tuple[float, float, float, float]
) -> None:
    """The time at the lower edge, and above it how many have not read it."""
    style, unit = pen.style, pen.paper.print
    if style.times != "beside":
        return
    marks = []
    if style.unread and pen.rng.random() < 0.4:
        marks.append((str(pen.rng.randint(1, 3)), (225, 170, 0)))
    if _ends(one, after):
        marks.append((clock(one.at), style.soft))
    for place, (text, ink) in enumerate(reversed(marks)):
        wide = width(text, pen.small)
        at = box[0] - wide - 0.4 * unit if one.speaker == ME else box[2] + 0.4 * unit
        write(pen.canvas, (at, box[3] - (place + 1) * unit * 0.95), text, pen.small, ink)


def _row(pen: _Pen, one: Said, before: Said | None, after: Said | None) -> tuple[int, int]:
    style, unit = pen.style, pen.paper.print
    first = before is None or before.speaker != one.speaker or one.at - before.at > 420
    pen.skip(1.0 if first else 0.25)
    begin = 3.6 * unit
    top = pen.room(3 * unit)
    if first:
        name = one.speaker or "나무늘보"
        pen.face(name, top)
        write(pen.canvas, (begin, top), name, pen.bold, style.ink)
        at = begin + width(name, pen.bold) + 0.6 * unit
        when = datetime.fromtimestamp(one.at, SEOUL)
        stamp = f"{when:%Y.%m.%d}. {clock(one.at)}"
        write(pen.canvas, (at, top + 0.2 * unit), stamp, pen.small, style.soft)
        pen.skip(1.4)
    room = pen.paper.width - begin - unit
    if one.picture:
        box = (begin, pen.height, begin + pen.paper.width * 0.5, pen.height + 7 * unit)
        ImageDraw.Draw(pen.canvas).rounded_rectangle(box, unit * 0.4, fill=(128, 132, 138))
        pen.skip(7)
        return top, pen.height
    for line in broken(one.text, pen.words, room, anywhere=False):
        row = pen.room(3 * unit)
        write(pen.canvas, (begin, row), line, pen.words, style.ink)
        pen.skip(1.36)
    return top, pen.height
