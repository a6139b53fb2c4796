"""A message id is known for as long as the text may be, however much is said in between."""

from __future__ import annotations

import time

import msgspec
import pytest

from ansim.detection import ConversationState, Detector, forget
from ansim.detection.identities import Identities, identity
from ansim.detection.retention import FEWEST_IDS, MOST_IDS
from ansim.detection.state import ID_BYTES, NEVER
from tests.detection.talk import CHAT, DAY, LURE, START, messages, run


def _empty() -> Identities:
    return Identities(b"", b"", NEVER, NEVER)


def _again(ids: Identities, newest: float) -> Identities:
    """As the next batch sees it."""
    return Identities(*ids.packed(), newest)


def test_a_message_redelivered_after_five_thousand_others_is_dropped(detector: Detector) -> None:
    once = messages(LURE[:1])
    others = messages([("youth", "네")] * 5000, start=START + 60, gap=1.0, first=100)
    states, _ = run(detector, once + others, size=500)
    assert detector.assess(states, once) == ({}, [])
    assert detector.assess(states, others[:200]) == ({}, [])


def test_repeats_alone_raise_no_alert(detector: Detector) -> None:
    asked = messages([("stranger", "용돈 줄게 사진 보낼래? 얼굴만"), ("youth", "싫어요")])
    states, _ = run(detector, asked)
    for number in range(6):
        filler = messages([("youth", "ㅋㅋ")] * 600, start=START + 60, gap=0.1, first=600 * number)
        filler = [msgspec.structs.replace(m, id=f"filler-{m.id}") for m in filler]
        states, _ = run(detector, filler, states)
        states, found = run(detector, asked, states)
        assert found == []
    assert not states["room"].open_alerts


@pytest.mark.parametrize("hours", [1, 23.9])
def test_an_id_of_the_last_day_is_known_after_any_sweep(hours: float) -> None:
    ids = _empty()
    at = START
    for number in range(200):
        ids = _again(ids, at)
        ids.forget(at, watched=False)
        ids.add(identity(str(number)), at)
        for earlier in range(number):
            if number - earlier <= hours:
                assert not ids.add(identity(str(earlier)), START + earlier * 3600)
        at += 3600


def test_most_ids_of_an_unwatched_conversation_are_gone_two_days_later(detector: Detector) -> None:
    states, _ = run(detector, messages([("a", "네")] * 2000, gap=1.0))
    state: ConversationState | None = states["room"]
    assert state is not None
    assert len(state.known) == 2000 * ID_BYTES
    for hour in range(0, 50):
        state = forget(state, START + hour * 3600)
        assert state is not None
    assert len(state.known + state.known_before) == FEWEST_IDS * ID_BYTES
    assert forget(state, START + 51 * 3600) == state


def test_a_quiet_talk_delivered_again_after_weeks_counts_once(detector: Detector) -> None:
    states, _ = run(detector, messages(CHAT))
    for day in range(20):
        kept = forget(states["room"], START + day * DAY)
        assert kept is not None
        states = {"room": kept}
    states, _ = run(
        detector, messages([("mina", "안녕")], start=START + 20 * DAY, first=50), states
    )
    states, _ = run(detector, messages([("jun", "안녕")], start=START + 29 * DAY, first=51), states)
    assert detector.assess(states, messages(CHAT)) == ({}, [])


def test_ids_of_a_watched_conversation_are_known_for_a_week(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    state = states["room"]
    for hour in range(0, 24 * 7 - 1, 7):
        kept = forget(state, START + hour * 3600)
        assert kept is not None
        state = kept
    assert detector.assess({"room": state}, messages(LURE)) == ({}, [])


def test_memory_of_ids_is_bounded_and_keeps_the_latest_half() -> None:
    ids = _empty()
    count = 3 * MOST_IDS
    for number in range(count):
        if number % 777 == 0:
            ids = _again(ids, START)
        assert ids.add(identity(str(number)), START)
    known, before, _ = ids.packed()
    assert len(known) + len(before) <= MOST_IDS * ID_BYTES
    latest = range(count - MOST_IDS // 2, count)
    assert not any(ids.add(identity(str(number)), START) for number in latest)


def test_a_snapshot_from_before_there_were_generations_still_knows_its_ids() -> None:
    packed = b"".join(identity(str(number)) for number in range(300))
    ids = Identities(packed, b"", NEVER, START)
    assert ids.add(identity("new"), START + 60)
    ids = _again(ids, START + 60)
    assert not any(ids.add(identity(str(number)), START) for number in range(300))


def test_the_cut_into_batches_changes_nothing_over_weeks_and_repeats(detector: Detector) -> None:
    lines = [("a", "안녕"), ("b", "응")] * 20
    talk = messages(lines, gap=0.4 * DAY)
    talk = [m for number, m in enumerate(talk) for m in (m, talk[max(0, number - 12)])]
    whole = run(detector, talk)
    for size in (1, 7):
        assert run(detector, talk, size=size) == whole


@pytest.mark.parametrize("batch", [1, 500])
def test_a_look_up_among_twenty_thousand_takes_microseconds(batch: int) -> None:
    half = MOST_IDS // 2
    now = b"".join(identity(f"now {number}") for number in range(half - batch))
    before = b"".join(identity(f"before {number}") for number in range(half))
    asked = [identity(f"asked {number}") for number in range(batch)]
    best = float("inf")
    for _ in range(20):
        begin = time.process_time()
        ids = Identities(now, before, START, START)
        for one in asked:
            assert ids.add(one, START)
        ids.packed()
        best = min(best, (time.process_time() - begin) / batch)
    print(f"{batch}: {best * 1e6:.1f} µs")
    assert best < 100e-6  # measured 3 to 20; room for a busy machine
