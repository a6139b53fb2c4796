"""What was already said of a window: in memory only, few, and not for long.

An opinion holds words of the chat. An hour is far below what retention allows for the chat itself,
and long enough for what a cache is for: the same window coming again when a partition is replayed.
Each worker has its own: shared, words of chats would lie in one more place outside casework.
"""

from __future__ import annotations

from collections import OrderedDict

from ansim.reviewing.values import Declined, Opinion

MOST = 256
LIFE_SECONDS = 3600.0


class Cache:
    """By hash of the window. Times come from the caller's clock, in seconds."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: OrderedDict[str, tuple[float, Opinion | Declined]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, name: str, now: float) -> Opinion | Declined | None:
        """What was said, or None."""
        self._expire(now)
        found = self._held.get(name)
        return found[1] if found else None

    def put(self, name: str, said: Opinion | Declined, now: float) -> None:
        """Keeps it; the oldest goes where there is no room."""
        self._expire(now)
        self._held.pop(name, None)
        self._held[name] = (now, said)
        if len(self._held) > self._most:
            self._held.popitem(last=False)

    def _expire(self, now: float) -> None:
        while self._held:
            name, (at, _) = next(iter(self._held.items()))
            if now - at < LIFE_SECONDS:
                return
            del self._held[name]
