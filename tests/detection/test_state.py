"""Which states this version can go on from."""

from __future__ import annotations

import json
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from ansim.detection import ConversationState, Detector, Episode, closed, fits, forget
from ansim.detection.columns import WIDTH
from ansim.detection.retention import MOST_ACCOUNTS
from ansim.detection.state import SCHEMA
from tests.detection.talk import CHAT, DAY, LURE, START, messages, run


def test_every_state_that_detection_makes_fits(detector: Detector) -> None:
    crowd = [(f"guest {number}", "안녕하세요") for number in range(2 * MOST_ACCOUNTS)]
    states, _ = run(detector, messages(LURE) + messages(CHAT, "class") + messages(crowd, "hall"))
    assert all(fits(state) for state in states.values())
    assert fits(closed(states["room"], "stranger", 1))
    assert fits(ConversationState(conversation="new"))
    later = forget(states["room"], START + 20 * DAY)
    assert later is not None
    assert fits(later)


@pytest.mark.parametrize(
    "broken",
    [
        {"schema": SCHEMA + 1},
        {"schema": SCHEMA - 1},
        {"evidence": b""},
        {"evidence": bytes(8 * (WIDTH - 1) * 2)},
        {"evidence": bytes(8 * (WIDTH + 1) * 2)},
        {"evidence": bytes(8 * WIDTH * 2 + 3)},
        {"evidence": np.full((2, WIDTH), np.nan).tobytes()},
        {"accounts": ("stranger",)},
        {"accounts": ("stranger", "stranger")},
        {"known": bytes(2049)},
        {"known_before": bytes(8193)},
        {"episodes": {"stranger": Episode(1, False, START, bytes(8))}},
    ],
)
def test_a_state_of_another_make_does_not_fit(
    detector: Detector, broken: dict[str, object]
) -> None:
    states, _ = run(detector, messages(LURE))
    packed = msgspec.msgpack.encode(msgspec.structs.replace(states["room"], **broken))
    assert not fits(msgspec.msgpack.decode(packed, type=ConversationState))


def test_asking_brings_in_no_compiler() -> None:
    code = (
        "import sys, json; from ansim.detection import ConversationState, fits;"
        "assert fits(ConversationState(conversation='x'));"
        "print(json.dumps('numba' in sys.modules))"
    )
    assert json.loads(subprocess.check_output([sys.executable, "-c", code])) is False
