"""A closing taken back: as if it had not been."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from ansim.detection import ConversationState, Detector, closed, forget, reopened
from ansim.detection.columns import AT, WIDTH
from tests.detection.talk import DAY, LURE, START, messages, run

MORE = [("youth", "네"), ("stranger", "이따 만날래? 데리러 갈게"), ("stranger", "비밀이야")]


def _rows(state: ConversationState) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.frombuffer(state.evidence, np.float64).reshape(-1, WIDTH)


def test_a_closing_taken_back_at_once_leaves_everything_as_it_was(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    state = states["room"]
    back = reopened(closed(state, "stranger", 1), "stranger", 1)
    assert back == state
    assert reopened(back, "stranger", 1) is back


@pytest.mark.parametrize("gap", [20.0, 3600.0, DAY])
def test_what_was_said_in_between_counts_once(detector: Detector, gap: float) -> None:
    states, _ = run(detector, messages(LURE))
    more = messages(MORE, start=START + 600, gap=gap, first=50)[:1]
    through, _ = run(detector, more, states)
    shut = {"room": closed(states["room"], "stranger", 1)}
    between, _ = run(detector, more, shut)
    back = reopened(between["room"], "stranger", 1)
    np.testing.assert_allclose(_rows(back), _rows(through["room"]), rtol=1e-9)

    last = messages(MORE[1:2], start=START + 600 + gap, first=60)
    _, expected = run(detector, last, through)
    _, found = run(detector, last, {"room": back})
    assert found[0].risk == pytest.approx(expected[0].risk, abs=1e-9)
    assert [(e.episode, e.raised) for e in found[0].alerts] == [(1, False)]
    assert [e.priority for e in found[0].alerts] == [e.priority for e in expected[0].alerts]


def test_words_of_the_account_itself_in_between_count_once(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    said = messages([("stranger", "뭐해")], start=START + 9000, first=50)
    through, _ = run(detector, said, states)
    between, _ = run(detector, said, {"room": closed(states["room"], "stranger", 1)})
    assert not between["room"].open_alerts
    back = reopened(between["room"], "stranger", 1)
    assert back.open_alerts == ("stranger",)
    assert _rows(back)[0, AT] == START + 9000
    np.testing.assert_allclose(_rows(back), _rows(through["room"]), rtol=1e-9)


def test_only_the_latest_closed_episode_can_be_reopened(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    state = states["room"]
    assert reopened(state, "stranger", 1) is state
    shut = closed(state, "stranger", 1)
    assert reopened(shut, "stranger", 2) is shut
    assert reopened(shut, "nobody", 1) is shut
    again = messages(LURE, start=START + 9000, first=30)
    second, found = run(detector, again, {"room": shut})
    assert any(event.raised for assessment in found for event in assessment.alerts)
    assert reopened(second["room"], "stranger", 1) is second["room"]
    assert closed(second["room"], "stranger", 1) is second["room"]


def test_evidence_forgotten_since_then_does_not_come_back(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    shut = {"room": closed(states["room"], "stranger", 1)}
    late = messages([("stranger", "안녕")], start=START + 40 * DAY, first=50)
    anew, _ = run(detector, late, shut)
    back = reopened(anew["room"], "stranger", 1)
    assert back.evidence == anew["room"].evidence
    assert back.open_alerts == ("stranger",)


def test_a_closed_state_survives_msgpack_and_can_still_be_reopened(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    packed = msgspec.msgpack.encode(closed(states["room"], "stranger", 1))
    shut = msgspec.msgpack.decode(packed, type=ConversationState)
    assert reopened(shut, "stranger", 1) == states["room"]


def test_a_closing_from_before_there_was_a_way_back_can_be_taken_back_too() -> None:
    old = msgspec.msgpack.encode({"conversation": "room", "episodes": {"a": [1, False, START]}})
    state = msgspec.msgpack.decode(old, type=ConversationState)
    assert reopened(state, "a", 1).open_alerts == ("a",)


def test_numbers_of_a_closing_last_thirty_days(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    shut = {"room": closed(states["room"], "stranger", 1)}
    said = messages([("stranger", "안녕")] * 3, start=START + 15 * DAY, gap=5 * DAY, first=50)
    later, _ = run(detector, said, shut)
    for day, held in ((29, True), (34, False)):
        kept = forget(later["room"], START + day * DAY)
        assert kept is not None
        assert bool(kept.episodes["stranger"].judged) is held
