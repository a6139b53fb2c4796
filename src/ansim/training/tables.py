"""Tables and figures as Markdown, the same way on every page."""

from __future__ import annotations

from collections.abc import Sequence

from ansim.training import metrics

NOTHING = "–"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table. Cells may hold anything: bars and line ends are made harmless."""
    lines = [_line(head), "|" + "---|" * len(head)]
    return "\n".join(lines + [_line(row) for row in rows])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(c.replace("|", "\\|").split()) for c in cells) + " |"


def section(title: str, *parts: str) -> str:
    """A heading and what stands under it."""
    return "\n\n".join([f"## {title}", *(part for part in parts if part)])


def percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def counted(count: int, among: int) -> str:
    """A share with its 95 % interval and the counts it comes from."""
    if not among:
        return NOTHING
    low, high = metrics.share_interval(count, among)
    return f"{percent(count / among)} ({100 * low:.1f}–{100 * high:.1f}; {count} of {among})"
