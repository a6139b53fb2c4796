"""Whether anybody reads what came in: seen from the gateway, which is there when no worker is.

A worker that hangs holds its lease and says nothing; only that its partition stands still while
messages wait tells of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

TELL_SECONDS = 10.0
"""Between two words to casework, which takes long silence for a gateway that is gone."""


class Behind(msgspec.Struct, frozen=True):
    """One partition: messages that nobody has read, and the position read up to."""

    unread: int
    position: int


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What casework is told. Times are seconds since 1970-01-01 UTC."""

    unread: int
    still_since: float | None
    """Since when some partition has not moved though messages wait in it; None: all move."""


class ReadingWatch:
    """Remembers how far each partition was and since when it has stood still."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, float]] = {}

    def look(self, partitions: Sequence[Behind], now: float) -> Reading:
        """How it stands after this look; call it every ``TELL_SECONDS``."""
        for number, each in enumerate(partitions):
            position, _since = self._seen.get(number, (-1, now))
            if not each.unread or each.position != position:
                self._seen[number] = (each.position, now)
        still = [
            since
            for number, each in enumerate(partitions)
            if each.unread and (since := self._seen[number][1]) < now
        ]
        return Reading(
            unread=sum(each.unread for each in partitions), still_since=min(still, default=None)
        )
