"""The way back from a normalised text to its original.

Each step of reading replaces some stretches of its input; ``Edits`` remembers which, so that a
span found in the output can be shown in the words that were really written.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Edit = tuple[int, int, str]
"""``(start, end, new)``: characters ``[start, end)`` of the input became ``new``. Never an
insertion: ``start < end``, so a visible character always comes from somewhere."""


class Edits:
    """What one step replaced, ordered by position. Maps output positions to input positions."""

    __slots__ = ("_in_ends", "_in_starts", "_out_ends", "_out_starts")

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._in_starts: list[int] = []
        self._in_ends: list[int] = []
        self._out_starts: list[int] = []
        self._out_ends: list[int] = []
        shift = 0  # output position minus input position, after the edits so far
        for start, end, new in edits:
            self._in_starts.append(start)
            self._in_ends.append(end)
            self._out_starts.append(start + shift)
            self._out_ends.append(start + shift + len(new))
            shift += len(new) - (end - start)

    def start(self, position: int) -> int:
        """Where the output character at ``position`` begins in the input."""
        index = bisect_right(self._out_starts, position) - 1
        if index < 0:
            return position
        if position < self._out_ends[index]:
            return self._in_starts[index]
        return self._in_ends[index] + position - self._out_ends[index]

    def end(self, position: int) -> int:
        """Where the output character that ends before ``position`` (> 0) ends in the input."""
        last = position - 1
        index = bisect_right(self._out_starts, last) - 1
        if index < 0:
            return position
        if last < self._out_ends[index]:
            return self._in_ends[index]
        return self._in_ends[index] + position - self._out_ends[index]


def apply(text: str, edits: list[Edit]) -> str:
    """The text with its edits made. They must be ordered and must not overlap."""
    parts: list[str] = []
    done = 0
    for start, end, new in edits:
        parts.append(text[done:start])
        parts.append(new)
        done = end
    parts.append(text[done:])
    return "".join(parts)
