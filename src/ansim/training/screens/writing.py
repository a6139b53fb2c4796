"""Writing on a picture: Korean and emoji side by side, measured and broken into lines."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ansim.training.screens.styles import Colour

FOLDER = Path("/usr/share/fonts/truetype")
EMOJI = FOLDER / "noto" / "NotoColorEmoji.ttf"
_BITMAP = 109
"""The one size in which the emoji are drawn."""


class NoFonts(Exception):
    """The fonts of the drawings are not here."""


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A font of Nanum's by its file name without ending. Raises NoFonts saying what to install."""
    path = FOLDER / "nanum" / f"{name}.ttf"
    try:
        return ImageFont.truetype(str(path), size)
    except OSError:
        raise NoFonts(
            f"{path} is missing; install the packages fonts-nanum and fonts-noto-color-emoji"
        ) from None


@cache
def _emoji() -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(str(EMOJI), _BITMAP)
    except OSError:
        raise NoFonts(f"{EMOJI} is missing; install fonts-noto-color-emoji") from None


def is_emoji(character: str) -> bool:
    """Whether it is drawn as a picture rather than written."""
    return ord(character) >= 0x1F300 or character in "\u2764\u2728\u263a"


def width(text: str, letters: ImageFont.FreeTypeFont) -> float:
    """Pixels that ``text`` takes."""
    plain = "".join(one for one in text if not is_emoji(one))
    return letters.getlength(plain) + 1.25 * letters.size * (len(text) - len(plain))


def write(
    picture: Image.Image,
    place: tuple[float, float],
    text: str,
    letters: ImageFont.FreeTypeFont,
    ink: Colour,
) -> None:
    """Writes one line with its upper left corner at ``place``."""
    draw = ImageDraw.Draw(picture)
    left, top = place
    run = ""
    for one in [*text, ""]:
        if one and not is_emoji(one):
            run += one
            continue
        if run:
            draw.text((left, top), run, font=letters, fill=ink)
            left += letters.getlength(run)
            run = ""
        if one:
            _paste_emoji(picture, (left, top), one, int(letters.size))
            left += 1.25 * letters.size


def _paste_emoji(picture: Image.Image, place: tuple[float, float], one: str, size: int) -> None:
    tile = Image.new("RGBA", (136, 128))
    ImageDraw.Draw(tile).text((0, 0), one, font=_emoji(), embedded_color=True)
    tile = tile.resize((round(size * 1.15), round(size * 1.1)), Image.Resampling.BILINEAR)
    picture.paste(tile, (round(place[0]), round(place[1])), tile)


def broken(text: str, letters: ImageFont.FreeTypeFont, room: float, *, anywhere: bool) -> list[str]:
    """``text`` in lines of at most ``room`` pixels: at spaces, or ``anywhere`` between letters."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            joined = f"{line} {word}" if line else word
            if width(joined, letters) <= room:
                line = joined
                continue
            if line and not anywhere:
                lines.append(line)
                joined = word
            line = joined
            while width(line, letters) > room:
                cut = len(line)
                while cut > 1 and width(line[:cut], letters) > room:
                    cut -= 1
                lines.append(line[:cut].rstrip())
                line = line[cut:].lstrip()
        lines.append(line)
    return lines
