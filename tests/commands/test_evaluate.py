"""``ansim evaluate`` works from a file of scores, and says what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ansim.cli import main
from ansim.commands.evaluate import BEGIN, END
from ansim.training import scores
from tests.training.saved import said, talk

TALKS = [talk(f"tr-{world}-{n}", 6, 3 if n % 2 else None) for world in "abc" for n in range(8)]


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    corpus = tmp_path / "conversations.jsonl"
    corpus.write_bytes(b"".join(msgspec.json.encode(c) + b"\n" for c in TALKS))
    rows = [said(c, [0.9 if c.grooming else 0.1]) for c in TALKS]
    rows += [said(c, [0.2], disguise="hidden-kind") for c in TALKS]
    scores.write(tmp_path / "scores.xz", rows, TALKS)
    return ["evaluate", "--corpus", str(corpus), "--scores", str(tmp_path / "scores.xz")]


def test_it_prints_the_tables(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given) == 0
    page = capsys.readouterr().out
    assert "| AUC | ≥ 0.985 | 1.000 | yes |" in page
    assert "hidden-kind" not in page


def test_figures_are_replaced_within_a_page_and_plots_lie_beside_it(
    given: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "docs" / "evaluation.md"
    out.parent.mkdir()
    out.write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nafter\n", "utf-8")
    assert main([*given, "--out", str(out), "--local", str(tmp_path / "local.md")]) == 0
    page = out.read_text("utf-8")
    assert page.startswith("# Before\n")
    assert page.endswith("after\n")
    assert "\nold\n" not in page
    plots = {path.name for path in (out.parent / "plots").iterdir()}
    assert plots == {"roc.svg", "reliability.svg", "lateness.svg", "threshold.svg"}
    assert all(f"plots/{name}" in page for name in plots)
    assert "hidden-kind" in (tmp_path / "local.md").read_text("utf-8")


def test_scores_of_another_corpus_are_refused(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "conversations.jsonl"
    corpus.write_bytes(corpus.read_bytes().replace("내일".encode(), "모레".encode()))
    assert main(given) == 2
    assert "other conversations" in capsys.readouterr().err


def test_what_cannot_be_used_is_named(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*given, "--scores", str(tmp_path / "none.xz")]) == 2
    assert "none.xz" in capsys.readouterr().err
    assert main([*given, "--eval", str(tmp_path)]) == 2
    assert "xpersona" in capsys.readouterr().err
    assert main([*given, "--text", str(tmp_path / "docs"), "--lines", "5"]) == 2
    assert "*.txt" in capsys.readouterr().err
    assert main([*given, "--lines", "0"]) == 2
    assert "--lines" in capsys.readouterr().err


def test_a_variant_is_scored_anew_and_the_others_are_kept(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tagged = [talk(c.id, 6, c.alert_by, tags=("T05",) * c.grooming) for c in TALKS]
    corpus = tmp_path / "conversations.jsonl"
    corpus.write_bytes(b"".join(msgspec.json.encode(c) + b"\n" for c in tagged))
    path = tmp_path / "scores.xz"
    scores.write(path, [said(c, [0.9 if c.grooming else 0.1]) for c in tagged], tagged)
    assert main([*given, "--rescore", "baseline", "--plain"]) == 0
    assert "| all worlds | baseline |" in capsys.readouterr().out
    rows = scores.read(path)[1]
    assert {row.variant for row in rows} == {"gate", "baseline"}
    assert len(rows) == 2 * len(TALKS)
