"""What the detector promises about batches, order, duplicates and alerts."""

from __future__ import annotations

import json
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansim.chat import Message
from ansim.detection import ConversationState, Detector, Priority, closed
from ansim.detection.retention import MOST_ACCOUNTS
from tests.detection.talk import CHAT, DAY, LURE, START, messages, run

Lines = list[tuple[str, str]]


def test_a_lure_raises_one_alert_about_the_stranger_and_small_talk_none(
    detector: Detector,
) -> None:
    _, found = run(detector, messages(LURE) + messages(CHAT, "class"))
    raised = [event for assessment in found for event in assessment.alerts if event.raised]
    assert [(event.about, event.episode) for event in raised] == [("stranger", 1)]
    assert all(not a.alerts and a.priority is None for a in found if a.conversation == "class")


def test_a_meeting_today_is_p1_and_says_why(detector: Detector) -> None:
    _, found = run(detector, messages(LURE))
    last = found[-1].alerts[-1]
    assert last.priority is Priority.P1
    assert "meeting_soon" in [reason.code for reason in last.why]


def test_an_open_alert_is_updated_by_every_further_message_of_the_room(
    detector: Detector,
) -> None:
    states, _ = run(detector, messages(LURE))
    more = messages([("youth", "네"), ("stranger", "응")], start=START + 600, first=50)
    _, found = run(detector, more, states)
    assert [[(e.about, e.raised) for e in a.alerts] for a in found] == [[("stranger", False)]] * 2


_BACKWARDS = (
    ("stranger", "오늘 만날래? 데리러 갈게"),
    ("youth", "누구세요?"),
    ("stranger", "게임에서 봤잖아 용돈 줄게 사진 먼저 보내봐"),
    ("youth", "왜요"),
    ("stranger", "우리 둘만의 비밀로 하면 되지 엄마한테 말하지 마"),
    ("youth", "저 중2예요"),
    ("stranger", "괜찮아 지금 집에 혼자 있지?"),
)
"""The meeting first and the age last."""


_LEAFLET = (
    ("stranger", "안녕 몇 살이야? 혼자 있어?"),
    ("youth", "중2요 혼자예요"),
    ("stranger", "용돈 줄게 우리 둘만의 비밀이야 엄마한테 말하지 마"),
    ("stranger", "사진 보낼래? 라인으로 와"),
    ("stranger", "오늘 만날래? 데리러 갈게"),
)
"""Everything a leaflet warns of, in five turns and without any small talk."""


def test_what_a_leaflet_warns_of_alerts_without_any_leading_up(detector: Detector) -> None:
    states, _ = run(detector, messages(_LEAFLET))
    assert states["room"].open_alerts == ("stranger",)


@pytest.mark.parametrize(
    "order",
    [
        _BACKWARDS,
        LURE[4:] + LURE[:4],
        LURE[1::2] + LURE[::2],
    ],
)
def test_no_stage_has_to_come_before_another(detector: Detector, order: Lines) -> None:
    states, _ = run(detector, messages(order))
    assert states["room"].open_alerts == ("stranger",)


_WORDS = st.sampled_from([line for _, line in LURE + CHAT] + ["", "ㅋㅋ", "네", "[사진]"])
_TALK = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), _WORDS, st.sampled_from(["x", "y"])), max_size=14
)


def _mixed(talk: list[tuple[str, str, str]], gaps: list[float]) -> list[Message]:
    at = START
    out = []
    for number, (author, text, room) in enumerate(talk):
        at += gaps[number % len(gaps)]
        out.append(
            Message(
                id=str(number),
                source="test",
                conversation=room,
                author=author,
                at=at,
                text=text,
                by_agency=number % 7 == 6,
            )
        )
    return out


@settings(max_examples=60, deadline=None)
@given(
    talk=_TALK,
    gaps=st.lists(st.sampled_from([1.0, 3600.0, 90_000.0, -7200.0, 700_000.0]), min_size=1),
    size=st.integers(1, 5),
)
def test_the_cut_into_batches_changes_nothing(
    detector: Detector, talk: list[tuple[str, str, str]], gaps: list[float], size: int
) -> None:
    given_messages = _mixed(talk, gaps)
    assert run(detector, given_messages) == run(detector, given_messages, size=size)


@settings(max_examples=30, deadline=None)
@given(talk=_TALK, cut=st.integers(0, 14))
def test_a_risk_never_depends_on_what_comes_later(
    detector: Detector, talk: list[tuple[str, str, str]], cut: int
) -> None:
    given_messages = _mixed(talk, [60.0])
    _, whole = run(detector, given_messages)
    _, part = run(detector, given_messages[:cut])
    assert whole[: len(part)] == part


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(len(LURE))))
def test_late_messages_add_the_evidence_they_would_have_added_on_time(
    detector: Detector, order: list[int]
) -> None:
    without = Detector(detector.gate, detector.risk, None)
    on_time = messages(LURE, gap=7200.0)
    states, _ = run(without, on_time)
    late_states, late = run(without, [on_time[place] for place in order])
    assert late[-1].risk == pytest.approx(states["room"].risk, abs=1e-9)
    assert [turn.id for turn in late_states["room"].turns] == [message.id for message in on_time]


@pytest.mark.parametrize("late", range(len(LURE) - 1))
def test_one_late_message_hardly_changes_what_the_context_model_thinks(
    detector: Detector, late: int
) -> None:
    on_time = messages(LURE)
    states, _ = run(detector, on_time)
    swapped = [*on_time[:late], on_time[late + 1], on_time[late], *on_time[late + 2 :]]
    late_states, _ = run(detector, swapped)
    assert late_states["room"].risk == pytest.approx(states["room"].risk, abs=0.02)
    assert late_states["room"].open_alerts == states["room"].open_alerts


