"""From the long picture to what a telephone shows of it: screens that overlap, with bars."""

from __future__ import annotations

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from ansim.training.screens.scroll import Paper, Scroll
from ansim.training.screens.styles import Style
from ansim.training.screens.writing import font, width, write


@dataclass(frozen=True, slots=True)
class Screen:
    """One screenshot, and the numbers of the messages that it shows whole."""

    picture: Image.Image
    whole: tuple[int, ...]


def screens(
    scroll: Scroll, style: Style, paper: Paper, title: str, rng: random.Random, *, tall: float = 1.9
) -> list[Screen]:
    """Screens from the first message to the last, each ``tall`` times as high as wide, each
    beginning with the last one or two messages of the one before."""
    head, foot = round(4.6 * paper.print), round(3.2 * paper.print)
    view = round(paper.width * tall) - head - foot
    shown, top = [], 0
    while True:
        bottom = min(top + view, scroll.picture.height)
        top = max(0, bottom - view)
        whole = tuple(
            place for place, (a, b) in enumerate(scroll.places) if a >= top and b <= bottom
        )
        part = Image.new("RGB", (paper.width, view), style.page)
        part.paste(scroll.picture.crop((0, top, paper.width, bottom)))
        shown.append(Screen(_framed(part, style, paper, title, rng, head, foot), whole))
        if bottom >= scroll.picture.height or not whole:
            return shown
        again = whole[max(0, len(whole) - rng.randint(2, 3))]
        following = scroll.places[again][0] - rng.randint(0, 2 * paper.print)
        top = following if following > top else top + view // 2


def capture(scroll: Scroll, style: Style, paper: Paper, title: str, rng: random.Random) -> Screen:
    """One long scroll capture of everything."""
    head, foot = round(4.6 * paper.print), round(3.2 * paper.print)
    whole = tuple(range(len(scroll.places)))
    return Screen(_framed(scroll.picture, style, paper, title, rng, head, foot), whole)


def _framed(
    part: Image.Image,
    style: Style,
    paper: Paper,
    title: str,
    rng: random.Random,
    head: int,
    foot: int,
) -> Image.Image:
    unit = paper.print
    size = (paper.width, head + part.height + foot)
    framed = Image.new("RGB", size, style.page)
    framed.paste(part, (0, head))
    draw = ImageDraw.Draw(framed)
    draw.rectangle((0, 0, size[0], head - 1), fill=style.bar)
    draw.rectangle((0, size[1] - foot, size[0], size[1]), fill=style.bar)
    small, bold = font(paper.face, round(unit * 0.72)), font("NanumGothicBold", unit)
    write(
        framed,
        (unit, unit * 0.5),
        f"{rng.randint(1, 12)}:{rng.randint(0, 59):02}",
        small,
        style.ink,
    )
    charge = f"{rng.randint(12, 99)}%"
    write(framed, (size[0] - unit - width(charge, small), unit * 0.5), charge, small, style.ink)
    write(framed, (unit * 0.8, unit * 2.3), "<", bold, style.ink)
    if style.rows:
        write(framed, (unit * 2.4, unit * 2.3), f"# {title}", bold, style.ink)
    else:
        left = (size[0] - width(title, bold)) / 2 if style.name == "imessage" else unit * 2.4
        write(framed, (left, unit * 2.3), title, bold, style.ink)
    row = size[1] - foot + unit * 0.6
    shade = tuple(c + (26 if style.dark else -14) for c in style.bar)
    box = (unit * 2.6, row, size[0] - unit * 2.6, row + unit * 1.9)
    draw.rounded_rectangle(box, unit * 0.9, fill=shade)
    write(framed, (unit * 3.4, row + unit * 0.4), style.field, small, style.soft)
    draw.line((unit, row + unit, unit * 1.8, row + unit), fill=style.soft, width=2)
    return framed
