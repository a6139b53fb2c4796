"""Pictures for the tests, drawn here: words, shapes, codes and bombs."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/nanum/NanumGothic.ttf"
WORDS = (
    "오늘 학원 끝나고 어디 가?",
    "사진 보내주면 용돈 줄게",
    "우리 둘만의 비밀이야 알겠지?",
    "내일 3시에 역 앞에서 보자",
)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    """The picture as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def words(
    lines: tuple[str, ...] = WORDS, size: int = 24, *, dark: bool = False, bubbles: bool = False
) -> Image.Image:
    """Lines of print, black on white or white on black, each in a coloured bubble if wished."""
    font = ImageFont.truetype(FONT, size)
    step = round(size * 2.4)
    ground, print_ = ((28, 28, 32), (236, 236, 236)) if dark else ((255, 255, 255), (20, 20, 20))
    image = Image.new("RGB", (size * 24, len(lines) * step + size), ground)
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        left, top = size, round(size * 0.7) + number * step
        if bubbles:
            right = left + pen.textlength(line, font=font)
            box = (left - size * 0.6, top - size * 0.4, right + size * 0.6, top + size * 1.5)
            pen.rounded_rectangle(box, size * 0.6, fill=(254, 229, 0))
            print_ = (0, 0, 0)
        pen.text((left, top), line, font=font, fill=print_)
    return image


def shapes(seed: int, height: int = 300, width: int = 400) -> NDArray[np.uint8]:
    """A drawing of its seed's own, RGB, shape (height, width, 3)."""
    dice = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    picture = np.full((height, width, 3), dice.integers(0, 256, 3), float)
    for _ in range(12):
        down, right = dice.random() * height, dice.random() * width
        reach = (0.05 + 0.25 * dice.random()) * max(height, width)
        colour = dice.integers(0, 256, 3)
        square = np.abs(y - down) + np.abs(x - right) < reach
        disc = (y - down) ** 2 + (x - right) ** 2 < reach**2
        picture[square if dice.random() < 0.5 else disc] = colour
    return picture.astype(np.uint8)


def code(text: str, scale: int = 6) -> Image.Image:
    """A QR code of the text with a quiet border."""
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    cells = np.asarray(zxingcpp.write_barcode_to_image(made), dtype=np.uint8)
    cells = np.pad(cells, 6, constant_values=255)
    return Image.fromarray(np.kron(cells, np.ones((scale, scale), np.uint8)))


def png_of(width: int, height: int, packed: bytes) -> bytes:
    """A PNG whose header claims a size, whatever its packed rows hold."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def png_bomb(side: int) -> bytes:
    """Few bytes that unpack to ``side`` × ``side`` pixels."""
    packer = zlib.compressobj(9)
    row = bytes(side + 1)
    packed = b"".join(packer.compress(row) for _ in range(side))
    return png_of(side, side, packed + packer.flush())