def test_a_message_that_comes_twice_counts_once(detector: Detector) -> None:
    once = run(detector, messages(LURE))
    twice = run(detector, [m for message in messages(LURE) for m in (message, message)])
    assert twice == once
    states, _ = once
    assert detector.assess(states, messages(LURE)) == ({}, [])


def test_given_states_are_left_as_they_are(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE[:4]))
    before = msgspec.msgpack.encode(states)
    detector.assess(states, messages(LURE[4:], start=START + 300, first=10))
    assert msgspec.msgpack.encode(states) == before


def test_a_state_survives_msgpack(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE[:6]))
    raw = msgspec.msgpack.encode(states["room"])
    back = msgspec.msgpack.decode(raw, type=ConversationState)
    assert back == states["room"]
    rest = messages(LURE[6:], start=START + 300, first=6)
    assert run(detector, rest, {"room": back}) == run(detector, rest, states)


def test_a_second_offender_gets_an_alert_of_their_own(detector: Detector) -> None:
    second = [("other" if who == "stranger" else who, text) for who, text in LURE]
    both: Lines = [line for pair in zip(LURE, second, strict=True) for line in pair]
    states, found = run(detector, messages(both))
    assert sorted(states["room"].open_alerts) == ["other", "stranger"]
    raised = [e.about for a in found for e in a.alerts if e.raised]
    assert sorted(raised) == ["other", "stranger"]


def test_after_closing_only_new_evidence_opens_the_next_episode(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    shut = {"room": closed(states["room"], "stranger", 1)}
    assert shut["room"].open_alerts == ()
    harmless = messages([("stranger", "네"), ("youth", "네 ㅎㅎ")], start=START + 900, first=20)
    shut, found = run(detector, harmless, shut)
    assert not [event for assessment in found for event in assessment.alerts]
    again = messages(LURE[4:], start=START + 2000, first=30)
    _, found = run(detector, again, shut)
    raised = [event for assessment in found for event in assessment.alerts if event.raised]
    assert [(event.about, event.episode) for event in raised] == [("stranger", 2)]


def test_closing_what_is_not_open_changes_nothing(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    state = states["room"]
    assert closed(state, "stranger", 7) is state
    assert closed(state, "nobody", 1) is state
    shut = closed(state, "stranger", 1)
    assert closed(shut, "stranger", 1) is shut


def test_words_of_the_agency_are_shown_and_never_scored(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE[:3]))
    said = msgspec.structs.replace(
        messages([("agency", LURE[4][1])], start=START + 500, first=90)[0], by_agency=True
    )
    changed, found = detector.assess(states, [said])
    assert changed["room"].evidence == states["room"].evidence
    assert changed["room"].turns[-1].by_agency
    assert found[0].turn.tactics == {}
    assert found[0].alerts == ()


def test_a_crowd_cannot_push_out_the_account_under_alert(detector: Detector) -> None:
    states, _ = run(detector, messages(LURE))
    crowd = [(f"guest {number}", "안녕하세요") for number in range(3 * MOST_ACCOUNTS)]
    given_messages = messages(crowd, start=START + 900, gap=1.0, first=100)
    states, found = run(detector, given_messages, states)
    assert len(states["room"].accounts) <= MOST_ACCOUNTS
    assert "stranger" in states["room"].accounts
    assert found[-1].about == "stranger"
    assert run(detector, given_messages[:150]) == run(detector, given_messages[:150], size=11)


def test_a_threshold_can_be_given_and_must_be_a_probability() -> None:
    strict = Detector.load(threshold=0.999999)
    assert strict.versions.threshold == 0.999999
    with pytest.raises(ValueError, match=r"threshold is 1\.5"):
        Detector.load(threshold=1.5)


def test_the_placeholder_and_pictures_are_read_as_silence(detector: Detector) -> None:
    for stand_in in ("[성적 발언]", "[사진]", "[동영상]"):
        marked = detector.assess({}, messages([("a", f"{stand_in} 안녕하세요")]))[1][0]
        plain = detector.assess({}, messages([("a", "안녕하세요")]))[1][0]
        assert marked.risk == plain.risk
        assert marked.turn.text == f"{stand_in} 안녕하세요"


def test_old_evidence_fades_by_event_time(detector: Detector) -> None:
    now, _ = run(detector, messages(LURE[:5]))
    later = messages([("youth", "네")], start=START + 20 * DAY, first=80)
    states, _ = run(detector, later, now)
    assert 0 < states["room"].risk < now["room"].risk
    much_later = messages([("youth", "네")], start=START + 60 * DAY, first=81)
    states, _ = run(detector, much_later, now)
    assert states["room"].risk == 0.0


def test_importing_the_package_brings_in_no_compiler() -> None:
    code = "import sys, json, ansim.detection; print(json.dumps(sorted(sys.modules)))"
    listed = json.loads(subprocess.check_output([sys.executable, "-c", code]))
    assert "numba" not in listed
    assert "numpy" not in listed


def test_asking_an_age_and_being_told_raises_no_alert_by_itself(detector: Detector) -> None:
    peers = [
        ("one", "ㅎㅇ 몇살?"),
        ("other", "중2요"),
        ("one", "오 나도 중2 ㅋㅋ"),
        ("other", "ㅋㅋ 반가워"),
        ("one", "롤 해?"),
        ("other", "ㅇㅇ 실버"),
        ("one", "듀오 하자"),
        ("other", "ㄱㄱ"),
    ]
    _, found = run(detector, messages(peers))
    assert not any(assessment.alerts for assessment in found)
    assert max(assessment.risk for assessment in found) < detector.threshold
