"""Whether an account writes as a young person does, as an adult does, or nobody can say.

A belief from the way of writing, never a fact: a minor may pose as an adult and the reverse, and a
third of the approachers are young themselves. Nothing is decided by it.
"""

from __future__ import annotations

from enum import StrEnum

from ansim.detection import columns
from ansim.detection.memory import Memory
from ansim.detection.state import ConversationState


class Role(StrEnum):
    """How an account writes."""

    YOUTH_LIKE = "youth-like"
    ADULT_LIKE = "adult-like"
    UNKNOWN = "unknown"


CLEAR = 0.6
"""Mean difference in log-odds over an account's turns from which a belief is spoken of."""
PRIOR_TURNS = 3.0
"""So many neutral turns are counted beside its own: one turn says nothing."""


def role(minor: float, adult: float, turns: float) -> Role:
    """The belief from the sums kept of an account: log-odds of minor and adult, and its turns."""
    lean = (adult - minor) / (turns + PRIOR_TURNS)
    if lean >= CLEAR:
        return Role.ADULT_LIKE
    if lean <= -CLEAR:
        return Role.YOUTH_LIKE
    return Role.UNKNOWN


def roles(state: ConversationState) -> dict[str, Role]:
    """The belief about each account of a conversation."""
    rows = Memory(state, state.conversation).rows(columns.WIDTH)
    return {
        account: role(row[columns.MINOR_SUM], row[columns.ADULT_SUM], row[columns.TURNS])
        for account, row in zip(state.accounts, rows.tolist(), strict=True)
    }
