"""Leave one world out: every conversation is scored by models that never saw its writer.

Gate, calibration, risk model and thresholds are all fitted on the other five worlds. A grooming
conversation is read until two turns after ``alert_by``; a benign one to its end. Its score is the
highest risk at any turn on the way, because one is enough to raise an alert: a benign chat, read in
full, has more chances to fail than a grooming one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ansim.detection.labels import COLUMN, TACTICS
from ansim.training import baseline, corpus, logistic, risk_fit
from ansim.training.folds import Folds
from ansim.training.train import Settings, display_thresholds, fit_risk
from ansim.training.turns import Turns

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the models of the other five worlds say of every conversation and turn."""

    turns: Turns
    world: npt.NDArray[np.str_]
    grooming: Flags
    score: Floats
    """Highest risk up to the cut."""
    plain: Floats
    """The baseline's score at the cut."""
    alerts: Flags
    """Risk passed that fold's default threshold up to the cut."""
    in_time: Flags
    """It did so by ``alert_by`` already."""
    watched: Flags
    """Risk passed that fold's watch threshold up to the cut."""
    said: Flags
    """[turns, tactics]: probability above the display threshold of the fold."""


def hold_out(path: Path, settings: Settings | None = None) -> HeldOut:
    """Trains and tests six times (about two minutes on two cores)."""
    settings = settings or Settings()
    turns = Turns.read(corpus.load(path), corpus.load_phrases(path))
    folds = Folds(turns, settings.gate)
    count = len(turns.conversations)
    world = np.array([c.world for c in turns.conversations])
    score, alerts = np.zeros(count), np.zeros(count, np.bool_)
    in_time, watched = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    said = np.zeros((len(turns.world), len(TACTICS)), np.bool_)
    for held in folds.worlds:
        fitted, described = fit_risk(folds, settings, frozenset({held}))
        logits = folds.unseen(frozenset({held})) * fitted.scale[:, 0] + fitted.scale[:, 1]
        rows, inside = turns.world == held, turns.world != held
        chances = logistic.sigmoid(logits)
        bounds = display_thresholds(turns, chances, inside)
        for place, tactic in enumerate(TACTICS):
            said[rows, place] = chances[rows, COLUMN[tactic]] >= bounds[tactic]
        for index in np.flatnonzero(world == held).tolist():
            conversation = turns.conversations[index]
            cut = conversation.cut
            by = cut if conversation.alert_by is None else min(cut, conversation.alert_by)
            risks = [
                float(logistic.sigmoid(np.array(value)))
                for value in (
                    risk_fit.highest(described[index], at, fitted.weights, fitted.bias)
                    for at in (cut, by)
                )
            ]
            score[index] = risks[0]
            alerts[index] = risks[0] >= fitted.threshold
            in_time[index] = risks[1] >= fitted.threshold
            watched[index] = risks[0] >= fitted.watch
    return HeldOut(
        turns=turns,
        world=world,
        grooming=np.array([c.grooming for c in turns.conversations]),
        score=score,
        plain=baseline.scores(turns),
        alerts=alerts,
        in_time=in_time,
        watched=watched,
        said=said,
    )


@dataclass(frozen=True, slots=True)
class TacticScore:
    """How well single turns of a tactic are recognised in unseen worlds."""

    tactic: str
    turns: int
    precision: float
    recall: float
    f1: float


def tactic_scores(held: HeldOut) -> list[TacticScore]:
    """Precision, recall and F1 of each tactic over all turns."""
    out = []
    for place, tactic in enumerate(TACTICS):
        truth, said = held.turns.targets[:, COLUMN[tactic]], held.said[:, place]
        hits = int((truth & said).sum())
        out.append(
            TacticScore(
                tactic=tactic,
                turns=int(truth.sum()),
                precision=hits / max(1, int(said.sum())),
                recall=hits / max(1, int(truth.sum())),
                f1=2 * hits / max(1, int(truth.sum() + said.sum())),
            )
        )
    return out
