"""The page on which evidence is taken out: asked for, watched, fetched by the one who asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.test import Client

from ansim.casework.actions import alerts, cases, evidence
from ansim.casework.evidence.contents import Order
from ansim.casework.evidence.shelf import Standing
from ansim.casework.models import Account, AuditEvent, SourceRecord
from ansim.casework.roles import Role
from ansim.console import preparing
from tests.casework.conftest import report, risky
from tests.console.serving import Console

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(source: SourceRecord) -> int:
    [pk] = alerts.raise_or_update([report(1, turns=(risky(1), risky(2)), raised=True)])
    return pk


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    yield
    preparing.shelf().sweep(time.time() + 10**6)


@pytest.fixture
def made_at_once(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """Packages are made here instead of in a process of their own, which sees another database."""
    asked: list[Order] = []

    def begin(order: Order) -> None:
        asked.append(order)
        shelf = preparing.shelf()
        shelf.put_order(order)
        package = evidence.make(order, lambda *_: {}, lambda *_: None)
        shelf.put_package(order.id, package.content)
        shelf.say(order.id, Standing(state="ready", name=package.name, size=len(package.content)))

    monkeypatch.setattr(preparing, "begin", begin)
    return asked


def ask(
    client: Client, alert: int | str, reason: str = "수사 협조", **more: str
) -> tuple[int, str]:
    answer = client.post("/evidence/", {"alert": str(alert), "reason": reason, **more}, follow=True)
    return answer.status_code, answer.content.decode()


def test_the_liaison_begins_on_this_page_and_takes_a_package(
    log_in: Callable[..., Client], alert: int, made_at_once: list[Order]
) -> None:
    client = log_in(Role.LIAISON)
    assert client.get("/", follow=True).request["PATH_INFO"] == "/evidence/"
    status, page = ask(client, alert)
    assert status == 200
    assert "내려받기" in page
    [order] = made_at_once
    assert not order.unmask
    answer = client.get(f"/evidence/{order.id}/file/")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == (
        f'attachment; filename="evidence-{alert}-{order.id[:8]}.zip"'
    )
    with ZipFile(BytesIO(answer.content)) as package:
        assert "용돈 줄게" in package.read("facts/messages.jsonl").decode()
    fetched = AuditEvent.objects.get(action="evidence.fetched")
    assert (fetched.actor_label, fetched.reason) == ("liaison", "수사 협조")
    client.get(f"/evidence/{order.id}/file/")
    assert AuditEvent.objects.filter(action="evidence.fetched").count() == 2


def test_a_whole_case_is_taken_out_by_somebody_in_it_alone(
    log_in: Callable[..., Client], alert: int, made_at_once: list[Order]
) -> None:
    client = log_in(Role.SUPERVISOR)
    me = Account.objects.get(username="supervisor")
    case = cases.open_case([alert], me, "이름")
    assert f"/evidence/?case={case.pk}" in client.get(f"/cases/{case.pk}/").content.decode()
    form = client.get(f"/evidence/?case={case.pk}").content.decode()
    assert f'name="case" inputmode="numeric" required maxlength="17" value="{case.pk}"' in form
    page = client.post("/evidence/", {"case": case.pk, "reason": "수사 협조"}, follow=True)
    assert f"사례 {case.pk}번" in page.content.decode()
    [order] = made_at_once
    path = f"/evidence/{order.id}/file/"
    with ZipFile(BytesIO(client.get(path).content)) as package:
        assert "용돈 줄게" in package.read(f"facts/alert-{alert}/messages.jsonl").decode()
    timeline = client.get(f"/cases/{case.pk}/?show=documents").content.decode()
    assert "증거 자료를 내려받음" in timeline
    other = log_in(Role.LIAISON)
    refused = other.post("/evidence/", {"case": case.pk, "reason": "수사 협조"})
    assert refused.status_code == 422
    case.members.update(left_at=case.opened_at)
    assert client.get(path).status_code == 302


def test_nobody_else_fetches_it_and_nobody_after_its_hour(
    log_in: Callable[..., Client], alert: int, made_at_once: list[Order]
) -> None:
    client = log_in(Role.LIAISON)
    ask(client, alert)
    [order] = made_at_once
    other = log_in(Role.SUPERVISOR)
    assert "내려받기" not in other.get("/evidence/").content.decode()
    answer = other.get(f"/evidence/{order.id}/file/", follow=True)
    assert "더 이상 없습니다" in answer.content.decode()
    preparing.shelf().sweep(time.time() + 4000)
    answer = client.get(f"/evidence/{order.id}/file/", follow=True)
    assert "더 이상 없습니다" in answer.content.decode()
    assert not AuditEvent.objects.filter(action="evidence.fetched").exists()


@pytest.mark.parametrize(
    ("number", "reason", "word"),
    [
        ("", "요청", "경보 번호"),
        ("x", "요청", "경보 번호"),
        ("999", "요청", "없는 경보"),
        ("", "", "번호"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    log_in: Callable[..., Client], number: str, reason: str, word: str
) -> None:
    status, page = ask(log_in(Role.LIAISON), number, reason)
    assert status == 422
    assert word in page
    assert f'value="{reason}"' in page
    assert not AuditEvent.objects.filter(action__startswith="evidence.").exists()


def test_a_reason_is_needed(log_in: Callable[..., Client], alert: int) -> None:
    status, page = ask(log_in(Role.LIAISON), alert, " ")
    assert (status, "까닭을 적어" in page) == (422, True)


def test_open_names_are_asked_for_by_a_tick_of_their_own(
    log_in: Callable[..., Client], alert: int, made_at_once: list[Order]
) -> None:
    _, page = ask(log_in(Role.LIAISON), alert, unmask="on")
    assert made_at_once[0].unmask
    assert "이름 있음" in page
    assert AuditEvent.objects.filter(action="evidence.unmasked").count() == 1


def test_while_something_is_made_the_page_asks_again_and_says_how_far_it_is(
    log_in: Callable[..., Client], alert: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "begin", lambda order: preparing.shelf().put_order(order))
    client = log_in(Role.LIAISON)
    _, page = ask(client, alert)
    assert "hx-get" in page
    assert "차례를 기다리는 중" in page
    [(order, _)] = preparing.shelf().of(_me(client))
    preparing.shelf().say(order.id, Standing(state="making", doing="printing", done=10, of=40))
    part = client.get("/evidence/progress/").content.decode()
    assert 'max="40" value="10"' in part
    assert "PDF를 만드는 중" in part
    assert client.get(f"/evidence/{order.id}/file/", follow=True).redirect_chain
    preparing.shelf().say(order.id, Standing(state="failed", why="KeyLost"))
    part = client.get("/evidence/progress/").content.decode()
    assert "만들지 못했습니다" in part
    assert "hx-get" not in part
    assert 'id="news"' in part


def test_an_alert_leads_to_the_page_with_its_number_for_those_who_may(
    log_in: Callable[..., Client], alert: int
) -> None:
    where = f"/evidence/?alert={alert}"
    supervisor = log_in(Role.SUPERVISOR)
    assert where in supervisor.get(f"/alerts/{alert}/").content.decode()
    assert f'value="{alert}"' in supervisor.get(where).content.decode()
    assert where not in log_in(Role.COUNSELLOR).get(f"/alerts/{alert}/").content.decode()


def test_one_person_has_three_in_the_making_at_most(
    log_in: Callable[..., Client], alert: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "begin", lambda order: preparing.shelf().put_order(order))
    client = log_in(Role.LIAISON)
    assert [ask(client, alert)[0] for _ in range(4)] == [200, 200, 200, 422]
    assert AuditEvent.objects.filter(action="evidence.ordered").count() == 3


def _me(client: Client) -> int:
    return int(client.session["_auth_user_id"])


def test_the_process_of_its_own_makes_what_the_console_was_asked_for(console: Console) -> None:
    """The whole way in a real console's home: the order, the other process, the shelf."""
    console.tell("raise", "room")
    said = console.tell("take-evidence", "1")
    assert said.split() == ["ready", "10", "not_reachable"]
