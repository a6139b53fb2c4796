"""How soon a counsellor is needed (P1–P4), from the numbers kept of one account, and why."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ansim.detection import columns
from ansim.detection.labels import TACTICS
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


def _noticed(row: Floats, tactic: str) -> float:
    """Probability that the tactic was used at all (noisy-or over turns)."""
    return float(-np.expm1(-row[columns.SUM + TACTICS.index(tactic)]))


def _count(row: Floats, tactic: str) -> float:
    """About how many turns showed the tactic, decayed."""
    return float(row[columns.COUNT + TACTICS.index(tactic)])


def _signal(others: Floats, number: int) -> bool:
    column = columns.SIGNAL + number - 1
    return bool(len(others)) and float(-np.expm1(-others[:, column].sum())) >= CERTAIN


def judge(rows: Floats, own: int, risk: float) -> tuple[Priority, tuple[Reason, ...]]:
    """Priority of account ``own`` among ``rows`` (as ``evidence.accumulate`` keeps them), and why.

    P1: a meeting soon, a threat going on, or words of self-harm. P2: high risk with a tactic that
    leads to contact or exploitation. P3: such a tactic, or high risk. P4: the rest.
    """
    row = rows[own]
    others = np.delete(rows, own, axis=0)
    reasons: list[Reason] = []
    seen = {tactic: _noticed(row, tactic) for tactic in TACTICS}
    used = [tactic for tactic in TACTICS if seen[tactic] >= CERTAIN]

    soon = float(row[columns.SOON]) >= LIKELY
    threat = float(row[columns.THREAT]) >= LIKELY
    harm = bool(len(others)) and float(others[:, columns.HARM].max()) >= LIKELY
    if soon:
        reasons.append(Reason(code="meeting_soon"))
    if threat:
        reasons.append(Reason(code="live_threat"))
    if harm:
        reasons.append(Reason(code="self_harm"))
    urgent = [tactic for tactic in used if tactic in _URGENT]
    if soon or threat or harm:
        priority = Priority.P1
    elif urgent and risk >= 0.8:
        priority = Priority.P2
    elif urgent or risk >= 0.8:
        priority = Priority.P3
    else:
        priority = Priority.P4

    stages = {tactics()[tactic].stage for tactic in used}
    if len(stages) >= _STAGES:
        reasons.append(Reason(code="stages", values={"count": len(stages)}))
    strongest = sorted(used, key=lambda tactic: -row[columns.SUM + TACTICS.index(tactic)])
    for tactic in strongest[:4]:
        count = max(1, round(_count(row, tactic)))
        reasons.append(Reason(code="tactic", values={"tactic": tactic, "count": count}))
    for number, code in ((5, "picture_sent"), (4, "asks_for_help"), (3, "age_disclosed")):
        if _signal(others, number):
            reasons.append(Reason(code=code))
    if _signal(others, 1):
        reasons.append(Reason(code="refusal"))
    if risk >= 0.8 or not reasons:
        reasons.append(Reason(code="high_risk", values={"percent": min(99, round(100 * risk))}))
    return priority, tuple(reasons)
