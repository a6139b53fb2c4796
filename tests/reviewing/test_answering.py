"""What counts as an answer, and under which name everything else is refused."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansim.reviewing.answering import Refused, read
from ansim.reviewing.asking import LONGEST_TEXT, answer_schema, task
from ansim.reviewing.values import Refusal
from tests.reviewing.talk import GOOD, answer, asked_about

ROOM = asked_about()


def refusal(text: str) -> str:
    with pytest.raises(Refused) as caught:
        read(text, ROOM)
    assert str(caught.value) == caught.value.code, "no word of the answer is in the error"
    return caught.value.code


def test_a_good_answer_is_read_whole() -> None:
    found = read(answer(), ROOM)
    assert (found.risk, found.tactics) == (0.9, ("T05", "T06", "T09"))
    assert [quote.turn for quote in found.quotes] == [3, 3, 5]
    assert found.summary_ko == GOOD["summary_ko"]


def test_one_fence_and_one_thought_are_tolerated_and_nothing_else() -> None:
    assert read(f"```json\n{answer()}\n```", ROOM).risk == 0.9
    assert read(f"<think>음…</think>\n{answer()}", ROOM).risk == 0.9
    assert refusal(f"답입니다: {answer()}") == Refusal.NOT_JSON
    assert refusal(f"{answer()}\n끝") == Refusal.NOT_JSON
    assert refusal(answer() + answer()) == Refusal.NOT_JSON


@pytest.mark.parametrize("text", ["", "안전합니다", "null", "[]", "{", "[" * 5000, answer()[:-9]])
def test_what_is_no_object_is_refused(text: str) -> None:
    assert refusal(text) in (Refusal.NOT_JSON, Refusal.SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"risk": 1.5},
        {"risk": -0.1},
        {"risk": "0"},
        {"risk": None},
        {"risk": True},
        {"tactics": "T05"},
        {"quotes": [{"turn": 3, "text": "용돈 줄게."}]},
        {"quotes": [{"turn": 0, "text": "용돈 줄게.", "tactic": "T05"}]},
        {"summary_ko": ["x"]},
        {"close_alert": True},
        {"action": "block"},
    ],
)
def test_another_form_is_refused(change: dict[str, Any]) -> None:
    assert refusal(answer(**change)) == Refusal.SCHEMA


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_every_field_has_to_be_there(missing: str) -> None:
    left = {name: value for name, value in GOOD.items() if name != missing}
    assert refusal(json.dumps(left)) == Refusal.SCHEMA


@pytest.mark.parametrize("tactic", ["T17", "T00", "V1", "t05", "ANY", "<b>", ""])
def test_a_tactic_outside_our_list_is_refused(tactic: str) -> None:
    assert refusal(answer(tactics=[tactic])) == Refusal.UNKNOWN_TACTIC


def test_tactics_and_quotes_have_to_agree() -> None:
    assert refusal(answer(tactics=[*GOOD["tactics"], "T13"])) == Refusal.TACTIC_WITHOUT_QUOTE
    assert refusal(answer(tactics=["T05"])) == Refusal.SCHEMA
    assert read(answer(tactics=[], quotes=[], risk=0.2), ROOM).tactics == ()


@pytest.mark.parametrize(
    ("turn", "text"),
    [(1, "사진 보낼래?"), (5, "사진 보내라"), (99, "사진 보낼래?"), (5, ""), (5, " \u200b ")],
)
def test_a_quote_that_nobody_said_in_that_turn_is_refused(turn: int, text: str) -> None:
    quotes = [{"turn": turn, "text": text, "tactic": "T09"}]
    assert refusal(answer(quotes=quotes, tactics=["T09"])) == Refusal.QUOTE_NOT_IN_CHAT


def test_spaces_widths_and_invisible_signs_do_not_matter_to_a_quote() -> None:
    quotes = [{"turn": 5, "text": "사진보낼\u200b래？", "tactic": "T09"}]
    assert read(answer(quotes=quotes, tactics=["T09"]), ROOM).quotes[0].turn == 5


def test_words_of_the_agency_are_evidence_against_nobody() -> None:
    import msgspec

    lines = list(ROOM.turns)
    lines[4] = msgspec.structs.replace(lines[4], by_agency=True)
    room = msgspec.structs.replace(ROOM, turns=tuple(lines))
    with pytest.raises(Refused, match=Refusal.QUOTE_NOT_IN_CHAT):
        read(answer(), room)


def test_the_two_languages_are_held_to() -> None:
    assert refusal(answer(summary_ko="A asks for a photo.")) == Refusal.NO_KOREAN
    assert refusal(answer(summary_en="사진을 요구했다.")) == Refusal.NO_ENGLISH
    assert refusal(answer(summary_ko="")) == Refusal.NO_KOREAN


def test_length_is_bounded() -> None:
    assert refusal(answer(summary_ko="가" * (LONGEST_TEXT + 1))) == Refusal.TOO_LONG
    assert refusal(answer(summary_ko="하나다. 둘이다. 셋이다.")) == Refusal.TOO_LONG
    assert refusal(answer(quotes=GOOD["quotes"] * 4)) == Refusal.TOO_LONG
    assert refusal(" " * 30_000) == Refusal.TOO_LONG


UNSAFE_KO = [
    "자세한 내용은 https://example.test 에 있다.",
    "자세한 내용은 example.com 에 있다.",
    "A의 연락처는 02-000-0000 이다.",
    "A의 번호는 ０２ ０００ ００００ 이다.",
    "<b>A가</b> 사진을 요구했다.",
    "A가 [여기](x)를 말했다.",
    "**A**가 사진을 요구했다.",
    "A가 사진을 요구했다. 이 알림을 닫으세요.",
    "상담원은 이 알림을 무시하십시오.",
    "이 대화는 안전합니다.",
    "위험이 전혀 없다.",
    "오경보로 보인다.",
    "개입할 필요가 없다.",
    "상담원은 이 대화를 종결해야 한다.",
    "A가 연락을 user@example.test 로 해 달라고 말했다고 알렸다.",
]


@pytest.mark.parametrize("text", UNSAFE_KO)
def test_links_numbers_markup_orders_and_verdicts_are_kept_from_the_counsellor(text: str) -> None:
    assert refusal(answer(summary_ko=text)) == Refusal.UNSAFE_TEXT


UNSAFE_EN = [
    "Close this alert now.",
    "A asked for a photo. Please visit the page.",
    "Then ignore the conversation.",
    "The counsellor should close the alert.",
    "The chat is completely safe.",
    "No action is needed here.",
    "See www example com for more.",
    "A said hello; dismiss the alert.",
]


@pytest.mark.parametrize("text", UNSAFE_EN)
def test_the_same_in_english(text: str) -> None:
    assert refusal(answer(summary_en=text)) == Refusal.UNSAFE_TEXT


FINE_KO = [
    "A가 14살인지 묻고 3시에 역 앞에서 만나자고 했다.",
    "B가 싫다고 했지만 A가 사진을 다시 요구했다.",
    "A가 라인으로 옮기자고 하며 대화를 지우라고 했다.",
    "B가 1388에 전화했다고 말했다.",
    "A가 안전한 곳을 안다며 집으로 오라고 했다.",
    "A가 50,000원을 주겠다고 했다. B는 답하지 않았다.",
    "A가 [성적 발언]을 했다.",
]


@pytest.mark.parametrize("text", FINE_KO)
def test_sentences_that_describe_are_let_through(text: str) -> None:
    assert read(answer(summary_ko=text), ROOM).summary_ko


FINE_EN = [
    "A asks B's age and offers money. B refuses twice.",
    "A tells B there is no need to tell anyone and asks whether it is okay to meet.",
    "A asks B to delete the chat.",
]


@pytest.mark.parametrize("text", FINE_EN)
def test_so_are_english_ones(text: str) -> None:
    assert read(answer(summary_en=text), ROOM).summary_en == text


def test_what_to_watch_for_may_ask_to_look_and_no_more() -> None:
    assert read(answer(watch_for="만나자는 말이 이어지는지 살펴보세요."), ROOM)
    assert refusal(answer(watch_for="이 알림을 닫으세요.")) == Refusal.UNSAFE_TEXT


def test_words_of_our_own_question_are_not_repeated() -> None:
    sentence = "이름난 말: " + task().splitlines()[0][:60]
    assert refusal(answer(summary_ko=sentence)) == Refusal.UNSAFE_TEXT


def test_the_schema_that_servers_are_given_names_the_fields_that_are_read() -> None:
    schema = answer_schema()
    assert sorted(schema["properties"]) == sorted(GOOD) == sorted(schema["required"])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_no_answer_whatever_breaks_the_reading(text: str) -> None:
    with pytest.raises(Refused):
        read(text, ROOM)
    with contextlib.suppress(Refused):
        read(answer(summary_ko=text, watch_for=text), ROOM)
