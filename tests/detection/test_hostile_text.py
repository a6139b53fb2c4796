"""Chat text is hostile input: it may break nothing, and spans always lie in the original."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansim.detection import Detector
from ansim.detection.gate import blanked
from ansim.detection.labels import TACTICS
from tests.detection.talk import LURE, messages, run

_ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=80)
_PIECES = st.sampled_from([text for _, text in LURE])


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(st.one_of(_ANY_TEXT, _PIECES), max_size=4))
def test_any_text_is_read_and_spans_lie_within_it(detector: Detector, parts: list[str]) -> None:
    text = "".join(parts)
    _, found = run(detector, messages([("a", text)]))
    turn = found[0].turn
    assert turn.text == text
    assert 0.0 <= found[0].risk <= 1.0
    for span in turn.spans:
        assert 0 <= span.start < span.end <= len(text)
        assert span.tactic in TACTICS


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00\x01\x02",
        "\ud800\udc00\udfff",
        "\u202e사진 보낼래?\u202c",
        "👨‍👩‍👧‍👦" * 50,
        "\u0301" * 500,
        "ㅋ" * 10_000,
        "]" * 100 + "[" * 100,
        "<script>alert(1)</script>{{ risk }}%s%n",
    ],
)
def test_strange_text_is_read(detector: Detector, text: str) -> None:
    _, found = run(detector, messages([("a", text), ("\ud800", text)]))
    assert len(found) == 2


def test_the_longest_message_is_read_in_bounded_time(detector: Detector) -> None:
    text = "가나다라 " * 4_300  # 64 KiB in UTF-8
    start = time.process_time()  # not the clock on the wall: others may have the machine
    run(detector, messages([("a", text)]))
    assert time.process_time() - start < 5.0


def test_padding_does_not_drown_a_lure(detector: Detector) -> None:
    harmless = "오늘 급식 맛있었다 내일 준비물은 가위랑 풀이야 " * 40
    before = [*LURE[:4]]
    _, bare = run(detector, messages([*before, LURE[4]]))
    drowned = ("stranger", harmless + LURE[4][1] + " " + harmless)
    _, padded = run(detector, messages([*before, drowned]))
    assert bare[-1].turn.tactics["T09"] >= 0.3
    assert padded[-1].turn.tactics.get("T09", 0.0) >= 0.1


def test_a_span_is_found_through_zero_width_signs_and_names_the_written_characters(
    detector: Detector,
) -> None:
    hidden = "우리 둘만의 비\u200b밀이야 엄\u200b마한테 말하지 마"
    _, found = run(detector, messages([*LURE[:6], ("stranger", hidden)]))
    secrets = [span for span in found[-1].turn.spans if span.tactic == "T06"]
    assert secrets
    assert "\u200b" in hidden[secrets[0].start : secrets[0].end]


def test_blanking_keeps_every_offset() -> None:
    text = "아 [성적 발언] 그리고 [사진]"
    assert len(blanked(text)) == len(text)
    assert blanked(text).split() == ["아", "그리고"]
    assert blanked("[모르는 것]") == "[모르는 것]"
