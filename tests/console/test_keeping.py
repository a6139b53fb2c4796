"""The page on which supervisors hold words beyond their time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from ansim.casework.actions import alerts, audit
from ansim.casework.models import AuditEvent, LegalHold, SourceRecord
from ansim.casework.roles import Role
from ansim.keys import Keyring
from tests.casework.conftest import report, risky

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor(log_in: Callable[..., Client]) -> Client:
    return log_in(Role.SUPERVISOR)


@pytest.fixture
def raised(source: SourceRecord) -> int:
    [pk] = alerts.raise_or_update([report(1, turns=(risky(1),), raised=True)])
    return pk


def test_a_hold_is_placed_seen_and_released(supervisor: Client, raised: int) -> None:
    page = supervisor.post("/kept/hold/", {"alert": raised, "reason": "법원 <요청>"}, follow=True)
    assert "법원 &lt;요청&gt;" in page.content.decode()
    hold = LegalHold.objects.get()
    refused = supervisor.post(f"/kept/{hold.pk}/release/", {"reason": " "}, follow=True)
    assert "까닭을 적어 주세요" in refused.content.decode()
    page = supervisor.post(f"/kept/{hold.pk}/release/", {"reason": "끝남"}, follow=True)
    assert "보존을 끝냈습니다" in page.content.decode()
    assert "끝난 보존" in page.content.decode()
    assert AuditEvent.objects.filter(action__startswith="hold.").count() == 2


@pytest.mark.parametrize("number", ["", "0", "x", "٣", "9" * 17, "9" * 40])
def test_an_alert_that_is_none_is_refused_calmly(supervisor: Client, number: str) -> None:
    page = supervisor.post("/kept/hold/", {"alert": number, "reason": "까닭"}, follow=True)
    assert "없는 경보입니다" in page.content.decode()


def test_the_auditor_sees_which_holds_stand(
    supervisor: Client, log_in: Callable[..., Client], raised: int
) -> None:
    supervisor.post("/kept/hold/", {"alert": raised, "reason": "수사 협조"})
    assert "수사 협조" in log_in(Role.AUDITOR).get("/audit/review/").content.decode()


def test_a_lost_key_is_named_as_loss_on_the_page(supervisor: Client, raised: int) -> None:
    supervisor.post("/kept/hold/", {"alert": raised, "reason": "수사 협조"})
    other = Keyring({"another-key": b"7" * 32}).seal(b"x", "casework")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE casework_legalhold SET reason = %s", [other])
    page = supervisor.get("/kept/")
    assert page.status_code == 500
    assert "열쇠가 없어 열 수 없습니다" in page.content.decode()
    assert "another-key" not in page.content.decode()


def test_what_was_deleted_is_told_in_words(supervisor: Client) -> None:
    details = {"turns": 7, "drafts": 1, "messages": 0}
    audit.row("retention.purged", "casework", "", actor=audit.RETENTION, details=details).save()
    assert "대화의 글 7 · 보내지 않은 글 1</td>" in supervisor.get("/kept/").content.decode()
