"""Training learns, the same way each time, and its parts keep their promises."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ansim.detection import Detector, evidence
from ansim.detection.labels import ANY, COLUMN
from ansim.detection.weights import GATE_FILE, RISK_FILE
from ansim.training import corpus, gate_fit, logistic, metrics
from ansim.training.disguise import disguised
from ansim.training.gate_fit import GateSettings
from ansim.training.train import train
from ansim.training.turns import PREVALENCE, Turns
from tests.detection.talk import CHAT, LURE, messages, run

_DATA = Path(__file__).parents[2] / "data" / "conversations.jsonl"


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every second conversation of three worlds, one of them benign only, and some phrases."""
    path = tmp_path_factory.mktemp("corpus") / "conversations.jsonl"
    lines = _DATA.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if line[8:12] in (b"tr-a", b"tr-b", b"tr-f")]
    path.write_bytes(b"".join(kept[::2]))
    phrases = _DATA.with_name(corpus.PHRASES).read_bytes().splitlines(keepends=True)
    path.with_name(corpus.PHRASES).write_bytes(b"".join(phrases[::3]))
    return path


@pytest.fixture(scope="module")
def trained(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    train(few, folder)
    return folder


def test_a_small_corpus_is_enough_to_tell_a_lure_from_a_chat(trained: Path) -> None:
    detector = Detector.load(trained)
    _, lure = run(detector, messages(LURE))
    _, chat = run(detector, messages(CHAT))
    assert lure[-1].risk > chat[-1].risk + 0.3
    assert lure[-1].about == "stranger"


def test_the_same_data_gives_the_same_bytes(few: Path, trained: Path, tmp_path: Path) -> None:
    train(few, tmp_path)
    for name in (GATE_FILE, RISK_FILE, "README.md"):
        assert (tmp_path / name).read_bytes() == (trained / name).read_bytes()


def test_more_evidence_never_lowers_the_risk(trained: Path) -> None:
    _, risk = Detector.load(trained).gate, Detector.load(trained).risk
    for name, weight in zip(evidence.FEATURE_NAMES, risk.weights, strict=True):
        assert weight >= 0 or name in evidence.LOWERING


def test_the_gate_in_service_gives_the_log_odds_it_was_fitted_with() -> None:
    turns = Turns.read(corpus.load(_DATA)[:40])
    fitted = gate_fit.fit(
        turns.documents,
        turns.targets[:, [COLUMN[ANY]]],
        turns.importance[:, [COLUMN[ANY]]],
        GateSettings(),
    )
    expected = fitted.logits(gate_fit.rows(turns.documents, fitted.known))[:, 0]
    truth = turns.targets[:, COLUMN[ANY]]
    assert metrics.auc(expected[truth], expected[~truth]) > 0.99

    from ansim.detection.features import index_of
    from ansim.detection.gate import blanked
    from ansim.detection.scoring import score
    from ansim.detection.spacing import respaced
    from ansim.reading import read

    texts = [read(blanked(t.text)).text for c in turns.conversations for t in c.turns]
    out = np.empty((len(texts), 1))
    weights = fitted.weights * fitted.known.rarity[:, None]
    codes, bounds = respaced(texts)
    table = index_of(fitted.known.keys)
    score(codes, bounds, *table, weights, fitted.known.rarity**2, fitted.bias, 1, out)
    np.testing.assert_allclose(out[:, 0], expected, atol=1e-3)


def test_prevalence_is_the_same_whatever_worlds_are_chosen() -> None:
    turns = Turns.read(corpus.load(_DATA)[::7])
    grooming = np.array([c.grooming for c in turns.conversations])
    for chosen in (np.arange(len(grooming)), np.flatnonzero(np.arange(len(grooming)) % 3 > 0)):
        shares = turns.shares(chosen)[chosen]
        assert shares[grooming[chosen]].sum() / shares.sum() == pytest.approx(PREVALENCE)


def test_logistic_regression_finds_a_known_answer() -> None:
    draw = np.random.default_rng(1)
    table = draw.normal(size=(20_000, 2))
    chance = logistic.sigmoid(1.5 * table[:, 0] - 0.5 * table[:, 1] - 1.0)
    target = (draw.random(20_000) < chance).astype(np.float64)
    weights, bias = logistic.fit(table, target, np.ones(20_000))
    np.testing.assert_allclose([*weights, bias], [1.5, -0.5, -1.0], atol=0.1)
    rising, _ = logistic.fit_rising(
        table, target, np.ones(20_000), np.full(2, 1e-6), np.zeros(2, np.bool_)
    )
    assert rising[0] > 1
    assert rising[1] == 0


def test_a_conversation_is_judged_two_turns_after_the_alert_was_due() -> None:
    first = next(c for c in corpus.load(_DATA) if c.grooming)
    assert first.alert_by is not None
    assert first.cut == min(len(first.turns), first.alert_by + 2)
    assert msgspec.structs.replace(first, alert_by=None).cut == len(first.turns)


def test_disguises_change_the_spelling_and_are_repeatable() -> None:
    text = "우리 둘만의 비밀이야 사진 보내줘"
    forms = {disguised(text, random.Random(seed)) for seed in range(40)}
    assert len(forms) > 15
    assert disguised(text, random.Random(3)) == disguised(text, random.Random(3))


def test_a_broken_line_of_data_is_named(tmp_path: Path) -> None:
    path = tmp_path / "conversations.jsonl"
    path.write_text('{"id": "x"}\n', "utf-8")
    with pytest.raises(ValueError, match="line 1"):
        corpus.load(path)


def test_the_data_keep_to_the_taxonomy_and_hold_no_numbers_of_people() -> None:
    for conversation in corpus.load(_DATA):
        for turn in conversation.turns:
            assert set(turn.tags) <= set(COLUMN)
    for phrase in corpus.load_phrases(_DATA):
        assert set(phrase.tags) <= set(COLUMN)
        assert not any(run.isdigit() and len(run) > 4 for run in phrase.text.split())
