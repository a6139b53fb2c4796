"""How soon a counsellor is needed (P1–P4), from the numbers kept of one account, and why."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from ansim.detection import evidence
from ansim.detection.labels import TACTICS
from ansim.detection.tactics import tactics
from ansim.detection.values import Priority, Reason

Floats = npt.NDArray[np.float64]

SOON_WORDS = re.compile(
    r"오늘|지금|이따|있다가|내일|낼|방금|곧|당장|데리러|태우러|도착|앞이야|앞에 있|출발"
    r"|몇 ?시|[0-9]+ ?시|오는 ?중|가는 ?중|저녁에|밤에|퇴근|하교|끝나고"
)
"""Words that put a meeting within a day."""
HARM_WORDS = re.compile(
    r"죽고 ?싶|죽을래|죽어버|죽는 ?게|자살|자해|사라지고 ?싶|살기 ?싫"
    r"|손목|뛰어내리|없어지고 ?싶|목숨|유서"
)
"""Words of a young person in danger from themselves."""

CERTAIN = 0.5
"""Probability from which a single turn counts as showing its tactic."""

_URGENT = ("T05", "T08", "T09", "T10", "T12", "T13", "T14", "T15", "T16")
_STAGES = 3


def _noticed(row: Floats, tactic: str) -> float:
    """Probability that the tactic was used at all (noisy-or over turns)."""
    return float(-np.expm1(-row[evidence.SUM + TACTICS.index(tactic)]))


def _count(row: Floats, tactic: str) -> float:
    """About how many turns showed the tactic, decayed."""
    return float(row[evidence.COUNT + TACTICS.index(tactic)])


def _signal(others: Floats, number: int) -> bool:
    column = evidence.SIGNAL + number - 1
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

    soon = float(row[evidence.SOON]) >= CERTAIN
    threat = _count(row, "T15") >= CERTAIN
    harm = bool(len(others)) and float(others[:, evidence.HARM].max()) >= CERTAIN
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
    strongest = sorted(used, key=lambda tactic: -row[evidence.SUM + TACTICS.index(tactic)])
    for tactic in strongest[:4]:
        count = max(1, round(_count(row, tactic)))
        reasons.append(Reason(code="tactic", values={"tactic": tactic, "count": count}))
    for number, code in ((5, "picture_sent"), (4, "asks_for_help"), (3, "age_disclosed")):
        if _signal(others, number):
            reasons.append(Reason(code=code))
    if _signal(others, 1):
        reasons.append(Reason(code="refusal"))
    if risk >= 0.8 or not reasons:
        reasons.append(Reason(code="high_risk", values={"percent": round(100 * risk)}))
    return priority, tuple(reasons)
