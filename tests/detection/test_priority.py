"""Which priority an account gets among the others of its room, and what is said for it."""

from __future__ import annotations

import numpy as np
import pytest

from ansim.detection import Priority
from ansim.detection.columns import HARM, SIGNAL, SOON, SUM, THREAT, WIDTH
from ansim.detection.labels import TACTICS
from ansim.detection.priority import Standing, judge

PICTURES = SUM + TACTICS.index("T10")
RAPPORT = SUM + TACTICS.index("T02")

Cells = dict[tuple[int, int], float]


@pytest.mark.parametrize(
    ("cells", "risk", "priority", "codes"),
    [
        ({}, 0.6, Priority.P4, ["high_risk"]),
        ({(0, RAPPORT): 2.0}, 0.6, Priority.P4, ["tactic"]),
        ({(0, RAPPORT): 2.0}, 0.9, Priority.P3, ["tactic", "high_risk"]),
        ({(0, PICTURES): 2.0}, 0.6, Priority.P3, ["tactic"]),
        ({(0, PICTURES): 2.0}, 0.9, Priority.P2, ["tactic", "high_risk"]),
        ({(0, SOON): 0.4}, 0.6, Priority.P1, ["meeting_soon"]),
        ({(0, THREAT): 0.4}, 0.6, Priority.P1, ["live_threat"]),
        ({(1, SOON): 0.4, (2, THREAT): 0.4}, 0.6, Priority.P4, ["high_risk"]),
        ({(2, HARM): 0.4}, 0.6, Priority.P1, ["self_harm"]),
        ({(0, HARM): 0.4}, 0.6, Priority.P4, ["high_risk"]),
        ({(1, SIGNAL + 3): 0.4, (2, SIGNAL + 3): 0.4}, 0.6, Priority.P4, ["asks_for_help"]),
        ({(0, SIGNAL + 3): 9.0, (2, SIGNAL + 3): 0.4}, 0.6, Priority.P4, ["high_risk"]),
        ({(1, SIGNAL + 4): 2.0}, 0.6, Priority.P4, ["picture_sent"]),
        ({(2, SIGNAL): 2.0}, 0.6, Priority.P4, ["refusal"]),
    ],
)
def test_priority_is_of_the_account_and_signals_are_of_the_others(
    cells: Cells, risk: float, priority: Priority, codes: list[str]
) -> None:
    rows = np.zeros((3, WIDTH))
    for cell, value in cells.items():
        rows[cell] = value
    found, why = judge(Standing(rows), 0, risk)
    assert (found, [reason.code for reason in why]) == (priority, codes)


def test_an_account_alone_in_its_room_can_be_judged() -> None:
    assert judge(Standing(np.zeros((1, WIDTH))), 0, 0.9)[0] is Priority.P3
