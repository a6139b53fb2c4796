"""The contract of ``ansim score``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansim.cli import main
from ansim.detection import Detector
from tests.detection.talk import CHAT, LURE, messages, run

_LINE = {
    "id": "한 방",
    "channel": "sns_dm",
    "label": "ignored",
    "turns": [{"at": 30 * n, "from": who, "text": text} for n, (who, text) in enumerate(LURE)],
}
_CALM = {
    "id": "calm",
    "channel": "messenger",
    "turns": [{"at": n, "from": who, "text": text} for n, (who, text) in enumerate(CHAT)],
}


def _score(tmp_path: Path, lines: list[Any], *options: str) -> tuple[int, list[Any]]:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    source.write_text(text + "\n", "utf-8")
    status = main(["score", str(source), "--out", str(target), *options])
    return status, [json.loads(line) for line in target.read_text("utf-8").splitlines()]


def test_one_answer_a_line_in_order_with_exactly_the_promised_fields(tmp_path: Path) -> None:
    status, (lure, calm) = _score(tmp_path, [_LINE, _CALM])
    assert status == 0
    assert list(lure) == ["id", "turns", "alert_at", "priority", "about", "speakers"]
    assert (lure["id"], calm["id"]) == ("한 방", "calm")
    assert len(lure["turns"]) == len(LURE)
    for turn, (_, text) in zip(lure["turns"], LURE, strict=True):
        assert list(turn) == ["risk", "tactics", "spans", "assessed"]
        assert 0 <= turn["risk"] <= 1
        assert all(key[0] == "T" and 0 <= value <= 1 for key, value in turn["tactics"].items())
        assert all(0 <= start < end <= len(text) for start, end, _ in turn["spans"])
    assert 1 <= lure["alert_at"] <= len(LURE)
    assert (lure["priority"], lure["about"]) == ("P1", "stranger")
    assert (calm["alert_at"], calm["priority"], calm["about"]) == (None, None, None)


def test_it_says_what_the_detector_says_turn_by_turn(tmp_path: Path) -> None:
    _, (answer,) = _score(tmp_path, [_LINE])
    _, found = run(Detector.load(), messages(LURE, start=0.0), size=1)
    assert [turn["risk"] for turn in answer["turns"]] == [a.risk for a in found]


def test_it_never_looks_ahead(tmp_path: Path) -> None:
    _, (whole,) = _score(tmp_path, [_LINE])
    for cut in range(1, len(LURE)):
        _, (part,) = _score(tmp_path, [{**_LINE, "turns": _LINE["turns"][:cut]}])
        assert part["turns"] == whole["turns"][:cut]


def test_turns_are_read_by_their_time_and_answered_in_their_place(tmp_path: Path) -> None:
    _, (straight,) = _score(tmp_path, [_LINE])
    _, (reverse,) = _score(tmp_path, [{**_LINE, "turns": _LINE["turns"][::-1]}])
    assert reverse["turns"][::-1] == straight["turns"]
    assert reverse["alert_at"] == len(LURE) + 1 - straight["alert_at"]


def test_the_same_id_twice_is_two_conversations(tmp_path: Path) -> None:
    _, answers = _score(tmp_path, [_LINE, _LINE])
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("{not json", "line 3"),
        ('{"id": "x"}', "turns"),
        ('{"id": "x", "turns": [{"at": "soon", "from": "a", "text": "b"}]}', "at"),
        ('{"id": "x", "turns": [{"at": 1, "from": "a", "text": 7}]}', "text"),
    ],
)
def test_a_bad_line_is_named_and_what_came_before_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str, said: str
) -> None:
    status, answers = _score(tmp_path, [_LINE, _CALM, bad, _CALM])
    assert status == 2
    assert [answer["id"] for answer in answers] == ["한 방", "calm"]
    error = capsys.readouterr().err
    assert "line 3" in error
    assert said in error


def test_a_message_over_64_kib_is_refused_by_line_and_turn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    big = {"id": "x", "turns": [{"at": 1, "from": "a", "text": "가" * 30_000}]}
    status, _ = _score(tmp_path, [big])
    assert status == 2
    assert "line 1, turn 1" in capsys.readouterr().err


def test_the_threshold_moves_the_alert_and_not_the_risk(tmp_path: Path) -> None:
    _, (default,) = _score(tmp_path, [_LINE])
    _, (strict,) = _score(tmp_path, [_LINE], "--threshold", "0.999999")
    assert strict["alert_at"] is None
    assert [t["risk"] for t in strict["turns"]] == [t["risk"] for t in default["turns"]]
    status, _ = _score(tmp_path, [_LINE], "--threshold", "3")
    assert status == 2


def test_a_missing_input_or_model_is_an_error_not_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "o")]) == 2
    assert "none.jsonl" in capsys.readouterr().err
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps(_LINE), "utf-8")
    assert main(["score", str(source), "--model", str(tmp_path)]) == 2
    assert "ansim train" in capsys.readouterr().err


def test_an_empty_conversation_and_a_blank_line_are_fine(tmp_path: Path) -> None:
    status, answers = _score(tmp_path, [{"id": "e", "turns": []}, "", _CALM])
    assert status == 0
    assert answers[0]["turns"] == []
    assert len(answers) == 2


def test_the_input_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": "1", "turns": []}\n')
    assert main(["score", str(path), "--out", str(path)]) == 2
    assert path.read_text() == '{"id": "1", "turns": []}\n'
