"""A breaker: after failures in a row nothing is asked for a while, then one tries again."""

from __future__ import annotations

FAILURES = 4
REST_SECONDS = 30.0
LONGEST_REST_SECONDS = 900.0


class Breaker:
    """Counts failures of a model. Times come from the caller's clock, in seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._rest = REST_SECONDS
        self._until = 0.0
        self._open = False
        self._trying = False

    @property
    def open(self) -> bool:
        """Whether the model is thought to be down, until a question is answered again."""
        return self._open

    @property
    def failing(self) -> bool:
        """Whether the last question went without an answer."""
        return self._open or self._failures > 0

    def allows(self, now: float) -> bool:
        """Whether a question may be asked now. While open: one, when the rest is over."""
        return not self._open or (now >= self._until and not self._trying)

    def asked(self) -> None:
        """A question goes out."""
        self._trying = self._open

    def worked(self) -> None:
        """It was answered: whatever was said, the model is there."""
        self._failures = 0
        self._rest = REST_SECONDS
        self._open = self._trying = False

    def failed(self, now: float) -> None:
        """It was not. Each rest that ends in a failure is followed by one twice as long."""
        self._failures += 1
        if self._trying:
            self._rest = min(self._rest * 2, LONGEST_REST_SECONDS)
        if self._trying or (self._failures >= FAILURES and not self._open):
            self._open = True
            self._until = now + self._rest
        self._trying = False

    def given_up(self) -> None:
        """A question was taken back: nothing is known of the model."""
        self._trying = False
