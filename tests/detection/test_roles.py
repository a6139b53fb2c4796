"""Beliefs about who writes as a minor and who as an adult."""

from __future__ import annotations

import pytest

from ansim.detection import Detector
from ansim.detection.roles import Role, role, roles
from tests.detection.talk import messages, run


@pytest.mark.parametrize(
    ("minor", "adult", "turns", "expected"),
    [
        (0.0, 0.0, 0.0, Role.UNKNOWN),
        (3.0, -3.0, 1.0, Role.YOUTH_LIKE),
        (-1.0, 1.0, 1.0, Role.UNKNOWN),
        (-30.0, 30.0, 12.0, Role.ADULT_LIKE),
        (5.0, 5.0, 10.0, Role.UNKNOWN),
    ],
)
def test_a_belief_needs_more_than_one_leaning_turn(
    minor: float, adult: float, turns: float, expected: Role
) -> None:
    assert role(minor, adult, turns) is expected


def test_every_account_of_a_conversation_has_one() -> None:
    detector = Detector.load()
    states, _ = run(
        detector, messages([("a", "안녕하세요"), ("b", "네 안녕하세요"), ("c", "ㅎㅇ")])
    )
    assert set(roles(states["room"])) == {"a", "b", "c"}
