"""Measures, each on figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ansim.training import latency, metrics

GROOMING, BENIGN = np.array([0.9, 0.8, 0.3]), np.array([0.7, 0.2, 0.1, 0.0])


def test_ranking_and_recall_at_few_false_alerts() -> None:
    assert metrics.auc(GROOMING, BENIGN) == pytest.approx(11 / 12)
    assert metrics.recall_at(GROOMING, BENIGN, 0.0) == pytest.approx(2 / 3)
    assert metrics.recall_at(GROOMING, BENIGN, 0.25) == 1.0
    low, high = metrics.interval(metrics.auc, GROOMING, BENIGN)
    assert low <= 11 / 12 <= high


def test_ties_count_half_in_the_ranking() -> None:
    assert metrics.auc(np.array([0.5, 0.5]), np.array([0.5, 0.4])) == pytest.approx(0.75)


def test_no_more_than_the_allowed_share_of_benign_conversations_exceed_the_bound() -> None:
    benign = np.random.default_rng(3).random(580).round(2)
    for share in (0.05, 0.02, 0.01, 0.0):
        assert (benign > metrics.bound_at(benign, share)).mean() <= share


def test_precision_falls_with_rarity() -> None:
    assert metrics.precision(0.5, 0.01, 0.01) == pytest.approx(0.3356, abs=1e-4)
    assert metrics.precision(0.5, 0.01, 0.00145) == pytest.approx(0.0677, abs=1e-4)


def test_f_scores_weigh_precision_and_recall() -> None:
    # Precision 1/2, recall 1/4.
    assert metrics.f_score(1, 2, 4) == pytest.approx(1 / 3)
    assert metrics.f_score(1, 2, 4, beta=0.5) == pytest.approx(1.25 * 0.125 / (0.125 + 0.25))
    assert metrics.f_score(0, 0, 0) == 0.0


def test_interval_of_a_share_is_honest_about_nought() -> None:
    assert metrics.share_interval(0, 299) == (0.0, pytest.approx(0.0127, abs=1e-4))
    low, high = metrics.share_interval(13, 580)
    assert (low, high) == (pytest.approx(0.0132, abs=1e-3), pytest.approx(0.038, abs=1e-3))
    assert metrics.share_interval(0, 0) == (0.0, 1.0)


def test_calibration_error_is_the_distance_of_what_was_said_from_what_was_true() -> None:
    risk = np.repeat([0.1, 0.7], 50)
    truth = np.concatenate([np.arange(50) < 5, np.arange(50) < 25])
    assert metrics.calibration_error(risk, truth, bins=2) == pytest.approx(0.5 * 0.2)
    bins = metrics.reliability(risk, truth, bins=2)
    assert [(b.count, b.true) for b in bins] == [(50, 0.1), (50, 0.5)]


def test_an_honest_model_errs_by_chance_only() -> None:
    random = np.random.default_rng(5)
    risk = random.random(4_000)
    expected = metrics.error_by_chance(risk)
    honest = metrics.calibration_error(risk, random.random(4_000) < risk)
    assert honest < 2.5 * expected
    assert metrics.calibration_error(risk**2, random.random(4_000) < risk) > 5 * expected


def test_roc_passes_through_the_points_counted_by_hand() -> None:
    false, recall = metrics.roc(GROOMING, BENIGN)
    points = set(zip(false.tolist(), np.round(recall, 3).tolist(), strict=True))
    assert {(0.0, 0.0), (0.0, 0.667), (0.25, 0.667), (0.25, 1.0), (1.0, 1.0)} <= points


def test_skepticism_waits_for_several_suspicious_turns_among_the_latest_ten() -> None:
    risk = [0.0, 0.9, 0.0, 0.9, 0.9]
    assert latency.warning_at(risk, 0.5) == 2
    assert latency.warning_at(risk, 0.5, skepticism=2) == 4
    assert latency.warning_at(risk, 0.5, skepticism=4) is None
    far = [0.9, *[0.0] * 9, 0.9]
    assert latency.warning_at(far, 0.5, skepticism=2) is None


def test_the_penalty_of_espd_is_nought_at_once_and_a_half_at_the_median_length() -> None:
    p = latency.patience([9, 14, 20])
    assert latency.penalty(1, p) == 0.0
    assert latency.penalty(14, p) == pytest.approx(0.5)
    assert latency.penalty(1_000, p) == pytest.approx(1.0)


def test_f1_with_latency_on_an_example_by_hand() -> None:
    # Three grooming chats: found at 1 and 14, one missed; one false alert.
    score = latency.early_score([True, True, True, False], [1, 14, None, 2], latency.patience([14]))
    assert (score.precision, score.recall) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert score.speed == pytest.approx(1 - 0.25)
    assert score.f_latency == pytest.approx(2 / 3 * 0.75)


def test_nothing_found_is_no_speed_and_no_median() -> None:
    score = latency.early_score([True, False], [None, 3], latency.patience([14]))
    assert (score.f_latency, score.speed, score.median) == (0.0, 0.0, None)


def test_erde_on_an_example_by_hand() -> None:
    truth, warned = [True, True, False, False], [5, None, 3, None]
    # Late alert 1 - 1/(1 + e^0) = .5, miss 1, false alert at the share of grooming .5, silence 0.
    assert latency.erde(truth, warned, o=5) == pytest.approx((0.5 + 1 + 0.5 + 0) / 4)
    assert latency.erde(truth, warned, o=50) == pytest.approx((1 + 0.5) / 4)
    assert latency.erde([True], [10_000], o=5) == pytest.approx(1.0)
