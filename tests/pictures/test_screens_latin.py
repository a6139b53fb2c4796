"""A line is read as Korean; words of Latin letters come from an English reading of the same."""

from __future__ import annotations

import pytest

from ansim.pictures.screens.joining import tidy
from ansim.pictures.screens.sheet import merged
from ansim.pictures.screens.values import Breaks
from ansim.pictures.text import Word

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
