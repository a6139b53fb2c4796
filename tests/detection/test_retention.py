"""What is forgotten, and when: by event time alone (R06)."""

from __future__ import annotations

from ansim.detection import Detector, forget
from ansim.detection.retention import UNWATCHED_TURNS, WATCHED_TURNS
from tests.detection.talk import CHAT, DAY, LURE, START, messages, run


def _texts(state: object) -> list[str | None]:
    return [turn.text for turn in state.turns]  # type: ignore[attr-defined]


def test_text_of_an_unwatched_conversation_lives_a_day(detector: Detector) -> None:
    states, _ = run(detector, messages(CHAT))
    last = START + 30.0 * (len(CHAT) - 1)
    still = forget(states["room"], START + DAY)
    assert still is not None
    assert None not in _texts(still)
    gone = forget(states["room"], last + DAY + 1)
    assert gone is not None
    assert _texts(gone) == [None] * len(CHAT)
    assert all(turn.spans == () for turn in gone.turns)


def test_text_under_an_open_alert_outlives_the_week_of_the_watched(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    state = states["room"]
    assert state.open_alerts
    end = START + 30.0 * (len(LURE) - 1)
    kept = forget(state, START + 6 * DAY)
    assert kept is not None
    assert None not in _texts(kept)
    gone = forget(state, end + 7 * DAY + 1)
    assert gone is not None
    assert _texts(gone) == [None] * len(LURE)


def test_watched_text_lives_a_week_without_any_alert() -> None:
    detector = Detector.load(threshold=0.999999)
    states, _ = run(detector, messages(LURE[:5]))
    state = states["room"]
    assert not state.open_alerts
    assert state.risk >= detector.watch
    kept = forget(state, START + 5 * DAY)
    assert kept is not None
    assert None not in _texts(kept)


def test_numbers_live_thirty_days_and_then_nothing_is_left(detector: Detector) -> None:
    states, _ = run(detector, messages(CHAT))
    kept = forget(states["room"], START + 29 * DAY)
    assert kept is not None
    assert kept.evidence
    assert forget(states["room"], START + 31 * DAY) is None


def test_reading_on_forgets_by_the_newest_message_not_by_the_clock(detector: Detector) -> None:
    ancient = messages(CHAT, start=1000.0)
    states, _ = run(detector, ancient)
    assert None not in _texts(states["room"])
    later = messages([("mina", "오랜만")], start=1000.0 + 2 * DAY, first=40)
    states, _ = run(detector, later, states)
    assert _texts(states["room"]) == [None] * len(CHAT) + ["오랜만"]


def test_a_message_older_than_the_window_leaves_no_text(detector: Detector) -> None:
    states, _ = run(detector, messages(CHAT))
    late = messages([("mina", "늦은 말")], start=START - 3 * DAY, first=60)
    states, found = run(detector, late, states)
    assert found[0].turn.text == "늦은 말"
    assert states["room"].turns[0].text is None


def test_windows_are_bounded(detector: Detector) -> None:
    many = messages([("a", "안녕하세요")] * 200, gap=1.0)
    states, _ = run(detector, many)
    assert len(states["room"].turns) == UNWATCHED_TURNS
    risky = messages(LURE, "lure") + messages(
        [("youth", "네")] * 600, "lure", start=START + 400, gap=1.0, first=100
    )
    states, _ = run(detector, risky)
    assert len(states["lure"].turns) == WATCHED_TURNS


def test_forgetting_twice_is_forgetting_once(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    once = forget(states["room"], START + 3 * DAY)
    assert once is not None
    assert forget(once, START + 3 * DAY) == once


def test_slow_grooming_over_weeks_still_adds_up(detector: Detector) -> None:
    quick, _ = run(detector, messages(LURE))
    slow, found = run(detector, messages(LURE, gap=2 * DAY))
    assert any(assessment.alerts for assessment in found)
    assert slow["room"].risk > 0.5 * quick["room"].risk
    assert sum(turn.text is None for turn in slow["room"].turns) >= 3
