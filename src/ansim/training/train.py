"""The one command that makes the committed weights: gate, calibration, risk, thresholds, card."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ansim.detection.evidence import FEATURE_NAMES
from ansim.detection.labels import COLUMN, SHOWN
from ansim.detection.weights import RISK_FILE, RiskFile, context_hash, save
from ansim.training import contexts, corpus, logistic, metrics, risk_fit
from ansim.training.card import Facts, card
from ansim.training.folds import Folds, calibration
from ansim.training.gate_fit import FittedGate, GateSettings
from ansim.training.turns import PREVALENCE, Turns

Floats = npt.NDArray[np.float64]


FLATTEST = 0.05
"""Least slope of the last calibration: on too little data it could turn the risk upside down."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that was chosen by hand."""

    gate: GateSettings = field(default_factory=GateSettings)
    false_alerts: float = 0.008
    """Share of benign conversations of unseen worlds that the default threshold may alert on."""
    watched: float = 0.08
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
    unseen: Floats
    """Risk of each conversation at its cut by models without its world; NaN where held out."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """Gate calibration and risk model without some worlds, and what they see everywhere."""

    scale: Floats
    weights: Floats
    bias: float
    described: list[Floats]


def _stage(folds: Folds, held_out: frozenset[str], said: Sequence[Floats] | None) -> _Stage:
    turns = folds.turns
    worlds = np.array([c.world for c in turns.conversations])
    away = list(held_out)
    scores = folds.unseen(held_out)
    scale = calibration(turns, scores, ~np.isin(turns.world, away))
    logits = scores * scale[:, 0] + scale[:, 1]
    opinions = None
    if said is not None:
        logits, opinions, _ = contexts.merged(turns, logits, said)
    described = risk_fit.trajectories(turns, logits, opinions)
    weights, bias = risk_fit.fit(turns, described, np.flatnonzero(~np.isin(worlds, away)))
    return _Stage(scale, weights, bias, described)


def fit_risk(
    folds: Folds,
    settings: Settings,
    held_out: frozenset[str] = frozenset(),
    said: Sequence[Floats] | None = None,
) -> tuple[Fitted, list[Floats]]:
    """Everything after the gate, from the worlds not held out; and all trajectories it sees.

    ``said`` is what a context model that never saw a conversation's world says after each of its
    turns, [turns, heads] a conversation; None is a detector without one.

    The last calibration and the thresholds come from conversations judged as strangers will be:
    each world by a gate and a risk model fitted without it.
    """
    turns = folds.turns
    worlds = np.array([c.world for c in turns.conversations])
    grooming = np.array([c.grooming for c in turns.conversations])
    unseen = np.full(len(worlds), np.nan)
    for world in folds.worlds:
        if world in held_out:
            continue
        inner = _stage(folds, held_out | {world}, said)
        for index in np.flatnonzero(worlds == world).tolist():
            cut = turns.conversations[index].cut
            unseen[index] = risk_fit.highest(inner.described[index], cut, inner.weights, inner.bias)
    outer = _stage(folds, held_out, said)
    # The highest of many moments is above a single one: what is used is what is calibrated.
    known = np.flatnonzero(~np.isnan(unseen))
    slope, offset = logistic.fit(
        unseen[known, None], grooming[known].astype(np.float64), turns.shares(known)[known], 1.0
    )
    steep = max(float(slope[0]), FLATTEST)
    risks = logistic.sigmoid(unseen * steep + offset)
    benign = risks[known][~grooming[known]]
    fitted = Fitted(
        outer.scale,
        outer.weights * steep,
        float(outer.bias * steep + offset),
        float(np.quantile(benign, 1 - settings.false_alerts)),
        float(np.quantile(benign, 1 - settings.watched)),
        risks,
    )
    return fitted, outer.described


def display_thresholds(
    turns: Turns, chances: Floats, rows: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """For each label the probability with the best F1 on unseen ``rows``, within 0.1..0.6."""
    out = {}
    grid = np.arange(0.1, 0.61, 0.02)
    for label in SHOWN:
        truth = turns.targets[rows, COLUMN[label]]
        best = []
        for bound in grid:
            said = chances[rows, COLUMN[label]] >= bound
            best.append(2 * (said & truth).sum() / max(1, said.sum() + truth.sum()))
        out[label] = round(float(grid[int(np.argmax(best))]), 2)
    return out


def written(
    folder: Path, gate: FittedGate, fitted: Fitted, display: dict[str, float], context: str = ""
) -> RiskFile:
    """Writes gate and risk as fitted into ``folder``; ``context`` is the hash of the context model
    they were fitted with."""
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
            context=context,
            display=display,
        ),
    )


def gates(corpus_path: Path, settings: Settings | None = None, plain: Sequence[str] = ()) -> Folds:
    """The corpus with all that is learnt beside it, ready for gates without some worlds."""
    turns = Turns.read(
        corpus.load(corpus_path),
        corpus.load_phrases(corpus_path),
        corpus.load_lessons(corpus_path),
        plain,
    )
    return Folds(turns, (settings or Settings()).gate)


def train(
    corpus_path: Path,
    folder: Path,
    settings: Settings | None = None,
    folds: Folds | None = None,
) -> RiskFile:
    """Fits gate and risk to the corpus and writes them into ``folder``. Same input, same bytes.

    Where ``folder`` holds a context model and what its like said out of fold, the risk is fitted
    with it; else without one. ``folds`` saves reading and fitting what was fitted before.
    """
    settings = settings or Settings()
    data = corpus.sha256(corpus_path)
    folds = folds or gates(corpus_path, settings)
    turns = folds.turns
    said = contexts.load_said(folder, turns.conversations)
    fitted, _ = fit_risk(folds, settings, said=said)
    logits = folds.unseen() * fitted.scale[:, 0] + fitted.scale[:, 1]
    if said is not None:
        logits, _, _ = contexts.merged(turns, logits, said)
    chances = logistic.sigmoid(logits)
    gate = folds.gate()
    risk = written(
        folder,
        gate,
        fitted,
        display_thresholds(turns, chances, np.ones(len(chances), np.bool_)),
        context_hash(folder) if said is not None else "",
    )
    raw_risk = (folder / RISK_FILE).read_bytes()
    grooming = np.array([c.grooming for c in turns.conversations])
    facts = Facts(
        data=data,
        conversations=len(grooming),
        grooming=int(grooming.sum()),
        turns=len(turns.documents),
        plain=turns.loose.plain,
        features=len(gate.known.keys),
        seed=settings.gate.seed,
        auc=metrics.auc(fitted.unseen[grooming], fitted.unseen[~grooming]),
        recall=float((fitted.unseen[grooming] >= risk.threshold).mean()),
        false_alerts=float((fitted.unseen[~grooming] >= risk.threshold).mean()),
        gate_hash=risk.gate,
        risk_hash=hashlib.sha256(raw_risk).hexdigest(),
    )
    (folder / "README.md").write_text(card(facts, risk), "utf-8")
    return risk
