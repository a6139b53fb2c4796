"""Gate scores of every turn by a gate that has not seen its writer's world, and their calibration.

The risk model is fitted on these scores only: on what the gate says of its own training turns it
would learn to trust it too much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ansim.detection import evidence
from ansim.detection.labels import COLUMN, LABEL_COUNT, LABELS
from ansim.training import gate_fit, logistic
from ansim.training.gate_fit import FittedGate, GateSettings
from ansim.training.turns import COPY, LATE, Turns

Floats = npt.NDArray[np.float64]


class Folds:
    """Fits gates without some worlds, each set of worlds once, and keeps their scores."""

    def __init__(self, turns: Turns, settings: GateSettings) -> None:
        self.turns = turns
        self.settings = settings
        self.worlds = sorted(set(turns.world.tolist()))
        self._scores: dict[frozenset[str], Floats] = {}
        self._gates: dict[frozenset[str], FittedGate] = {}

    def gate(self, without: Iterable[str] = ()) -> FittedGate:
        """The gate for all labels fitted on every world but these; fitted once."""
        worlds = frozenset(without)
        if worlds not in self._gates:
            self._gates[worlds] = self._fit(worlds, LABELS)
        return self._gates[worlds]

    def _fit(self, without: frozenset[str], labels: Sequence[str]) -> FittedGate:
        turns = self.turns
        columns = np.array([COLUMN[label] for label in labels])
        rows = np.flatnonzero(~np.isin(turns.world, list(without)))
        weight = turns.shares(np.unique(turns.of[rows]))[turns.of] * np.where(turns.late, LATE, 1.0)
        copies = np.flatnonzero(np.isin(turns.disguised, rows))
        both = np.concatenate([rows, turns.disguised[copies]])
        weights = turns.importance[np.ix_(both, columns)] * weight[both, None]
        weights[len(rows) :] *= COPY
        documents = [turns.documents[row] for row in rows]
        documents += [turns.disguises[copy] for copy in copies]
        return gate_fit.fit(
            documents + turns.loose.documents,
            np.concatenate([turns.targets[np.ix_(both, columns)], turns.loose.targets[:, columns]]),
            np.concatenate([weights, turns.loose.importance[:, columns]]),
            self.settings,
            turns.loose.plain,
        )

    def _without(self, worlds: frozenset[str]) -> Floats:
        """Log-odds of the turns of these worlds (other rows NaN) by a gate that saw none.

        Without two worlds or more only the labels of the risk are fitted, to save time; the others
        are NaN.
        """
        if worlds not in self._scores:
            labels = LABELS if len(worlds) == 1 else evidence.RISK_LABELS
            gate = self.gate(worlds) if labels == LABELS else self._fit(worlds, labels)
            rows = np.flatnonzero(np.isin(self.turns.world, list(worlds)))
            table = gate_fit.rows([self.turns.documents[row] for row in rows], gate.known)
            scores = np.full((len(self.turns.world), LABEL_COUNT), np.nan)
            columns = np.array([COLUMN[label] for label in labels])
            scores[np.ix_(rows, columns)] = gate.logits(table)
            self._scores[worlds] = scores
        return self._scores[worlds]

    def unseen(self, held_out: frozenset[str] = frozenset()) -> Floats:
        """Log-odds of every turn by a gate that saw neither its world nor those ``held_out``.

        For the worlds held out it is a gate that saw every other one. Labels that are no part of
        the risk come from a gate that did not see the turn's own world.
        """
        out = np.empty((len(self.turns.world), LABEL_COUNT))
        for world in self.worlds:
            rows = self.turns.world == world
            strict = self._without(held_out | {world})[rows]
            loose = self._without(frozenset({world}))[rows]
            out[rows] = np.where(np.isnan(strict), loose, strict)
        return out


def calibration(turns: Turns, scores: Floats, rows: npt.NDArray[np.bool_]) -> Floats:
    """Slope and offset [labels, 2] that make unseen log-odds of ``rows`` honest (Platt scaling)."""
    out = np.empty((LABEL_COUNT, 2))
    weight = turns.shares(np.unique(turns.of[rows]))[turns.of]
    for label in range(LABEL_COUNT):
        known = rows & (turns.importance[:, label] > 0)
        slope, offset = logistic.fit(
            scores[known, label : label + 1],
            turns.targets[known, label].astype(np.float64),
            weight[known],
            1.0,
        )
        out[label] = max(float(slope[0]), 1e-3), offset
    return out
