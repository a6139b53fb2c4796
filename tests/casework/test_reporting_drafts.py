"""Drafts of reports: filled with facts alone, blocked by name while something is missing."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime

import pypdfium2  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansim.casework.checklist import Counts
from ansim.casework.reporting import cybertip
from ansim.casework.reporting.completeness import score
from ansim.casework.reporting.filling import fill, fixed
from ansim.casework.reporting.forms import FORMS
from ansim.casework.reporting.known import Estimate, Evidence, Known, Person, Step, Talk
from ansim.casework.reporting.printing import Heading, pdf
from ansim.casework.reporting.questions import SECTIONS, Kind, Place, Shape

AT = datetime(2026, 3, 5, 3, 30, tzinfo=UTC)
START = AT.timestamp()
SHA = "ab" * 32

TALK = Talk(
    alert=7,
    service="데모 채팅",
    connector="demo",
    legal_basis="협력 약정",
    room="r0om",
    about="acc0unt",
    messages=40,
    counts=Counts(said=25, days=3, first=START, last=START + 200_000),
    estimate=Estimate(priority="P1", risk=0.93, marked={"사진 요구": 2}, versions={"gate": "g1"}),
)
KNOWN = Known(
    case=3,
    agency_ko="안심아이 상담센터",
    agency_en="Ansim Eye counselling centre",
    writer="하나",
    contact="02-000-0000",
    learned_at=AT,
    people=(
        Person(part="young", name="별", age="만 14세 미만", contact="학교 상담실", account="y0ung"),
        Person(part="guardian", name="어머니", careful="저녁에만"),
    ),
    talks=(TALK,),
    steps=(Step(at=AT, what="경찰 112에 구조 요청", rescue=True),),
    evidence=(Evidence(name="evidence-7-1f0c9a3b.zip", sha256=SHA, made_at=AT),),
)

SAID_BY_PEOPLE = {
    "what": "상대 계정이 7번 메시지에서 사진을 요구함",
    "ages_said": "2번",
    "asked": "9번",
}


def answered(kind: str) -> dict[str, str]:
    """A draft in which people have answered what software never does."""
    answers = fill(kind, KNOWN) | SAID_BY_PEOPLE
    for question in FORMS[kind]:
        if answers.get(question.name) or question.shape == Shape.FIXED or not question.required:
            continue
        answers[question.name] = {
            Shape.MOMENT: "2026-03-05 12:30",
            Shape.MAIL: "desk@centre.example",
        }.get(question.shape, "사람이 적음")
    return answers


def test_a_police_draft_begins_with_the_facts_of_the_case() -> None:
    answers = fill(Kind.POLICE, KNOWN)
    assert answers["agency"] == "안심아이 상담센터"
    assert answers["learned_at"] == "2026-03-05 12:30:00+09:00"
    assert answers["urgent"] == "2026-03-05 12:30:00+09:00 경찰 112에 구조 요청"
    assert answers["young_name"] == "별"
    assert answers["accounts"] == "데모 채팅: acc0unt"
    assert answers["guardian"] == "어머니 · 저녁에만"
    assert answers["counts"].startswith(
        "경보 7: 대화 전체 40건, 상대 계정이 보낸 것 25건, 말한 날 3일"
    )
    assert SHA in answers["evidence"]


def test_nothing_that_only_a_reader_can_know_is_filled_in() -> None:
    for kind in Kind:
        answers = fill(kind, KNOWN)
        assert not any(answers.get(name) for name in SAID_BY_PEOPLE), kind


def test_estimates_stand_in_their_own_section_and_nowhere_else() -> None:
    assert TALK.estimate is not None
    for kind in Kind:
        for question in FORMS[kind]:
            words = fill(kind, KNOWN)[question.name]
            if question.section == "estimate":
                assert "위험도 0.93" in words
                assert "사진 요구 2건" in words
            else:
                assert "0.93" not in words
                assert "사진 요구" not in words
                assert "P1" not in words


@pytest.mark.parametrize("kind", list(Kind))
def test_a_missing_answer_blocks_and_is_named_with_its_place(kind: str) -> None:
    assert score(kind, answered(kind)).complete
    assert score(kind, answered(kind)).percent == 100
    for question in FORMS[kind]:
        without = answered(kind) | {question.name: " \n"}
        found = score(kind, without)
        assert found.complete != question.required, question.name
        if question.required:
            assert [(gap.name, gap.why) for gap in found.gaps] == [(question.name, "missing")]
            assert found.gaps[0].place == question.place
            assert found.percent < 100


def test_an_empty_case_leaves_everything_to_be_said_and_invents_nothing() -> None:
    empty = Known(case=1, agency_ko="", agency_en="", writer="")
    for kind in Kind:
        assert not any(fill(kind, empty).values())
        found = score(kind, fill(kind, empty))
        assert (found.done, found.percent) == (0, 0)
        assert found.of == sum(question.required for question in FORMS[kind])


@pytest.mark.parametrize(
    ("kind", "name", "words", "why"),
    [
        (Kind.POLICE, "first_at", "어제 저녁", "no_moment"),
        (Kind.POLICE, "what", "가" * 8001, "too_long"),
        (Kind.CYBERTIP, "mail", "desk at centre", "no_mail"),
        (Kind.CYBERTIP, "annotations", "sextortion spam", "no_choice"),
        (Kind.CYBERTIP, "young_years", "열넷", "no_number"),
        (Kind.CYBERTIP, "account", "a" * 256, "too_long"),
    ],
)
def test_an_answer_that_cannot_stand_is_named(kind: str, name: str, words: str, why: str) -> None:
    [gap] = score(kind, answered(kind) | {name: words}).gaps
    assert (gap.name, gap.why) == (name, why)
    assert gap.words


def test_what_software_puts_in_comes_from_duty_case_and_evidence_alone() -> None:
    for kind in Kind:
        for question in FORMS[kind]:
            assert (question.shape == Shape.FIXED) <= (question.place != Place.FORM), question
            assert question.section in SECTIONS
        assert fixed(kind, KNOWN).keys() == {
            question.name for question in FORMS[kind] if question.shape == Shape.FIXED
        }


def test_accounts_of_several_alerts_are_left_for_a_person_to_choose_from() -> None:
    two = replace(KNOWN, talks=(TALK, replace(TALK, alert=8, about="0ther")))
    assert fill(Kind.CYBERTIP, two)["account"] == ""
    assert fill(Kind.CYBERTIP, two)["platform"] == "데모 채팅"
    assert fill(Kind.POLICE, two)["accounts"] == "데모 채팅: acc0unt\n데모 채팅: 0ther"


def test_a_cybertip_has_the_elements_of_the_schema_in_its_order() -> None:
    answers = answered(Kind.CYBERTIP) | {
        "annotations": "minorToMinorInteraction sextortion",
        "young_years": "13",
        "police": "Seoul police",
        "police_number": "2026-77",
        "platform": "서" * 120,
    }
    root = ET.fromstring(cybertip.as_xml(answers))  # noqa: S314 - our own
    assert [child.tag for child in root] == [
        *("incidentSummary", "internetDetails", "lawEnforcement", "reporter"),
        *("personOrUserReported", "victim", "additionalInfo"),
    ]
    summary = root.find("incidentSummary")
    assert summary is not None
    assert [child.tag for child in summary] == [
        *("incidentType", "platform", "reportAnnotations", "incidentDateTime"),
        "incidentDateTimeDescription",
    ]
    assert summary.findtext("incidentType") == "Online Enticement of Children for Sexual Acts"
    assert summary.findtext("incidentDateTime") == "2026-03-05T12:30:00+09:00"
    assert [flag.tag for flag in summary.findall("reportAnnotations/*")] == [
        *("sextortion", "minorToMinorInteraction"),
    ]
    assert root.findtext("lawEnforcement/caseNumber") == "2026-77"
    assert root.findtext("victim/victimPerson/age") == "13"
    assert len(root.findtext("personOrUserReported/espService") or "") == 100
    assert SHA in (root.findtext("additionalInfo") or "")
    assert json.loads(cybertip.as_json(answers))["report"]["victim"]["espIdentifier"] == "y0ung"


def test_police_who_were_not_told_are_not_named() -> None:
    answers = answered(Kind.CYBERTIP) | {"police": "Not reported"}
    assert b"lawEnforcement" not in cybertip.as_xml(answers)


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(alphabet=st.characters(categories=["Cc", "Cs", "Cf", "So"])))
def test_no_words_break_xml_or_json(words: str, odd: str) -> None:
    answers = answered(Kind.CYBERTIP) | {"what": words + odd, "screen_name": odd + "]]><x>&"}
    root = ET.fromstring(cybertip.as_xml(answers))  # noqa: S314 - our own
    assert root.find("personOrUserReported/x") is None
    json.loads(cybertip.as_json(answers))


def pages(document: bytes) -> list[str]:
    return [
        page.get_textpage().get_text_range().replace("\r\n", "\n")
        for page in pypdfium2.PdfDocument(document)
    ]


def test_the_paper_says_draft_until_somebody_approved_and_ends_with_the_estimates() -> None:
    top = Heading(referral=1, case=3, version=2, agency="안심아이", written_by="hana")
    words = answered(Kind.POLICE) | {"what": "사\u200b진을 요구함"}
    draft = pdf(Kind.POLICE, words, top)
    assert draft == pdf(Kind.POLICE, words, top)
    facts, estimates = pages(draft)
    assert "DRAFT" in facts
    assert "사〈U+200B〉진을 요구함" in facts
    assert SHA in facts
    assert "누설하면 처벌받을 수 있습니다" in facts
    assert "위험도 0.93" in estimates
    assert "위험도" not in facts
    approved = replace(top, approved_by="lead", do_not_warn=True)
    facts, _estimates = pages(pdf(Kind.POLICE, words, approved))
    assert "DRAFT" not in facts
    assert "lead" in facts
    assert "알리지 말라고 했습니다" in facts
