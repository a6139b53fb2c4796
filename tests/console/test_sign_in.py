"""The way in: a second factor for everybody, lock-out, sessions that end, all of it on record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from ansim.casework.actions import sign_in as actions
from ansim.casework.models import Account, AuditEvent
from ansim.casework.roles import Role
from ansim.console import sign_in
from tests.console.passkey import Passkey

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
WRONG = '{"id": "x"}'
STAR = {"username": "star", "password": "right"}


def code(at: int = 0, secret: str = SECRET) -> str:
    """What an app shows now, or ``at`` half minutes from now."""
    now = int(timezone.now().timestamp()) // 30
    return totp.format_hotp_value(totp.hotp_value(secret, now + at))


def wrong() -> str:
    """Six digits that no app shows about now."""
    near = {code(at) for at in range(-3, 4)}
    return next(text for text in map("{:06}".format, range(10)) if text not in near)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def star() -> Account:
    return Account.objects.create_user("star", password="right", role=Role.COUNSELLOR)


@pytest.fixture
def with_app(star: Account) -> Account:
    totp.TOTP.activate(star, SECRET)
    return star


def enter(given: str | None = None, **headers: str) -> Client:
    """A browser in which star has logged in."""
    client = Client(**headers)  # type: ignore[arg-type]
    assert client.post("/log-in/", STAR)["Location"] == "/log-in/second/"
    answer = client.post("/log-in/second/", {"code": given or code()})
    assert answer.status_code == 302, answer.content.decode()
    return client


def on_record(prefix: str = "account.") -> list[tuple[str, dict[str, Any]]]:
    rows = AuditEvent.objects.filter(action__startswith=prefix).order_by("pk")
    return [(row.action, row.details) for row in rows]


def test_without_a_second_factor_every_page_leads_to_setting_one_up(star: Account) -> None:
    client = Client()
    assert client.post("/log-in/", STAR)["Location"] == "/"
    for path in ("/", "/queue/", "/alerts/1/", "/me/", "/no-such-page/", "/admin/"):
        assert client.get(path)["Location"] == "/account/", path
    assert client.post("/alerts/1/claim/").status_code == 302
    assert client.get("/events/").status_code == 401
    part = client.get("/queue/list/", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Refresh"]) == (401, "true")
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


def challenge(page: str) -> str:
    """The challenge in a page, or in the answer that hands one out."""
    found = re.search(r'"challenge": ?"([\w-]+)"', page)
    assert found, page
    return found[1]


@pytest.fixture
def with_passkey(star: Account) -> Passkey:
    """Star has made a passkey, as a browser would have it made."""
    key = Passkey(user=user_pk_to_url_str(star))
    client = Client(HTTP_HOST="localhost")
    client.post("/log-in/", STAR)
    page = client.get("/account/passkey/").content.decode()
    made = {"credential": key.made(challenge(page)), "name": "laptop"}
    assert client.post("/account/passkey/", made)["Location"] == "/account/codes/"
    assert client.get("/queue/").status_code == 200
    return key


def ask_passkey(client: Client) -> str:
    answer = client.get("/log-in/passkey/", headers={"Accept": "application/json"})
    return challenge(answer.content.decode())


def test_a_passkey_logs_in_alone_to_where_one_was_going(with_passkey: Passkey) -> None:
    client = Client(HTTP_HOST="localhost")
    given = {"credential": with_passkey.used(ask_passkey(client)), "next": "/alerts/7/"}
    assert client.post("/log-in/passkey/", given)["Location"] == "/alerts/7/"
    assert client.get("/queue/").status_code == 200
    assert on_record("account.logged_in")[-1][1] == {"second_factor": "webauthn"}
    other = Client(HTTP_HOST="localhost")
    given = {"credential": with_passkey.used(ask_passkey(other)), "next": "https://example.org/"}
    assert other.post("/log-in/passkey/", given)["Location"] == "/"


def test_a_passkey_of_another_site_person_time_or_finger_opens_nothing(
    with_passkey: Passkey, star: Account
) -> None:
    def opens(**wrongly: Any) -> bool:
        client = Client(HTTP_HOST="localhost")
        asked = wrongly.pop("challenge", "") or ask_passkey(client)
        key = wrongly.pop("key", with_passkey)
        given = {"credential": key.used(asked, wrongly.pop("origin", ""))}
        assert client.post("/log-in/passkey/", given)["Location"] in ("/", "/log-in/")
        return client.get("/queue/").status_code == 200

    assert opens()
    assert not opens(origin="https://example.org")
    assert not opens(challenge="c29tZSBvdGhlciBjaGFsbGVuZ2U")
    stranger = Passkey(user=user_pk_to_url_str(star))
    assert not opens(key=stranger)
    with_passkey.verified = False
    assert not opens()
    with_passkey.verified = True
    star.is_active = False
    star.save()
    assert not opens()


def test_a_passkey_stands_in_for_the_code_after_a_password(with_passkey: Passkey) -> None:
    client = Client(HTTP_HOST="localhost")
    client.post("/log-in/", STAR)
    page = client.get("/log-in/second/").content.decode()
    given = {"credential": with_passkey.used(challenge(page))}
    assert client.post("/log-in/second/", given)["Location"] == "/"
    assert client.get("/queue/").status_code == 200


def test_a_wrong_passkey_before_a_change_counts_once(with_passkey: Passkey) -> None:
    client = Client(HTTP_HOST="localhost")
    client.post("/log-in/passkey/", {"credential": with_passkey.used(ask_passkey(client))})
    where = "/account/confirm/passkey/"
    answers = [client.post(where, {"credential": WRONG}).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]


def test_nobody_touches_a_colleagues_factor(with_app: Account, counsellor: Client) -> None:
    factor = Authenticator.objects.get()
    assert counsellor.post(f"/account/factors/{factor.pk}/remove/").status_code == 404
    assert Authenticator.objects.count() == 1


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


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "null",
        "[]",
        "5",
        '"x"',
        "{}",
        '{"id": 5}',
        '{"id":"a","rawId":"a","type":"public-key","response":{}}',
        '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"userHandle":"MQ",'
        '"clientDataJSON":"YQ","authenticatorData":"YQ","signature":"YQ"}}',
        '{"response":{"userHandle":"////"}}',
        '{"response":{"userHandle":null}}',
        '{"response":[1]}',
        '{"id":"\\u0000","response":{"attestationObject":"o2NmbXQ"}}',
        "[" * 5000,
    ],
)
def test_an_answer_no_passkey_made_is_refused_and_breaks_nothing(
    with_app: Account, credential: str
) -> None:
    stranger = Client()
    stranger.get("/log-in/passkey/", headers={"Accept": "application/json"})
    answer = stranger.post("/log-in/passkey/", {"credential": credential})
    assert answer["Location"] == "/log-in/"
    assert "이 패스키로는 들어올 수 없습니다" in stranger.get("/log-in/").content.decode()
    stranger.post("/log-in/", STAR)
    answer = stranger.post("/log-in/second/", {"credential": credential})
    assert answer.status_code == 200
    inside = enter()
    inside.get("/account/passkey/")
    answer = inside.post("/account/passkey/", {"credential": credential, "name": "x"})
    assert answer.status_code == 200
    assert not Authenticator.objects.filter(type="webauthn").exists()


def test_a_challenge_is_not_handed_out_without_end() -> None:
    client = Client()
    asked = {"Accept": "application/json"}
    assert client.get("/log-in/passkey/", headers=asked).json()["request_options"]
    answers = {client.post("/log-in/passkey/", {}).status_code for _ in range(70)}
    assert answers == {302, 429}


def test_passkeys_are_offered_where_browsers_can_make_them(with_app: Account) -> None:
    client = enter(HTTP_HOST="localhost:8000")
    assert "패스키 등록" in client.get("/account/").content.decode()
    page = client.get("/account/", headers={"Host": "127.0.0.1:8000"}).content.decode()
    assert "주소가 숫자면" in page
