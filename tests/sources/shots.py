"""Screenshots of a chat of our own, as files: drawn from a seed, three that overlap."""

from __future__ import annotations

import io
import random
from functools import cache

import zxingcpp
from PIL import Image

from ansim.training.screens.scroll import ME, Paper, Said, Scroll, draw
from ansim.training.screens.styles import STYLES
from ansim.training.screens.telephone import screens

BEGAN = 1_716_200_000.0
OTHER = "별하"
TALK = (
    (ME, "안녕하세요 문제집 나눔 글 보고 왔어요"),
    (OTHER, "응 안녕 몇 살이야?"),
    (ME, "중2예요"),
    (OTHER, "귀엽다 나이보다 어른스럽네"),
    (OTHER, "이건 우리 둘만의 비밀이야 엄마한테 말하지 마"),
    (ME, "왜요?"),
    (OTHER, "너만 특별해서 그래 용돈 줄게"),
    (OTHER, "사진 보낼래? 얼굴 나오게"),
    (ME, "사진은 좀 그래요"),
    (OTHER, "안 보내면 학교에 다 말한다"),
    (OTHER, "여기 말고 다른 앱으로 와"),
    (OTHER, "[코드]"),
    (ME, "무서워요 하지 마세요"),
    (OTHER, "오늘 밤에 만나자 데리러 갈게"),
)
"""As a prevention leaflet would tell it."""
INVITATION = "https://open.kakao.com/o/example"


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _with_code(scroll: Scroll, place: int, unit: int) -> None:
    """An invitation as a code on the picture of a message."""
    code = zxingcpp.create_barcode(INVITATION, zxingcpp.BarcodeFormat.QRCode)
    drawn = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=6)).convert("RGB")
    top, bottom = scroll.places[place]
    size = bottom - top - unit * 2
    scroll.picture.paste(drawn.resize((size, size)), (round(3.6 * unit), bottom - size - unit // 4))


@cache
def three() -> tuple[bytes, ...]:
    """The screenshots, from the first to the last."""
    paper, chance = Paper(720, 30), random.Random(3)
    style = STYLES["kakaotalk", False]
    said = [
        Said(who, "" if text == "[코드]" else text, BEGAN + 40 * place, text == "[코드]")
        for place, (who, text) in enumerate(TALK)
    ]
    scroll = draw(said, style, paper, chance)
    _with_code(scroll, 11, paper.print)
    found = screens(scroll, style, paper, OTHER, chance, tall=1.45)
    assert len(found) == 3
    return tuple(png(one.picture) for one in found)
