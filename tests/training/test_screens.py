"""Drawings are the same from the same seed, the halves of the corpus apart, and figures honest."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from ansim.training import corpus
from ansim.training.screens import rows as figures
from ansim.training.screens.cases import DEV, TEST, cases, drawn
from ansim.training.screens.measuring import bare, distance
from ansim.training.screens.page import page
from ansim.training.screens.rows import Row
from ansim.training.screens.wear import WEAR, worn
from ansim.training.screens.writing import broken, font

CORPUS = Path(__file__).parents[2] / "data" / "conversations.jsonl"


def test_the_same_case_is_drawn_the_same_and_another_seed_is_not() -> None:
    conversations = corpus.load(CORPUS)
    first, again = (cases(conversations, TEST, 3, "clean", seed=1)[2] for _ in range(2))
    other = cases(conversations, TEST, 3, "clean", seed=2)[2]
    for one, same in zip(drawn(first).pixels, drawn(again).pixels, strict=True):
        assert np.array_equal(one, same)
    assert drawn(first).said != drawn(other).said


def test_what_is_measured_on_is_never_what_the_reader_was_made_with() -> None:
    conversations = corpus.load(CORPUS)
    made = {one.conversation.id for one in cases(conversations, DEV, 200, "sent", 1)}
    measured = {one.conversation.id for one in cases(conversations, TEST, 200, "sent", 1)}
    assert not made & measured


def test_every_look_is_measured_and_half_of_it_is_grooming() -> None:
    chosen = cases(corpus.load(CORPUS), TEST, 48, "clean", 1)
    assert len({(one.messenger, one.dark) for one in chosen}) == 12
    assert len({one.size for one in chosen}) == 4
    assert sum(one.conversation.grooming for one in chosen) == 24
    more = cases(corpus.load(CORPUS), TEST, 60, "clean", 1)
    assert more[:48] == chosen, "a longer measurement begins like a shorter one"


@pytest.mark.parametrize("wear", WEAR)
def test_wear_is_seeded_and_changes_what_it_should(wear: str) -> None:
    plain = np.full((200, 120, 3), 230, np.uint8)
    plain[60:90, 20:100] = 30
    once, twice = worn(plain, wear, 3), worn(plain, wear, 3)
    assert np.array_equal(once, twice)
    assert np.array_equal(once, plain) == (wear == "clean")


def test_lines_are_broken_within_their_room() -> None:
    letters = font("NanumGothic", 20)
    text = "우리 둘만의 비밀이야 엄마한테 말하지 마"
    for anywhere in (False, True):
        lines = broken(text, letters, 160, anywhere=anywhere)
        assert len(lines) > 1
        assert all(letters.getlength(line) <= 160 for line in lines)
        assert bare("".join(lines)) == bare(text)


@pytest.mark.parametrize(
    ("one", "other", "errors"), [("가나다", "가나다", 0), ("가나다", "가라다마", 2), ("", "가", 1)]
)
def test_errors_are_letters_to_change(one: str, other: str, errors: int) -> None:
    assert distance(one, other) == errors


def row(number: int, **changed: object) -> Row:
    return Row(
        **{  # type: ignore[arg-type]
            **{"seed": 1, "number": number, "conversation": f"c{number}", "messenger": "line"},
            **{"dark": False, "size": "usual", "wear": "clean", "long": False, "grooming": True},
            **{"screens": 2, "seconds": 2.0, "letters": 100, "errors": 5, "found": 10},
            **{"by_whom": 9, "said": 10, "told": 12, "right": 8, "alert": True},
            "alert_read": True,
            **changed,
        }
    )


def test_figures_are_of_all_letters_and_messages() -> None:
    rows = [row(0), row(1, errors=15, right=10, by_whom=10)]
    assert figures.errors(rows) == pytest.approx(0.10)
    assert figures.speakers(rows) == pytest.approx(0.95)
    assert figures.messages(rows) == pytest.approx(2 * 18 / 44)


def test_a_missed_aim_is_said() -> None:
    rows = [row(number, alert_read=number > 3) for number in range(20)]
    assert "**no**" in page(rows)
    few = page([row(number) for number in range(20)])
    assert "**no**" not in few
    assert "too few chats to be sure" in few
    assert "too few" not in page([row(number) for number in range(200)])


def test_rows_that_were_kept_are_not_measured_again(tmp_path: Path) -> None:
    kept = tmp_path / "rows.jsonl"
    kept.write_bytes(b"".join(msgspec.json.encode(row(n)) + b"\n" for n in range(2)))
    known = figures.load(kept)
    assert list(figures.measure(corpus.load(CORPUS), {"clean": 2}, 1, known)) == []
    kept.write_text("{}")
    with pytest.raises(ValueError, match=r"rows\.jsonl, line 1"):
        figures.load(kept)
