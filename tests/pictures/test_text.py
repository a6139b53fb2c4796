"""Print is read whatever its size, polarity and ground; what is no print is not made into words."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from PIL import Image

from ansim.pictures import ink, text
from ansim.pictures.values import Unread, Why
from tests.pictures.drawn import WORDS, shapes, words


def grey(image: Image.Image) -> text.Grey:
    return np.asarray(image.convert("L"), dtype=np.uint8)


def errors(read: str, written: str) -> float:
    """Character error rate: edits that make one of the other, by the length of what was written."""
    before = list(range(len(read) + 1))
    for row, letter in enumerate(written, 1):
        now = [row]
        for column, other in enumerate(read, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != other)))
        before = now
    return before[-1] / len(written)


@pytest.mark.parametrize(
    ("size", "dark", "bubbles"),
    [
        (11, False, False),
        (13, True, False),
        (24, False, True),
        (24, True, True),
        (60, False, False),
    ],
)
def test_korean_is_read_with_its_spaces(size: int, dark: bool, bubbles: bool) -> None:
    lines = text.recognise(grey(words(size=size, dark=dark, bubbles=bubbles)))
    assert len(lines) == len(WORDS)
    assert errors("\n".join(line.text for line in lines), "\n".join(WORDS)) <= 0.06
    assert all(0.6 <= line.confidence <= 1.0 for line in lines)


def test_boxes_are_where_the_lines_are() -> None:
    lines = text.recognise(grey(words(size=30)))
    tops = [line.top for line in lines]
    assert tops == sorted(tops)
    for number, line in enumerate(lines):
        drawn_at = round(30 * 0.7) + number * 72
        assert abs(line.top - drawn_at) < 15
        assert abs(line.left - 30) < 8
        assert 20 < line.height < 50


def test_light_and_dark_bubbles_in_one_picture_are_both_read() -> None:
    day, night = words(WORDS[:2], bubbles=True), words(WORDS[2:], dark=True)
    both = Image.new("RGB", (day.width, day.height + night.height))
    both.paste(day, (0, 0))
    both.paste(night, (0, day.height))
    read = "\n".join(line.text for line in text.recognise(grey(both)))
    assert errors(read, "\n".join(WORDS)) <= 0.06


def test_a_page_taller_than_tesseract_takes_is_read_to_its_end() -> None:
    long = np.full((9_000, 500), 255, np.uint8)
    piece = grey(words(("처음 줄이에요",), 26))
    last = grey(words(("마지막 줄이에요",), 26))
    long[10 : 10 + piece.shape[0], :500] = piece[:, :500]
    long[-100 : last.shape[0] - 100, :500] = last[:, :500]
    lines = text.recognise(long)
    assert [line.text.replace(" ", "") for line in lines] == ["처음줄이에요", "마지막줄이에요"]
    assert lines[1].top > 8_850


def test_bands_cut_between_lines_and_leave_nothing_out() -> None:
    page = np.full((20_000, 200), 255, np.uint8)
    for top in range(0, 20_000, 60):
        page[top : top + 40] = 0
    cuts = ink.bands(page)
    assert cuts[0][0] == 0
    assert cuts[-1][1] == 20_000
    assert all(one[1] == other[0] for one, other in itertools.pairwise(cuts))
    assert all(page[begin].min() == 255 for begin, _ in cuts[1:])
    assert max(end - begin for begin, end in cuts) <= ink.BAND


@pytest.mark.parametrize("seed", range(3))
def test_drawings_and_noise_give_no_words_but_a_stray_scrap(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (240, 240)).astype(np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 12)
    for picture in (
        np.ascontiguousarray(shapes(seed)[..., 1]),
        noise,
        np.asarray(cv2.normalize(soft, None, 0, 255, cv2.NORM_MINMAX), np.uint8),
    ):
        read = "".join(line.text for line in text.recognise(picture))
        assert sum(map(str.isalnum, read)) <= 4


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (5, 5), (500, 4)])
def test_slivers_have_no_words(shape: tuple[int, int]) -> None:
    assert text.recognise(np.zeros(shape, np.uint8)) == []


def test_without_tesseract_it_is_said_not_left_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unread) as problem:
        text.recognise(grey(words()))
    assert problem.value.why is Why.NO_READER


def test_without_the_korean_letters_it_is_said_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path_factory.mktemp("none")))
    with pytest.raises(Unread) as problem:
        text.recognise(grey(words()))
    assert problem.value.why is Why.NO_READER


def test_time_has_an_end() -> None:
    with pytest.raises(Unread) as problem:
        text.recognise(grey(words(WORDS * 8, size=40)), seconds=0.0)
    assert problem.value.why is Why.TOO_SLOW
