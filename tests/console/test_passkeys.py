"""Passkeys: alone, after a password, and every way in which one may be wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.test import Client

from ansim.casework.models import Account
from tests.console.entering import STAR, WRONG, enter, on_record
from tests.console.passkey import Passkey

pytestmark = pytest.mark.django_db


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
