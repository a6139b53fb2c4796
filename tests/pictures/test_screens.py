"""Screenshots of our own drawing are read as messages: sides, names, times, what stands between."""

from __future__ import annotations

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from ansim.pictures.screens.alike import same_text
from ansim.pictures.screens.screen import read
from ansim.pictures.screens.stitching import stitched
from ansim.pictures.screens.straighten import straightened
from ansim.pictures.screens.values import Screen, Side
from ansim.training.screens.scroll import ME, Paper, Said, draw
from ansim.training.screens.styles import STYLES
from ansim.training.screens.telephone import screens
from ansim.training.screens.wear import worn

Pixels = NDArray[np.uint8]
EVENING = 1_716_200_000.0
"""20 May 2024, 19:13 in Seoul."""


def said(*lines: tuple[str, str]) -> list[Said]:
    return [
        Said(who, "" if text == "[사진]" else text, EVENING + 40 * place, text == "[사진]")
        for place, (who, text) in enumerate(lines)
    ]


TALK = said(
    ("별하", "안녕 오늘 학교 끝나고 뭐해"),
    (ME, "학원 가요 왜요?"),
    ("별하", "우리 둘만의 비밀로 하고 만나서 떡볶이 먹자"),
    ("별하", "용돈도 줄게"),
    (ME, "엄마한테 물어볼게요"),
)


def shots(
    talk: list[Said], messenger: str, *, dark: bool = False, tall: float = 1.9, seed: int = 1
) -> list[Pixels]:
    style, paper = STYLES[messenger, dark], Paper(720, 28)
    chance = random.Random(seed)
    scroll = draw(talk, style, paper, chance)
    drawn = screens(scroll, style, paper, "별하", chance, tall=tall)
    return [np.asarray(one.picture, np.uint8) for one in drawn]


def says(screen: Screen) -> list[tuple[Side, str]]:
    return [(one.side, one.text.replace("\n", " ")) for one in screen.shown]


def assert_told(screen: Screen, talk: list[Said]) -> None:
    found = says(screen)
    assert [side for side, _ in found] == [
        Side.RIGHT if one.speaker == ME else Side.LEFT for one in talk
    ]
    for (_, text), one in zip(found, talk, strict=True):
        assert same_text(text, one.text) > 0.75, (text, one.text)


@pytest.mark.parametrize(
    ("messenger", "dark"), [("kakaotalk", False), ("imessage", True), ("line", False)]
)
def test_bubbles_are_read_with_their_side_in_light_and_dark(messenger: str, dark: bool) -> None:
    (picture,) = shots(TALK, messenger, dark=dark)
    screen = read(picture)
    assert_told(screen, TALK)
    assert not screen.straightened
    assert not any("메시지 입력" in one.text for one in screen.shown), "the field to write in"


def test_names_times_and_the_date_are_told_apart_from_what_was_said() -> None:
    (picture,) = shots(TALK, "kakaotalk")
    screen = read(picture)
    assert [one.name for one in screen.shown] == ["별하", "", "별하", "", ""]
    assert {one.day for one in screen.shown} == {(2024, 5, 20)}
    assert {one.minute for one in screen.shown} - {-1} <= set(range(19 * 60 + 13, 19 * 60 + 17))
    assert len({one.minute for one in screen.shown} - {-1}) >= 2


def test_rows_without_bubbles_have_the_name_above_them() -> None:
    talk = [Said(one.speaker or "나무늘보", one.text, one.at) for one in TALK]
    (picture,) = shots(talk, "discord", dark=True)
    screen = read(picture)
    assert {one.side for one in screen.shown} == {Side.ROW}
    told = [(one.speaker, one.shown.text) for one in stitched([screen]).told]
    assert [who for who, _ in told] == [one.speaker for one in talk]
    for (_, text), one in zip(told, talk, strict=True):
        assert same_text(text, one.text) > 0.75


def test_a_picture_in_the_chat_is_a_message_of_its_own() -> None:
    talk = said((ME, "이거 봐요"), (ME, "[사진]"), ("별하", "오 예쁘게 나왔네"))
    (picture,) = shots(talk, "instagram")
    screen = read(picture)
    assert [one.picture for one in screen.shown] == [False, True, False]
    assert [one.side for one in screen.shown] == [Side.RIGHT, Side.RIGHT, Side.LEFT]
    noticed = screen.shown[1].noticed
    assert noticed is not None
    assert len(noticed.fingerprint) == 64


def test_a_photographed_screen_is_set_straight_and_read() -> None:
    (picture,) = shots(TALK, "kakaotalk")
    photograph = worn(picture, "photographed", 4)
    assert straightened(picture) is None, "a screenshot has no table around it"
    screen = read(photograph)
    assert screen.straightened
    assert_told(screen, TALK)


def test_a_screenshot_that_was_sent_on_is_read() -> None:
    (picture,) = shots(TALK, "imessage")
    assert_told(read(worn(picture, "sent", 2)), TALK)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4, 3), np.uint8),
        np.full((40, 3000, 3), 255, np.uint8),
        np.full((3000, 30, 3), 128, np.uint8),
        np.random.default_rng(1).integers(0, 255, (300, 200, 3), dtype=np.uint8),
    ],
    ids=["tiny", "wide", "narrow", "noise"],
)
def test_what_is_no_chat_is_no_conversation(picture: Pixels) -> None:
    assert [one for one in read(picture).shown if len(one.text) > 3] == []
