"""What is remembered of each account in a conversation: numbers only, and the risk they add up to.

One row of ``WIDTH`` floats an account. Every column is a decaying sum or a decaying maximum over
the account's own turns, so the order in which messages arrive does not matter: one that comes
late adds what it would have added on time, decayed to today. No stage has to precede another.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ansim.detection.compiling import compiled
from ansim.detection.labels import (
    ADULT,
    ANY,
    COLUMN,
    MINOR,
    SIGNAL_COUNT,
    TACTIC_COUNT,
)
from ansim.detection.retention import DAY, NUMBERS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HALF_LIFE = 14 * DAY
"""Of evidence. Grooming over weeks still adds up; a year-old quarrel does not."""
SOON_HALF_LIFE = 1 * DAY
"""Of "a meeting is near": tomorrow it is either over or said again."""

# Columns of a row.
AT, FIRST, LAST, TURNS = 0, 1, 2, 3
SUM = 4
"""TACTIC_COUNT columns: noisy-or evidence, the sum of -log(1 - p) over turns."""
PEAK = SUM + TACTIC_COUNT
"""TACTIC_COUNT columns: the highest p of one turn."""
ANY_SUM = PEAK + TACTIC_COUNT
ANY_PEAK = ANY_SUM + 1
SIGNAL = ANY_PEAK + 1
"""SIGNAL_COUNT columns: noisy-or evidence of youth signals in this account's own words."""
MINOR_SUM = SIGNAL + SIGNAL_COUNT
ADULT_SUM = MINOR_SUM + 1
SOON = ADULT_SUM + 1
HARM = SOON + 1
WIDTH = HARM + 1

FLOOR = 0.05
"""Evidence a turn must exceed to count: a thousand harmless turns are still harmless."""
BELIEF_CAP = 3.0
"""One turn moves the belief about an age by no more than this (log-odds)."""

# Features of the risk model, in order.
_OWN = 2 * TACTIC_COUNT + 4
FEATURES = _OWN + SIGNAL_COUNT + 6
FEATURE_NAMES = (
    *(f"sum T{number:02d}" for number in range(1, TACTIC_COUNT + 1)),
    *(f"peak T{number:02d}" for number in range(1, TACTIC_COUNT + 1)),
    "sum any",
    "peak any",
    "breadth",
    "depth",
    *(f"others' V{number}" for number in range(1, SIGNAL_COUNT + 1)),
    "others write as minors",
    "others write as adults",
    "writes as a minor",
    "writes as an adult",
    "any x others write as minors",
    "own distress or call for help",
)

_ANY, _MINOR, _ADULT = COLUMN[ANY], COLUMN[MINOR], COLUMN[ADULT]


@compiled
def _softplus(value: float) -> float:
    """log(1 + e^value), which is -log(1 - p) for log-odds ``value``."""
    if value > 30.0:
        return value
    return float(np.log1p(np.exp(value)))


@compiled
def _sigmoid(value: float) -> float:
    if value >= 0.0:
        return float(1.0 / (1.0 + np.exp(-value)))
    power = np.exp(value)
    return float(power / (1.0 + power))


@compiled
def _decayed(row: Floats, newest: float, out: Floats) -> None:
    """Copies a row as it stands at ``newest`` (not before the row's own time)."""
    age = max(0.0, newest - row[AT])
    slow = 0.5 ** (age / HALF_LIFE)
    out[AT] = newest
    out[FIRST] = row[FIRST]
    out[LAST] = row[LAST]
    for column in range(TURNS, SOON):
        out[column] = row[column] * slow
    out[SOON] = row[SOON] * 0.5 ** (age / SOON_HALF_LIFE)
    out[HARM] = row[HARM] * slow


@compiled
def add(row: Floats, at: float, logits: Floats, soon: float, harm: float) -> None:
    """Adds one turn, said at ``at``, to the row of its author. ``row[TURNS] == 0`` is a new row."""
    if row[TURNS] == 0.0:
        row[:] = 0.0
        row[AT] = at
        row[FIRST] = at
        row[LAST] = at
    elif at > row[AT]:
        _decayed(row, at, row)
    row[FIRST] = min(row[FIRST], at)
    row[LAST] = max(row[LAST], at)
    late = row[AT] - at
    weight = 0.5 ** (late / HALF_LIFE)
    row[TURNS] += weight
    for tactic in range(TACTIC_COUNT):
        chance = _sigmoid(logits[tactic])
        gain = _softplus(logits[tactic]) - FLOOR
        if gain > 0.0:
            row[SUM + tactic] += gain * weight
        row[PEAK + tactic] = max(row[PEAK + tactic], chance * weight)
    gain = _softplus(logits[_ANY]) - FLOOR
    if gain > 0.0:
        row[ANY_SUM] += gain * weight
    row[ANY_PEAK] = max(row[ANY_PEAK], _sigmoid(logits[_ANY]) * weight)
    for signal in range(SIGNAL_COUNT):
        gain = _softplus(logits[TACTIC_COUNT + signal]) - FLOOR
        if gain > 0.0:
            row[SIGNAL + signal] += gain * weight
    row[MINOR_SUM] += weight * min(BELIEF_CAP, max(-BELIEF_CAP, logits[_MINOR]))
    row[ADULT_SUM] += weight * min(BELIEF_CAP, max(-BELIEF_CAP, logits[_ADULT]))
    row[SOON] = max(row[SOON], soon * 0.5 ** (late / SOON_HALF_LIFE))
    row[HARM] = max(row[HARM], harm * weight)


