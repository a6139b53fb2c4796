"""The context model and the detector's asking of it, with the weights that are shipped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ansim.detection import Detector, attention
from ansim.detection import context as context_module
from ansim.detection.context import ContextModel
from ansim.detection.weights import VOCABULARY_FILE, default_folder
from ansim.training.encoder import vocabulary
from tests.detection.talk import messages, run

_BLOCKED = Path(__file__).parents[2] / "data" / "vocabulary-blocked.txt"
_ONE_OF_THEM = "기레기"
"""A word for journalists, the mildest of the list."""


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load()


@pytest.fixture(scope="module")
def context(detector: Detector) -> ContextModel:
    assert detector.context is not None, "the shipped weights hold a context model"
    return detector.context


_LURE = [
    ("a", "그림 진짜 잘 그린다 몇 학년이야?"),
    ("b", "중2요ㅎㅎ"),
    ("a", "용돈 필요하면 말해 내가 줄게"),
    ("b", "왜요?"),
    ("a", "대신 얼굴 사진 한 장만 보내줘 엄마한텐 비밀이야"),
]


def test_what_came_before_changes_what_a_turn_means(context: ContextModel) -> None:
    request = "사진 한 장만 보내줘"
    alone = context.said([("a", request)])
    after_lure = context.said([*_LURE[:4], ("a", request)])
    at_home = context.said(
        [("a", "엄마 마트 왔어"), ("b", "응 두부 사다줘"), ("a", "어떤 두부?"), ("a", request)]
    )
    assert after_lure.approacher > alone.approacher
    assert after_lure.approacher > at_home.approacher + 1


def test_who_is_called_what_changes_nothing(context: ContextModel) -> None:
    one = context.said(_LURE)
    other = context.said([({"a": "먼지", "b": "x"}[who], text) for who, text in _LURE])
    assert one.approacher == other.approacher
    np.testing.assert_array_equal(one.shown, other.shown)


def test_pieces_lie_within_the_text_and_each_has_its_words(context: ContextModel) -> None:
    text = "ㅋㅋㅋ 사진 보내줘 😀 " + "아주 긴 말 " * 60
    said = context.said([("a", text)])
    assert len(said.pieces) == len(said.words) <= 48
    assert all(0 <= start <= end <= len(text) for start, end in said.pieces)


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\x00", "あ", "ㅋ" * 5000, "[성적 발언]"])
def test_no_text_breaks_it(context: ContextModel, text: str) -> None:
    said = context.said([("a", text), ("b", text)])
    assert np.isfinite([said.approacher, said.other, said.minor, said.adult, *said.shown]).all()


def test_ordinary_talk_never_reaches_it(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(ContextModel, "said", lambda *_: asked.append(1))
    lines = [("a", "점심 뭐 먹지"), ("b", "김치찌개 어때"), ("a", "오 좋아"), ("b", "12시에 가자")]
    _, found = detector.assess({}, messages(lines))
    assert len(found) == 4
    assert not asked


def test_it_reads_on_for_some_turns_and_then_rests() -> None:
    left = attention.after(0, 0.0, -5.0)
    assert left == attention.TURNS
    for expected in range(attention.TURNS - 1, -1, -1):
        left = attention.after(left, -5.0, -5.0)
        assert left == expected
    assert attention.after(1, -5.0, 0.0) == attention.TURNS


def test_a_turn_that_only_the_gate_finds_suspicious_is_read_alone() -> None:
    assert attention.after(0, -5.0, -5.0) == 0


def test_the_cut_into_batches_changes_nothing(detector: Detector) -> None:
    said = messages(_LURE * 3)
    _, whole = detector.assess({}, said)
    _, single = run(detector, said, size=1)
    assert whole == single


def test_a_day_between_two_turns_of_a_batch_is_a_day(detector: Detector) -> None:
    lines = messages(_LURE * 2)
    late = [
        msgspec.structs.replace(message, at=message.at + (200_000.0 if number >= 5 else 0.0))
        for number, message in enumerate(lines)
    ]
    _, whole = detector.assess({}, late)
    _, single = run(detector, late, size=1)
    assert whole == single


def test_another_language_is_not_assessed_and_never_called_safe(detector: Detector) -> None:
    lines = [("a", "how old are you? send me a photo please"), ("b", "I am thirteen")]
    _, found = detector.assess({}, messages(lines))
    assert [one.turn.assessed for one in found] == [False, False]
    mixed = [("a", "오늘 숙제 뭐야"), ("b", "수학 프린트 두 장이랑 영어 단어"), ("a", "ok thx")]
    _, found = detector.assess({}, messages(mixed))
    assert all(one.turn.assessed for one in found)


def test_the_runtime_leaves_nothing_behind_and_calls_nobody(tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "def refuse(*_, **__): raise AssertionError('a name was looked up')\n"
        "socket.getaddrinfo = refuse\n"
        "from ansim.detection import Detector\n"
        "Detector.load().context.said([('a', '안녕')])\n"
        "print(__import__('onnxruntime').__version__)"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if "TELEMETRY" not in name},
        "HOME": str(tmp_path),
        "CI": "",
    }
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    assert ran.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    module = Path(context_module.__file__).read_text("utf-8")
    assert module.index("ORT_DISABLE_TELEMETRY") < module.index("import onnxruntime")


def test_no_blocked_word_stands_in_the_vocabulary() -> None:
    form = json.loads((default_folder() / VOCABULARY_FILE).read_text("utf-8"))
    hashes = vocabulary.blocked(_BLOCKED)
    assert len(hashes) > 20
    assert vocabulary.offends("▁" + unicodedata.normalize("NFD", _ONE_OF_THEM), hashes)
    assert not [token for token in form["model"]["vocab"] if vocabulary.offends(token, hashes)]
