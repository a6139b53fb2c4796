"""Where a log-in ends: with the shift, after idleness, by its owner, with a new password."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from ansim.casework.models import Account
from tests.console.entering import code, enter, on_record

pytestmark = pytest.mark.django_db


def later(client: Client, **ago: timedelta) -> None:
    row = UserSession.objects.get(session_key=client.session.session_key)
    for name, much in ago.items():
        setattr(row, name, getattr(row, name) - much)
    row.save()


def test_a_log_in_ends_with_the_shift_however_busy(counsellor: Client) -> None:
    counsellor.get("/queue/")
    later(counsellor, created_at=timedelta(hours=9, minutes=59))
    assert counsellor.get("/queue/").status_code == 200
    later(counsellor, created_at=timedelta(minutes=2))
    assert "/log-in/" in counsellor.get("/queue/")["Location"]
    assert "한 근무 시간이 지나" in counsellor.get("/log-in/").content.decode()
    assert on_record("account.logged_out") == [("account.logged_out", {"why": "shift_over"})]


def test_a_log_in_ends_when_nobody_does_anything(counsellor: Client) -> None:
    itself = {"HX-Request": "true"}
    counsellor.get("/queue/")
    later(counsellor, last_seen_at=timedelta(minutes=29))
    counsellor.get("/queue/list/", headers=itself)
    left = counsellor.get("/account/left/", headers=itself).json()["seconds"]
    assert 0 < left <= 60, "a page that refreshes itself is nothing done"
    counsellor.get("/account/left/", headers={**itself, "X-Ansim-Active": "1"})
    assert counsellor.get("/account/left/", headers=itself).json()["seconds"] > 1700
    later(counsellor, last_seen_at=timedelta(minutes=31))
    assert counsellor.get("/account/left/", headers=itself).json() == {"seconds": 0}
    assert counsellor.get("/queue/").status_code == 302
    assert Client().get("/account/left/").json() == {"seconds": 0}
    assert on_record("account.logged_out") == [("account.logged_out", {"why": "idle"})]


def test_ones_own_page_shows_every_session_and_ends_the_others(with_app: Account) -> None:
    here = enter(code(-1), HTTP_USER_AGENT="Desk <b>agent</b>")
    there = enter(code(0), HTTP_USER_AGENT="X (Linux; Android 14) Chrome/1 Safari/2")
    page = here.get("/account/").content.decode()
    assert "Chrome · Android" in page
    assert "Desk &lt;b&gt;agent" in page
    here.post("/account/sessions/end/")
    assert here.get("/queue/").status_code == 200
    assert there.get("/queue/").status_code == 302
    assert ("account.sessions_ended", {"number": 1}) in on_record()


def test_a_new_password_ends_the_others_and_begins_no_new_shift(with_app: Account) -> None:
    here, there = enter(code(-1)), enter(code(0))
    later(here, created_at=timedelta(hours=9))
    form = {
        "old_password": "right",
        "new_password1": "mellow-river-lamp",
        "new_password2": "mellow-river-lamp",
    }
    assert here.post("/account/password/", {**form, "old_password": "no"}).status_code == 422
    weak = {**form, "new_password1": "12345678", "new_password2": "12345678"}
    assert here.post("/account/password/", weak).status_code == 422
    assert here.post("/account/password/", form).status_code == 302
    with_app.refresh_from_db()
    assert with_app.check_password("mellow-river-lamp")
    assert here.get("/queue/").status_code == 200
    assert there.get("/queue/").status_code == 302
    assert here.get("/account/left/").json()["seconds"] <= 3600
    assert ("account.password_changed", {}) in on_record()


def test_guessing_the_old_password_at_an_open_desk_locks(with_app: Account) -> None:
    client = enter()
    form = {"old_password": "no", "new_password1": "a-b-c-d-e", "new_password2": "a-b-c-d-e"}
    answers = [client.post("/account/password/", form).status_code for _ in range(5)]
    assert answers[-1] == 429
    form["old_password"] = "right"
    assert client.post("/account/password/", form).status_code == 429
    with_app.refresh_from_db()
    assert with_app.check_password("right")


def test_the_parts_of_a_page_leave_it_to_the_page_to_say_why_the_log_in_ended(
    counsellor: Client,
) -> None:
    counsellor.get("/queue/")
    later(counsellor, last_seen_at=timedelta(minutes=31))
    for address in ("/queue/list/", "/events/", "/account/left/"):
        answer = counsellor.get(address, headers={"HX-Request": "true"})
        assert answer.status_code == (200 if "left" in address else 401)
    assert on_record("account.logged_out") == []
    assert counsellor.get("/queue/").status_code == 302
    assert "오래 아무 일도 없어" in counsellor.get("/log-in/").content.decode()
