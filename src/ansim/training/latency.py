"""How early an alert came: eSPD's F1 with latency, and ERDE.

Sources: Vogt, Leser & Akbik, "Early Detection of Sexual Predators in Chats", ACL 2021, which takes
the latency from Sadeque, Xu & Bethard, WSDM 2018; Losada & Crestani, CLEF 2016, for ERDE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RECENT = 10
"""Windows that eSPD looks back on before it warns."""
SKEPTICISM = (1, 5)
"""How many of them have to be suspicious: our alert (one is enough), and eSPD's default."""
ERDE_TURNS = (5, 10, 50)
"""Turns o about which the cost of a late alert rises; 5 and 50 are those of eRisk."""


def warning_at(risk: Sequence[float], threshold: float, skepticism: int = 1) -> int | None:
    """1-based turn at which ``skepticism`` of the latest RECENT risks reach the threshold."""
    suspicious = [value >= threshold for value in risk]
    for turn in range(1, len(suspicious) + 1):
        if sum(suspicious[max(0, turn - RECENT) : turn]) >= skepticism:
            return turn
    return None


def patience(lengths: Sequence[int]) -> float:
    """eSPD's p: with it, an alert at the median length of grooming chats is penalised by a half."""
    median = float(np.median(lengths))
    return float(np.log(3.0) / max(1e-9, median - 1.0))


def penalty(turn: float, p: float) -> float:
    """−1 + 2 / (1 + e^(−p(l−1))): 0 for an alert at the first message, towards 1 for late ones."""
    return float(-1.0 + 2.0 / (1.0 + np.exp(-p * (turn - 1.0))))


@dataclass(frozen=True, slots=True)
class EarlyScore:
    """F1 over conversations read in full, and what is left of it after latency."""

    precision: float
    recall: float
    f1: float
    speed: float
    """1 − median penalty of the alerts that were right; 0 without any."""
    f_latency: float
    median: float | None
    """Median turn of the alerts that were right; None without any."""


def early_score(grooming: Sequence[bool], warned: Sequence[int | None], p: float) -> EarlyScore:
    """eSPD's measures from the truth and the turn of the warning of each conversation."""
    right = [w for g, w in zip(grooming, warned, strict=True) if g and w is not None]
    said = sum(w is not None for w in warned)
    precision = len(right) / said if said else 0.0
    recall = len(right) / max(1, sum(grooming))
    f1 = 2 * len(right) / max(1, said + sum(grooming))
    speed = 1.0 - float(np.median([penalty(turn, p) for turn in right])) if right else 0.0
    median = float(np.median(right)) if right else None
    return EarlyScore(precision, recall, f1, speed, f1 * speed, median)


def erde(grooming: Sequence[bool], warned: Sequence[int | None], o: int) -> float:
    """Mean early risk detection error, 0 (best) .. 1.

    A false alert costs the share of grooming, a miss 1, an alert after ``k`` turns
    1 − 1 / (1 + e^(k−o)).
    """
    false_alert = sum(grooming) / max(1, len(grooming))
    costs = []
    for guilty, turn in zip(grooming, warned, strict=True):
        if turn is None:
            costs.append(1.0 if guilty else 0.0)
        elif guilty:
            costs.append(1.0 - 1.0 / (1.0 + float(np.exp(min(50.0, turn - o)))))
        else:
            costs.append(false_alert)
    return float(np.mean(costs)) if costs else 0.0
