"""So many questions an hour and no more, counted over the last hour, not by the clock's hours."""

from __future__ import annotations

from collections import deque

HOUR = 3600.0


class Budget:
    """Times come from the caller's clock, in seconds."""

    def __init__(self, hourly: int) -> None:
        self._hourly = hourly
        self._asked: deque[float] = deque()

    def left(self, now: float) -> int:
        """Questions that may be asked now."""
        while self._asked and now - self._asked[0] >= HOUR:
            self._asked.popleft()
        return max(0, self._hourly - len(self._asked))

    def spend(self, now: float) -> bool:
        """Takes one; False when none is left."""
        if not self.left(now):
            return False
        self._asked.append(now)
        return True
