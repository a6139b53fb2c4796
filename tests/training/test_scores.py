"""Saved scores come back as they were written, and wrong ones are named."""

from __future__ import annotations

import lzma
from pathlib import Path

import msgspec
import pytest

from ansim.training import scores
from ansim.training.scores import Row, ScoresError
from tests.training.saved import said, talk

GROOMING, BENIGN = talk("tr-a-1", 4, 2), talk("tr-b-1", 3)
ROWS = [
    said(GROOMING, [0.1, 0.6, 0.71239, 0.9], tactics=[{"T05": 0.61236, "T01": 0.01}] + [{}] * 3),
    said(BENIGN, [0.2]),
    said(GROOMING, [0.3], disguise="jamo"),
    said(GROOMING, [7.5], "baseline", threshold=12.0),
]


def test_rows_come_back_rounded_and_without_unlikely_tactics(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl.xz"
    scores.write(path, ROWS, [GROOMING, BENIGN])
    header, rows = scores.read(path)
    assert header.corpus == scores.fingerprint([BENIGN, GROOMING])
    assert sorted(rows, key=lambda r: r.key) == sorted(ROWS, key=lambda r: r.key)
    first = next(row for row in rows if row.tactics)
    assert first.risk == (0.1, 0.6, 0.7124, 0.9)
    assert first.tactics is not None
    assert first.tactics[0] == {"T05": 0.6124}
    assert (first.grooming, first.alert_by, first.world) == (True, 2, "tr-a")


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    scores.write(tmp_path / "a", ROWS, [GROOMING, BENIGN])
    scores.write(tmp_path / "b", ROWS[::-1], [BENIGN, GROOMING])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_fingerprint_changes_with_a_word_and_with_a_verdict() -> None:
    plain = scores.fingerprint([GROOMING])
    assert scores.fingerprint([talk("tr-a-1", 4, 2, text="내일 봐")]) != plain
    assert scores.fingerprint([talk("tr-a-1", 4, 3)]) != plain
    assert scores.fingerprint([talk("tr-a-1", 4, 2, tags=("T05",))]) != plain


def test_variants_are_replaced_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl.xz"
    scores.replace(path, ROWS, [GROOMING, BENIGN])
    scores.replace(path, [said(GROOMING, [0.4])], [GROOMING, BENIGN])
    rows = scores.read(path)[1]
    assert [(row.variant, row.risk[0]) for row in rows] == [("baseline", 7.5), ("gate", 0.4)]
    with pytest.raises(ScoresError, match="other conversations"):
        scores.replace(path, [said(GROOMING, [0.4])], [GROOMING])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"variant": "mystery"}, "unknown variant"),
        ({"risk": ()}, "no turn"),
        ({"risk": (0.1, 0.2, 0.3, 1.5)}, "between 0 and 1"),
        ({"threshold": float("nan")}, "between 0 and 1"),
        ({"alert_by": None}, "alert_by belongs"),
        ({"alert_by": 5}, "alert_by is 5"),
        ({"tactics": ({},)}, "tactics of 1 turns"),
        ({"tactics": ({"T01": 2.0}, {}, {}, {})}, "probability of a tactic"),
    ],
)
def test_a_wrong_row_is_neither_written_nor_read(
    tmp_path: Path, change: dict[str, object], what: str
) -> None:
    row = msgspec.structs.replace(ROWS[0], **change)
    path = tmp_path / "scores.jsonl.xz"
    with pytest.raises(ScoresError, match=what):
        scores.write(path, [row], [GROOMING])
    assert not path.exists()
    if "threshold" in change:
        return  # JSON has no word for it
    head = msgspec.json.encode(scores.Header(corpus="x"))
    path.write_bytes(lzma.compress(head + b"\n" + msgspec.json.encode(row) + b"\n"))
    with pytest.raises(ScoresError, match=f"line 2.*{what}"):
        scores.read(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"not compressed", "cannot be read"),
        (lzma.compress(b'{"corpus": "x"}\n'), "no scores"),
        (lzma.compress(b'{"corpus": "x"}\n{"id": 3}\n'), "line 2"),
        (lzma.compress(b'{"corpus": "x"}\n\xff\n'), "line 2"),
        (lzma.compress(b"\n"), "line 1"),
        (lzma.compress(b'{"corpus": "x"}\n' * 9)[:40], "cannot be read"),
    ],
)
def test_a_broken_file_is_named_with_the_way_out(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "scores.jsonl.xz"
    path.write_bytes(content)
    with pytest.raises(ScoresError, match=f"(?s)scores.jsonl.xz.*{what}.*--rescore"):
        scores.read(path)


def test_a_missing_file_says_how_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(ScoresError, match="--rescore"):
        scores.read(tmp_path / "none")


def test_a_row_that_comes_twice_is_refused(tmp_path: Path) -> None:
    twice: list[Row] = [ROWS[1], ROWS[1]]
    with pytest.raises(ScoresError, match="comes twice"):
        scores.write(tmp_path / "s", twice, [BENIGN])
