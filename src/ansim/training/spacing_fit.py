"""Learns from plain lines where spaces stand (``detection/spacing.py``).

``python -m ansim.training.spacing_fit DIR src/ansim/detection/spacing.npz`` makes the table again,
the same bytes from the same lines, and says how well it does on the tenth that it did not see.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ansim.detection.compiling import compiled
from ansim.detection.features import codes_of
from ansim.detection.spacing import NGRAMS, TABLE, bare, decided, weigh
from ansim.training.encoder import text
from ansim.training.ordinary_counts import held_out

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]

PASSES = 3
RATE = 0.2
SCALE = 24.0
"""Steps of a weight, as a whole number, for one unit of log-odds."""
SEED = 7
LONG_WORDS = 4.2
"""Mean characters of a word from which a line counts as typed without regard to spaces: it teaches
nothing."""


def careful(line: str) -> bool:
    """Whether a line seems to have its spaces."""
    words = line.split()
    return len(words) > 1 and sum(map(len, words)) / len(words) < LONG_WORDS


@compiled
def _learn(codes: Codes, bounds: Ints, order: Ints, weights: Floats, rate: float) -> None:
    """One pass of logistic regression by stochastic gradient; the last weight is the bias."""
    keys = np.empty(len(NGRAMS), np.int64)
    for text_number in order:
        start, end = bounds[text_number], bounds[text_number + 1]
        sorts = np.empty(end - start + 6, np.uint32)
        places = np.empty(end - start, np.int64)
        count = bare(codes, start, end, sorts, places)
        for index in range(1, count):
            if not decided(codes[places[index - 1]], codes[places[index]]):
                continue
            total = weigh(sorts, index, keys, weights, weights[TABLE])
            truth = 1.0 if places[index] - places[index - 1] > 1 else 0.0
            step = rate * (truth - 1.0 / (1.0 + np.exp(-total)))
            weights[TABLE] += 0.01 * step
            for key in keys:
                weights[key] += step


@compiled
def _judge(codes: Codes, bounds: Ints, weights: npt.NDArray[np.int8], bias: int) -> Ints:
    """Spaces found rightly, found wrongly, and missed."""
    keys = np.empty(len(NGRAMS), np.int64)
    out = np.zeros(3, np.int64)
    for text_number in range(len(bounds) - 1):
        start, end = bounds[text_number], bounds[text_number + 1]
        sorts = np.empty(end - start + 6, np.uint32)
        places = np.empty(end - start, np.int64)
        count = bare(codes, start, end, sorts, places)
        for index in range(1, count):
            if not decided(codes[places[index - 1]], codes[places[index]]):
                continue
            total = weigh(sorts, index, keys, weights, bias)
            truth = places[index] - places[index - 1] > 1
            if total > 0:
                out[0 if truth else 1] += 1
            elif truth:
                out[2] += 1
    return out


def fit(lines: list[str]) -> tuple[npt.NDArray[np.int8], int]:
    """Weights of the table and the bias, in whole numbers."""
    codes, bounds = codes_of(lines)
    weights = np.zeros(TABLE + 1, np.float32)
    rng = np.random.default_rng(SEED)
    for number in range(PASSES):
        order = rng.permutation(len(lines)).astype(np.int64)
        _learn(codes, bounds, order, weights, RATE / (number + 1) ** 2)
    scaled = np.clip(np.round(weights[:TABLE] * SCALE), -127, 127).astype(np.int8)
    return scaled, round(float(weights[TABLE]) * SCALE)


def main(folder: Path, out: Path) -> None:
    taught: list[str] = []
    unseen: list[str] = []
    for path in text.files(folder):
        for line in filter(careful, text.lines(path)):
            if held_out(line):
                unseen.append(line)
            else:
                taught += [line] * text.times(path)
    weights, bias = fit(taught)
    np.savez_compressed(out, weights=weights, bias=np.int32(bias))
    codes, bounds = codes_of(unseen)
    right, wrong, missed = _judge(codes, bounds, weights, bias).tolist()
    print(
        f"{len(taught)} lines learnt; of {len(unseen)} others precision"
        f" {right / (right + wrong):.3f} recall {right / (right + missed):.3f}"
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: python -m ansim.training.spacing_fit DIR OUT.npz")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
