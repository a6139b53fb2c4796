"""How good a score is: ranking, recall at few false alerts, calibration, precision where rare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PREVALENCES = (0.45, 0.01, 0.00145)
"""Rooms Seoul looked at in 2025; a guess for a youth platform; authors in PAN-2012."""
BINS = 10
"""Of a reliability plot, each with the same number of conversations."""


def auc(positive: Floats, negative: Floats) -> float:
    """Chance that a grooming conversation scores above a benign one (ties count half)."""
    ranked = np.sort(negative)
    below = np.searchsorted(ranked, positive, "left")
    upto = np.searchsorted(ranked, positive, "right")
    return float((below + upto).sum() / (2 * len(positive) * len(negative)))


def bound_at(negative: Floats, share: float) -> float:
    """The score that no more than ``share`` of the benign conversations exceed."""
    ranked = np.sort(negative)[::-1]
    return float(ranked[min(len(ranked) - 1, int(share * len(ranked)))])


def recall_at(positive: Floats, negative: Floats, share: float) -> float:
    """Share of grooming found when no more than ``share`` of the benign ones alert."""
    return float((positive > bound_at(negative, share)).mean())


def precision(recall: float, false_rate: float, prevalence: float) -> float:
    """Share of alerts that are right where ``prevalence`` of the conversations are grooming."""
    hits = recall * prevalence
    alarms = hits + false_rate * (1 - prevalence)
    return hits / alarms if alarms else 1.0


def f_score(hits: int, said: int, true: int, beta: float = 1.0) -> float:
    """F-beta from counts; 0 where nothing was said and nothing was true."""
    weight = beta * beta
    below = said + weight * true
    return (1 + weight) * hits / below if below else 0.0


def share_interval(count: int, among: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), which is honest about small and zero counts too."""
    if not among:
        return 0.0, 1.0
    z = 1.959964
    share, spread = count / among, z * z / among
    middle = share + spread / 2
    reach = z * np.sqrt(share * (1 - share) / among + spread / (4 * among))
    low, high = (middle - reach) / (1 + spread), (middle + reach) / (1 + spread)
    return max(0.0, float(low)), min(1.0, float(high))


def interval(
    measure: Callable[[Floats, Floats], float],
    positive: Floats,
    negative: Floats,
    *,
    rounds: int = 1000,
    seed: int = 7,
) -> tuple[float, float]:
    """95 % bootstrap interval, drawing conversations of each kind with replacement."""
    random = np.random.default_rng(seed)
    values = [
        measure(
            random.choice(positive, len(positive)),
            random.choice(negative, len(negative)),
        )
        for _ in range(rounds)
    ]
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Bin:
    """Conversations of similar risk: the mean of what was said, and of what was true."""

    count: int
    said: float
    true: float


def reliability(risk: Floats, truth: Flags, bins: int = BINS) -> list[Bin]:
    """Bins of equal mass, from the lowest risks to the highest."""
    order = np.argsort(risk, kind="stable")
    return [
        Bin(len(part), float(risk[part].mean()), float(truth[part].mean()))
        for part in np.array_split(order, bins)
        if len(part)
    ]


def calibration_error(risk: Floats, truth: Flags, bins: int = BINS) -> float:
    """ECE: mean distance, over the bins of ``reliability``, of what was said from what was true."""
    found = reliability(risk, truth, bins)
    return float(sum(b.count * abs(b.said - b.true) for b in found) / len(risk))


def error_by_chance(risk: Floats, *, rounds: int = 300, seed: int = 7) -> float:
    """Mean ECE of a perfectly calibrated model that gave these very risks: no ECE is ever 0."""
    random = np.random.default_rng(seed)
    draws = (random.random(len(risk)) < risk for _ in range(rounds))
    return float(np.mean([calibration_error(risk, draw) for draw in draws]))


def roc(positive: Floats, negative: Floats) -> tuple[Floats, Floats]:
    """False-alert rates and recalls at every threshold, rising from (0, 0) to (1, 1)."""
    bounds = np.unique(np.concatenate([positive, negative]))[::-1]
    false = (len(negative) - np.searchsorted(np.sort(negative), bounds, "left")) / len(negative)
    found = (len(positive) - np.searchsorted(np.sort(positive), bounds, "left")) / len(positive)
    return np.append(0.0, false), np.append(0.0, found)
