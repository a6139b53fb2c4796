"""Other people's text is counted by file and kind, alone and in rooms."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from ansim.detection import Detector
from ansim.training import outside, plain_lines
from tests.detection.talk import CHAT, LURE


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(None, 0.5)


def line(name: str, said: tuple[tuple[str, str], ...], kind: str = "") -> str:
    turns = [{"at": 20 * n, "from": who, "text": text} for n, (who, text) in enumerate(said)]
    more = {"kind": kind} if kind else {}
    return json.dumps({"id": name, "label": "benign", **more, "turns": turns}) + "\n"


def test_alerts_are_counted_by_file_and_kind(tmp_path: Path, detector: Detector) -> None:
    ordinary = "".join(line(f"x{n}", CHAT) for n in range(700))
    (tmp_path / "xpersona-ko-valid.jsonl").write_text(ordinary + line("y", LURE), "utf-8")
    harm = line("a", LURE, "협박") + line("b", LURE, "갈취") + line("c", CHAT, "갈취")
    (tmp_path / "dktc-train.jsonl").write_text(harm, "utf-8")
    found = outside.dialogues(tmp_path, detector)
    assert [(c.file[:4], c.kind, c.conversations, c.alerts) for c in found] == [
        ("xper", "", 701, 1),
        ("dktc", "갈취", 2, 1),
        ("dktc", "협박", 1, 1),
    ]
    assert [c.ordinary_dialogues for c in found] == [True, False, False]
    assert found[0].messages == 700 * len(CHAT) + len(LURE)
    assert found[0].per_thousand == pytest.approx(1_000 / 701)


def test_a_folder_without_the_files_is_named(tmp_path: Path, detector: Detector) -> None:
    with pytest.raises(ValueError, match="xpersona"):
        outside.dialogues(tmp_path, detector)
    with pytest.raises(ValueError, match="txt"):
        outside.lines(tmp_path, detector, 10)


@pytest.fixture
def nothing_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "held_out", lambda line: True)


@pytest.mark.usefixtures("nothing_learnt")
def test_plain_lines_are_read_alone_and_in_rooms(tmp_path: Path, detector: Detector) -> None:
    texts = [text for _, text in CHAT] * 100 + ["", "  "]
    (tmp_path / "a.txt").write_text("\n".join(texts), "utf-8")
    with lzma.open(tmp_path / "b.txt.xz", "wt", encoding="utf-8") as file:
        file.write("\n".join(text for _, text in LURE))
    found = outside.lines(tmp_path, detector, 450)
    assert [(c.file, c.conversations, c.messages) for c in found] == [
        ("a.txt", 450, 450),
        ("b.txt.xz", len(LURE), len(LURE)),
        ("all of them", 450 + len(LURE), 450 + len(LURE)),
        ("all of them", 2, 450 + len(LURE)),
    ]
    assert found[0].alerts == 0
    assert found[0].per_million == 0.0
    assert outside.lines(tmp_path, detector, 450) == found, "the same sample each time"


def test_lines_that_the_gate_may_have_learnt_are_not_measured(
    tmp_path: Path, detector: Detector
) -> None:
    (tmp_path / "a.txt").write_text("\n".join(f"오늘 점심 {n}" for n in range(1_000)), "utf-8")
    never = set(plain_lines.unseen(tmp_path))
    assert not never & set(plain_lines.learnt(tmp_path))
    assert 50 < len(never) < 150
    assert outside.lines(tmp_path, detector, 10_000)[0].conversations == len(never)


@pytest.mark.usefixtures("nothing_learnt")
def test_lines_of_a_room_reach_one_conversation(tmp_path: Path) -> None:
    """Lures over and over: no line alerts by itself, a room of them does."""
    texts = [text for who, text in LURE if who == "stranger"] * 60
    (tmp_path / "a.txt").write_text("\n".join(texts), "utf-8")
    alone, _, room = outside.lines(tmp_path, Detector.load(None, 0.2), 10_000)
    assert (room.conversations, room.alerts) == (2, 2)
    assert alone.alerts < alone.conversations / 2
