"""Fits the risk model: from the evidence of an account at some moments to grooming or not.

Only prefixes are learnt: what a conversation looks like around the turn by which a counsellor would
want the alert, not how it ended.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ansim.detection import evidence
from ansim.detection.urgency import NONE
from ansim.training import logistic
from ansim.training.turns import Turns

Floats = npt.NDArray[np.float64]

PENALTY = 5.0
"""L2 on standardised features."""
BENIGN_WEIGHT = 4.0
VICTIM_WEIGHT = 0.3
"""Of the young person's own account in a grooming conversation: it must stay below the other's."""


def trajectories(turns: Turns, logits: Floats, opinions: Floats | None = None) -> list[Floats]:
    """Risk features [turn, account, feature] of every conversation after each of its turns.

    ``opinions`` [rows, 2] is what the context model says; without it nobody is asked.
    """
    if opinions is None:
        opinions = np.full((len(logits), 2), np.nan)
    out = []
    for index, conversation in enumerate(turns.conversations):
        accounts = turns.authors[index]
        count, width = len(conversation.turns), len(accounts)
        span = slice(int(turns.first[index]), int(turns.first[index + 1]))
        at = np.array([turn.at for turn in conversation.turns], np.float64)
        kept = np.zeros((count * width, evidence.WIDTH))
        evidence.accumulate(
            np.zeros((width, evidence.WIDTH)),
            np.array([accounts.index(turn.author) for turn in conversation.turns]),
            np.zeros(count, np.int64),
            np.full(count, width),
            at,
            np.maximum.accumulate(at),
            np.ones(count, np.bool_),
            np.ascontiguousarray(logits[span]),
            np.zeros((count, len(NONE))),
            np.ascontiguousarray(opinions[span]),
            np.zeros(evidence.FEATURES),
            0.0,
            np.arange(count) * width,
            np.zeros(count * width),
            np.arange(count) * width,
            kept,
        )
        described = np.zeros((count, width, evidence.FEATURES))
        for turn in range(count):
            rows = kept[turn * width : (turn + 1) * width]
            for account in range(width):
                evidence.describe(rows, account, described[turn, account])
        out.append(described)
    return out


def _instances(
    turns: Turns, described: list[Floats], chosen: npt.NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Features, truth and weight of the accounts of the chosen conversations at chosen moments."""
    table, truth, weight = [], [], []
    shares = turns.shares(chosen)
    for index in chosen.tolist():
        conversation, accounts = turns.conversations[index], turns.authors[index]
        count = len(conversation.turns)
        if conversation.alert_by is None:
            for moment, share in ((count // 2, 0.25), (3 * count // 4, 0.25), (count - 1, 0.5)):
                for account in range(len(accounts)):
                    table.append(described[index][moment, account])
                    truth.append(0.0)
                    weight.append(BENIGN_WEIGHT * share * shares[index] / len(accounts))
            continue
        approachers = turns.approachers[index]
        moments = range(conversation.alert_by - 1, min(count, conversation.alert_by + 3))
        for moment in moments:
            for account, name in enumerate(accounts):
                guilty = name in approachers
                alike = len(approachers) if guilty else len(accounts) - len(approachers)
                table.append(described[index][moment, account])
                truth.append(float(guilty))
                share = 1.0 if guilty else VICTIM_WEIGHT
                weight.append(share * shares[index] / (len(moments) * alike))
    return np.array(table), np.array(truth), np.array(weight)


def fit(
    turns: Turns, described: list[Floats], chosen: npt.NDArray[np.int64]
) -> tuple[Floats, float]:
    """Weights and bias of the risk model, from the conversations ``chosen``."""
    table, truth, weight = _instances(turns, described, chosen)
    mean = np.average(table, axis=0, weights=weight)
    spread = np.sqrt(np.average((table - mean) ** 2, axis=0, weights=weight)) + 1e-6
    names = evidence.FEATURE_NAMES
    penalty = np.full(len(names), PENALTY)
    free = np.array([name in evidence.LOWERING for name in names])
    weights, bias = logistic.fit_rising((table - mean) / spread, truth, weight, penalty, free)
    return weights / spread, bias - float((weights / spread) @ mean)


def highest(described: Floats, cut: int, weights: Floats, bias: float) -> float:
    """Highest log-odds of any account at any of the first ``cut`` turns: would it have alerted?"""
    return float((described[:cut] @ weights + bias).max())
