"""The administrator's pages write through casework's actions, with audit rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from ansim.casework.actions import sources
from ansim.casework.models import Account, AuditEvent, SourceRecord
from ansim.casework.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(log_in: Callable[..., Client]) -> Client:
    return log_in(Role.ADMINISTRATOR)


def test_an_account_is_made_and_changed_on_record(administrator: Client) -> None:
    form = {
        "username": "star",
        "display_name": "별님",
        "role": "counsellor",
        "is_active": "on",
        "password_new": "",
    }
    answer = administrator.post("/admin/casework/account/add/", form)
    assert "새 계정에는 비밀번호가 있어야 합니다." in answer.content.decode()
    form["password_new"] = "12345678"
    answer = administrator.post("/admin/casework/account/add/", form)
    assert answer.status_code == 200, "a weak password is refused"
    form["password_new"] = "mellow-river-lamp"
    assert administrator.post("/admin/casework/account/add/", form).status_code == 302
    made = Account.objects.get(username="star")
    assert made.check_password("mellow-river-lamp")
    assert AuditEvent.objects.get(action="account.created").subject_id == str(made.pk)
    form |= {"role": "supervisor", "password_new": ""}
    where = f"/admin/casework/account/{made.pk}/change/"
    assert administrator.post(where, form).status_code == 302
    made.refresh_from_db()
    assert made.role == Role.SUPERVISOR
    assert AuditEvent.objects.get(action="account.changed").details == {
        "role": ["counsellor", "supervisor"]
    }


def test_nobody_makes_themselves_something_else(administrator: Client) -> None:
    me = Account.objects.get()
    where = f"/admin/casework/account/{me.pk}/change/"
    form = {"display_name": "", "role": "supervisor", "is_active": "on", "password_new": ""}
    page = administrator.post(where, form, follow=True).content.decode()
    assert "자기 역할이나 상태는 바꿀 수 없습니다." in page
    me.refresh_from_db()
    assert me.role == Role.ADMINISTRATOR


def test_a_source_shows_its_key_once(administrator: Client) -> None:
    form = {
        "id": "room",
        "name": "방",
        "kind": "public_room",
        "legal_basis": "공개된 대화방",
        "consent": "",
        "connector": "http",
    }
    page = administrator.post("/admin/casework/sourcerecord/add/", form, follow=True)
    text = page.content.decode()
    assert "ansim_" in text
    key = "ansim_" + text.split("ansim_")[1][:43]
    assert sources.active_sources()[0][1] == sources.key_hash(key)
    again = administrator.get("/admin/casework/sourcerecord/").content.decode()
    assert key not in again


def test_a_source_without_consent_is_not_declared(administrator: Client) -> None:
    form = {
        "id": "bot",
        "name": "봇",
        "kind": "visible_bot",
        "legal_basis": "동의",
        "consent": "",
        "connector": "http",
    }
    page = administrator.post("/admin/casework/sourcerecord/add/", form, follow=True)
    assert "no consent record" in page.content.decode()
    form["consent"] = '{"given_by": 5}'
    page = administrator.post("/admin/casework/sourcerecord/add/", form)
    assert page.status_code == 200
    assert SourceRecord.objects.count() == 0


def test_what_was_refused_is_told_in_the_form_and_logged_as_nothing(
    administrator: Client,
) -> None:
    form = {
        "id": "bot",
        "name": "알림 봇",
        "kind": "visible_bot",
        "legal_basis": "동의",
        "consent": "",
        "connector": "http",
    }
    answer = administrator.post("/admin/casework/sourcerecord/add/", form)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "no consent record" in page
    assert 'value="알림 봇"' in page
    form["kind"] = "public_room"
    assert administrator.post("/admin/casework/sourcerecord/add/", form).status_code == 302
    form |= {"name": "다른 이름"}
    where = "/admin/casework/sourcerecord/bot/change/"
    assert administrator.post(where, form).status_code == 302
    assert administrator.post(where, form | {"kind": "donated"}).status_code == 200
    record = SourceRecord.objects.get()
    assert (record.kind, record.name) == ("public_room", "다른 이름")
    assert LogEntry.objects.count() == 0


def test_the_audit_log_can_only_be_read(administrator: Client) -> None:
    sources.refuse_intake("x", "switched off")
    event = AuditEvent.objects.get(action="intake.refused")
    where = f"/admin/casework/auditevent/{event.pk}"
    assert administrator.get(f"{where}/change/").status_code == 200
    assert administrator.post(f"{where}/change/", {"reason": "x"}).status_code == 403
    assert administrator.post(f"{where}/delete/").status_code == 403
    assert administrator.get("/admin/casework/auditevent/add/").status_code == 403
