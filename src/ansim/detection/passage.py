"""How a stretch of conversation is laid out for the context model; the same for training and use.

The last turns, oldest first, each opened by a marker token. Between two tokens stands a relation:
unseen (the other one is in a later turn), the same turn, or an earlier turn of the same or of
another speaker with its distance in turns, in eight steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

UNSEEN, SAME_TURN = 0, 1
_STEPS = (1, 2, 3, 4, 6, 9, 14)
"""Distances in turns up to which each step reaches; the eighth is everything beyond."""
_STEP_OF = np.searchsorted(np.array(_STEPS), np.arange(256), side="left")
RELATIONS = 2 + 2 * (len(_STEPS) + 1)

LONGEST_TURN = 48
"""Tokens of one turn that are read; of a longer one, the beginning and the end."""
LONGEST_WINDOW = 192
"""Tokens of a window. Older turns fall out whole."""


def shortened(tokens: Sequence[int], most: int = LONGEST_TURN) -> list[int]:
    """At most ``most`` tokens: a long turn keeps its first two thirds and its last third."""
    if len(tokens) <= most:
        return list(tokens)
    tail = most // 3
    return [*tokens[: most - tail], *tokens[len(tokens) - tail :]]


def fitting(lengths: Sequence[int], most: int = LONGEST_WINDOW) -> int:
    """Index of the oldest turn that still fits when the newest must. ``lengths`` with markers."""
    room, first = most, len(lengths)
    while first > 0 and (lengths[first - 1] <= room or first == len(lengths)):
        first -= 1
        room -= lengths[first]
    return first


def relations(turn: Ints, speaker: Ints) -> Ints:
    """Relation of each token (row) to each (column). ``turn`` counts up and is -1 for padding.

    Shapes [length] and [length] to [length, length]; ``speaker`` is any number per person.
    """
    apart = turn[:, None] - turn[None, :]
    step = _STEP_OF[np.clip(apart, 0, len(_STEP_OF) - 1)]
    same = speaker[:, None] == speaker[None, :]
    found = np.where(same, 2 + step, 2 + len(_STEPS) + 1 + step)
    found = np.where(apart == 0, SAME_TURN, found)
    unseen = (apart < 0) | (turn[None, :] < 0)
    out = np.where(unseen, UNSEEN, found)
    padding = turn < 0
    out[padding] = UNSEEN
    out[padding, np.flatnonzero(padding)] = SAME_TURN
    return out.astype(np.int64)
