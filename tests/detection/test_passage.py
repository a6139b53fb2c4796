"""How a stretch of conversation is laid out for the context model."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ansim.detection import passage


def test_a_token_sees_its_own_turn_and_earlier_ones_never_a_later_one() -> None:
    turn = np.array([0, 0, 1, 1, 2])
    related = passage.relations(turn, np.array([0, 0, 1, 1, 0]))
    assert (related[0:2, 0:2] == passage.SAME_TURN).all()
    assert (related[0:2, 2:] == passage.UNSEEN).all()
    assert (related[4, :4] != passage.UNSEEN).all()


def test_the_same_speaker_two_turns_ago_is_told_from_another_one() -> None:
    turn = np.array([0, 1, 2])
    related = passage.relations(turn, np.array([7, 8, 7]))
    assert related[2, 0] != passage.relations(turn, np.array([9, 8, 7]))[2, 0]
    assert related[2, 0] != related[2, 1]


def test_relations_do_not_depend_on_who_is_called_what_nor_on_where_the_count_starts() -> None:
    turn = np.array([0, 0, 1, 2, 2, 3])
    one = passage.relations(turn, np.array([0, 0, 1, 0, 0, 2]))
    other = passage.relations(turn + 11, np.array([5, 5, 3, 5, 5, 4]))
    assert (one == other).all()


def test_padding_is_seen_by_nobody_and_sees_only_itself() -> None:
    related = passage.relations(np.array([0, 1, -1, -1]), np.array([0, 1, 0, 0]))
    assert (related[:2, 2:] == passage.UNSEEN).all()
    assert related[2].tolist() == [0, 0, passage.SAME_TURN, 0]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=80))
def test_the_window_always_holds_the_newest_turn_and_otherwise_what_fits(
    lengths: list[int],
) -> None:
    first = passage.fitting(lengths)
    assert 0 <= first < len(lengths)
    if first < len(lengths) - 1:
        assert sum(lengths[first:]) <= passage.LONGEST_WINDOW
    if first > 0:
        assert sum(lengths[first - 1 :]) > passage.LONGEST_WINDOW


@given(st.integers(0, 400))
def test_of_a_long_turn_beginning_and_end_are_read(count: int) -> None:
    kept = passage.shortened(list(range(count)))
    assert len(kept) == min(count, passage.LONGEST_TURN)
    assert kept == sorted(kept)
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)
