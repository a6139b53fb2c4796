"""Where things stand on a screen: whole lines, sides of bubbles, small pictures, soft edges."""

from __future__ import annotations

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from ansim.pictures.screens.bubbles import Bubble, Loose, side, told
from ansim.pictures.screens.joining import Piece
from ansim.pictures.screens.layout import Layout, lay_out
from ansim.pictures.screens.screen import read
from ansim.pictures.screens.shapes import Box
from ansim.pictures.screens.sheet import Written
from ansim.pictures.screens.values import Side
from ansim.training.screens.scroll import ME, Paper, Said, draw
from ansim.training.screens.styles import STYLES
from ansim.training.screens.telephone import screens
from ansim.training.screens.wear import worn

Pixels = NDArray[np.uint8]
EVENING = 1_716_200_000.0
PAGE = Box(0, 0, 1000, 2000)


def drawn(
    messenger: str, dark: bool, paper: Paper, *lines: tuple[str, str], wear: str = "clean"
) -> Pixels:
    talk = [Said(who, text, EVENING + 70 * place) for place, (who, text) in enumerate(lines)]
    style, chance = STYLES[messenger, dark], random.Random(3)
    (one,) = screens(draw(talk, style, paper, chance), style, paper, "별하", chance)
    return worn(np.asarray(one.picture, np.uint8), wear, 5)


@pytest.mark.parametrize("text", ["음", "응", "망함", "드림", "심심"])
def test_few_letters_of_parts_above_one_another_are_one_line(text: str) -> None:
    layout = lay_out(drawn("kakaotalk", True, Paper(1170, 52), (ME, text), ("별하", "그래서?")))
    mine = [thing for thing in layout.things if thing.box.right > 0.95 * layout.page.right]
    assert [len(thing.lines) for thing in mine] == [1]
    assert mine[0].lines[0].height > 0.6 * layout.print


def test_two_lines_of_one_bubble_stay_two() -> None:
    long = "오늘 수학 학원 끝나고 도서관에서 같이 공부하다가 저녁 먹고 집에 갈래"
    layout = lay_out(drawn("kakaotalk", False, Paper(720, 30), (ME, long)))
    assert sorted(len(thing.lines) for thing in layout.things) == [1, 1, 3]


@pytest.mark.parametrize("messenger", ["x", "instagram", "imessage"])
def test_the_edge_of_a_soft_bubble_is_no_writing(messenger: str) -> None:
    talk = ((ME, "놀이터"), ("별하", "가도 돼?"), (ME, "그럼 이따 봐"))
    layout = lay_out(drawn(messenger, True, Paper(720, 24), *talk, wear="sent"))
    bubbles = [thing for thing in layout.things if thing.box.width < 0.5 * layout.page.width]
    mine = [thing for thing in bubbles if thing.box.right > 0.9 * layout.page.right]
    assert len(mine) == 2
    for thing in mine:
        (line,) = thing.lines
        assert line.left - thing.box.left > 0.35 * layout.print
        assert thing.box.right - line.right > 0.35 * layout.print


@pytest.mark.parametrize(("messenger", "dark"), [("discord", False), ("instagram", True)])
def test_small_pictures_beside_names_are_no_part_of_these(messenger: str, dark: bool) -> None:
    talk = (("별하", "안녕 뭐해"), ("라온", "과제 하는 중"), ("별하", "나도 해야 되는데"))
    layout = lay_out(drawn(messenger, dark, Paper(720, 24), *talk, wear="sent"))
    below = 6 * layout.print
    lines = [*layout.loose, *(line for thing in layout.things for line in thing.lines)]
    named = [line for line in lines if line.top > below and line.left < 0.3 * layout.page.right]
    assert len(named) >= 6
    assert all(line.left > 2.9 * layout.print for line in named)


@pytest.mark.parametrize(
    ("box", "begin", "lines", "expected"),
    [
        (Box(150, 0, 815, 100), (120, 170), 1, Side.LEFT),
        (Box(150, 0, 815, 100), None, 2, Side.LEFT),
        (Box(200, 0, 800, 100), (120, 170), 1, None),
        (Box(380, 0, 620, 50), (120, 170), 1, None),
        (Box(120, 0, 400, 100), None, 1, Side.LEFT),
        (Box(300, 0, 980, 100), (120, 170), 3, Side.RIGHT),
    ],
    ids=["wide", "wide-alone", "notice", "date", "narrow", "mine"],
)
def test_a_wide_bubble_is_at_the_left_if_it_begins_where_those_do(
    box: Box, begin: tuple[float, float] | None, lines: int, expected: Side | None
) -> None:
    assert side(box, PAGE, begin, lines) is expected


def test_wide_bubbles_of_large_print_are_messages() -> None:
    talk = (
        ("별하", "너 말 별로 없더라 낯가려? 난 그런 애가 좋더라"),
        (ME, "네"),
        ("별하", "심심하면 여기 말고 딴 데서 얘기하자 우리끼리만"),
    )
    screen = read(drawn("line", True, Paper(1170, 52), *talk))
    assert [one.side for one in screen.shown] == [Side.LEFT, Side.RIGHT, Side.LEFT]


def test_a_time_of_which_the_first_word_was_misread_is_still_one() -> None:
    layout = Layout(40, PAGE, [], [], [])
    said = Bubble(
        Box(600, 100, 960, 180), [Piece("네 갈게요", Box(620, 120, 940, 158))], 0.9, Side.RIGHT
    )
    beside = Loose(Box(850, 190, 960, 214), Written("2A 9:01", 0.7))
    (shown,) = told(layout, [said], [beside])
    assert (shown.text, shown.minute, shown.half) == ("네 갈게요", 541, False)
    assert beside.used


def test_misread_times_below_bubbles_make_no_chat_without_bubbles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ansim.pictures.screens import screen as one_screen

    talk = ((ME, "친구도 같이 가도 돼요?"), ("별하", "그럼 같이 와도 돼"), (ME, "가볼게요"))
    real = one_screen.written

    def misread(pixels: Pixels, lines: list[Box], print_: float) -> list[Written]:
        return [
            Written(one.text.replace("오후", "2A"), one.confidence)
            for one in real(pixels, lines, print_)
        ]

    monkeypatch.setattr(one_screen, "written", misread)
    screen = read(drawn("x", True, Paper(720, 30), *talk))
    assert [one.side for one in screen.shown] == [Side.RIGHT, Side.LEFT, Side.RIGHT]
