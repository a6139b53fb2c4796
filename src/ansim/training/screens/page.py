"""The tables on screenshots for docs/evaluation.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ansim.training import metrics
from ansim.training.screens import rows as figures
from ansim.training.screens.rows import Row
from ansim.training.screens.wear import WEAR
from ansim.training.tables import counted, section, table

_AIMS = {"clean": 0.97, "sent": 0.90, "photographed": 0.90}
_WORDS = {
    "clean": "as the telephone saved it",
    "sent": "sent on: smaller, soft, JPEG twice",
    "photographed": "photographed off a screen",
}


def page(rows: Sequence[Row]) -> str:
    """All tables on screenshots."""
    by_wear = [(wear, [row for row in rows if row.wear == wear]) for wear in WEAR]
    parts = [
        section(
            "Screenshots",
            "Chats of our corpus drawn in the manner of six messengers and read again "
            "(docs/screens.md). In brackets 95 % intervals. The alert of what was read is compared "
            "with that of the text itself, both by the shipped model, which has learnt these "
            "conversations: on strangers' chats fewer lie far from the threshold.",
            _whole([(wear, part) for wear, part in by_wear if part]),
            _agreement([(wear, part) for wear, part in by_wear if part]),
        )
    ]
    cuts: list[tuple[str, Callable[[Row], str]]] = [
        ("By messenger", lambda row: row.messenger),
        ("By theme", lambda row: "dark" if row.dark else "light"),
        ("By size of the print", lambda row: row.size),
        ("Long captures", lambda row: "one long capture" if row.long else "screens"),
    ]
    for title, key in cuts:
        parts.append(f"### {title}\n\n" + _cut(rows, key))
    return "\n\n".join(parts)


def _whole(by_wear: Sequence[tuple[str, Sequence[Row]]]) -> str:
    cells = []
    for wear, rows in by_wear:
        each = [row.seconds / row.screens for row in rows if not row.long]
        middle, high = np.quantile(each, (0.5, 0.95))
        cells.append(
            [
                _WORDS[wear],
                f"{len(rows)} ({sum(row.screens for row in rows)})",
                _figure(figures.errors, rows),
                _figure(figures.speakers, rows),
                _figure(figures.messages, rows),
                f"{middle:.2f} / {high:.2f}",
            ]
        )
    head = ["pictures", "chats (pictures)", "errors a letter", "right speaker", "F1 of messages"]
    return table([*head, "seconds a picture, median / 95 %"], cells)


def _agreement(by_wear: Sequence[tuple[str, Sequence[Row]]]) -> str:
    cells = []
    for wear, rows in by_wear:
        same = sum(row.alert == row.alert_read for row in rows)
        risky = [row for row in rows if row.alert]
        calm = [row for row in rows if not row.alert]
        low, _ = metrics.share_interval(same, len(rows))
        reached = "yes" if low >= _AIMS[wear] else "so far; too few chats to be sure"
        if same < _AIMS[wear] * len(rows):
            reached = "**no**"
        cells.append(
            [
                _WORDS[wear],
                counted(same, len(rows)),
                f"≥ {100 * _AIMS[wear]:.0f} %",
                reached,
                counted(sum(row.alert_read for row in risky), len(risky)),
                counted(sum(row.alert_read for row in calm), len(calm)),
            ]
        )
    head = ["pictures", "same alert as from the text", "aim", "reached", "alerts kept"]
    return table([*head, "alerts where the text gives none"], cells)


def _figure(measure: Callable[[Sequence[Row]], float], rows: Sequence[Row]) -> str:
    low, high = figures.spread(measure, rows)
    return f"{measure(rows):.3f} ({low:.3f}–{high:.3f})"


def _cut(rows: Sequence[Row], key: Callable[[Row], str]) -> str:
    """Figures by ``key`` and wear."""
    cells = []
    for name in dict.fromkeys(map(key, rows)):
        for wear in WEAR:
            part = [row for row in rows if key(row) == name and row.wear == wear]
            if part:
                cells.append(
                    [
                        name,
                        wear,
                        str(len(part)),
                        f"{figures.errors(part):.3f}",
                        f"{figures.speakers(part):.3f}",
                        f"{figures.messages(part):.3f}",
                        f"{sum(row.alert == row.alert_read for row in part)} of {len(part)}",
                    ]
                )
    head = ["", "pictures", "chats", "errors a letter", "right speaker", "F1 of messages"]
    return table([*head, "same alert"], cells)
