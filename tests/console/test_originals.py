"""Originals under a legal hold on the pages: named, never shown, handed out as files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from django.test import Client

from ansim.casework.actions import alerts, holds, originals
from ansim.casework.models import Account, AuditEvent, LegalHold, SourceRecord
from ansim.casework.roles import TABLE, Act, Role
from tests.casework.conftest import report, risky
from tests.pictures.drawn import encoded, words

pytestmark = pytest.mark.django_db

PICTURE = encoded(words(("용돈 줄게",), 30))
SAID = "원본 1장이 법적 보존 중에 봉인되어 있습니다."


@pytest.fixture
def hold(source: SourceRecord) -> LegalHold:
    [pk] = alerts.raise_or_update([report(1, turns=(risky(1),), raised=True)])
    lead = Account.objects.create_user("lead", password="pw", role=Role.SUPERVISOR)
    return holds.place(pk, lead, "법원의 보존 요청")


@pytest.fixture
def original(hold: LegalHold) -> int:
    row = originals.keep("demo", "room", message="m1", author="stranger", place=0, content=PICTURE)
    assert row is not None
    return int(row.pk)


def where(hold: LegalHold, original: int) -> str:
    return f"/alerts/{hold.alert_id}/originals/{original}/"


def test_the_page_of_the_alert_says_that_there_is_one_and_shows_none(
    log_in: Callable[..., Client], hold: LegalHold, original: int
) -> None:
    page = log_in(Role.COUNSELLOR).get(f"/alerts/{hold.alert_id}/").content.decode()
    assert SAID in page
    assert where(hold, original) not in page, "nothing that a counsellor may not do is offered"
    page = log_in(Role.SUPERVISOR).get(f"/alerts/{hold.alert_id}/").content.decode()
    assert SAID in page
    assert where(hold, original) in page
    assert "<img" not in page[page.index("<main") :]


def test_without_one_the_page_says_nothing(log_in: Callable[..., Client], hold: LegalHold) -> None:
    page = log_in(Role.SUPERVISOR).get(f"/alerts/{hold.alert_id}/").content.decode()
    assert "originals-title" not in page


def test_it_is_a_file_and_nothing_that_a_browser_opens(
    log_in: Callable[..., Client], hold: LegalHold, original: int
) -> None:
    client = log_in(Role.SUPERVISOR)
    answer = client.post(where(hold, original), {"reason": "영장 2026-5"})
    assert answer.status_code == 200
    assert answer.content == PICTURE
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="original-{original}.png"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    [event] = AuditEvent.objects.filter(action="original.fetched")
    assert (event.actor_label, event.reason) == ("supervisor", "영장 2026-5")
    assert event.details["sha256"] == hashlib.sha256(PICTURE).hexdigest()
    assert client.get(where(hold, original)).status_code == 405


def test_without_a_reason_there_is_no_file_and_no_row(
    log_in: Callable[..., Client], hold: LegalHold, original: int
) -> None:
    client = log_in(Role.SUPERVISOR)
    answer = client.post(where(hold, original), {"reason": " "}, follow=True)
    assert "까닭을 적어 주세요" in answer.content.decode()
    answer = client.post(where(hold, original + 1), {"reason": "영장"}, follow=True)
    assert "없는 원본입니다" in answer.content.decode()
    assert client.post(f"/alerts/{'9' * 20}/originals/1/", {"reason": "x"}).status_code == 404
    assert not AuditEvent.objects.filter(action="original.fetched").exists()


@pytest.mark.parametrize("role", [role for role in Role if Act.EXPORT_EVIDENCE not in TABLE[role]])
def test_for_other_roles_it_is_not_there(
    log_in: Callable[..., Client], hold: LegalHold, original: int, role: Role
) -> None:
    answer = log_in(role).post(where(hold, original), {"reason": "영장"})
    assert answer.status_code == 404
    assert not AuditEvent.objects.filter(action="original.fetched").exists()


def test_the_liaison_who_sees_no_alert_takes_it_on_the_page_of_evidence(
    log_in: Callable[..., Client], hold: LegalHold, original: int
) -> None:
    client = log_in(Role.LIAISON)
    page = client.get(f"/evidence/?alert={hold.alert_id}").content.decode()
    assert where(hold, original) in page
    refused = client.post(where(hold, original), {"reason": ""}, follow=True)
    assert refused.status_code == 200
    assert "까닭을 적어 주세요" in refused.content.decode()
    assert client.post(where(hold, original), {"reason": "영장"}).content == PICTURE
    for number in ("x", "", "9" * 30, "٣"):
        assert client.get("/evidence/", {"alert": number}).status_code == 200


def test_the_page_of_holds_counts_them_and_says_what_is_missing(
    log_in: Callable[..., Client], hold: LegalHold, original: int
) -> None:
    client = log_in(Role.SUPERVISOR)
    page = client.get("/kept/").content.decode()
    assert "사진 원본 1장" in page
    assert "저장하지 못한 원본" not in page
    originals.lost("demo", "room", 2)
    assert "저장하지 못한 원본" in client.get("/kept/").content.decode()
    client.post(f"/kept/{hold.pk}/release/", {"reason": "끝남"})
    assert SAID not in client.get(f"/alerts/{hold.alert_id}/").content.decode()
