"""Disguises by kind, and the measuring of what reading makes of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ansim.cli import main
from ansim.training import ordinary_counts, reading_measure
from ansim.training.disguise import CLASSES, disguise, disguised

CORPUS = Path(__file__).parents[2] / "data" / "conversations.jsonl"
TEXT = "오랜만에 학교 앞에서 만날래? 수학여행 사진 보내줘 우리 둘만의 비밀이야"


@pytest.mark.parametrize("kind", CLASSES)
def test_every_kind_changes_the_text_and_is_repeatable(kind: str) -> None:
    forms = {disguise(TEXT, kind, random.Random(seed)) for seed in range(30)}
    assert forms - {TEXT}
    assert disguise(TEXT, kind, random.Random(3)) == disguise(TEXT, kind, random.Random(3))


@pytest.mark.parametrize("kind", sorted(set(CLASSES) - {"joined", "misplaced"}))
def test_about_half_of_the_words_are_disguised(kind: str) -> None:
    draw = random.Random(1)
    kept = changed = 0
    for _ in range(60):
        now = disguise(TEXT, kind, draw)
        stand = sum(word in now for word in ("학교", "사진", "우리"))
        kept += stand
        changed += 3 - stand
    assert kept > 20
    # Some kinds can only change certain words; all three of these have no room for them.
    if kind not in ("linked", "shuffled", "turned", "decomposed", "doubled"):
        assert changed > 20


@pytest.mark.parametrize("kind", CLASSES)
def test_stand_ins_and_addresses_stay(kind: str) -> None:
    text = "오늘 찍은 [사진] 이거 봐봐 https://example.org/사진 어때 정말"
    for seed in range(20):
        now = disguise(text, kind, random.Random(seed))
        assert "[사진]" in now
        assert "https://example.org/사진" in now


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'rot13'.*known: jamo"):
        disguise(TEXT, "rot13", random.Random(1))


def test_texts_without_words_pass() -> None:
    for kind in CLASSES:
        for text in ("", "ㅋㅋ", "??", "네", "ok 123"):
            disguise(text, kind, random.Random(1))
    assert disguised("", random.Random(1)) == ""


def test_what_is_only_stored_otherwise_is_restored_in_full() -> None:
    for kind in ("decomposed", "zero_width"):
        found = reading_measure.restored([TEXT] * 20, kind)
        assert found.share == 1.0
        assert found.whole == found.texts == 20


def test_restoring_is_measured_against_what_was_broken() -> None:
    nothing = reading_measure.restored(["ㅋㅋ", "네"], "jamo")
    assert nothing.texts == 0
    assert nothing.share == 1.0
    lost = reading_measure.restored([TEXT] * 20, "shuffled")
    assert 0.0 <= lost.share < 1.0
    assert lost.broken > lost.restored


def test_restored_shares_do_not_fall_behind() -> None:
    """Floors well under what ``ansim measure-reading`` printed when the page was written."""
    texts = reading_measure.sampled(reading_measure.turns(CORPUS), 150)
    floors = {
        "jamo": 0.97,
        "keyboard": 0.85,
        "signs": 0.7,
        "look_alike": 0.65,
        "romanised": 0.55,
        "spaced": 0.5,
        "finals": 0.4,
        "tense": 0.3,
    }
    for kind, floor in floors.items():
        assert reading_measure.restored(texts, kind).share > floor, kind


def test_lines_that_changed_are_told_apart_by_what_changed() -> None:
    found = reading_measure.altered(
        ["오늘 뭐 해", "진짜 ㅋㅋㅋㅋㅋ", "훠어얼씬 좋다", "탬.버.린 노래", "야 4진 보내"]
    )
    assert (found.lines, found.altered, found.closed, found.shortened) == (5, 1, 1, 2)
    assert ("야 4진 보내", "야 사진 보내") in found.examples


def test_a_table_is_counted_from_lines_that_are_not_held_out(tmp_path: Path) -> None:
    import numpy as np

    lines = [f"우리 학교 {number}번" for number in range(200)]
    ordinary_counts.count(lines, tmp_path / "table.npz")
    table = np.load(tmp_path / "table.npz")
    pairs = {chr(a) + chr(b) for a, b in zip(table["first"], table["second"], strict=True)}
    assert {" 우", "우리", "리 ", " 학", "학교"} <= pairs
    kept = [line for line in lines if not ordinary_counts.held_out(line)]
    assert 150 < len(kept) < 200
    again = tmp_path / "again.npz"
    ordinary_counts.count(kept, again)
    assert again.read_bytes() == (tmp_path / "table.npz").read_bytes()


def test_a_folder_without_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no \.txt or \.txt\.xz"):
        list(ordinary_counts.lines(tmp_path))


def test_the_command_prints_mean_and_worst_and_keeps_kinds_to_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "turns.jsonl"
    corpus.write_text(
        '{"turns": [{"text": "오늘 사진 보내줘"}, {"text": "학교 끝났어"}]}\n', "utf-8"
    )
    (tmp_path / "lines.txt").write_text(
        "\n".join(f"우리 학교 급식 {number}번" for number in range(40)) + "\n", "utf-8"
    )
    assert main(["measure-reading", "--corpus", str(corpus), "--text", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "mean" in printed
    assert "letters altered      0.00000" in printed
    assert not any(f"  {kind:12} " in printed for kind in CLASSES)
    assert main(["measure-reading", "--corpus", str(corpus), "--per-class"]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {kind:12} " in printed for kind in CLASSES)
    assert main(["measure-reading", "--corpus", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl" in capsys.readouterr().err
