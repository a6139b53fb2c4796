"""The hour's budget of a test that has no NATS: counted in memory, on the test's own clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ansim.reviewing.budget import HOUR


class Hour:
    """As ``ansim.stream.questions`` counts, for one reviewer. ``reached`` is False where nobody
    can be asked for the count; ``others`` take questions that this side has not heard of."""

    def __init__(self, hourly: int = 100, clock: Callable[[], float] = lambda: 0.0) -> None:
        self._hourly = hourly
        self._clock = clock
        self._asked: deque[float] = deque()
        self.reached = True
        self.others = 0

    @property
    def left(self) -> int:
        while self._asked and self._clock() - self._asked[0] >= HOUR:
            self._asked.popleft()
        return max(0, self._hourly - len(self._asked))

    async def spend(self) -> bool:
        while self.others:
            self.others -= 1
            self._asked.append(self._clock())
        if not self.reached or not self.left:
            return False
        self._asked.append(self._clock())
        return True
