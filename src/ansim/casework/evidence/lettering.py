"""Letters of the printed form: a Korean font, every character made visible, lines that fit.

A character that the font does not have is printed as its code point, 〈U+200B〉, and so is what
would be invisible or would reorder a line: who disguises a word must not disappear on paper.
Emoji are drawn where the colour font of the system is there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

PLACES = (Path("/usr/share/fonts/truetype/nanum"), Path("/usr/share/fonts/nanum"))
REGULAR, BOLD = "NanumGothic.ttf", "NanumGothicBold.ttf"
EMOJI = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
_EMOJI_SIZE = 109  # the one size of that font's pictures, in pixels
_DRAWN = 48
_JOINERS = frozenset("\u200d\ufe0f")
_SHOWN_CATEGORIES = ("L", "M", "N", "P", "S")


class FontMissing(Exception):
    """No Korean font is installed; the message says which package to install."""


@cache
def fonts() -> tuple[str, str]:
    """Names of the regular and the bold font, registered with ReportLab. Raises FontMissing."""
    folder = next((place for place in PLACES if (place / REGULAR).is_file()), None)
    if folder is None:
        raise FontMissing(
            "증거 자료의 PDF에 쓸 한글 글꼴이 없습니다: sudo apt-get install fonts-nanum / "
            "the PDF needs a Korean font: sudo apt-get install fonts-nanum"
        )
    try:
        pdfmetrics.registerFont(TTFont("ansim", folder / REGULAR))
        pdfmetrics.registerFont(TTFont("ansim-bold", folder / BOLD))
    except (TTFError, OSError) as error:
        raise FontMissing(f"{folder}: {error}; apt-get install --reinstall fonts-nanum") from None
    return "ansim", "ansim-bold"


@cache
def _widths(font: str) -> dict[int, float]:
    face = pdfmetrics.getFont(font).face
    # A width of nothing belongs to marks that would be printed over their neighbours.
    return {
        code: face.charWidths.get(code, face.defaultWidth)
        for code in face.charToGlyph
        if face.charWidths.get(code, face.defaultWidth) > 0
    }


@cache
def _emoji_font() -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(str(EMOJI), _EMOJI_SIZE)
    except OSError:
        return None


@lru_cache(maxsize=4096)
def _emoji(character: str) -> ImageReader | None:
    """The picture of one emoji, or None where the font has none."""
    font = _emoji_font()
    if font is None or ord(character) < 0x2190:
        return None
    picture = Image.new("RGBA", (136, 128), (0, 0, 0, 0))
    try:
        ImageDraw.Draw(picture).text((0, 0), character, font=font, embedded_color=True)
    except OSError:
        return None
    if picture.getbbox() is None:
        return None
    return ImageReader(picture.resize((_DRAWN, _DRAWN)))


@lru_cache(maxsize=65536)
def _shown(character: str, font: str) -> str:
    """The character where it can be printed or drawn, else its code point in brackets."""
    if character == " ":
        return " "
    plain = unicodedata.category(character)[0] in _SHOWN_CATEGORIES
    if plain and ord(character) in _widths(font):
        return character
    if plain and _emoji(character) is not None:
        return character
    return f"〈U+{ord(character):04X}〉"


def visible(text: str, font: str) -> str:
    """The text as it can be printed on one line; line breaks are the caller's."""
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    for place, character in enumerate(text):
        if character in _JOINERS and place and _is_picture(text[place - 1], font):
            continue  # part of the emoji in front of it
        out.append(_shown(character, font))
    return "".join(out)


def _is_picture(character: str, font: str) -> bool:
    return ord(character) not in _widths(font) and _shown(character, font) == character


def width(text: str, font: str, size: float) -> float:
    """How wide visible text is, in points."""
    widths = _widths(font)
    return sum(widths.get(ord(character), 1000.0) for character in text) * size / 1000


def lines(text: str, font: str, size: float, room: float) -> Iterator[str]:
    """The text cut into visible lines of at most ``room`` points: at spaces, else anywhere."""
    for paragraph in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        yield from _wrapped(visible(paragraph, font), font, 1000 * room / size)


def _wrapped(text: str, font: str, room: float) -> Iterator[str]:
    widths = _widths(font)
    start, used, space = 0, 0.0, -1
    place = 0
    while place < len(text):
        wide = widths.get(ord(text[place]), 1000.0)
        if used + wide > room and place > start:
            end = space + 1 if space > start else place
            yield text[start:end].rstrip(" ")
            start, space = end, -1
            place, used = end, 0.0
            continue
        if text[place] == " ":
            space = place
        used += wide
        place += 1
    yield text[start:]


def draw(canvas: Canvas, x: float, y: float, text: str, font: str, size: float) -> None:
    """Draws one visible line with its left end at (x, y)."""
    widths = _widths(font)
    canvas.setFont(font, size)
    run = ""
    for character in text:
        if ord(character) in widths:
            run += character
            continue
        canvas.drawString(x, y, run)
        x += width(run, font, size)
        picture = _emoji(character)
        if picture is not None:
            canvas.drawImage(picture, x, y - size * 0.15, size, size, mask="auto")
        x += size
        run = ""
    if run:
        canvas.drawString(x, y, run)
