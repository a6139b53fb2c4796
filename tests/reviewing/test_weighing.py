"""However the model answers: never less than the detector, never more than the constant."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from ansim.reviewing.values import Quote
from ansim.reviewing.weighing import MOST_ADDED, speaks_of_suspect, weigh
from tests.reviewing.talk import asked_about, opinion

chance = st.floats(0.0, 1.0)
anything = st.floats(allow_nan=True, allow_infinity=True)


@given(risk=chance, said=anything, watch=chance)
def test_the_risk_never_falls_and_rises_by_the_constant_at_most(
    risk: float, said: float, watch: float
) -> None:
    after = weigh(risk, opinion(said), watch)
    assert risk <= after <= min(1.0, risk + MOST_ADDED)


@given(risk=chance, threshold=chance, said=anything)
def test_an_alert_of_the_detector_is_never_taken_away(
    risk: float, threshold: float, said: float
) -> None:
    if risk >= threshold:
        assert weigh(risk, opinion(said)) >= threshold


@given(risk=chance, said=chance, more=chance)
def test_a_higher_opinion_never_weighs_less(risk: float, said: float, more: float) -> None:
    low, high = sorted((said, more))
    assert weigh(risk, opinion(low)) <= weigh(risk, opinion(high))


@given(risk=chance, watch=chance)
def test_nothing_is_added_below_the_low_threshold_or_without_quotes(
    risk: float, watch: float
) -> None:
    if risk < watch:
        assert weigh(risk, opinion(1.0), watch) == risk
    assert weigh(risk, opinion(1.0, ())) == risk
    assert weigh(risk, None) == risk


def test_the_surest_opinion_adds_the_whole_constant_and_an_even_one_nothing() -> None:
    assert math.isclose(weigh(0.5, opinion(1.0)), 0.5 + MOST_ADDED)
    assert weigh(0.5, opinion(0.5)) == 0.5
    assert weigh(0.99, opinion(1.0)) == 1.0


def test_only_quotes_of_the_suspected_account_speak_of_it() -> None:
    room = asked_about()
    assert room.suspect == "A"
    assert speaks_of_suspect(room, opinion())
    other = Quote(turn=2, text="열네 살이요", tactic="T01")
    assert not speaks_of_suspect(room, opinion(quotes=(other,)))
