"""The threshold fits the team, and what is missed is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ansim.cli import main
from ansim.training import scores
from ansim.training.alert_budget import Demand, Sample, affordable, ordinary, plan
from tests.training.saved import said, talk

SAMPLE = Sample(
    found=np.linspace(0.505, 0.995, 50),
    punctual=np.linspace(0.305, 0.795, 50),
    benign=np.linspace(0.0, 0.999, 1_000),
    turns=10.0,
    default=0.9,
    variant="gate",
)


def demand(counsellors: int, prevalence: float = 0.0) -> Demand:
    return Demand(counsellors, 10, messages=10_000.0, turns=10.0, prevalence=prevalence)


def test_a_plan_counts_what_the_sample_says() -> None:
    found = plan(SAMPLE, demand(1, 0.1), 0.9)
    assert found.false_rate == pytest.approx(0.1)
    assert found.recall == pytest.approx(0.2)
    assert found.on_time == 0.0
    assert found.alerts == pytest.approx(1_000 * (0.1 * 0.2 + 0.9 * 0.1))
    assert found.outlook[1].precision == pytest.approx(0.002 / (0.002 + 0.099))
    assert found.outlook[1].missed == pytest.approx(10 * 0.8)
    assert found.alerts_most > found.alerts
    assert not found.thin


@pytest.mark.parametrize("counsellors", [1, 3, 20, 99])
@pytest.mark.parametrize("prevalence", [0.0, 0.02])
def test_the_threshold_is_the_lowest_that_fits(counsellors: int, prevalence: float) -> None:
    wanted = demand(counsellors, prevalence)
    found = affordable(SAMPLE, wanted)
    assert found.alerts <= wanted.capacity
    lower = plan(SAMPLE, wanted, found.threshold - 0.0015)
    assert lower.alerts > wanted.capacity


def test_more_counsellors_miss_less() -> None:
    recalls = [affordable(SAMPLE, demand(n, 0.01)).recall for n in (1, 5, 20, 60)]
    assert recalls == sorted(recalls)
    assert recalls[0] < recalls[-1]


def test_a_rate_that_the_sample_cannot_show_is_called_thin() -> None:
    found = affordable(SAMPLE, Demand(1, 1, 10_000.0, 10.0, 0.0))
    assert found.thin
    assert found.false_rate_most > found.false_rate


def test_own_conversations_replace_those_of_the_corpus(tmp_path: Path) -> None:
    path = tmp_path / "scored.jsonl"
    path.write_text(
        '{"id": "a", "turns": [{"risk": 0.1}, null, {"risk": 0.4}]}\n\n'
        '{"id": "b", "turns": [{"risk": 0.2}]}\n',
        "utf-8",
    )
    highest, turns = ordinary(path)
    assert (highest.tolist(), turns) == ([0.4, 0.2], 2.0)
    path.write_text('{"id": "a"}\n', "utf-8")
    with pytest.raises(ValueError, match="line 1"):
        ordinary(path)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    guilty = [talk(f"tr-a-{n}", 6, 3) for n in range(20)]
    benign = [talk(f"tr-b-{n}", 8) for n in range(60)]
    rows = [said(c, [0.3 + 0.03 * n]) for n, c in enumerate(guilty)]
    rows += [said(c, [0.01 * n]) for n, c in enumerate(benign)]
    rows += [said(c, [30.0], "baseline", threshold=20.0) for c in guilty + benign]
    path = tmp_path / "scores.jsonl.xz"
    scores.write(path, rows, guilty + benign)
    return path


def test_the_command_says_it_in_two_languages_and_as_json(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["budget", "--counsellors", "4", "--per-shift", "30", "--scores", str(saved)]
    assert main([*given, "--messages-per-day", "8000"]) == 0
    text = capsys.readouterr().out
    assert "하루 120건" in text
    assert "1,000 conversations a day" in text
    assert "pessimistic" in text
    assert main([*given, "--messages-per-day", "8000", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fits"] is True
    assert found["plan"]["alerts"] <= 120
    assert [o["prevalence"] for o in found["plan"]["outlook"]] == [0.45, 0.01, 0.00145]
    own = tmp_path / "own.jsonl"
    own.write_text('{"id": "a", "turns": [{"risk": 0.01}]}\n' * 200, "utf-8")
    assert main([*given, "--messages-per-day", "8000", "--ordinary", str(own), "--json"]) == 0
    quiet = json.loads(capsys.readouterr().out)
    assert quiet["plan"]["threshold"] < found["plan"]["threshold"]


def test_a_budget_that_nothing_fits_is_said_to_be_so(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["budget", "--counsellors", "1", "--per-shift", "1", "--scores", str(saved)]
    rows = scores.read(saved)[1]
    certain = [r for r in rows if r.variant == "gate"]
    sure = [said(talk(r.id, len(r.risk), r.alert_by), [1.0]) for r in certain]
    scores.write(saved, sure, [])
    assert main([*given, "--messages-per-day", "1000000"]) == 0
    assert "No threshold fits" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [["--counsellors", "0"], ["--prevalence", "2"], ["--scores", "/nowhere/at-all"]]
)
def test_wrong_use_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    given = ["budget", "--counsellors", "1", "--per-shift", "1", "--messages-per-day", "10"]
    try:
        status = main([*given, *wrong])
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    assert status == 2
    assert capsys.readouterr().err
