"""The pages on accounts that come back: list, links, review, statement, appeal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from ansim.casework.actions import alerts, cases, repeats
from ansim.casework.models import Account, Alert, LinkAppeal, Sighting, SourceRecord, Trace
from ansim.casework.roles import Role
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db

NAME = "텔레그램 아이디 star_99 로 와"


@pytest.fixture
def supervisor(log_in: Callable[..., Client]) -> Client:
    return log_in(Role.SUPERVISOR)


@pytest.fixture
def raised(source: SourceRecord) -> list[Sighting]:
    """Three rooms: two of one account, and another one's that tells the same messenger name."""
    for number, (room, about) in enumerate(
        [("room-aaaa", "acct-1111"), ("room-bbbb", "acct-1111"), ("room-cccc", "acct-2222")], 1
    ):
        said = (
            risky(number, author=about),
            turn(10 + number, author=f"youth {room}", tactics={"V3": 0.9}),
            turn(20 + number, author=about, text=NAME),
        )
        alerts.raise_or_update([report(number, conversation=room, about=about, turns=said)])
    repeats.look()
    return list(Sighting.objects.order_by("pk"))


def read(client: Client, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200, page.status_code
    return page.content.decode()


def do(client: Client, path: str, **fields: object) -> str:
    return client.post(path, fields, follow=True).content.decode()


def test_the_list_tells_how_often_where_and_towards_how_many(
    supervisor: Client, raised: list[Sighting]
) -> None:
    page = " ".join(read(supervisor, "/repeats/").split())
    assert "…1111, …2222" in page
    assert "<dt>경보</dt><dd>3</dd>" in page
    assert "<dt>대화방</dt><dd>3</dd>" in page
    assert "<dt>청소년 계정</dt><dd>3</dd>" in page
    assert "강함" in page
    assert "확인할 것 5" in page
    assert "star_99" not in page


def test_an_empty_list_says_so(supervisor: Client) -> None:
    assert "여러 번 접근한 계정이 없습니다" in read(supervisor, "/repeats/")


def test_the_page_says_by_what_they_are_linked_and_never_the_name_itself(
    supervisor: Client, raised: list[Sighting]
) -> None:
    page = read(supervisor, f"/repeats/{raised[0].pk}/")
    for words in ("같은 계정", "같은 메신저 아이디", "강함", "약함", "telegram", "에 지워짐"):
        assert words in page
    numbers = [alert.pk for alert in Alert.objects.order_by("pk")]
    assert all(f"/alerts/{number}/" in page for number in numbers)
    assert "star_99" not in page
    assert all(trace.hash not in page for trace in Trace.objects.all())


def test_the_liaison_sees_numbers_of_alerts_and_the_way_to_their_evidence(
    log_in: Callable[..., Client], raised: list[Sighting]
) -> None:
    number = Alert.objects.order_by("pk")[0].pk
    page = read(log_in(Role.LIAISON), f"/repeats/{raised[0].pk}/")
    assert f"/alerts/{number}/" not in page
    assert f"/evidence/?alert={number}" in page


def test_a_case_is_one_step_away_and_shown_once_it_is_there(
    supervisor: Client, log_in: Callable[..., Client], raised: list[Sighting]
) -> None:
    first, second, _ = Alert.objects.order_by("pk")
    page = read(supervisor, f"/repeats/{raised[0].pk}/")
    assert f"/cases/new/?alert={first.pk}" in page
    begun = supervisor.get(f"/cases/new/?alert={first.pk}").content.decode()
    assert f'value="{second.pk}"' in begun, "the other alert on the account is suggested"
    case = cases.open_case([first.pk], Account.objects.get(username="supervisor"), "가을")
    page = read(supervisor, f"/repeats/{raised[0].pk}/")
    assert f"/cases/new/?alert={first.pk}" not in page
    assert f'href="/cases/{case.pk}/"' in page
    assert f"사례 {case.pk}번" in read(supervisor, "/repeats/")
    assert "가을" not in page, "what stands in the case is for those admitted to it"
    assert "/cases/new/" not in read(log_in(Role.LIAISON), f"/repeats/{raised[0].pk}/")


def test_links_are_reviewed_one_by_one_and_all_at_once(
    supervisor: Client, raised: list[Sighting]
) -> None:
    group = raised[0].pk
    trace = Trace.objects.get(sighting=raised[2], kind="handle")
    page = do(supervisor, f"/repeats/traces/{trace.pk}/", verdict="holds", sighting=group)
    assert "판단했는지 적어 주세요" in page
    page = do(supervisor, f"/repeats/traces/{trace.pk}/", verdict="rejected", reason="남의 <것>")
    assert "더 잇지 않습니다" in page
    assert Sighting.objects.get(pk=raised[2].pk).group != group
    assert "아니라고 한 연결" in read(supervisor, "/repeats/")
    page = do(supervisor, f"/repeats/{group}/review/", reason="두 대화를 읽음")
    assert "맞다고 적었습니다" in page
    assert "acct-1111"[-4:] not in read(supervisor, "/repeats/?show=unreviewed").split("<main")[1]
    page = do(supervisor, f"/repeats/traces/{trace.pk}/", verdict="holds", reason="다시 봄")
    assert Sighting.objects.get(pk=raised[2].pk).group == group


def test_a_statement_of_a_platform_links_two_alerts(
    supervisor: Client, raised: list[Sighting]
) -> None:
    alerts.raise_or_update([report(50, conversation="far", about="other")])
    repeats.look()
    first, other = Alert.objects.order_by("pk")[0].pk, Alert.objects.get(about="other").pk
    path = f"/repeats/{raised[0].pk}/state/"
    assert "없거나" in do(supervisor, path, alert=first, other="x", said="회신 7")
    page = do(supervisor, path, alert=first, other=other, said="안전팀 <b>회신</b> 7")
    assert "안전팀 &lt;b&gt;회신&lt;/b&gt; 7" in page
    assert "플랫폼이 알려 줌" in page


def test_an_appeal_is_written_down_decided_by_another_and_taken_back(
    supervisor: Client, log_in: Callable[..., Client], raised: list[Sighting]
) -> None:
    row = raised[2]
    path = f"/repeats/sightings/{row.pk}/appeal/"
    assert "적어 주세요" in do(supervisor, path, words=" ")
    assert "이의를 적었습니다" in do(supervisor, path, words="제 <아이디>예요", scope="room")
    appeal = LinkAppeal.objects.get()
    assert not appeal.whole_account
    assert "결정을 기다리는 이의가 있습니다" in read(supervisor, f"/repeats/{raised[0].pk}/")
    liaison = log_in(Role.LIAISON)
    page = read(liaison, "/repeats/")
    assert "제 &lt;아이디&gt;예요" in page
    page = do(liaison, f"/repeats/appeals/{appeal.pk}/", step="uphold", grounds="본인 확인")
    assert "계정을 떼어 놓았습니다" in page
    assert "…2222" not in page.split('id="appeals"')[0]
    assert "떼어 놓기를 거두기" not in page, "not by who decided"
    page = read(supervisor, "/repeats/")
    assert "떼어 놓기를 거두기" in page
    page = do(supervisor, f"/repeats/appeals/{appeal.pk}/", step="lift", grounds="경찰 회신")
    assert "흔적을 다시 찾습니다" in page
    repeats.look()
    assert "…2222" in read(supervisor, "/repeats/").split('id="appeals"')[0]


def test_a_group_that_moved_or_went_leads_on(supervisor: Client, raised: list[Sighting]) -> None:
    answer = supervisor.get(f"/repeats/{raised[2].pk}/")
    assert answer.status_code == 302
    assert answer["Location"] == f"/repeats/{raised[0].pk}/"
    page = supervisor.get("/repeats/99999/", follow=True).content.decode()
    assert "기한이 지난 기록입니다" in page
    assert supervisor.get("/repeats/99999999999999999999/").status_code in (302, 404)


def test_an_alert_tells_of_the_other_alerts_of_linked_accounts(
    counsellor: Client, raised: list[Sighting]
) -> None:
    first = Alert.objects.order_by("pk")[0]
    page = read(counsellor, f"/alerts/{first.pk}/")
    assert "다른 경보 2건" in page
    assert page.count("이어진 계정</span>") == 1
    LinkAppeal.objects.create(
        conversation=raised[2].conversation,
        account=raised[2].account,
        state=LinkAppeal.State.UPHELD,
        received_by=Account.objects.get(),
        received_at=first.raised_at,
    )
    raised[2].apart, raised[2].group = True, raised[2].pk
    raised[2].save()
    page = read(counsellor, f"/alerts/{first.pk}/")
    assert "다른 경보 1건" in page
