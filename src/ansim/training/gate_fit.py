"""Fits the gate: one logistic regression a label on hashed features, solved in the dual.

Coordinate descent on the dual of L2-regularised logistic regression (Yu, Huang & Lin, Machine
Learning 85, 2011): no step size to choose, and the same result on every machine.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ansim.detection.compiling import compiled
from ansim.detection.features import SEGMENT, collect, room_for
from ansim.detection.spacing import respaced

Floats = npt.NDArray[np.float64]
Document = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts as sparse rows over the features that were kept (compressed rows)."""

    start: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.start) - 1


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The features kept: their keys (sorted) and rarity (inverse document frequency)."""

    keys: npt.NDArray[np.uint32]
    rarity: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FittedGate:
    """Weights [features, labels] of a vocabulary, and biases."""

    known: Vocabulary
    weights: npt.NDArray[np.float32]
    bias: Floats

    def logits(self, table: Rows) -> Floats:
        """Log-odds [texts, labels] of rows made with this vocabulary."""
        out = np.empty((len(table), len(self.bias)))
        _product(table.start, table.feature, table.value, self.weights, self.bias, out)
        return out


def occurrences(texts: list[str]) -> list[Document]:
    """Feature keys of each text, with repeats. Only the first segment of a text is learnt."""
    codes, bounds = respaced(texts)
    room = room_for(SEGMENT)
    keys = np.empty(room, np.uint32)
    starts, ends = np.empty(room, np.int32), np.empty(room, np.int32)
    found = []
    for text in range(len(texts)):
        begin, end = int(bounds[text]), int(bounds[text + 1])
        count = collect(codes, begin, min(end, begin + SEGMENT), keys, starts, ends)
        found.append(keys[:count].copy())
    return found


def vocabulary(documents: list[Document], fewest: int) -> Vocabulary:
    """Features that stand in at least ``fewest`` texts, and their smoothed rarity."""
    each = [np.unique(document) for document in documents]
    keys, counts = np.unique(np.concatenate(each), return_counts=True)
    keys, counts = keys[counts >= fewest], counts[counts >= fewest]
    rarity = np.log((1 + len(documents)) / (1 + counts)) + 1.0
    return Vocabulary(keys, rarity.astype(np.float16).astype(np.float32))


def rows(documents: list[Document], known: Vocabulary) -> Rows:
    """Rows weighed as ``scoring.score`` weighs them."""
    everything = np.concatenate(documents)
    place = np.minimum(np.searchsorted(known.keys, everything), len(known.keys) - 1)
    place[known.keys[place] != everything] = -1
    ends = np.cumsum([len(document) for document in documents])
    start = np.zeros(len(documents) + 1, np.int64)
    features, values = [], []
    for index, document in enumerate(documents):
        mapped = place[ends[index] - len(document) : ends[index]]
        feature, times = np.unique(mapped[mapped >= 0], return_counts=True)
        rarity = known.rarity[feature]
        norm = float(np.sqrt(np.sum(times * rarity.astype(np.float64) ** 2)))
        features.append(feature.astype(np.int32))
        values.append((times * rarity / norm if norm else rarity).astype(np.float32))
        start[index + 1] = start[index] + len(feature)
    return Rows(start, np.concatenate(features), np.concatenate(values))


@compiled
def _product(
    start: npt.NDArray[np.int64],
    feature: npt.NDArray[np.int32],
    value: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float32],
    bias: Floats,
    out: Floats,
) -> None:
    for text in range(out.shape[0]):
        out[text] = bias
        for index in range(start[text], start[text + 1]):
            out[text] += weights[feature[index]] * value[index]


@compiled
def _descend(
    start: npt.NDArray[np.int64],
    feature: npt.NDArray[np.int32],
    value: npt.NDArray[np.float32],
    sign: Floats,
    cost: Floats,
    orders: npt.NDArray[np.int64],
    width: int,
) -> Floats:
    """Weights and, last, the bias. ``sign`` is ±1; a text with ``cost`` 0 is left out."""
    count = len(sign)
    weights = np.zeros(width + 1)
    alpha = np.zeros(count)
    squared = np.ones(count)
    for text in range(count):
        if cost[text] <= 0.0:
            continue
        alpha[text] = min(1e-3 * cost[text], 1e-8)
        for index in range(start[text], start[text + 1]):
            squared[text] += value[index] * value[index]
            weights[feature[index]] += sign[text] * alpha[text] * value[index]
        weights[width] += sign[text] * alpha[text]
    for epoch in range(orders.shape[0]):
        for text in orders[epoch]:
            most = cost[text]
            if most <= 0.0:
                continue
            margin = weights[width]
            for index in range(start[text], start[text + 1]):
                margin += weights[feature[index]] * value[index]
            margin *= sign[text]
            old = alpha[text]
            new = old
            for _ in range(20):
                slope = squared[text] * (new - old) + margin + np.log(new / (most - new))
                step = new - slope / (squared[text] + most / (new * (most - new)))
                if step <= 0.0:
                    step = new * 0.1
                elif step >= most:
                    step = most - (most - new) * 0.1
                done = abs(step - new) < 1e-8 * most
                new = step
                if done:
                    break
            new = min(max(new, 1e-12 * most), most * (1.0 - 1e-12))
            alpha[text] = new
            change = (new - old) * sign[text]
            weights[width] += change
            for index in range(start[text], start[text + 1]):
                weights[feature[index]] += change * value[index]
    return weights


@dataclass(frozen=True, slots=True)
class GateSettings:
    """Chosen by cross-validation inside the corpus (docs/evaluation.md says what was tried)."""

    fewest: int = 4
    cost: float = 2.0
    """Weight of a text's loss against the penalty (1 / L2)."""
    positive: float = 9.0
    """How much more a text with the label weighs than one without."""
    epochs: int = 12
    seed: int = 20


def fit(
    documents: list[Document],
    targets: npt.NDArray[np.bool_],
    importance: Floats,
    settings: GateSettings,
    plain: int = 0,
) -> FittedGate:
    """Fits every label, from [texts, labels] arrays. Importance 0 means the truth is unknown.

    The last ``plain`` documents add no features of their own: a gate a third larger with them finds
    nothing more.
    """
    known = vocabulary(documents[: len(documents) - plain], settings.fewest)
    table = rows(documents, known)
    random = np.random.default_rng(settings.seed)
    orders = np.stack([random.permutation(len(table)) for _ in range(settings.epochs)])
    width = len(known.keys)

    def one(label: int) -> Floats:
        sign = np.where(targets[:, label], 1.0, -1.0)
        cost = settings.cost * importance[:, label] * np.where(sign > 0, settings.positive, 1.0)
        return _descend(table.start, table.feature, table.value, sign, cost, orders, width)

    with ThreadPoolExecutor(2) as pool:
        columns = np.stack(list(pool.map(one, range(targets.shape[1]))), axis=1)
    return FittedGate(known, columns[:-1].astype(np.float32), columns[-1])
