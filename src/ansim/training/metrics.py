"""How good a score is: ranking, recall at few false alerts, precision where grooming is rare."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PREVALENCES = (0.45, 0.01, 0.00145)
"""Rooms Seoul looked at in 2025; a guess for a youth platform; authors in PAN-2012."""


def auc(positive: Floats, negative: Floats) -> float:
    """Chance that a grooming conversation scores above a benign one (ties count half)."""
    above = (positive[:, None] > negative[None, :]).mean()
    return float(above + 0.5 * (positive[:, None] == negative[None, :]).mean())


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
