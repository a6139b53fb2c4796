"""How soon a counsellor is needed (P1–P4), from the numbers kept of one account, and why."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ansim.detection import columns
from ansim.detection.labels import SIGNAL_COUNT, TACTIC_COUNT, TACTICS
from ansim.detection.tactics import tactics
from ansim.detection.values import Priority, Reason

Floats = npt.NDArray[np.float64]

CERTAIN = 0.5
"""Probability from which a tactic counts as used, over all turns."""
LIKELY = 0.3
"""The same for what makes a conversation urgent. It is asked only where an alert is open, and there
a meeting or a threat is several times likelier than among all turns, for which the gate is
calibrated."""

_URGENT = ("T05", "T08", "T09", "T10", "T12", "T13", "T14", "T15", "T16")
_STAGES = 3


@lru_cache(maxsize=4096)
def _reason(code: str, *values: tuple[str, str | int]) -> Reason:
    """The same few are given again and again, and never changed."""
    return Reason(code=code, values=dict(values))


class Standing:
    """All accounts of a conversation as they stand after one message, ready for ``judge``.

    Plain lists, made once a message: in a room where many accounts are under alert each is judged
    at every message, and arrays this small cost more to call than to add up.
    """

    __slots__ = ("_harm", "_rows", "_signals")

    def __init__(self, rows: Floats) -> None:
        """``rows`` [accounts, WIDTH], as ``evidence.accumulate`` keeps them."""
        self._rows: list[list[float]] = rows.tolist()
        self._harm: list[float] = rows[:, columns.HARM].tolist()
        last = columns.SIGNAL + SIGNAL_COUNT
        self._signals: list[list[float]] = rows[:, columns.SIGNAL : last].T.tolist()

    def row(self, own: int) -> list[float]:
        return self._rows[own]

    def harm(self, own: int) -> float:
        """How sure it is that another than ``own`` speaks of self-harm."""
        return max(self._harm[:own] + self._harm[own + 1 :], default=0.0)

    def signal(self, own: int, number: int) -> bool:
        """Whether others than ``own`` showed youth signal ``number`` (1..5)."""
        column = self._signals[number - 1]
        return -math.expm1(-(sum(column[:own]) + sum(column[own + 1 :]))) >= CERTAIN


def judge(standing: Standing, own: int, risk: float) -> tuple[Priority, tuple[Reason, ...]]:
    """Priority of account ``own``, and why.

    P1: a meeting soon, a threat going on, or words of self-harm. P2: high risk with a tactic that
    leads to contact or exploitation. P3: such a tactic, or high risk. P4: the rest.
    """
    row = standing.row(own)
    reasons: list[Reason] = []
    # Probability that a tactic was used at all: noisy-or over turns.
    weight = dict(zip(TACTICS, row[columns.SUM : columns.SUM + TACTIC_COUNT], strict=True))
    used = [tactic for tactic in TACTICS if -math.expm1(-weight[tactic]) >= CERTAIN]

    soon = row[columns.SOON] >= LIKELY
    threat = row[columns.THREAT] >= LIKELY
    harm = standing.harm(own) >= LIKELY
    if soon:
        reasons.append(_reason("meeting_soon"))
    if threat:
        reasons.append(_reason("live_threat"))
    if harm:
        reasons.append(_reason("self_harm"))
    urgent = [tactic for tactic in used if tactic in _URGENT]
    if soon or threat or harm:
        priority = Priority.P1
    elif urgent and risk >= 0.8:
        priority = Priority.P2
    elif urgent or risk >= 0.8:
        priority = Priority.P3
    else:
        priority = Priority.P4

    about = tactics()
    stages = {about[tactic].stage for tactic in used}
    if len(stages) >= _STAGES:
        reasons.append(_reason("stages", ("count", len(stages))))
    for tactic in sorted(used, key=lambda tactic: -weight[tactic])[:4]:
        # About how many turns showed it, decayed.
        count = max(1, round(row[columns.COUNT + TACTICS.index(tactic)]))
        reasons.append(_reason("tactic", ("tactic", tactic), ("count", count)))
    for number, code in ((5, "picture_sent"), (4, "asks_for_help"), (3, "age_disclosed")):
        if standing.signal(own, number):
            reasons.append(_reason(code))
    if standing.signal(own, 1):
        reasons.append(_reason("refusal"))
    if risk >= 0.8 or not reasons:
        reasons.append(_reason("high_risk", ("percent", min(99, round(100 * risk)))))
    return priority, tuple(reasons)
