"""Text on a page: nothing lost, nothing dangerous, every mark where it belongs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ansim.console.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, draw
from ansim.console.marking import harmless, label, pieces

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
SPANS = st.lists(
    st.tuples(st.integers(-5, 320), st.integers(-5, 320), st.sampled_from(["T05", "T09", "V1"])),
    max_size=8,
)


def test_a_stretch_is_cut_out_and_named_at_its_end() -> None:
    found = pieces("용돈 줄게 사진 보낼래?", [[0, 5, "T05"], [6, 12, "T09"]], "ko")
    assert [(piece.text, [mark.id for mark in piece.labels]) for piece in found] == [
        ("용돈 줄게", ["T05"]),
        (" ", []),
        ("사진 보낼래", ["T09"]),
        ("?", []),
    ]
    assert [mark.name for mark in found[0].ends] == ["대가·선물 제안"]


def test_overlapping_stretches_are_both_marked_where_they_overlap() -> None:
    found = pieces("abcdef", [[0, 4, "T05"], [2, 6, "T09"]], "en")
    assert [(p.text, [m.id for m in p.labels], [m.id for m in p.ends]) for p in found] == [
        ("ab", ["T05"], []),
        ("cd", ["T05", "T09"], ["T05"]),
        ("ef", ["T09"], ["T09"]),
    ]


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT, SPANS)
def test_pieces_put_together_are_the_text_made_harmless(
    text: str, spans: list[tuple[int, int, str]]
) -> None:
    whole = "".join(piece.text for piece in pieces(text, spans, "ko"))
    assert whole == harmless(text)
    assert len(whole) == len(text)
    whole.encode("utf-8")
    assert all(character.isprintable() or character in "\n\t" for character in whole)


def test_direction_marks_and_half_characters_are_shown_as_signs() -> None:
    assert harmless("a\u202eb\ud800c\0d\u200be\nf") == "a·b�c·d·e\nf"


def test_a_label_of_another_version_is_shown_by_its_id() -> None:
    assert label("T99", "ko").name == "T99"
    assert label("T13", "ko").stage == "s5"
    assert label("V2", "en").is_signal


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 2e9), st.floats(-1, 2)), max_size=60).map(sorted),
    st.floats(0, 2e9),
)
def test_every_dot_lies_inside_the_chart(
    points: list[tuple[float, float]], raised_at: float
) -> None:
    chart = draw(points, 0.6, raised_at)
    assert len(chart.dots) == len(points)
    for dot in chart.dots:
        assert LEFT <= dot.x <= WIDTH - RIGHT + 0.1
        assert TOP <= dot.y <= HEIGHT - BOTTOM
        assert 0 <= dot.percent <= 99
    assert [dot.x for dot in chart.dots] == sorted(dot.x for dot in chart.dots)
    if any(at >= raised_at for at, _ in points):
        assert chart.raised is not None
        assert chart.raised.at >= raised_at
