"""The message ids a conversation remembers, so that a second delivery of one is dropped.

Two generations of packed hashes, dropped by event time as the text is: ids go into the present one;
when it has lasted long enough it becomes the one before, and the one before that is gone. So an id
is surely known for as long as a generation lasts. The latest few are known for as long as numbers
are kept, or a quiet talk delivered again after days would count twice.
"""

from __future__ import annotations

import hashlib

import numpy as np

from ansim.detection.retention import FEWEST_IDS, MOST_IDS, UNWATCHED_TEXT, WATCHED_TEXT
from ansim.detection.state import ID_BYTES, NEVER

_ALWAYS = FEWEST_IDS * ID_BYTES
_FEW = 1024 * ID_BYTES
"""Up to here a search through the bytes is quicker than numpy."""
_MANY_LOOKUPS = 64
"""From so many lookups in one batch a set of all ids has paid for itself."""


def identity(message_id: str) -> bytes:
    """Stable 8-byte hash of a message id."""
    raw = message_id.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(raw, digest_size=ID_BYTES).digest()


def holds(known: bytes, wanted: bytes) -> bool:
    """Whether the packed hashes ``known`` contain ``wanted`` at an entry's own place."""
    if len(known) > _FEW:
        number = np.frombuffer(wanted, np.uint64)[0]
        return bool((np.frombuffer(known, np.uint64) == number).any())
    at = known.find(wanted)
    while at >= 0:
        if at % ID_BYTES == 0:
            return True
        at = known.find(wanted, at + 1)
    return False


class Identities:
    """Working copy of ``known``, ``known_before`` and ``known_since`` of a state."""

    __slots__ = ("_all", "_before", "_lookups", "_new", "_newest", "_now", "_since")

    def __init__(self, now: bytes, before: bytes, since: float, newest: float) -> None:
        self._now, self._before = now, before
        self._since, self._newest = since, newest
        self._new: dict[bytes, None] = {}
        """Ids of the present generation that are not packed yet, in order."""
        self._lookups = 0
        self._all: set[int] | None = None
        """The packed ones as numbers, once a batch asks often."""

    def add(self, identity: bytes, at: float) -> bool:
        """Notes the id of a message said at event time ``at``. False when it is known already.

        What is forgotten here depends on nothing but the messages themselves, so that the cut into
        batches cannot change it; hence the longer time, whether the conversation is watched or
        not. ``forget`` takes the rest.
        """
        if self._holds(identity):
            return False
        newest = max(self._newest, at)
        full = len(self._now) // ID_BYTES + len(self._new) >= MOST_IDS // 2
        self._turn_over(newest, WATCHED_TEXT, full)
        if self._since == NEVER:
            self._since = newest
        self._newest = newest
        self._new[identity] = None
        return True

    def forget(self, now: float, watched: bool) -> None:
        """Drops what need not be remembered at ``now`` (event time)."""
        self._turn_over(now, WATCHED_TEXT if watched else UNWATCHED_TEXT)

    def packed(self) -> tuple[bytes, bytes, float]:
        """``known``, ``known_before`` and ``known_since`` for the state."""
        self._pack()
        return self._now, self._before, self._since

    def _holds(self, identity: bytes) -> bool:
        if identity in self._new:
            return True
        if len(self._now) + len(self._before) > _FEW:
            if self._lookups == _MANY_LOOKUPS and self._all is None:
                packed = np.frombuffer(self._before + self._now, np.uint64)
                self._all = set(packed.tolist())
            self._lookups += self._all is None
        if self._all is not None:
            return int(np.frombuffer(identity, np.uint64)[0]) in self._all
        return holds(self._now, identity) or holds(self._before, identity)

    def _turn_over(self, now: float, lasting: float, full: bool = False) -> None:
        """Begins a new generation at ``now`` when the present one is full or has lasted."""
        if now - self._newest > lasting:  # nothing was said for so long
            self._pack()
            self._now, self._before = b"", (self._before + self._now)[-_ALWAYS:]
            self._since = NEVER
        elif full or now - self._since >= lasting:
            self._pack()
            spare = max(0, _ALWAYS - len(self._now))
            rest = self._before[max(0, len(self._before) - spare) :]
            self._now, self._before = b"", rest + self._now
            self._since = now

    def _pack(self) -> None:
        self._now += b"".join(self._new)
        self._new = {}
        self._all = None
