"""Reasons and names are complete in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansim.detection import Reason, aftermath, priority, requests
from ansim.detection.labels import SHOWN, SIGNALS, TACTICS
from ansim.detection.reasons import SENTENCES, sentence
from ansim.detection.tactics import tactics
from ansim.detection.urgency import signs

_VALUES: dict[str, str | int | float] = {"tactic": "T05", "count": 2, "percent": 91}


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_reason_reads_in_both_languages(code: str) -> None:
    korean = sentence(Reason(code=code, values=_VALUES), "ko")
    english = sentence(Reason(code=code, values=_VALUES), "en")
    assert re.search("[가-힣]", korean)
    assert not re.search("[가-힣]", english)
    assert "{" not in korean + english


def test_every_code_that_is_given_as_a_reason_is_in_the_table() -> None:
    given = (aftermath, priority, requests)
    source = "".join(Path(each.__file__).read_text("utf-8") for each in given)
    codes = set(re.findall(r'_?[rR]eason\((?:code=)?"(\w+)"', source)) | set(
        re.findall(r'\(\d, "(\w+)"\)', source)
    )
    assert codes == set(SENTENCES)


def test_all_tactics_and_signals_are_named() -> None:
    assert len(TACTICS) == 16
    assert len(SIGNALS) == 5
    for label in SHOWN:
        tactic = tactics()[label]
        assert tactic.name("ko") != tactic.name("en")
        assert (tactic.severity > 0) == label.startswith("T")


def test_urgent_words_alone_make_a_threat_but_not_a_meeting() -> None:
    assert signs("사진 퍼뜨릴 거야", -9.0, -9.0) == (0.0, 0.6, 0.0)
    assert signs("오늘 급식 뭐야", -9.0, -9.0) == (0.0, 0.0, 0.0)
    assert signs("오늘 만나자", 2.0, -9.0)[0] > 0.8
    assert signs("죽고 싶어요", -9.0, -9.0)[2] == 1.0
