"""The memory of one conversation: small, immutable, the same after a journey through msgpack."""

from __future__ import annotations

import msgspec

from ansim.detection.columns import WIDTH
from ansim.detection.values import Turn

SCHEMA = 2
"""Raised when an older snapshot could no longer be read as it stands."""

ID_BYTES = 8
NEVER = float("-inf")
_DOUBLE = 8


class Episode(msgspec.Struct, frozen=True, array_like=True):
    """The latest alert about one account: its number, and whether it is still open."""

    number: int
    open: bool
    at: float
    """Event time of its newest evidence."""
    judged: bytes = b""
    """Once closed: the account's row as it stood then, so that a closing can be taken back."""


class ConversationState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything detection remembers of a conversation. ``assess`` makes a new one, never edits.

    ``evidence`` holds one row of ``columns.WIDTH`` little-endian doubles for each of
    ``accounts``; ``known`` and ``known_before`` the 8-byte hashes of recent message ids, oldest
    first (``identities`` says when they go).
    """

    conversation: str
    schema: int = SCHEMA
    newest: float = NEVER
    """Newest event time seen, seconds since 1970."""
    accounts: tuple[str, ...] = ()
    evidence: bytes = b""
    turns: tuple[Turn, ...] = ()
    """The window, by (at, id)."""
    oldest_text: float = float("inf")
    """Event time of the oldest turn whose text is still held."""
    known: bytes = b""
    known_before: bytes = b""
    known_since: float = NEVER
    """Event time at which ``known`` began and ``known_before`` ended."""
    episodes: dict[str, Episode] = {}
    attention: int = 0
    """Turns that the context model is still to read, whatever they say."""
    attended_at: float = NEVER
    """Event time of the newest turn that it read."""
    watched_at: float = NEVER
    """Last event time at which the risk was at or above the watch threshold."""
    risk: float = 0.0

    @property
    def open_alerts(self) -> tuple[str, ...]:
        """Accounts with an open alert."""
        return tuple(about for about, episode in self.episodes.items() if episode.open)


def fits(state: ConversationState) -> bool:
    """Whether this version can go on from ``state``, which another may have written.

    False for another schema, for evidence of another width or that is not a number, and for ids of
    another length. Such a state would stop ``assess`` at every message of its batch.
    """
    if state.schema != SCHEMA or len(set(state.accounts)) != len(state.accounts):
        return False
    if len(state.evidence) != len(state.accounts) * WIDTH * _DOUBLE:
        return False
    if len(state.known) % ID_BYTES or len(state.known_before) % ID_BYTES:
        return False
    if any(len(held.judged) not in (0, WIDTH * _DOUBLE) for held in state.episodes.values()):
        return False
    import numpy as np

    return bool(np.isfinite(np.frombuffer(state.evidence, np.float64)).all())
