"""What is remembered of each account in a conversation: numbers only, and the risk they add up to.

One row of ``WIDTH`` floats an account. Every column is a decaying sum or a decaying maximum over
the account's own turns, so the order in which messages arrive does not matter: one that comes
late adds what it would have added on time, decayed to today. No stage has to precede another.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ansim.detection.columns import (
    ADULT_SUM,
    ANY_SUM,
    APPROACH_SUM,
    AT,
    BELIEF,
    COUNT,
    FIRST,
    HARM,
    LAST,
    MINOR_SUM,
    SIGNAL,
    SOON,
    SUM,
    SUSPECTED,
    THREAT,
    TURNS,
)
from ansim.detection.columns import WIDTH as WIDTH  # noqa: PLC0414 - asked for here too
from ansim.detection.compiling import compiled
from ansim.detection.labels import (
    ADULT,
    ANY,
    APPROACHER,
    COLUMN,
    MINOR,
    SHOWN,
    SIGNAL_COUNT,
    TACTIC_COUNT,
    TACTICS,
)
from ansim.detection.retention import DAY, NUMBERS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HALF_LIFE = 14 * DAY
"""Of evidence. Grooming over weeks still adds up; a year-old quarrel does not."""
SOON_HALF_LIFE = 1 * DAY
"""Of "a meeting is near" and of threats: tomorrow it is over or said again."""

FLOOR = 0.05
"""Evidence a turn must exceed to count: a thousand harmless turns are still harmless."""
MENTIONED = 0.1
"""Probability from which a label of a turn is kept and counted at all."""
BELIEF_CAP = 3.0
"""One turn moves the belief about an age by no more than this (log-odds)."""

# Features of the risk model, in order.
FEATURE_NAMES = (
    "any tactic",
    "talks as approachers do",
    "age gave away, talk went on",
    "writes as an adult to one who writes as a minor",
    "the other talks alike",
    "the context model, of the account's own turns",
    "the context model, of the others' turns",
)
FEATURES = len(FEATURE_NAMES)
RISK_LABELS = (ANY, APPROACHER, "V3", MINOR, ADULT)
"""Labels of the gate that the risk is made of. The sixteen tactics say what is going on and how
urgent it is; each alone has too few examples to say how likely."""
LOWERING = ("the other talks alike",)
"""Features that may lower the risk. More of any other can only raise it."""

_ANY, _APPROACHER = COLUMN[ANY], COLUMN[APPROACHER]
_MINOR, _ADULT = COLUMN[MINOR], COLUMN[ADULT]
_AGE_SIGNAL = SIGNAL + SHOWN.index("V3") - TACTIC_COUNT
_CONTACT = TACTICS.index("T01")
UNSUPPORTED = 0.3
"""Share that the way of talking counts while no tactic beyond contact and age was seen. Asking an
age and being told one is what grooming begins with, and most harmless chats between strangers
too: by themselves they must raise no alert."""
TALKATIVE = 20.0
"""Turns of an account after which what they add up to counts half. Who talks on for weeks collects
small signs; so thinned they have a bound, and what is plain soon weighs as before."""
UNASKED = -6.0
"""Log-odds below which the context model is not believed: with that an account starts, so that
not to have been asked about is to be harmless."""
RENEWED = 0.6
"""Share of a new opinion of the context model in what is thought of an account; the rest is what
was thought before. It reads the last turns anew each time, so its latest word counts most, but one
odd turn does not decide."""
_PRIOR_TURNS = 3.0
"""Beliefs and rates start as if so many neutral turns had been read."""


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
    quick = 0.5 ** (age / SOON_HALF_LIFE)
    out[SOON] = row[SOON] * quick
    out[THREAT] = row[THREAT] * quick
    out[HARM] = row[HARM] * slow


@compiled
def add(row: Floats, at: float, logits: Floats, urgent: Floats) -> None:
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
        if chance >= MENTIONED:
            row[COUNT + tactic] += chance * weight
    gain = _softplus(logits[_ANY]) - FLOOR
    if gain > 0.0:
        row[ANY_SUM] += gain * weight
    gain = _softplus(logits[_APPROACHER]) - FLOOR
    if gain > 0.0:
        row[APPROACH_SUM] += gain * weight
    for signal in range(SIGNAL_COUNT):
        gain = _softplus(logits[TACTIC_COUNT + signal]) - FLOOR
        if gain > 0.0:
            row[SIGNAL + signal] += gain * weight
    row[MINOR_SUM] += weight * min(BELIEF_CAP, max(-BELIEF_CAP, logits[_MINOR]))
    row[ADULT_SUM] += weight * min(BELIEF_CAP, max(-BELIEF_CAP, logits[_ADULT]))
    quick = 0.5 ** (late / SOON_HALF_LIFE)
    row[SOON] = max(row[SOON], urgent[0] * quick)
    row[THREAT] = max(row[THREAT], urgent[1] * quick)
    row[HARM] = max(row[HARM], urgent[2] * weight)


@compiled
def _worse(one: Floats, other: Floats) -> bool:
    """Whether ``one`` is the likelier approacher: by opinions, then by its way of talking."""
    first, second = one[BELIEF] + one[SUSPECTED], other[BELIEF] + other[SUSPECTED]
    if first != second:
        return bool(first > second)
    return bool(one[APPROACH_SUM] > other[APPROACH_SUM])


@compiled
def opine(rows: Floats, author: int, own: float, other: float) -> None:
    """Takes in what the context model says after a turn of ``author``: log-odds that its speaker
    grooms, and that somebody else does. NaN: it was not asked.

    "Somebody else" is the one it suspects most so far, or who talks most like an approacher.
    """
    if np.isnan(own):
        return
    rows[author, BELIEF] += RENEWED * (max(0.0, own - UNASKED) - rows[author, BELIEF])
    suspect = -1
    for place in range(rows.shape[0]):
        if place == author or rows[place, TURNS] == 0.0:
            continue
        if suspect < 0 or _worse(rows[place], rows[suspect]):
            suspect = place
    if suspect >= 0:
        opinion = max(0.0, other - UNASKED)
        rows[suspect, SUSPECTED] += RENEWED * (opinion - rows[suspect, SUSPECTED])


@compiled
def describe(rows: Floats, own: int, out: Floats) -> None:
    """Fills ``out`` with the features of account ``own`` among ``rows`` (all at one time).

    Of the other accounts the one that talks least like an approacher counts, so that a second
    offender in the room does not make the first look harmless.
    """
    row = rows[own]
    beyond = 0.0
    for tactic in range(TACTIC_COUNT):
        if tactic != _CONTACT:
            beyond += row[SUM + tactic]
    substance = 1.0 - np.exp(-beyond)
    thinned = TALKATIVE / (TALKATIVE + row[TURNS])
    out[0] = np.log1p(row[ANY_SUM] * thinned)
    out[1] = (UNSUPPORTED + (1.0 - UNSUPPORTED) * substance) * np.log1p(row[APPROACH_SUM] * thinned)
    quietest = np.inf
    turns = _PRIOR_TURNS
    young = 0.0
    disclosed = 0.0
    for other in range(rows.shape[0]):
        if other != own and rows[other, TURNS] > 0.0:
            rate = rows[other, APPROACH_SUM] / (rows[other, TURNS] + _PRIOR_TURNS)
            quietest = min(quietest, rate)
            turns += rows[other, TURNS]
            young += rows[other, MINOR_SUM] - rows[other, ADULT_SUM]
            disclosed += rows[other, _AGE_SIGNAL]
    grown = (row[ADULT_SUM] - row[MINOR_SUM]) / (row[TURNS] + _PRIOR_TURNS)
    out[2] = substance * out[1] * min(1.0, np.log1p(disclosed))
    out[3] = np.tanh(max(0.0, grown)) * np.tanh(max(0.0, young / turns))
    out[4] = quietest if quietest < np.inf else 0.0
    out[5] = row[BELIEF]
    out[6] = row[SUSPECTED]


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
    urgent: Floats,
    opinions: Floats,
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
    ``opinions`` [messages, 2] are the two log-odds that ``opine`` takes.
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
                add(row, at[message], logits[message], urgent[message])
                opine(
                    rows[begin:end],
                    author[message] - begin,
                    opinions[message, 0],
                    opinions[message, 1],
                )
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
            if (
                current[index, ANY_SUM] + current[index, APPROACH_SUM] + current[index, BELIEF]
                > 0.0
            ):
                describe(current, index, described)
                total = bias
                for feature in range(FEATURES):
                    total += weights[feature] * described[feature]
                risk = _sigmoid(total)
            risks[place[message] + index] = risk
        if keep[message] >= 0:
            for index in range(end - begin):
                kept[keep[message] + index] = current[index]
