"""The gate's arithmetic: log-odds of every label for every text of a batch, and their origin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ansim.detection.compiling import compiled
from ansim.detection.features import (
    PIECE,
    SEGMENT,
    STRIDE,
    Codes,
    Ints,
    Keys,
    collect,
    find,
    room_for,
)

Floats = npt.NDArray[np.float64]
Weights = npt.NDArray[np.float32]


@compiled
def score(
    codes: Codes,
    bounds: npt.NDArray[np.int64],
    table_keys: Keys,
    table_rows: Ints,
    weights: Weights,
    squares: Weights,
    bias: Floats,
    steady: int,
    out: Floats,
) -> None:
    """Fills ``out[text, label]`` with log-odds.

    The table (``features.index_of``) gives a feature's row in ``weights`` [features, labels]; one
    never seen in training counts for nothing. The weights are already multiplied by the feature's
    rarity; ``squares`` is the square of that rarity. A text longer than a segment takes, label by
    label, its strongest piece; from column ``steady`` on (beliefs about the author) the mean.
    """
    labels = weights.shape[1]
    room = room_for(SEGMENT)
    keys = np.empty(room, np.uint32)
    starts = np.empty(room, np.int32)
    ends = np.empty(room, np.int32)
    here = np.empty(labels, np.float64)
    for text in range(bounds.shape[0] - 1):
        start = bounds[text]
        end = bounds[text + 1]
        pieces = 0
        width = SEGMENT if end - start <= SEGMENT else PIECE
        for label in range(labels):
            out[text, label] = bias[label]
        while True:
            stop = min(start + width, end)
            found = collect(codes, start, stop, keys, starts, ends)
            norm = 0.0
            for label in range(labels):
                here[label] = 0.0
            for index in range(found):
                row = find(keys[index], table_keys, table_rows)
                if row >= 0:
                    norm += squares[row]
                    for label in range(labels):
                        here[label] += weights[row, label]
            scale = 1.0 / np.sqrt(norm) if norm > 0.0 else 0.0
            for label in range(labels):
                value = bias[label] + here[label] * scale
                if pieces == 0:
                    out[text, label] = value
                elif label < steady:
                    out[text, label] = max(out[text, label], value)
                else:
                    out[text, label] += (value - out[text, label]) / (pieces + 1)
            pieces += 1
            if stop >= end:
                break
            start += STRIDE


@compiled
def attribute(
    codes: Codes,
    start: int,
    end: int,
    table_keys: Keys,
    table_rows: Ints,
    weights: Weights,
    squares: Weights,
    label: int,
    out: Floats,
) -> None:
    """Adds to ``out[character]`` what that character of ``codes[start:end]`` gives to a label.

    The weight of a feature is shared evenly by the characters it covers.
    """
    room = room_for(end - start)
    keys = np.empty(room, np.uint32)
    starts = np.empty(room, np.int32)
    ends = np.empty(room, np.int32)
    found = collect(codes, start, end, keys, starts, ends)
    for index in range(found):
        row = find(keys[index], table_keys, table_rows)
        if row >= 0:
            share = weights[row, label] / (ends[index] - starts[index])
            for character in range(starts[index], ends[index]):
                out[character - start] += share
