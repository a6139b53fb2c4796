"""Checks of data/phrases.jsonl: plain wordings of each tactic and signal beside their innocent
twins. A gate learns from it, so a slip here (a wrong tag, a copied line) teaches a wrong rule."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import TypedDict

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
# T12 (sexualised talk) is only ever a placeholder in this project and has no plain forms to teach.
TACTICS = [f"T{n:02d}" for n in range(1, 17) if n != 12]
SIGNALS = [f"V{n}" for n in range(1, 6)]
# Hotlines have at most four digits; anything longer could be somebody's number or account.
LONG_NUMBER = re.compile(r"\d(?:[\s.\-]?\d){4,}")


class Phrase(TypedDict):
    id: str
    text: str
    tags: list[str]
    kind: str
    near: str


def squeezed(text: str) -> str:
    """The text without white space, the form in which two lines count as the same."""
    return re.sub(r"\s", "", text)


@pytest.fixture(scope="module")
def phrases() -> list[Phrase]:
    with (DATA / "phrases.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_every_line_has_exactly_the_five_fields(phrases: list[Phrase]) -> None:
    fields = set(Phrase.__annotations__)
    assert phrases
    assert [p for p in phrases if set(p) != fields] == []
    assert [p for p in phrases if not p["text"] or p["text"] != p["text"].strip()] == []


def test_ids_are_unique_and_in_order(phrases: list[Phrase]) -> None:
    assert [p["id"] for p in phrases] == [f"ph-{n:04d}" for n in range(1, len(phrases) + 1)]


def test_no_text_stands_twice_even_spaced_differently(phrases: list[Phrase]) -> None:
    counts = Counter(squeezed(p["text"]) for p in phrases)
    assert [text for text, count in counts.items() if count > 1] == []


def test_tags_are_known_tactics_and_signals(phrases: list[Phrase]) -> None:
    known = {*TACTICS, *SIGNALS}
    assert {tag for p in phrases for tag in p["tags"]} <= known
    assert {p["near"] for p in phrases} == known


def test_kind_agrees_with_the_tags(phrases: list[Phrase]) -> None:
    for p in phrases:
        match p["kind"]:
            case "innocent":
                assert p["tags"] == [], p
            case "tactic":
                assert p["near"] in TACTICS, p
                assert p["tags"][0] == p["near"], p
            case "signal":
                assert p["near"] in SIGNALS, p
                assert p["tags"][0] == p["near"], p
            case other:
                pytest.fail(f"unknown kind {other!r} in {p['id']}")
        assert len(p["tags"]) == len(set(p["tags"])), p


@pytest.mark.parametrize("tactic", TACTICS)
def test_each_tactic_has_enough_lines_and_innocent_twins(
    phrases: list[Phrase], tactic: str
) -> None:
    kinds = Counter(p["kind"] for p in phrases if p["near"] == tactic)
    assert kinds["tactic"] >= 60
    assert kinds["innocent"] >= 35


@pytest.mark.parametrize("signal", SIGNALS)
def test_each_signal_has_enough_lines_and_innocent_twins(
    phrases: list[Phrase], signal: str
) -> None:
    kinds = Counter(p["kind"] for p in phrases if p["near"] == signal)
    assert kinds["signal"] >= 35
    assert kinds["innocent"] >= 35


def test_no_line_holds_a_long_number_an_address_or_an_account(phrases: list[Phrase]) -> None:
    assert [p for p in phrases if LONG_NUMBER.search(p["text"])] == []
    assert [p for p in phrases if re.search(r"@|https?:|www\.|\.com", p["text"])] == []


@pytest.mark.parametrize("written", ["000-0000-0000", "000 0000 0000", "0000000", "000.00.0"])
def test_the_number_check_would_catch_a_number(written: str) -> None:
    assert LONG_NUMBER.search(written)


def test_sexual_talk_is_absent_even_as_its_placeholder(phrases: list[Phrase]) -> None:
    assert [p for p in phrases if "성적" in p["text"] and "성적표" not in p["text"]] == []


def test_no_text_is_taken_from_the_conversations(phrases: list[Phrase]) -> None:
    with (DATA / "conversations.jsonl").open(encoding="utf-8") as lines:
        turns = {squeezed(t["text"]) for line in lines for t in json.loads(line)["turns"]}
    assert turns
    assert [p["text"] for p in phrases if squeezed(p["text"]) in turns] == []
