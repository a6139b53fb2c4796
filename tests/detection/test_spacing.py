"""Spaces: the same words are the same to gate and context model however they were spaced."""

from __future__ import annotations

import random

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ansim.detection import Detector, spacing
from tests.detection.talk import LURE, messages

_LINES = (
    "안녕 뭐해 오늘 진짜 덥다",
    "용돈 줄게 사진 보내줄래?",
    "집이 싫으면 가출해 보심?",
    "엄마한텐 말하지 마 우리 둘만의 비밀이야",
)


def test_the_same_words_come_out_the_same_however_they_were_spaced() -> None:
    draw = random.Random(1)
    for line in _LINES:
        letters = line.replace(" ", "")
        at = draw.randrange(1, len(letters) - 1)
        forms = [line, letters, f"{letters[:at]} {letters[at:]}", " ".join(letters), f"  {line} "]
        assert len(set(spacing.lines(forms))) == 1


def test_most_spaces_stand_where_a_careful_writer_puts_them() -> None:
    written = "나는 오늘 학교에서 친구들이랑 같이 점심을 먹고 집에 왔어"
    found = spacing.lines([written.replace(" ", "")])[0]
    assert len(set(found.split()) & set(written.split())) >= 6


def test_english_and_numbers_keep_their_spaces() -> None:
    assert spacing.lines(["good morning 7 8", "goodmorning"]) == ["good morning 7 8", "goodmorning"]


@given(st.lists(st.text(max_size=40), max_size=4))
def test_nothing_but_spaces_changes_and_every_character_is_led_back(texts: list[str]) -> None:
    spaces = " \t\n\r"
    for text, anew in zip(texts, spacing.lines(texts), strict=True):
        assert [c for c in text if c not in spaces] == [c for c in anew if c not in spaces]
        places = spacing.places(anew, text)
        assert [text[p] for p, c in zip(places, anew, strict=True) if c not in spaces] == [
            c for c in anew if c not in spaces
        ]


def test_what_is_next_to_a_text_does_not_change_it() -> None:
    together = spacing.lines(list(_LINES))
    assert together == [spacing.lines([line])[0] for line in _LINES]


def test_risk_does_not_depend_on_spaces() -> None:
    detector = Detector.load()
    plain = messages(LURE)
    joined = [msgspec.structs.replace(m, text=m.text.replace(" ", "")) for m in plain]
    risks = [[a.risk for a in detector.assess({}, some)[1]] for some in (plain, joined)]
    np.testing.assert_allclose(risks[0], risks[1], atol=0.02)
