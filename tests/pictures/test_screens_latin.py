"""A line is read as Korean; words of Latin letters come from an English reading of the same."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ansim.pictures.screens import sheet
from ansim.pictures.screens.joining import tidy
from ansim.pictures.screens.shapes import Box
from ansim.pictures.screens.sheet import merged, written
from ansim.pictures.screens.values import Breaks
from ansim.pictures.text import Row, Word

WIDE = 20
"""Pixels of a letter here."""


def words(*said: tuple[str, float], begin: int = 0) -> list[Word]:
    """Words one after another, a letter wide apart."""
    found = []
    for text, sure in said:
        end = begin + WIDE * len(text)
        found.append(Word(begin, end, text, sure))
        begin = end + WIDE
    return found


def says(korean: list[Word], english: list[Word]) -> str:
    return " ".join(word.text for word in merged(korean, english))


def test_a_latin_word_is_taken_for_the_digits_that_korean_made_of_it() -> None:
    korean = words(("파일은", 0.93), ("050", 0.87), ("드릴까요", 0.93))
    english = words(("DIY", 0.24), ("psd", 0.9), ("£272", 0.33))
    assert says(korean, english) == "파일은 psd 드릴까요"


def test_several_latin_words_are_taken_for_one_korean_scrap() -> None:
    korean = [Word(0, 40, "당신", 0.93), Word(60, 320, "00001683016@「", 0.2)]
    english = [Word(60, 150, "good", 0.97), Word(170, 320, "teacher", 0.93)]
    assert says(korean, english) == "당신 good teacher"


def test_syllables_stay_whatever_english_makes_of_them() -> None:
    korean = words(("먼저", 0.9), ("가", 0.9))
    assert says(korean, words(("HA", 0.95), ("Of", 0.95))) == "먼저 가"


@pytest.mark.parametrize(("digits", "latin"), [("10", "lO"), ("50", "So"), ("11", "Il")])
def test_digits_stay_digits_where_latin_letters_only_look_like_them(
    digits: str, latin: str
) -> None:
    assert says(words((digits, 0.95), ("시", 0.9)), words((latin, 0.95))) == f"{digits} 시"


def test_an_english_word_that_is_not_sure_is_not_taken() -> None:
    assert says(words(("16", 0.9)), words(("ip", 0.5))) == "16"


def test_dots_that_were_read_as_one_sign_are_three() -> None:
    assert tidy("음.…", Breaks.SPACES) == "음..."
    assert tidy("…배고팠음", Breaks.SPACES) == "...배고팠음"
    assert tidy("나도..", Breaks.SPACES) == "나도.."


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("방송반!!1!111!", "방송반!!!!!!!!"),
        ("아빠!!! 1!", "아빠!!!!!"),
        ("1등!! 11시에 봐", "1등!! 11시에 봐"),
        ("와! 1반이다", "와! 1반이다"),
    ],
)
def test_ones_among_exclamation_marks_are_such(read: str, meant: str) -> None:
    assert tidy(read, Breaks.SPACES) == meant


def test_the_widest_lines_are_first_on_the_sheet_and_each_gets_its_own_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[int]] = []

    def reader(strips: list[NDArray[np.uint8]], language: str) -> list[Row]:
        wide = [strip.shape[1] for strip in strips]
        asked.append(wide)
        return [Row(0, 0, one, 40, [Word(0, one, f"{one}", 0.9)]) for one in wide]

    monkeypatch.setattr(sheet, "_read", reader)
    page, tops = np.full((400, 900, 3), 255, np.uint8), (20, 80, 140, 200)
    widths = (100, 500, 60, 300)
    lines = [Box(20, top, 20 + one, top + 31) for top, one in zip(tops, widths, strict=True)]
    read = [int(one.text) for one in written(page, lines, 34.0)]
    assert asked[0] == sorted(asked[0], reverse=True)
    assert [widths[place] for place in np.argsort(read)] == sorted(widths)


def test_a_sheet_that_was_read_badly_is_read_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def reader(strips: list[NDArray[np.uint8]], language: str) -> list[Row]:
        asked.append(len(strips))
        sure = 0.6 if len(asked) == 1 else 0.9
        return [Row(0, 0, 99, 40, [Word(0, 99, "다시" if sure > 0.8 else "디시", sure)])] * len(
            strips
        )

    monkeypatch.setattr(sheet, "_read", reader)
    lines = [Box(20, top, 200, top + 31) for top in (20, 80)]
    read = written(np.full((200, 900, 3), 255, np.uint8), lines, 34.0)
    assert [one.text for one in read] == ["다시", "다시"]
    assert asked == [2, 2]
