"""Counts as they may be published: as ranges of five, so that nobody is found in a small one.

Hiding small counts alone is not enough: next to exact ones they come back by subtraction. A range
for every number leaves nothing to subtract.
"""

from __future__ import annotations

from collections.abc import Sequence

STEP = 5


def span(number: int) -> tuple[int, int]:
    """The range that is published for a count: 0–4, 5–9, …"""
    low = number // STEP * STEP
    return low, low + STEP - 1


def shown(number: int) -> str:
    """The same in words; zero is no exception, for "none" tells of everybody."""
    low, high = span(number)
    return f"<{STEP}" if low == 0 else f"{low}–{high}"


def total(parts: Sequence[int]) -> str:
    """The sum, or a dash where its range would tell every part: all of them at the upper end of
    theirs."""
    whole = sum(parts)
    if len(parts) > 1 and span(whole)[0] == sum(span(part)[1] for part in parts):
        return "–"
    return shown(whole)