@compiled
def describe(rows: Floats, own: int, out: Floats) -> None:
    """Fills ``out`` with the features of account ``own`` among ``rows`` (all at one time)."""
    row = rows[own]
    breadth = 0.0
    depth = 0.0
    for tactic in range(TACTIC_COUNT):
        out[tactic] = np.log1p(row[SUM + tactic])
        out[TACTIC_COUNT + tactic] = row[PEAK + tactic]
        breadth += 1.0 - np.exp(-row[SUM + tactic])
        depth += min(1.0, row[SUM + tactic])
    at = 2 * TACTIC_COUNT
    out[at] = np.log1p(row[ANY_SUM])
    out[at + 1] = row[ANY_PEAK]
    out[at + 2] = breadth
    out[at + 3] = depth * depth
    turns = 0.0
    minor = 0.0
    adult = 0.0
    for signal in range(SIGNAL_COUNT):
        total = 0.0
        for other in range(rows.shape[0]):
            if other != own:
                total += rows[other, SIGNAL + signal]
        out[_OWN + signal] = np.log1p(total)
    for other in range(rows.shape[0]):
        if other != own:
            turns += rows[other, TURNS]
            minor += rows[other, MINOR_SUM]
            adult += rows[other, ADULT_SUM]
    at = _OWN + SIGNAL_COUNT
    out[at] = minor / (turns + 2.0)
    out[at + 1] = adult / (turns + 2.0)
    out[at + 2] = row[MINOR_SUM] / (row[TURNS] + 2.0)
    out[at + 3] = row[ADULT_SUM] / (row[TURNS] + 2.0)
    out[at + 4] = np.log1p(row[ANY_SUM]) * _sigmoid(2.0 * out[at])
    out[at + 5] = np.log1p(row[SIGNAL + 1] + row[SIGNAL + 3])


@compiled
def accumulate(
    rows: Floats,
    author: Ints,
    first: Ints,
    last: Ints,
    at: Floats,
    newest: Floats,
    scored: npt.NDArray[np.bool_],
    logits: Floats,
    soon: Floats,
    harm: Floats,
    weights: Floats,
    bias: float,
    place: Ints,
    risks: Floats,
    keep: Ints,
    kept: Floats,
) -> None:
    """Takes messages in order: adds each to its author's row, then rates the whole conversation.

    Message ``m`` belongs to the conversation of ``rows[first[m]:last[m]]``; its author has row
    ``author[m]`` there. ``risks[place[m] + i]`` becomes the risk of the conversation's i-th
    account after it, at event time ``newest[m]``. Where ``keep[m] >= 0`` the rows as they then
    stand are copied to ``kept[keep[m]:]``. Messages that are not ``scored`` add nothing.
    """
    described = np.empty(FEATURES, np.float64)
    for message in range(author.shape[0]):
        begin, end = first[message], last[message]
        now = newest[message]
        if scored[message]:
            row = rows[author[message]]
            if row[TURNS] > 0.0 and at[message] - row[LAST] > NUMBERS:
                row[:] = 0.0
            if now - at[message] <= NUMBERS:
                add(row, at[message], logits[message], soon[message], harm[message])
        current = np.zeros((end - begin, WIDTH), np.float64)
        for index in range(end - begin):
            row = rows[begin + index]
            if row[TURNS] > 0.0:
                if now - row[LAST] > NUMBERS:
                    row[:] = 0.0
                else:
                    _decayed(row, now, current[index])
        for index in range(end - begin):
            risk = 0.0
            if current[index, ANY_SUM] > 0.0:
                describe(current, index, described)
                total = bias
                for feature in range(FEATURES):
                    total += weights[feature] * described[feature]
                risk = _sigmoid(total)
            risks[place[message] + index] = risk
        if keep[message] >= 0:
            for index in range(end - begin):
                kept[keep[message] + index] = current[index]
