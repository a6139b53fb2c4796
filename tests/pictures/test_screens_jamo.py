"""Jamo that stand alone are known by their shape, and parts of syllables are not taken for them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ansim.pictures.screens import jamo

FOLDER = "/usr/share/fonts/truetype/nanum"
FONTS = ("NanumGothic", "NanumBarunGothic", "NanumSquareR", "NanumGothicBold")
SIZE = 34


def line(text: str, face: str = "NanumGothic") -> NDArray[np.uint8]:
    letters = ImageFont.truetype(f"{FOLDER}/{face}.ttf", SIZE)
    picture = Image.new("L", (int(letters.getlength(text)) + 40, 60), 255)
    ImageDraw.Draw(picture).text((20, 10), text, font=letters, fill=0)
    return np.asarray(picture)


def said(strip: NDArray[np.uint8]) -> list[str]:
    return [found.text for found in jamo.runs(strip, SIZE)]


@pytest.mark.parametrize("face", FONTS)
@pytest.mark.parametrize("text", ["ㅇㅇ", "ㄴㄴ", "ㄱㄱㄱ", "ㄹㅇ", "ㅇㅋ", "ㅂㅂ", "ㅈㅅ", "ㄷㄷ"])
def test_jamo_alone_are_read_in_every_plain_font(text: str, face: str) -> None:
    assert said(line(text, face)) == [text]


def test_they_are_found_among_syllables_and_where_they_stand() -> None:
    strip = line("읽고 지워 ㄹㅇ 진짜")
    (found,) = jamo.runs(strip, SIZE)
    assert found.text == "ㄹㅇ"
    before = ImageFont.truetype(f"{FOLDER}/NanumGothic.ttf", SIZE).getlength("읽고 지워 ")
    assert abs(found.left - 20 - before) < 12
    assert found.right - found.left < 2 * SIZE


@pytest.mark.parametrize(
    "text",
    [
        "아이가 오이 우유 이거",
        "도로로 고고 요요 소스 그그",
        "크크 드드 므므 트트",
        "7777 0000 11 1004",
        "LL OO oo nn TT uu",
        "... !! ~~ --",
        "무슨 일 있어? 스스로 해",
    ],
)
@pytest.mark.parametrize("face", FONTS)
def test_syllables_digits_and_latin_letters_are_none(text: str, face: str) -> None:
    assert said(line(text, face)) == []


def test_a_soft_picture_changes_no_jamo() -> None:
    small = cv2.resize(line("ㅇㅇ ㄱㄱ"), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(small, None, fx=1 / 0.6, fy=1 / 0.6, interpolation=cv2.INTER_CUBIC)
    assert "".join(said(np.asarray(soft, np.uint8))) == "ㅇㅇㄱㄱ"


@pytest.mark.parametrize("text", ["감사해요 요요", "도도하다 로로", "그래요ㅋㅋ 저도요"])
@pytest.mark.parametrize("face", FONTS)
def test_syllables_are_none_where_the_print_is_smaller_than_it_was_taken_for(
    text: str, face: str
) -> None:
    assert jamo.runs(line(text, face), 1.18 * SIZE) == []


def test_laughter_alone_is_left_to_the_reader() -> None:
    assert said(line("ㅋㅋㅋㅋ ㅠㅠ")) == []


@pytest.mark.parametrize("shape", [(1, 1), (60, 1), (1, 400), (60, 400)])
@pytest.mark.parametrize("shade", [0, 255])
def test_a_strip_without_letters_has_none(shape: tuple[int, int], shade: int) -> None:
    assert said(np.full(shape, shade, np.uint8)) == []
