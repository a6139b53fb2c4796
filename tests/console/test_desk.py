"""The desk: filters, folds, timers, hand-over, watch, budget and the audit page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ansim.casework.actions import alerts, shifts, watch
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    CaseNote,
    Channel,
    Handover,
    SavedView,
    SourceRecord,
)
from ansim.casework.roles import Role
from ansim.console import budget, live
from ansim.detection import Priority
from tests.casework.conftest import report, risky

pytestmark = pytest.mark.django_db
LogIn = Callable[..., Client]


def raised(about: str = "abcd", room: str = "room", **more: object) -> Alert:
    [pk] = alerts.raise_or_update(
        [report(1, about=about, conversation=room, turns=(risky(1, author=about),), **more)]
    )
    return Alert.objects.get(pk=pk)


def html(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


def rows(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-alert="(\d+)"', page)]


def account(role: Role) -> Account:
    return Account.objects.get(username=role.value)


def test_filters_and_search_find_what_is_asked_for(
    counsellor: Client, source: SourceRecord
) -> None:
    first = raised("aaaa1111", "r1", priority=Priority.P1)
    second = raised("bbbb2222", "r2", priority=Priority.P3)
    third = raised("cccc3333", "r3", priority=Priority.P3)
    alerts.claim(third.pk, account(Role.COUNSELLOR))
    assert rows(html(counsellor, "/queue/?p=P1")) == [first.pk]
    assert rows(html(counsellor, "/queue/?p=P3")) == [second.pk]
    assert rows(html(counsellor, "/queue/?state=mine")) == [third.pk]
    assert rows(html(counsellor, f"/queue/?q={second.pk}")) == [second.pk]
    assert rows(html(counsellor, "/queue/?q=…3333")) == [third.pk]
    assert set(rows(html(counsellor, "/queue/?q=데모"))) == {first.pk, second.pk, third.pk}
    assert rows(html(counsellor, "/queue/?q=counsellor")) == [third.pk]
    assert rows(html(counsellor, "/queue/list/?source=nowhere")) == []


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=" + "9" * 40, "p=P9", "state=x", "page=-1", "page=x", "source=%00", "q=%25"],
)
def test_odd_questions_are_answered_calmly(
    counsellor: Client, source: SourceRecord, query: str
) -> None:
    raised()
    html(counsellor, f"/queue/?{query}")


def test_duplicates_are_one_row_with_the_others_under_it(
    counsellor: Client, source: SourceRecord
) -> None:
    first = raised("same", "r1")
    second = raised("same", "r2", priority=Priority.P1)
    page = html(counsellor, "/queue/")
    assert rows(page) == [second.pk]
    assert "같은 계정·대화방의 경보 1건" in page
    assert f'href="/alerts/{first.pk}/"' in page
    assert f"경보 {first.pk}번" in html(counsellor, f"/alerts/{second.pk}/")


def test_a_timer_runs_and_is_late_when_it_is_over(counsellor: Client, source: SourceRecord) -> None:
    alert = raised(priority=Priority.P1)
    assert re.search(r'class="due".*?>[12]:\d\d 남음<', html(counsellor, "/queue/"))
    Alert.objects.filter(pk=alert.pk).update(due_at=timezone.now() - timedelta(seconds=65))
    assert re.search(r'class="due late".*?>1:0\d 지남<', html(counsellor, "/queue/"))
    assert rows(html(counsellor, "/queue/?state=overdue")) == [alert.pk]


def test_a_saved_view_comes_back_and_only_for_its_owner(
    counsellor: Client, log_in: LogIn, source: SourceRecord
) -> None:
    counsellor.post("/queue/views/", {"name": "급한 것", "query": "p=P1&evil=1&page=3"})
    view = SavedView.objects.get()
    assert view.query == "p=P1"
    assert "급한 것" in html(counsellor, "/queue/")
    supervisor = log_in(Role.SUPERVISOR)
    assert "급한 것" not in html(supervisor, "/queue/")
    supervisor.post(f"/queue/views/{view.pk}/forget/")
    assert SavedView.objects.exists()
    counsellor.post(f"/queue/views/{view.pk}/forget/")
    assert not SavedView.objects.exists()


def test_an_escalation_stands_on_top_for_supervisors_and_is_answered_in_words(
    counsellor: Client, log_in: LogIn, source: SourceRecord
) -> None:
    alert = raised()
    supervisor = log_in(Role.SUPERVISOR)
    assert "슈퍼바이저에게 올라온 경보 <" not in html(supervisor, "/queue/")
    refused = counsellor.post(f"/alerts/{alert.pk}/escalate/", {"text": " "})
    assert refused.status_code == 422
    assert "까닭을 적어 주세요" in refused.content.decode()
    counsellor.post(f"/alerts/{alert.pk}/escalate/", {"text": "오늘 <b>만난대요"})
    assert "슈퍼바이저에게 올라온 경보 <" in html(supervisor, "/queue/")
    page = html(supervisor, f"/alerts/{alert.pk}/")
    assert "오늘 &lt;b&gt;만난대요" in page
    supervisor.post(f"/alerts/{alert.pk}/answer/", {"text": "같이 112에 전화해요"})
    assert "같이 112에 전화해요" in html(counsellor, f"/alerts/{alert.pk}/live/")
    assert Alert.objects.get(pk=alert.pk).escalated_at is None


def test_what_was_typed_survives_a_refusal(
    counsellor: Client, log_in: LogIn, source: SourceRecord
) -> None:
    alert = raised(priority=Priority.P1)
    counsellor.post(f"/alerts/{alert.pk}/claim/")
    answer = counsellor.post(
        f"/alerts/{alert.pk}/hold/", {"minutes": "90", "text": "보호자 전화를 기다림"}
    )
    assert answer.status_code == 422
    assert 'value="보호자 전화를 기다림"' in answer.content.decode()
    answer = counsellor.post(f"/alerts/{alert.pk}/hand-over/", {"to": "", "text": "부탁해요"})
    assert "누구에게 넘길지" in answer.content.decode()
    assert ">부탁해요</textarea>" in answer.content.decode()
    counsellor.post(f"/alerts/{alert.pk}/hold/", {"minutes": "10", "text": "답을 기다림"})
    assert "까지 보류" in html(counsellor, "/queue/")
    assert rows(html(counsellor, "/queue/?state=held")) == [alert.pk]
    counsellor.post(f"/alerts/{alert.pk}/resume/")
    assert rows(html(counsellor, "/queue/?state=held")) == []


def test_a_shift_is_handed_over_and_signed_on_its_page(
    counsellor: Client, log_in: LogIn, source: SourceRecord
) -> None:
    mine = raised("one", "r1", priority=Priority.P2)
    counsellor.post(f"/alerts/{mine.pk}/claim/")
    counsellor.post(f"/alerts/{mine.pk}/note/", {"text": "내일 보호자와 통화"})
    nobodys = raised("two", "r2", priority=Priority.P1)
    leaving = counsellor.post("/log-out/")
    assert leaving.headers["Location"] == "/handover/?leaving=1"
    page = html(counsellor, "/handover/?leaving=1")
    assert "그래도 로그아웃" in page
    assert "내일 보호자와 통화" in page
    nextone = log_in(Role.COUNSELLOR, "next")
    taker = Account.objects.get(username="next")
    counsellor.post("/handover/", {"to": str(taker.pk), "note": "조용했어요"})
    offer = Handover.objects.get()
    assert "서명을 기다립니다" in html(nextone, "/queue/")
    assert "조용했어요" in html(nextone, "/handover/")
    counsellor.post(f"/handover/{offer.pk}/sign/")
    assert Alert.objects.get(pk=mine.pk).claimed_by != taker
    nextone.post(f"/handover/{offer.pk}/sign/")
    held = Alert.objects.filter(claimed_by=taker).values_list("pk", flat=True)
    assert set(held) == {mine.pk, nobodys.pk}
    assert counsellor.post("/log-out/").headers["Location"] == "/log-in/"


def test_who_leaves_all_the_same_may(counsellor: Client, source: SourceRecord) -> None:
    counsellor.post(f"/alerts/{raised(priority=Priority.P1).pk}/claim/")
    assert counsellor.post("/log-out/", {"anyway": "1"}).headers["Location"] == "/log-in/"


def test_supervisors_set_times_channels_and_plan(log_in: LogIn, source: SourceRecord) -> None:
    supervisor = log_in(Role.SUPERVISOR)
    supervisor.post("/watch/targets/P1/", {"taken": "1.5", "gone": "5"})
    page = html(supervisor, "/watch/")
    assert 'value="1.5"' in page
    supervisor.post("/watch/targets/P1/", {"taken": "nan", "gone": "5"})
    supervisor.post("/watch/targets/P1/", {"taken": "inf", "gone": "5"})
    assert 'value="1.5"' in html(supervisor, "/watch/")
    supervisor.post(
        "/watch/channels/",
        {"kind": "webhook", "name": "호출", "address": "https://x.example/s3cret"},
    )
    page = html(supervisor, "/watch/")
    assert "호출" in page
    assert "s3cret" not in page
    pk = Channel.objects.get().pk
    supervisor.post(f"/watch/channels/{pk}/off/")
    assert not Channel.objects.get().active
    assert supervisor.post(f"/watch/channels/{pk}/what/").status_code == 404
    supervisor.post("/budget/plan/", {"counsellors": "3", "alerts_per_hour": "5"})
    assert budget.overview(1)["answerable"] == 360


def test_a_dead_channel_is_named_on_the_supervisors_queue(
    log_in: LogIn, source: SourceRecord
) -> None:
    supervisor = log_in(Role.SUPERVISOR)
    assert "콘솔 밖으로 알릴 길이 없습니다" in html(supervisor, "/queue/")
    Channel.objects.create(
        kind="webhook", name="호출기", address="https://x.example/", failing_since=timezone.now()
    )
    page = html(supervisor, "/queue/")
    assert "알림 경로 ‘호출기’" in page
    assert "콘솔 밖으로 알릴 길이 없습니다" not in page


def test_the_budget_counts_what_came_and_how_right_it_was(
    log_in: LogIn, source: SourceRecord
) -> None:
    supervisor = log_in(Role.SUPERVISOR)
    for number, outcome in enumerate(["confirmed", "confirmed", "not_grooming", "unclear", ""]):
        alert = raised(f"a{number}", f"r{number}", priority=Priority.P1)
        if outcome:
            Alert.objects.filter(pk=alert.pk).update(
                state="closed",
                outcome=outcome,
                closed_by=account(Role.SUPERVISOR),
                closed_at=timezone.now(),
                acknowledged_at=alert.raised_at + timedelta(seconds=60 + 40 * number),
            )
    found = budget.overview(7)
    assert (found["came"], found["closed"], found["waiting"]) == (5, 4, 1)
    p1 = found["lines"][0]
    assert (p1.came, p1.taken, p1.in_time) == (5, 4, 2)
    assert p1.mean_wait == timedelta(seconds=120)
    assert found["verdicts"].precision == pytest.approx(2 / 3)
    assert budget.interval(2, 3) == pytest.approx((0.2077, 0.9385), abs=1e-3)
    assert budget.interval(0, 0) is None
    page = html(supervisor, "/budget/?days=7")
    assert "판단한 3건 가운데" in page
    assert "60%" in page  # the threshold of the latest alert
    html(supervisor, "/budget/?days=x")


def test_an_overrun_budget_is_said(log_in: LogIn, source: SourceRecord) -> None:
    supervisor = log_in(Role.SUPERVISOR)
    supervisor.post("/budget/plan/", {"counsellors": "1", "alerts_per_hour": "0.1"})
    for number in range(3):
        raised(f"a{number}", f"r{number}")
    assert "답할 수 있는 수보다 많습니다" in html(supervisor, "/budget/?days=1")


def test_updates_do_not_flood_the_audit_page(log_in: LogIn, source: SourceRecord) -> None:
    auditor = log_in(Role.AUDITOR)
    alert = raised()
    for number in range(60):
        alerts.raise_or_update([report(number + 2, about="abcd", risk=0.9)])
    assert AuditEvent.objects.filter(action="alert.updated").count() == 60
    page = html(auditor, "/audit/")
    assert "alert.updated" not in page
    assert "alert.raised" in page
    page = html(auditor, "/audit/?updates=1")
    assert page.count("<code>alert.updated</code>") == 50
    older = re.search(r'href="(\?[^"]*before=\d+)"', page)
    assert older is not None
    page = html(auditor, "/audit/" + older[1].replace("&amp;", "&"))
    assert page.count("<code>alert.updated</code>") == 10
    assert "alert.raised" in html(auditor, f"/audit/?alert={alert.pk}&action=alert.r")
    assert "alert.raised" not in html(auditor, "/audit/?who=nobody")


def test_a_page_that_refreshes_itself_is_no_presence(
    counsellor: Client, source: SourceRecord
) -> None:
    def last() -> object:
        return account(Role.COUNSELLOR).last_active_at

    counsellor.get("/queue/list/", headers={"HX-Request": "true"})
    assert last() is None
    counsellor.get("/queue/list/", headers={"HX-Request": "true", "X-Ansim-Active": "1"})
    assert last() is not None
    Account.objects.update(last_active_at=None)
    counsellor.get("/queue/")
    assert [person.username for person in watch.on_shift(timezone.now())] == ["counsellor"]


def test_news_name_what_cannot_wait(source: SourceRecord, counsellor: Client) -> None:
    from collections import deque

    last, news = live._news(-1, told := deque(maxlen=400))
    assert news is None
    calm = raised("one", "r1", priority=Priority.P3)
    urgent = raised("two", "r2", priority=Priority.P1)
    counsellor.post(f"/alerts/{calm.pk}/escalate/", {"text": "봐 주세요"})
    last, news = live._news(last, told)
    assert news == live.News(
        alerts=frozenset({calm.pk, urgent.pk}),
        urgent=frozenset({urgent.pk}),
        escalated=frozenset({calm.pk}),
    )
    assert live._news(last, told)[1] is None
    shifts.offer(account(Role.COUNSELLOR), Account.objects.create_user("next", password="pw"))
    assert live._news(last, told)[1] == live.News()


def test_notes_go_with_the_words_of_a_dismissed_alert(
    counsellor: Client, source: SourceRecord
) -> None:
    from ansim.casework.actions import retention

    alert = raised()
    counsellor.post(f"/alerts/{alert.pk}/note/", {"text": "사정을 적음"})
    Alert.objects.filter(pk=alert.pk).update(
        state="closed", outcome="not_grooming", closed_at=timezone.now() - timedelta(minutes=11)
    )
    retention.purge(timezone.now())
    assert CaseNote.objects.get().text is None
