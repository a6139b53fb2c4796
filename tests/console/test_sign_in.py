"""The way in: a second factor for everybody, lock-out, resets, all of it on record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client

from ansim.casework.actions import sign_in as actions
from ansim.casework.models import Account, AuditEvent
from ansim.casework.roles import Role
from ansim.console import sign_in
from tests.console.entering import SECRET, STAR, code, enter, on_record, wrong

pytestmark = pytest.mark.django_db


def test_without_a_second_factor_every_page_leads_to_setting_one_up(star: Account) -> None:
    client = Client()
    assert client.post("/log-in/", STAR)["Location"] == "/"
    for path in ("/", "/queue/", "/alerts/1/", "/me/", "/no-such-page/", "/admin/"):
        assert client.get(path)["Location"] == "/account/", path
    assert client.post("/alerts/1/claim/").status_code == 302
    assert client.get("/events/").status_code == 401
    part = client.get("/queue/list/", headers={"HX-Request": "true"})
    assert part.status_code == 401
    page = client.get("/account/").content.decode()
    assert "2단계 인증이 필요합니다" in page
    assert "/queue/" not in page, "there is no way to where nobody may go yet"


def test_an_app_is_set_up_shown_once_with_codes_and_the_desk_opens(star: Account) -> None:
    client = Client()
    client.post("/log-in/", STAR)
    page = client.get("/account/app/").content.decode()
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert found
    assert "<svg" in page
    secret = found[1].replace(" ", "")
    kept = json.dumps(dict(client.session.items()))
    assert secret not in kept, "the secret waits sealed"
    answer = client.post("/account/app/", {"code": wrong()})
    assert answer.status_code == 200
    assert secret in answer.content.decode().replace(" ", ""), "the same picture after a slip"
    answer = client.post("/account/app/", {"code": code(secret=secret)})
    assert answer["Location"] == "/account/codes/"
    codes = client.get("/account/codes/").content.decode()
    assert len(re.findall(r"<code>\d{10}</code>", codes)) == 10
    again = client.get("/account/codes/").content.decode()
    assert not re.findall(r"<code>", again), "they are shown once"
    assert client.get("/queue/").status_code == 200
    assert secret not in json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert [name for name, _ in on_record()] == [
        "account.logged_in",
        "account.log_in_failed",
        "account.second_factor_added",
        "account.recovery_codes_made",
    ]


def test_a_password_alone_opens_nothing_once_there_is_an_app(with_app: Account) -> None:
    client = Client()
    assert client.post("/log-in/", STAR)["Location"] == "/log-in/second/"
    assert client.get("/queue/").status_code == 302
    assert "_auth_user_id" not in client.session
    answer = client.post("/log-in/second/", {"code": code()})
    assert answer["Location"] == "/"
    assert client.get("/queue/").status_code == 200
    assert on_record("account.logged") == [("account.logged_in", {"second_factor": "totp"})]


def test_the_second_step_leads_where_one_was_going(with_app: Account) -> None:
    client = Client()
    client.post("/log-in/", {**STAR, "next": "/alerts/7/"})
    assert client.post("/log-in/second/", {"code": code()})["Location"] == "/alerts/7/"


def test_a_code_works_once_in_whatever_process(with_app: Account) -> None:
    used = code()
    enter(used)
    cache.clear()  # as another process sees it
    client = Client()
    client.post("/log-in/", STAR)
    answer = client.post("/log-in/second/", {"code": used})
    assert answer.status_code == 200
    assert "맞지 않습니다" in answer.content.decode()
    cache.clear()
    older = code(-1)
    assert client.post("/log-in/second/", {"code": older}).status_code == 200


def test_five_wrong_codes_lock_and_the_right_one_comes_too_late(with_app: Account) -> None:
    client = Client()
    client.post("/log-in/", STAR)
    answers = [client.post("/log-in/second/", {"code": wrong()}).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    assert client.post("/log-in/second/", {"code": code()}).status_code == 429
    assert Client().post("/log-in/", STAR).status_code == 429
    assert on_record("account.lo") == [
        ("account.log_in_failed", {"step": "code", "address": "127.0.0.1"}),
        ("account.locked_out", {"address": "127.0.0.1"}),
    ]
    kept = "".join(str(row) for row in _axes_rows())
    assert code() not in kept
    assert wrong() not in kept


def _axes_rows() -> list[dict[str, Any]]:
    from axes.models import AccessAttempt

    return list(AccessAttempt.objects.values())


def test_failures_fill_one_row_a_minute_and_a_strangers_name_is_not_kept(star: Account) -> None:
    client = Client()
    for _ in range(3):
        client.post("/log-in/", {"username": "star", "password": "wrong"})
    for name in ("my-password-by-mistake", "another"):
        client.post("/log-in/", {"username": name, "password": "x"})
    rows = AuditEvent.objects.filter(action="account.log_in_failed").order_by("pk")
    assert [row.subject_id for row in rows] == [str(star.pk), "unknown"]
    assert "mistake" not in "".join(str(vars(row)) for row in rows)


def test_a_recovery_code_stands_in_once(with_app: Account) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    spare = RecoveryCodes.activate(with_app).get_unused_codes()[0]
    enter(spare)
    assert ("account.recovery_code_used", {}) in on_record()
    client = Client()
    client.post("/log-in/", STAR)
    assert client.post("/log-in/second/", {"code": spare}).status_code == 200


def test_who_logged_in_before_the_factor_was_set_up_is_out(star: Account) -> None:
    stranger, owner = Client(), Client()
    stranger.post("/log-in/", STAR)
    owner.post("/log-in/", STAR)
    owner.get("/account/app/")
    secret = sign_in.unseal(owner.session["mfa.totp.secret"])
    owner.post("/account/app/", {"code": code(secret=secret)})
    assert owner.get("/queue/").status_code == 200
    assert stranger.get("/account/")["Location"].startswith("/log-in/")


def test_a_session_without_the_factor_is_ended_even_if_nobody_ended_it(star: Account) -> None:
    client = Client()
    client.post("/log-in/", STAR)
    totp.TOTP.activate(star, SECRET)
    for path in ("/account/app/", "/account/", "/queue/"):
        assert "/log-in/" in client.get(path)["Location"]
    assert on_record()[-1] == ("account.logged_out", {"why": "second_factor"})


def test_a_factor_is_changed_only_after_showing_it_again(with_app: Account) -> None:
    client = enter()
    factor = Authenticator.objects.get()
    where = f"/account/factors/{factor.pk}/remove/"
    session = client.session
    for row in session["account_authentication_methods"]:
        row["at"] -= 600
    session.save()
    assert client.get(where)["Location"].startswith("/account/confirm/code/")
    assert client.get("/account/confirm/")["Location"].startswith("/account/confirm/code/")
    assert client.post("/account/codes/new/")["Location"].startswith("/account/confirm/code/")
    assert Authenticator.objects.count() == 1
    answer = client.post(f"/account/confirm/code/?next={where}", {"code": code(1)})
    assert answer["Location"] == where
    assert "하나 남은 2단계 인증" in client.get(where).content.decode()
    assert client.post(where).status_code == 302
    assert on_record("account.second_factor_removed") == [
        ("account.second_factor_removed", {"kind": "totp"})
    ]
    assert client.get("/queue/")["Location"] == "/account/", "another one is set up next"


def test_nobody_touches_a_colleagues_factor(with_app: Account, counsellor: Client) -> None:
    factor = Authenticator.objects.get()
    assert counsellor.post(f"/account/factors/{factor.pk}/remove/").status_code == 404
    assert Authenticator.objects.count() == 1


def test_an_administrator_lets_somebody_enrol_anew_with_a_reason(
    with_app: Account, log_in: Callable[..., Client]
) -> None:
    client = enter()
    administrator = log_in(Role.ADMINISTRATOR)
    where = f"/accounts/{with_app.pk}/second-factor/"
    page = administrator.get(f"/admin/casework/account/{with_app.pk}/change/").content.decode()
    assert where in page
    assert administrator.post(where, {"reason": "  "}).status_code == 422
    assert Authenticator.objects.count() == 1
    assert administrator.post(where, {"reason": "전화기를 잃음"}).status_code == 302
    assert not Authenticator.objects.filter(user=with_app).exists()
    assert client.get("/queue/").status_code == 302
    row = AuditEvent.objects.get(action="account.second_factor_reset")
    assert (row.actor_label, row.reason) == ("administrator", "전화기를 잃음")
    assert row.details == {"kinds": ["totp"]}
    assert Client().post("/log-in/", STAR)["Location"] == "/", "and sets up a new one"
    me = Account.objects.get(username="administrator")
    own = administrator.post(f"/accounts/{me.pk}/second-factor/", {"reason": "x"})
    assert own.status_code == 422


def test_only_administrators_reset_by_the_action_itself(with_app: Account) -> None:
    from ansim.casework.errors import Refused

    lead = Account.objects.create_user("lead", password="x", role=Role.SUPERVISOR)
    with pytest.raises(Refused):
        actions.reset_second_factor(with_app.pk, lead, "x")
    assert Authenticator.objects.count() == 1


def test_a_new_start_of_the_demo_opens_its_accounts_again() -> None:
    from ansim.casework.actions import accounts

    accounts.create_demo()
    totp.TOTP.activate(Account.objects.get(username="counsellor"), SECRET)
    log_ins = {name: password for name, password, _role in accounts.create_demo()}
    client = Client()
    client.post("/log-in/", {"username": "counsellor", "password": log_ins["counsellor"]})
    assert client.get("/queue/").status_code == 200


def test_the_admins_own_password_link_leads_somewhere(log_in: Callable[..., Client]) -> None:
    administrator = log_in(Role.ADMINISTRATOR)
    page = administrator.get("/admin/").content.decode()
    assert "/admin/password_change/" in page
    answer = administrator.get("/admin/password_change/", follow=True)
    assert "비밀번호 바꾸기" in answer.content.decode()


def test_the_demos_own_accounts_need_no_second_factor_until_it_is_asked_for(
    settings: Any,
) -> None:
    Account.objects.create_user("star", password="right", role=Role.COUNSELLOR, is_demo=True)
    client = Client()
    client.post("/log-in/", STAR)
    assert client.get("/queue/").status_code == 200
    assert "데모 계정은 비밀번호만으로" in Client().get("/log-in/").content.decode()
    settings.ANSIM = replace(settings.ANSIM, second_factor="everybody")
    assert client.get("/queue/")["Location"] == "/account/"
    assert "데모 계정은 비밀번호만으로" not in Client().get("/log-in/").content.decode()
    settings.ANSIM = replace(settings.ANSIM, second_factor="people", demo=False)
    assert "/log-in/" in client.get("/queue/")["Location"]
    answer = Client().post("/log-in/", STAR)
    assert answer.status_code == 200, "its password was shown on a screen"
    assert "데모 계정은" not in Client().get("/log-in/").content.decode()
