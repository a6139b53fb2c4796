"""The audit log for auditors: seeking, a month's review, and rows that leave the house."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from ansim.casework.actions import audit, audit_chain
from ansim.casework.models import AuditEvent, AuditReview
from ansim.casework.roles import Role

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 3, tzinfo=UTC)


@pytest.fixture
def auditor(log_in: Callable[..., Client]) -> Client:
    return log_in(Role.AUDITOR)


def write(action: str = "agency.written", at: datetime = MAY, **more: str) -> AuditEvent:
    row = audit.row(
        action, more.pop("kind", "agency"), 1, actor=more.pop("actor", audit.SETUP), at=at, **more
    )
    row.save()
    audit_chain.link()
    return row


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_rows_are_found_by_day_where_the_house_stands(auditor: Client) -> None:
    write(reason="before", at=datetime(2026, 5, 9, 14, 59, tzinfo=UTC))  # 9 May, 23:59 in Seoul
    write(reason="first", at=datetime(2026, 5, 9, 15, 0, tzinfo=UTC))
    write(reason="last", at=datetime(2026, 5, 10, 14, 59, tzinfo=UTC))
    write(reason="after", at=datetime(2026, 5, 10, 15, 0, tzinfo=UTC))
    told = page(auditor, "/audit/?since=2026-05-10&until=2026-05-10")
    assert "first" in told
    assert "last" in told
    assert "before" not in told
    assert ">after<" not in told


@pytest.mark.parametrize("query", ["since=nonsense", "until=9999-12-31", "since=0001-01-01"])
def test_a_day_that_is_none_is_no_error(auditor: Client, query: str) -> None:
    write(reason="here")
    assert "here" in page(auditor, f"/audit/?{query}")


def test_rows_are_found_by_kind_of_subject(auditor: Client) -> None:
    write(reason="one")
    write(reason="two", kind="source")
    told = page(auditor, "/audit/?subject=source")
    assert "two" in told
    assert ">one<" not in told


def test_rows_leave_only_with_a_reason_and_leave_a_row(auditor: Client) -> None:
    write(reason="=1+1", actor="system:setup")
    before = AuditEvent.objects.count()
    assert auditor.post("/audit/export/", {"reason": " "}).status_code == 302
    assert AuditEvent.objects.count() == before
    response = auditor.post("/audit/export/", {"reason": "월간 점검", "action": "agency."})
    assert response["Content-Type"].startswith("text/csv")
    assert "attachment" in response["Content-Disposition"]
    [head, row] = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    told = dict(zip(head, row, strict=True))
    assert told["reason"] == "'=1+1", "a spreadsheet would have computed it"
    assert (int(told["link"]), told["hash"]) == audit_chain.head()
    event = AuditEvent.objects.get(action="audit.exported")
    assert event.reason == "월간 점검"
    assert event.details == {
        "sought": {"action": "agency."},
        "rows": 1,
        "sha256": hashlib.sha256(response.content).hexdigest(),
    }


def test_an_export_that_is_too_long_is_refused(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansim.console.audit_search.MOST_ROWS", 1)
    write()
    write()
    response = auditor.post("/audit/export/", {"reason": "x", "action": "agency."}, follow=True)
    assert "좁혀 주세요" in response.content.decode()
    assert not AuditEvent.objects.filter(action="audit.exported").exists()


def test_a_month_is_reviewed_by_name(auditor: Client) -> None:
    write("alert.text_revealed", actor="byeol")
    write("alert.text_revealed", actor="byeol")
    told = page(auditor, "/audit/review/?month=2026-05")
    assert "아직 아무도 살펴보지 않았습니다" in told
    assert "byeol" in told
    assert "<td>2</td>" in told
    answer = auditor.post("/audit/review/", {"month": "2026-05", "note": "괜찮음"}, follow=True)
    assert "사슬은 온전합니다" in answer.content.decode()
    told = page(auditor, "/audit/review/?month=2026-05")
    assert "auditor" in told
    assert "괜찮음" in told
    row = AuditReview.objects.get()
    newest = AuditEvent.objects.exclude(action="audit.reviewed").count()
    assert (row.up_to, row.intact, f"{row.month}") == (newest, True, "2026-05-01")
    event = AuditEvent.objects.get(action="audit.reviewed")
    assert "괜찮음" not in str(event.details)


def test_a_review_of_a_broken_chain_says_so(auditor: Client) -> None:
    from importlib import import_module

    row = write()
    guard = import_module("ansim.casework.migrations.0011_audit_chain")
    with connection.cursor() as cursor:
        for statement in guard.UNDO[connection.vendor]:
            cursor.execute(statement)
        cursor.execute("UPDATE casework_auditevent SET reason = 'x' WHERE id = %s", [row.pk])
        for statement in guard.LOCK[connection.vendor]:
            cursor.execute(statement)
    answer = auditor.post("/audit/review/", {"month": "2026-05"}, follow=True)
    assert "사슬이 깨져 있습니다" in answer.content.decode()
    assert not AuditReview.objects.get().intact
    assert f"audit row {row.pk}" in str(AuditEvent.objects.get(action="audit.reviewed").details)


def test_a_month_that_has_not_begun_cannot_be_reviewed(auditor: Client) -> None:
    year = timezone.localdate().year + 1
    auditor.post("/audit/review/", {"month": f"{year}-12"})
    assert AuditReview.objects.count() == 0


def test_closed_segments_and_what_was_deleted_stand_on_the_page(auditor: Client) -> None:
    row = audit.row(
        "retention.purged",
        "casework",
        "",
        actor=audit.RETENTION,
        at=MAY,
        details={"turns": 7, "messages": 0},
    )
    row.save()
    segment = audit_chain.close(audit.SETUP)
    told = page(auditor, "/audit/review/?month=2026-05")
    assert segment.anchor in told
    assert "대화의 글 7" in told
    assert "상담원이 보낸 글" not in told


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_those_who_may_only_look_get_no_file(log_in: Callable[..., Client], role: Role) -> None:
    client = log_in(role)
    assert "내보내기" not in page(client, "/audit/")
    assert client.post("/audit/export/", {"reason": "x"}).status_code == 404
