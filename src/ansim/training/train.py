"""The one command that makes the committed weights: gate, calibration, risk, thresholds, card."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ansim.detection.evidence import FEATURE_NAMES
from ansim.detection.labels import COLUMN, SHOWN
from ansim.detection.weights import RiskFile, save
from ansim.training import corpus, logistic, risk_fit
from ansim.training.folds import Folds, calibration
from ansim.training.gate_fit import GateSettings
from ansim.training.turns import PREVALENCE, Turns

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that was chosen by hand."""

    gate: GateSettings = field(default_factory=GateSettings)
    false_alerts: float = 0.02
    """Share of benign conversations of unseen worlds that the default threshold may alert on."""
    watched: float = 0.15
    """Share of them that the watch threshold may keep the text of for longer."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A risk model and its thresholds, as fitted on some worlds."""

    scale: Floats
    """Calibration of the gate, [labels, 2]."""
    weights: Floats
    bias: float
    threshold: float
    watch: float


def fit_risk(folds: Folds, settings: Settings, held_out: str | None = None) -> Fitted:
    """Everything after the gate, from the worlds other than ``held_out``.

    Thresholds are quantiles of what models that saw neither world say of benign conversations.
    """
    turns = folds.turns
    worlds = np.array([c.world for c in turns.conversations])
    grooming = np.array([c.grooming for c in turns.conversations])
    scores = folds.unseen(held_out)
    scale = calibration(turns, scores, turns.world != held_out)
    described = risk_fit.trajectories(turns, scores * scale[:, 0] + scale[:, 1])
    inside = [world for world in folds.worlds if world != held_out]
    unseen = np.full(len(worlds), np.nan)
    for world in inside:
        chosen = np.flatnonzero(np.isin(worlds, inside) & (worlds != world))
        weights, bias = risk_fit.fit(turns, described, chosen)
        for index in np.flatnonzero(worlds == world):
            cut = turns.conversations[index].cut
            unseen[index] = risk_fit.highest(described[index], cut, weights, bias)
    weights, bias = risk_fit.fit(turns, described, np.flatnonzero(np.isin(worlds, inside)))
    # The highest of many moments is above a single one: the last calibration is on what is used.
    known = np.flatnonzero(~np.isnan(unseen))
    slope, offset = logistic.fit(
        unseen[known, None], grooming[known].astype(np.float64), turns.shares(known)[known], 1.0
    )
    weights, bias = weights * slope[0], float(bias * slope[0] + offset)
    benign = logistic.sigmoid(unseen[known][~grooming[known]] * slope[0] + offset)
    return Fitted(
        scale,
        weights,
        bias,
        float(np.quantile(benign, 1 - settings.false_alerts)),
        float(np.quantile(benign, 1 - settings.watched)),
    )


def display_thresholds(turns: Turns, chances: Floats) -> dict[str, float]:
    """For each label the probability with the best F1 on unseen worlds, within 0.2..0.6."""
    out = {}
    grid = np.arange(0.2, 0.61, 0.02)
    for label in SHOWN:
        truth = turns.targets[:, COLUMN[label]]
        best = []
        for bound in grid:
            said = chances[:, COLUMN[label]] >= bound
            best.append(2 * (said & truth).sum() / max(1, said.sum() + truth.sum()))
        out[label] = round(float(grid[int(np.argmax(best))]), 2)
    return out


def train(corpus_path: Path, folder: Path, settings: Settings | None = None) -> RiskFile:
    """Trains on the corpus and writes the weights into ``folder``. Same input, same bytes."""
    settings = settings or Settings()
    turns = Turns.read(corpus.load(corpus_path))
    folds = Folds(turns, settings.gate)
    fitted = fit_risk(folds, settings)
    scores = folds.unseen()
    chances = logistic.sigmoid(scores * fitted.scale[:, 0] + fitted.scale[:, 1])
    gate = folds.gate()
    return save(
        folder,
        gate.known.keys,
        gate.known.rarity,
        (gate.weights * fitted.scale[:, 0]).astype(np.float32),
        gate.bias * fitted.scale[:, 0] + fitted.scale[:, 1],
        RiskFile(
            gate="",
            features=FEATURE_NAMES,
            weights=tuple(fitted.weights.tolist()),
            bias=fitted.bias,
            threshold=round(fitted.threshold, 4),
            watch=round(fitted.watch, 4),
            prevalence=PREVALENCE,
            display=display_thresholds(turns, chances),
        ),
    )
