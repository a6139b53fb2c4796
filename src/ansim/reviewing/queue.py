"""Windows waiting to be asked about: one a conversation, the riskiest first, never too many.

A newer window of a conversation replaces the older one. A conversation that was just asked about
waits a little, so that a lively chat does not spend the hour's questions by itself; unless it has
become an alert since, which somebody is about to read.
"""

from __future__ import annotations

from ansim.reviewing.values import Window

MOST = 200
AGAIN_SECONDS = 60.0
OLDEST_SECONDS = 600.0
"""A window is not asked about after so long: the talk has moved on, and words are not hoarded."""


class Queue:
    """Times come from the caller's clock, in seconds."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._waiting: dict[str, tuple[float, Window]] = {}
        self._asked: dict[str, tuple[float, bool, float]] = {}
        """When a conversation was last asked about, whether it was over the threshold then, and
        since when that window had waited."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, window: Window, now: float) -> Window | None:
        """Adds it. Returns the window that had to go for it (it may be the same), or None."""
        self._waiting.pop(window.conversation, None)
        return self._hold(window, now)

    def give_back(self, window: Window, now: float) -> Window | None:
        """Takes back what could not be asked about: it waits on as if it had never been taken,
        unless a newer window of its conversation came. Returns what had to go, as ``put`` does."""
        _, _, came = self._asked.pop(window.conversation, (now, False, now))
        if window.conversation in self._waiting:
            return None
        return self._hold(window, came)

    def _hold(self, window: Window, came: float) -> Window | None:
        self._waiting[window.conversation] = (came, window)
        if len(self._waiting) <= self._most:
            return None
        least = min(self._waiting.values(), key=lambda held: (held[1].risk, -held[0]))[1]
        del self._waiting[least.conversation]
        return least

    def outdated(self, now: float) -> list[Window]:
        """Takes out what waited too long."""
        old = [held for at, held in self._waiting.values() if now - at >= OLDEST_SECONDS]
        for window in old:
            del self._waiting[window.conversation]
        return old

    def take(self, now: float) -> Window | None:
        """Takes out the riskiest that may be asked about now; of equal ones the first that came."""
        for name in [name for name, (at, *_) in self._asked.items() if now - at >= AGAIN_SECONDS]:
            del self._asked[name]
        ready = [held for held in self._waiting.values() if self._due(held[1])]
        if not ready:
            return None
        came, window = min(ready, key=lambda held: (-held[1].risk, held[0]))
        del self._waiting[window.conversation]
        self._asked[window.conversation] = (now, window.risk >= window.threshold, came)
        return window

    def _due(self, window: Window) -> bool:
        asked = self._asked.get(window.conversation)
        return asked is None or (window.risk >= window.threshold and not asked[1])
