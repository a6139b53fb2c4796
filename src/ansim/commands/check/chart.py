"""Risk over a conversation as a few lines of text."""

from __future__ import annotations

from collections.abc import Sequence

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ASCII = "  ..::###"
ROWS = 5


def chart(
    risks: Sequence[float], threshold: float, mark: str, *, width: int, blocks: bool
) -> list[str]:
    """A column a turn, from the first on the left to the last on the right.

    Where there are more turns than columns, a column shows the highest of its turns. The row in
    which ``threshold`` lies ends in ``mark``.
    """
    if not risks:
        return []
    columns = min(len(risks), width)
    wide = max(1, min(3, width // columns))
    peaks = [
        max(risks[at * len(risks) // columns : (at + 1) * len(risks) // columns])
        for at in range(columns)
    ]
    steps = _EIGHTHS if blocks else _ASCII
    edge = "│" if blocks else "|"
    drawn = []
    for row in range(ROWS - 1, -1, -1):
        cells = []
        for peak in peaks:
            filled = min(max(peak * ROWS - row, 0.0), 1.0)
            level = round(filled * 8)
            if row == 0 and level == 0:
                level = 1  # the ground line shows that there was a turn
            cells.append(steps[level] * wide)
        here = row <= threshold * ROWS < row + 1
        label = f"{(row + 1) * 100 // ROWS:>4}% "
        drawn.append(f"{label}{edge}{''.join(cells)}{'  ' + mark if here else ''}".rstrip())
    return drawn
