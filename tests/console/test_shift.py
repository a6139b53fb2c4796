"""Fifty counsellors at work by script, in a real console, while alerts arrive at twenty a second.

No request fails, and nobody gets what somebody else has. How long they wait is judged in `make
soak` only: the short form runs where other tests keep the machine busy.
"""

from __future__ import annotations

from typing import Any

import pytest

from bench.shift import Shift, told, worked

COUNSELLORS, ALERTS_A_SECOND, P95_MS = 50, 20, 500


def nothing_went_wrong(shift: Shift, in_the_end: dict[str, Any]) -> None:
    assert not shift.wrong, shift.wrong[:10]
    assert in_the_end["alerts"] == in_the_end["raised"]
    shared = {number: people for number, people in shift.got.items() if len(people) > 1}
    assert not shared, "two people were told that the same alert is theirs"
    assert in_the_end["twice"] == []
    assert in_the_end["strangers"] == []
    assert in_the_end["claimed"] >= len(shift.got) > 0
    assert in_the_end["closed"] >= shift.closed


@pytest.mark.parametrize("database", ["SQLite", "PostgreSQL"])
def test_ten_seconds_of_fifty_counsellors(database: str) -> None:
    shift, in_the_end = worked(database, 10, counsellors=COUNSELLORS, rate=ALERTS_A_SECOND, pace=2)
    nothing_went_wrong(shift, in_the_end)


@pytest.mark.soak
@pytest.mark.parametrize("database", ["SQLite", "PostgreSQL"])
def test_two_minutes_of_fifty_counsellors(database: str) -> None:
    shift, in_the_end = worked(database, 120, counsellors=COUNSELLORS, rate=ALERTS_A_SECOND, pace=4)
    print("", *told(database, shift, in_the_end), sep="\n")
    nothing_went_wrong(shift, in_the_end)
    assert in_the_end["raised"] == 120 * ALERTS_A_SECOND
    assert shift.closed > COUNSELLORS
    assert shift.p95() <= P95_MS, {kind: round(shift.p95(kind)) for kind in shift.waits}
