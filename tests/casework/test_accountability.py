"""What the agency tells about itself: ranges that point at nobody, exact statistics, a template."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from ansim.casework.accountability import blurring, figures, impact, statistics, transparency
from ansim.casework.accountability.document import Document, Section, Table
from ansim.casework.actions import accounting, alerts, opinions
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, AuditEvent, SourceRecord
from ansim.casework.roles import Role
from tests.casework.conftest import report, risky, turn
from tests.casework.test_opinions import opinion

MAY = date(2026, 5, 1)


@given(st.integers(0, 10**6))
def test_a_published_count_is_a_range_of_five_that_holds_it(number: int) -> None:
    low, high = blurring.span(number)
    assert low <= number <= high == low + 4


@given(st.lists(st.integers(0, 40), min_size=2, max_size=7))
def test_no_count_can_be_told_exactly_from_what_is_published(parts: list[int]) -> None:
    """Whoever has every range and the range of the sum still has two possible values for each."""
    spans = [blurring.span(part) for part in parts]
    published = blurring.total(parts)
    low, high = (0, sum(top for _, top in spans)) if published == "–" else blurring.span(sum(parts))
    for place, (least, most) in enumerate(spans):
        others = [one for n, one in enumerate(spans) if n != place]
        rest_low, rest_high = sum(a for a, _ in others), sum(b for _, b in others)
        possible = [
            value
            for value in range(least, most + 1)
            if low <= value + rest_high and value + rest_low <= high
        ]
        assert len(possible) > 1, (parts, place)


def test_a_sum_that_would_tell_its_parts_is_not_published() -> None:
    assert blurring.total([4, 4, 4, 4, 4]) == "–"
    assert blurring.total([4, 4, 4, 4, 3]) == "15–19"
    assert blurring.shown(0) == blurring.shown(4) == "<5"


def test_months_run_to_the_last_one_over_the_turn_of_a_year() -> None:
    assert figures.months(date(2026, 2, 17), 4) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]


@pytest.fixture
def busy(source: SourceRecord, counsellor: Account) -> list[Alert]:
    """Seven alerts of May: three confirmed, two false, two open."""
    made = []
    for number in range(7):
        [pk] = alerts.raise_or_update(
            [
                report(
                    10 + number,
                    conversation=f"room{number}",
                    about=f"stranger{number}",
                    turns=(turn(1), risky(2, author=f"stranger{number}")),
                    raised=True,
                )
            ]
        )
        made.append(pk)
    for number, pk in enumerate(made[:5]):
        alerts.claim(pk, counsellor)
        if number < 3:
            alerts.close(pk, counsellor, "confirmed", grounds="tactics", done=["no_contact"])
        else:
            alerts.close(pk, counsellor, "not_grooming", grounds="peers_n1")
    # 1 May in Seoul, which is still April elsewhere.
    Alert.objects.update(raised_at=datetime(2026, 4, 30, 15, 0, tzinfo=UTC))
    Alert.objects.filter(closed_at__isnull=False).update(closed_at=datetime(2026, 5, 9, tzinfo=UTC))
    return list(Alert.objects.all())


def cells(document: Document) -> dict[tuple[str, str, str], str]:
    """Every value of the CSV by table, row and column."""
    rows = list(csv.reader(io.StringIO(document.csv().decode("utf-8-sig"))))
    assert rows[0] == ["table", "row", "column", "value"]
    return {(table, row, column): value for table, row, column, value in rows[1:]}


@pytest.mark.django_db
def test_the_transparency_report_counts_by_month_where_the_house_stands(busy: list[Alert]) -> None:
    found = cells(transparency.report(3, MAY))
    assert found["alerts", "P2", "2026-05"] == "5–9"
    assert found["alerts", "P2", "2026-04"] == "<5"
    assert found["closed", "그루밍이 맞음", "2026-05"] == "<5"
    assert found["sources", "플랫폼 협력", "출처 수"] == "1"
    exact = {"3", "7", "2"} & {value for key, value in found.items() if key[0] != "versions"}
    assert not exact


@pytest.mark.django_db
def test_statistics_hold_what_came_what_people_judged_and_by_what(
    busy: list[Alert], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: date(2026, 5, 20))
    told = statistics.gather(3)
    found = cells(told.document)
    assert told.alerts == (0, 0, 7)
    assert found["alerts", "모두", "2026-05"] == "7"
    assert found["closed", "그루밍이 맞음", "2026-05"] == "3"
    assert found["precision", "2026-05", "판단함"] == "5"
    assert found["precision", "2026-05", "정밀도"] == "60%"
    assert found["precision", "2026-04", "정밀도"] == ""
    assert found["waits", "P2", "맡음"] == "5"
    assert found["judged", "판: 한 메시지 모델: g1", "그루밍이 맞음"] == "3"
    assert [number for _, number in told.tactics] == [5, 5]
    few = statistics.gather(3, most=4)
    assert few.tactics == ()
    assert "judged" not in {key[0] for key in cells(few.document)}


@pytest.mark.django_db
def test_the_assessment_is_filled_in_with_what_the_system_knows(busy: list[Alert]) -> None:
    text = impact.report().markdown("[ ]")
    for words in (
        "시연",
        "플랫폼 협력",
        "| 대화의 글 | 365 |",
        "| 의심 없는 대화의 글 | 1 |",
        "0.6",
    ):
        assert words in text, words
    for act in ("see_alerts", "review_audit", "answer_requests"):
        assert act in text
    assert text.count("[ ]") >= 8, "what only people know is asked for"
    assert "stranger" not in text
    assert "용돈" not in text


@pytest.mark.django_db
def test_the_assessment_names_the_second_model_its_flow_its_basis_and_what_keeps_it_in_bounds(
    busy: list[Alert], settings: Any
) -> None:
    off = impact.report().markdown("[ ]")
    assert "| 어디에서 도는가 | 지금은 꺼져 있음 |" in off
    assert "| 모델 | – |" in off
    opinions.add([opinion(100)])
    settings.ANSIM = replace(
        settings.ANSIM,
        reviewer_url="https://model.example/v1",
        reviewer_model="small-model",
        reviewer_basis="2026년 계약, 제26조",
        reviewer_use="weigh",
        reviewer_hourly=77,
    )
    text = impact.report().markdown("[ ]")
    for words in (
        "| 모델 | small-model |",
        "| 어디에서 도는가 | 처리를 맡은 곳의 기계 |",
        "제26조) | 2026년 계약, 제26조 |",
        "정한 한도 안에서 위험도에 더할 수 있음",
        "(모든 워커가 함께) | 77 |",
        "경보 곁에 둔 의견 | <5 |",
        "듣는 것은 말한 순서대로 붙인 글자",
        "대화 속의 지시가 두 번째 모델을 움직임",
        "나라 밖으로 나가는가",
    ):
        assert words in text, words
    assert "example" not in text, "an address of the house is nobody's business"
    settings.ANSIM = replace(settings.ANSIM, reviewer_local=True)
    assert "2026년 계약" not in impact.report().markdown("[ ]"), "nobody else processes it"
    with translation.override("en"):
        english = impact.report().markdown("[ ]")
    assert "| Where it runs | another machine of the agency |" in english
    assert "Orders within a chat move the second model" in english


@pytest.mark.django_db
def test_a_report_is_taken_with_a_reason_by_those_who_may(person: Any) -> None:
    auditor = person(Role.AUDITOR)
    for name, reason, code in (
        ("statistics", " ", "reason_missing"),
        ("gossip", "까닭", "no_such_report"),
    ):
        with pytest.raises(Refused) as said:
            accounting.taken(auditor, name, reason, form="csv", sha256="0" * 64, at="console")
        assert said.value.code == code
    for role in (Role.COUNSELLOR, Role.LIAISON):
        with pytest.raises(Refused):
            accounting.taken(
                person(role), "impact", "까닭", form="md", sha256="0" * 64, at="console"
            )
    accounting.taken(auditor, "impact", "연간 평가", form="md", sha256="0" * 64, at="command")
    event = AuditEvent.objects.get(action="report.taken")
    assert (event.subject_id, event.reason) == ("impact", "연간 평가")


def test_a_name_is_no_formula_and_no_column() -> None:
    table = Table("t", ("what", "n"), (("=1+1|x", 3), ("+2", None)))
    made = Document("A", (Section("S", tables=(table,)),))
    assert made.markdown("_").splitlines()[-2:] == ["| =1+1\\|x | 3 |", "| +2 | – |"]
    assert cells(made) == {("t", "'=1+1|x", "n"): "3", ("t", "'+2", "n"): ""}
