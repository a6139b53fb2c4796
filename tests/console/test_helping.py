"""Understanding and intervening, page by page: what counsellors and young people see."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from ansim.casework import checking, checklist
from ansim.casework.actions import alerts, interventions, wellbeing
from ansim.casework.models import (
    Account,
    Agency,
    Alert,
    Comfort,
    Draft,
    HandOff,
    MessageTemplate,
    OutgoingMessage,
    SourceRecord,
    Turn,
)
from ansim.casework.roles import Role
from ansim.console.views import checking as checking_page
from tests.casework.conftest import START, report, risky, turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(source: SourceRecord, counsellor: Client) -> Alert:
    """A P2 that the counsellor holds; its words are masked."""
    talk = (turn(1, author="youth", tactics={"V3": 0.9}), risky(2), risky(3, text="말 더"))
    [pk] = alerts.raise_or_update([report(10, turns=talk, raised=True)])
    counsellor.post(f"/alerts/{pk}/claim/")
    return Alert.objects.get(pk=pk)


def html(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def me() -> Account:
    return Account.objects.get(username="counsellor")


# --- composer -----------------------------------------------------------------------------------


def test_a_draft_that_blames_is_marked_and_a_better_wording_put_in_its_place(
    counsellor: Client, alert: Alert
) -> None:
    send = f"/alerts/{alert.pk}/send/"
    words = "안녕하세요. 왜 사진을 보냈어요?"
    page = counsellor.post(send, {"step": "preview", "text": words}).content.decode()
    assert '<mark class="unfit">왜 사진을 보냈</mark>' in page
    assert "청소년을 탓하는 말로 들릴 수 있어요." in page
    assert "이대로 보내기" not in page
    assert counsellor.post(send, {"step": "send", "text": words}).status_code == 422
    page = counsellor.post(send, {"step": "replace-0", "text": words}).content.decode()
    assert "안녕하세요. 무슨 일이 있었는지" in page
    assert "unfit" not in page
    for step in ("replace-9", "replace-x", "replace-"):
        assert counsellor.post(send, {"step": step, "text": words}).status_code == 422
    assert OutgoingMessage.objects.count() == 0


def test_the_preview_shows_the_very_words_and_code_that_go_out(
    counsellor: Client, alert: Alert
) -> None:
    send = f"/alerts/{alert.pk}/send/"
    page = counsellor.post(send, {"step": "preview", "text": "괜찮아요?"}).content.decode()
    [shown] = re.findall(r'<p class="words">(괜찮아요\?.*?)</p>', page, re.S)
    [message] = re.findall(r'name="message" value="([^"]+)"', page)
    counsellor.post(send, {"step": "send", "text": "괜찮아요?", "message": message})
    row = OutgoingMessage.objects.get()
    assert row.text == shown
    assert checking.code(row.pk) in shown


def test_the_room_is_warned_of_where_nobody_can_be_written_to_alone(
    counsellor: Client, alert: Alert
) -> None:
    page = html(counsellor, f"/alerts/{alert.pk}/")
    assert "이 출처로는 한 사람에게만 보낼 수 없어서 상대방도 읽을 수 있어요." in page
    assert 'name="way"' not in page
    counsellor.post(f"/alerts/{alert.pk}/send/", {"step": "send", "text": "괜찮아요?"})
    assert OutgoingMessage.objects.get().recipient == ""


def number(author: str) -> str:
    """By which the composer names an account: that of its first turn."""
    return str(Turn.objects.filter(author=author).order_by("pk").values_list("pk", flat=True)[0])


def test_where_the_source_can_words_go_to_the_young_person_alone_unless_told_otherwise(
    counsellor: Client, alert: Alert
) -> None:
    SourceRecord.objects.update(private_messages=True)
    page = html(counsellor, f"/alerts/{alert.pk}/")
    assert 'value="private" checked' in page
    assert 'value="youth"' not in page, "pseudonyms do not stand in a page in full"
    send = f"/alerts/{alert.pk}/send/"
    given = {"text": "괜찮아요?", "way": "private", "to": number("youth")}
    page = counsellor.post(send, {"step": "preview", **given}).content.decode()
    assert "경보 대상에게는 보이지 않아요." in page
    [message] = re.findall(r'name="message" value="([^"]+)"', page)
    assert 'name="way" value="private"' in page
    counsellor.post(send, {"step": "send", "message": message, **given})
    assert OutgoingMessage.objects.get().recipient == "youth"
    assert "계정 가에게만" in html(counsellor, f"/alerts/{alert.pk}/")
    page = counsellor.post(
        send, {"step": "preview", "text": "괜찮아요?", "way": "room"}
    ).content.decode()
    assert "상대방도 읽을 수 있어요." in page
    assert 'name="way" value="room"' in page
    counsellor.post(send, {"step": "send", "text": "모두 괜찮아요?", "way": "room"})
    assert OutgoingMessage.objects.latest("created_at").recipient == ""


def test_of_several_people_a_human_picks_who_is_written_to_alone(
    counsellor: Client, alert: Alert
) -> None:
    SourceRecord.objects.update(private_messages=True)
    Turn.objects.update(tactics={})
    alerts.raise_or_update([report(11, turns=(turn(4, author="friend"),))])
    send = f"/alerts/{alert.pk}/send/"
    given = {"text": "괜찮아요?", "way": "private"}
    for step in ("preview", "send"):
        refused = counsellor.post(send, {"step": step, **given, "to": ""})
        assert refused.status_code == 422
        assert "누구에게만 보낼지 골라 주세요." in refused.content.decode()
    for wrong in (number("stranger"), "nobody", "999"):
        assert counsellor.post(send, {"step": "send", **given, "to": wrong}).status_code == 422
    assert OutgoingMessage.objects.count() == 0
    # One of them shows what a young person shows: offered first, and still to be changed.
    Turn.objects.filter(author="friend").update(tactics={"V1": 0.9})
    assert f'<option value="{number("friend")}" selected>' in html(
        counsellor, f"/alerts/{alert.pk}/"
    )
    counsellor.post(send, {"step": "send", **given, "to": number("youth")})
    assert OutgoingMessage.objects.get().recipient == "youth"


def test_a_private_message_that_did_not_arrive_comes_back_for_the_same_person(
    counsellor: Client, alert: Alert
) -> None:
    SourceRecord.objects.update(private_messages=True)
    given = {"step": "send", "text": "괜찮아요?", "way": "private", "to": number("youth")}
    counsellor.post(f"/alerts/{alert.pk}/send/", given)
    row = OutgoingMessage.objects.get()
    interventions.take_queued()
    interventions.record_delivery(row.pk, "failed", "닫힌 방")
    counsellor.post(f"/alerts/{alert.pk}/send/{row.pk}/again/")
    [draft] = Draft.objects.filter(form="message")
    assert dict(draft.fields)["to"] == number("youth")
    assert 'value="private" checked' in html(counsellor, f"/alerts/{alert.pk}/")


def test_what_is_typed_survives_every_other_button(counsellor: Client, alert: Alert) -> None:
    base = f"/alerts/{alert.pk}"
    typed = {"template": "", "text": "별하님, 괜찮아요?", "language": "ko"}
    assert counsellor.post(f"{base}/drafts/message/", typed).status_code == 204
    closing = {
        "outcome": "unclear",
        "grounds-unclear": "split",
        "note": "메모",
        "done": "no_contact",
    }
    counsellor.post(f"{base}/drafts/close/", closing)
    counsellor.post(f"{base}/drafts/plan/", {"now": "이모 집"})
    for act in ("reveal", "mask"):
        counsellor.post(f"{base}/{act}/", {"reason": "확인"})
        page = html(counsellor, f"{base}/")
        assert "별하님, 괜찮아요?</textarea>" in page
        assert "메모</textarea>" in page
        assert "이모 집</textarea>" in page
        assert re.search(r'value="unclear" checked', page)
        assert re.search(r'value="split" selected', page)
        assert re.search(r'value="no_contact" checked', page)
    counsellor.post(f"{base}/send/", {"step": "send", "text": "별하님, 괜찮아요?"})
    assert "별하님" not in html(counsellor, f"{base}/").split('id="composer"')[1]
    assert counsellor.post(f"{base}/drafts/diary/", typed).status_code == 404
    assert counsellor.post("/alerts/999/drafts/message/", typed).status_code == 404


@pytest.mark.parametrize("form", ["note", "escalate", "hold", "hand_over"])
def test_words_for_colleagues_survive_another_button_and_go_when_they_are_said(
    counsellor: Client, alert: Alert, form: str
) -> None:
    base = f"/alerts/{alert.pk}"
    other = Account.objects.create_user("other", password="x", role=Role.COUNSELLOR)
    typed = {"text": "아침에 다시 이야기하기로", "minutes": "7", "to": str(other.pk)}
    counsellor.post(f"{base}/drafts/{form}/", typed)
    counsellor.post(f"{base}/reveal/", {"reason": "확인"})
    page = html(counsellor, f"{base}/")
    assert page.count("아침에 다시 이야기하기로") == 1
    if form == "hold":
        assert 'value="7"' in page
    if form == "hand_over":
        assert f'value="{other.pk}" selected' in page
    answer = counsellor.post(f"{base}/{form.replace('_', '-')}/", typed)
    assert answer["Location"] == f"{base}/#triage"
    assert Draft.objects.count() == 0


def test_a_draft_is_seen_by_nobody_else(
    counsellor: Client, alert: Alert, log_in: Callable[..., Client]
) -> None:
    counsellor.post(f"/alerts/{alert.pk}/drafts/message/", {"text": "아직 안 보낸 말"})
    assert Draft.objects.count() == 1
    assert "아직 안 보낸 말" not in html(log_in(Role.SUPERVISOR), f"/alerts/{alert.pk}/")


def test_an_undelivered_message_says_why_and_how_often_and_can_be_written_again(
    counsellor: Client, alert: Alert
) -> None:
    base = f"/alerts/{alert.pk}"
    counsellor.post(f"{base}/send/", {"step": "send", "text": "괜찮아요?"})
    for _ in range(2):
        [taken] = interventions.take_queued()
        interventions.record_delivery(taken.id, "queued", "잠시 끊김")
    [taken] = interventions.take_queued()
    interventions.record_delivery(taken.id, "failed", "방을 찾을 수 없음")
    page = html(counsellor, f"{base}/")
    assert "3번째 시도" in page
    assert "방을 찾을 수 없음" in page
    answer = counsellor.post(f"{base}/send/{taken.id}/again/")
    assert answer["Location"] == f"{base}/#text"
    assert ">괜찮아요?</textarea>" in html(counsellor, f"{base}/")
    assert OutgoingMessage.objects.count() == 1, "nothing is sent without a person"


def test_a_warning_not_to_tell_stands_over_the_composer(counsellor: Client, alert: Alert) -> None:
    words = "수사기관이 알리지 말라고 한 사건입니다."
    assert words not in html(counsellor, f"/alerts/{alert.pk}/")
    police = Agency.objects.get(slug="police-112")
    form = {"agency": police.pk, "told": "알림", "do_not_warn": "1"}
    counsellor.post(f"/alerts/{alert.pk}/hand-offs/", form)
    assert words in html(counsellor, f"/alerts/{alert.pk}/")


# --- understanding ------------------------------------------------------------------------------


def test_one_turn_can_be_read_without_the_others(counsellor: Client, alert: Alert) -> None:
    one, two = Turn.objects.filter(author="stranger")
    base = f"/alerts/{alert.pk}"
    answer = counsellor.post(f"{base}/reveal/", {"reason": "경보 확인", "turn": one.pk})
    assert answer["Location"] == f"{base}/#turn-{one.pk}"
    page = html(counsellor, f"{base}/")
    assert "용돈 줄게" in page
    assert "말 더" not in page
    assert f'name="turn" value="{two.pk}"' in page
    counsellor.post(f"{base}/mask/")
    assert "용돈 줄게" not in html(counsellor, f"{base}/live/")


def test_a_turn_shown_alone_is_masked_again_after_half_an_hour(
    counsellor: Client, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansim.console.views import alert as view

    one = Turn.objects.filter(author="stranger").first()
    assert one is not None
    counsellor.post(f"/alerts/{alert.pk}/reveal/", {"reason": "확인", "turn": one.pk})
    now = view.time.time()
    monkeypatch.setattr(view.time, "time", lambda: now + view.REVEALED_SECONDS + 1)
    assert "용돈 줄게" not in html(counsellor, f"/alerts/{alert.pk}/")


def test_what_comes_in_while_all_is_shown_is_counted_as_read_once(
    counsellor: Client, alert: Alert
) -> None:
    counsellor.post(f"/alerts/{alert.pk}/reveal/", {"reason": "확인"})
    assert wellbeing.Exposure.objects.get().turns == 3
    alerts.raise_or_update([report(11, turns=(risky(4), turn(5, author="youth")))])
    for _look in range(2):
        assert counsellor.get(f"/alerts/{alert.pk}/live/").status_code == 200
    assert (wellbeing.Exposure.objects.get().turns, wellbeing.Exposure.objects.get().hard) == (5, 3)
    counsellor.post(f"/alerts/{alert.pk}/mask/")
    alerts.raise_or_update([report(12, turns=(risky(6),))])
    counsellor.get(f"/alerts/{alert.pk}/live/")
    assert wellbeing.Exposure.objects.get().turns == 5


def test_a_kind_of_content_that_is_spared_stays_covered_until_asked_for(
    counsellor: Client, alert: Alert
) -> None:
    counsellor.post("/me/", {"spared": ["T09"], "break_minutes": "50", "break_turns": "80"})
    base = f"/alerts/{alert.pk}"
    counsellor.post(f"{base}/reveal/", {"reason": "확인"})
    page = html(counsellor, f"{base}/")
    assert "용돈 줄게" not in page
    assert "보지 않기로 한 종류의 내용" in page
    assert "안녕 1" in page
    one = Turn.objects.filter(author="stranger").first()
    assert one is not None
    counsellor.post(f"{base}/reveal/", {"reason": "확인", "turn": one.pk})
    assert "용돈 줄게" in html(counsellor, f"{base}/")


def test_alerts_on_the_same_account_in_other_rooms_are_listed(
    counsellor: Client, alert: Alert
) -> None:
    assert "이 계정과 이어진 계정의 다른 경보 0건" in html(counsellor, f"/alerts/{alert.pk}/")
    [other] = alerts.raise_or_update([report(1, conversation="elsewhere", turns=(risky(7),))])
    alerts.raise_or_update([report(1, conversation="far", about="somebody", turns=(risky(8),))])
    page = html(counsellor, f"/alerts/{alert.pk}/")
    assert "이 계정과 이어진 계정의 다른 경보 1건" in page
    assert f'href="/alerts/{other}/"' in page
    assert "다른 대화방" in page


def test_the_checklist_counts_facts_and_says_that_it_is_no_finding(
    counsellor: Client, alert: Alert
) -> None:
    page = html(counsellor, f"/alerts/{alert.pk}/")
    assert "청소년성보호법 제15조의2 관련 사실" in page
    assert "법적 판단이 아님" in page


def said(number: int, author: str, at: float, **tactics: float) -> Turn:
    return Turn(pk=number, author=author, at=START + at, tactics=tactics, risk=0.5)


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        ([], (0, 0, 0, 0, 0, 0, 0)),
        (
            [
                said(1, "adult", 0, T01=0.9),
                said(2, "youth", 10, V3=0.9),
                said(3, "adult", 20, T12=0.9),
                said(4, "adult", 90_000, T09=0.6, T13=0.9),
                said(5, "youth", 90_010, V1=0.8),
                said(6, "adult", 180_000, T09=0.9),
            ],
            (4, 3, 1, 2, 1, 1, 1),
        ),
        (
            [
                said(1, "adult", 0, T12=0.49, T09=0.2),
                said(2, "adult", 5, V3=0.9, V1=0.9),
                Turn(pk=3, author="agency", at=START, tactics={"T09": 0.9}, by_agency=True),
            ],
            (2, 1, 0, 0, 0, 0, 0),
        ),
    ],
)
def test_golden_cases_of_the_checklist(talk: list[Turn], expected: tuple[int, ...]) -> None:
    found = checklist.count(talk, "adult")
    assert (
        found.said,
        found.days,
        len(found.talk),
        len(found.asked),
        len(found.refused),
        len(found.after_refusal),
        len(found.ages),
    ) == expected


# --- bringing others in -------------------------------------------------------------------------


def test_a_hand_off_is_recorded_answered_and_then_the_alert_can_be_closed(
    counsellor: Client, alert: Alert
) -> None:
    base = f"/alerts/{alert.pk}"
    police = Agency.objects.get(slug="police-112")
    rescue = {"agency": police.pk, "told": "만나자는 말이 있음", "rescue": "1"}
    refused = counsellor.post(f"{base}/hand-offs/", rescue)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "만남의 때와 곳을 아는 만큼" in page
    assert "만나자는 말이 있음</textarea>" in page
    counsellor.post(f"{base}/hand-offs/", {**rescue, "when_where": "오늘 8시 역 앞"})
    assert "구조 요청" in html(counsellor, f"{base}/")
    closing = {"outcome": "confirmed", "grounds-confirmed": "tactics", "done": "handed_off_112"}
    answer = counsellor.post(f"{base}/close/", closing)
    assert answer.status_code == 422
    assert "답을 기다리는 연계가 있습니다." in answer.content.decode()
    row = HandOff.objects.get()
    where = f"{base}/hand-offs/{row.pk}/"
    assert counsellor.post(where, {"answer": ""}).status_code == 422
    counsellor.post(where, {"answer": "safe", "note": "만나지 않음", "reference": "7"})
    assert "청소년이 안전한 것을 확인함" in html(counsellor, f"{base}/")
    assert counsellor.post(f"{base}/close/", closing).status_code == 302
    assert counsellor.post("/alerts/999/hand-offs/1/", {"answer": "safe"}).status_code == 404


def test_a_safety_plan_is_written_and_read(counsellor: Client, alert: Alert) -> None:
    base = f"/alerts/{alert.pk}"
    assert counsellor.post(f"{base}/plan/", {}).status_code == 422
    counsellor.post(f"{base}/plan/", {"now": "<b>이모</b>와 있음", "next": "내일 4시"})
    page = html(counsellor, f"{base}/")
    assert "&lt;b&gt;이모&lt;/b&gt;와 있음" in page
    assert "1판" in page


def test_a_local_agency_is_added_and_offered(
    counsellor: Client, alert: Alert, log_in: Callable[..., Client]
) -> None:
    fields = {"name_ko": "가까운 쉼터", "name_en": "Nearby", "contact": "누리집", "active": "1"}
    log_in(Role.SUPERVISOR).post("/agencies/", fields)
    assert "가까운 쉼터" in html(counsellor, f"/alerts/{alert.pk}/")
    made = Agency.objects.get(name_ko="가까운 쉼터")
    administrator = log_in(Role.ADMINISTRATOR)
    administrator.post("/agencies/", {**fields, "agency": made.pk, "active": ""})
    assert "가까운 쉼터" not in html(counsellor, f"/alerts/{alert.pk}/")
    assert administrator.post("/agencies/", {"agency": "x", "name_ko": "이름만"}).status_code == 422


# --- checking that a message is real ------------------------------------------------------------


def test_a_youth_checks_without_log_in_and_learns_nothing_else(
    counsellor: Client, alert: Alert
) -> None:
    cache.clear()
    counsellor.post(f"/alerts/{alert.pk}/send/", {"step": "send", "text": "힘들었죠?"})
    [taken] = interventions.take_queued()
    interventions.record_delivery(taken.id, "sent")
    row = OutgoingMessage.objects.get()
    youth = Client()
    assert "확인 번호" in html(youth, "/check/")
    page = youth.post("/check/", {"code": checking.code(row.pk).lower()}).content.decode()
    assert "네, 맞아요." in page
    for secret in ("힘들었죠", "counsellor", f"/alerts/{alert.pk}", "stranger", str(row.pk)):
        assert secret not in page
    page = youth.post("/check/", {"code": "22222-22222"}).content.decode()
    assert "찾지 못했어요" in page
    assert "1388" in page


@pytest.mark.parametrize("typed", ["", "x" * 100_000, "\0\ud800'\"<script>", "٣" * 10])
def test_nonsense_is_no_code_and_no_error(client: Client, typed: str) -> None:
    cache.clear()
    answer = client.post("/check/", {"code": typed.encode("utf-8", "replace").decode()})
    assert answer.status_code == 200
    assert "<script>'" not in answer.content.decode()


def test_guessing_codes_ends_soon(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking_page, "MINUTES", 600_000)  # no test sees the ten minutes end
    cache.clear()
    answers = [client.post("/check/", {"code": "22222-22222"}).status_code for _ in range(21)]
    assert answers == [200] * 20 + [429]
    assert client.get("/check/").status_code == 200
    other = client.post("/check/", {"code": "22222-22222"}, REMOTE_ADDR="10.0.0.9")
    assert other.status_code == 200


# --- first messages -----------------------------------------------------------------------------


def test_a_supervisor_writes_a_version_that_another_one_approves(
    log_in: Callable[..., Client],
) -> None:
    row = MessageTemplate.objects.get(slug="home", language="ko")
    writer = log_in(Role.SUPERVISOR)
    where = f"/first-messages/{row.pk}/"
    bad = writer.post(where, {"title": row.title, "body": "{agency}예요. 이름을 알려 주세요."})
    assert bad.status_code == 422
    assert "이름을 알려" in bad.content.decode()
    assert writer.post(where, {"title": row.title, "body": "이름 없음"}).status_code == 422
    body = "{agency}예요. 비밀은 지켜 줄게요. 답하지 않아도 돼요."
    writer.post(where, {"title": "새 제목", "body": body})
    page = html(writer, where)
    assert "2판" in page
    assert "이 문구에는 약속이 들어 있어요." in page
    approve = f"/first-messages/{row.pk}/approve/"
    answer = writer.post(approve, {"version": "2"}, follow=True).content.decode()
    assert "자기가 쓴 문구는" in answer
    log_in(Role.SUPERVISOR, "second").post(approve, {"version": "2"})
    row.refresh_from_db()
    assert row.approved
    assert writer.get("/first-messages/99999999999999999999/").status_code == 404


# --- wellbeing ----------------------------------------------------------------------------------


def test_my_week_is_mine_alone(
    counsellor: Client, alert: Alert, log_in: Callable[..., Client]
) -> None:
    counsellor.post(f"/alerts/{alert.pk}/reveal/", {"reason": "확인"})
    assert re.search(r"읽은 메시지</dt><dd>3</dd>", html(counsellor, "/me/"))
    supervisor = log_in(Role.SUPERVISOR)
    assert re.search(r"읽은 메시지</dt><dd>0</dd>", html(supervisor, "/me/"))
    assert log_in(Role.AUDITOR).get("/me/").status_code == 404
    from ansim.console.administration import site

    assert not {Comfort, wellbeing.Exposure} & set(site._registry)


def test_a_break_is_proposed_on_every_page_and_ends_with_a_press(
    counsellor: Client, alert: Alert
) -> None:
    counsellor.post(f"/alerts/{alert.pk}/reveal/", {"reason": "확인"})
    words = "잠깐 쉬어도 됩니다."
    assert words not in html(counsellor, "/queue/")
    row = Comfort.objects.get(account=me())
    Comfort.objects.update(since=(row.since or row.last_read_at) - timedelta(hours=1))  # type: ignore[operator]
    assert words in html(counsellor, "/queue/")
    counsellor.post("/me/rested/")
    assert words not in html(counsellor, "/queue/")


def test_a_conversation_can_be_shown_in_grey(counsellor: Client, alert: Alert) -> None:
    assert "thread greyed" not in html(counsellor, f"/alerts/{alert.pk}/")
    counsellor.post("/me/", {"greyed": "1", "break_minutes": "x", "break_turns": ""})
    assert "thread greyed" in html(counsellor, f"/alerts/{alert.pk}/")
    row = Comfort.objects.get(account=me())
    assert (row.break_minutes, row.break_turns) == (50, 80)
