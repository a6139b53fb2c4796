"""What counsellors see and do, page by page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from django.test import Client
from django.utils import timezone

from ansim.casework.actions import alerts, interventions, reading, templates
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    MessageTemplate,
    OutgoingMessage,
    SourceRecord,
)
from ansim.casework.roles import Role
from ansim.detection import Priority
from tests.casework.conftest import report, risky, turn
from tests.console.serving import show_second_factor

pytestmark = pytest.mark.django_db
PACKAGE = Path(__file__).parents[2] / "src/ansim"


@pytest.fixture
def alert(source: SourceRecord) -> Alert:
    [pk] = alerts.raise_or_update(
        [report(10, turns=(turn(1, author="youth", tactics={"V3": 0.9}), risky(2)), raised=True)]
    )
    return Alert.objects.get(pk=pk)


def html(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def account(role: Role) -> Account:
    return Account.objects.get(username=role.value)


def reveal(client: Client, alert: Alert) -> None:
    client.post(f"/alerts/{alert.pk}/reveal/", {"reason": "경보 확인"})


def test_an_empty_queue_says_so(counsellor: Client) -> None:
    assert "지금 기다리는 경보가 없습니다." in html(counsellor, "/queue/")


def test_the_queue_puts_the_most_urgent_and_then_the_oldest_first(
    counsellor: Client, source: SourceRecord
) -> None:
    made = alerts.raise_or_update(
        [
            report(1, conversation=f"r{n}", about=f"a{n}", turns=(risky(1),), priority=priority)
            for n, priority in enumerate((Priority.P3, Priority.P1, Priority.P2, Priority.P1))
        ]
    )
    Alert.objects.filter(pk=made[3]).update(raised_at=timezone.now() - timedelta(hours=1))
    shown = re.findall(r'data-alert="(\d+)"', html(counsellor, "/queue/"))
    assert [int(pk) for pk in shown] == [made[3], made[1], made[2], made[0]]


def test_words_are_not_in_the_page_until_they_are_asked_for(
    counsellor: Client, alert: Alert
) -> None:
    page = html(counsellor, f"/alerts/{alert.pk}/")
    assert "용돈 줄게" not in page
    assert "가려진 내용" in page
    assert "대가·선물 제안" in page
    reveal(counsellor, alert)
    page = html(counsellor, f"/alerts/{alert.pk}/")
    assert re.search(r'<mark class="s2 ">용돈 줄게</mark><span class="tag s2">대가', page)
    assert AuditEvent.objects.get(action="alert.text_revealed").reason == "경보 확인"
    assert "용돈 줄게" in html(counsellor, f"/alerts/{alert.pk}/live/")
    counsellor.post(f"/alerts/{alert.pk}/mask/")
    assert "용돈 줄게" not in html(counsellor, f"/alerts/{alert.pk}/live/")


def test_words_are_masked_again_after_half_an_hour(
    counsellor: Client, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansim.console.views import alert as view

    reveal(counsellor, alert)
    now = view.time.time()
    monkeypatch.setattr(view.time, "time", lambda: now + view.REVEALED_SECONDS + 1)
    assert "용돈 줄게" not in html(counsellor, f"/alerts/{alert.pk}/")


def test_words_of_a_colleagues_case_stay_hidden(
    counsellor: Client, alert: Alert, log_in: Callable[..., Client]
) -> None:
    other = log_in(Role.COUNSELLOR, "colleague")
    reveal(other, alert)
    assert "용돈 줄게" in html(other, f"/alerts/{alert.pk}/")
    counsellor.post(f"/alerts/{alert.pk}/claim/")
    page = html(other, f"/alerts/{alert.pk}/")
    assert "용돈 줄게" not in page
    assert "다른 상담원이 맡은 대화" in page


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ settings.SECRET_KEY }}{% debug %}",
        "\u202e\u2066뒤집힌 글\ud800\0",
        "ก็็็็็็็็็็็็็็็" * 50,
        "가" * 21_000,
    ],
)
def test_hostile_text_breaks_no_page(counsellor: Client, source: SourceRecord, text: str) -> None:
    [pk] = alerts.raise_or_update([report(1, turns=(risky(1, text=text),))])
    alert = Alert.objects.get(pk=pk)
    reveal(counsellor, alert)
    page = html(counsellor, f"/alerts/{pk}/")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert "\0" not in page


def test_people_are_letters_and_tails_never_pseudonyms_in_full(
    counsellor: Client, source: SourceRecord
) -> None:
    name = "abcdefghijklmnopqrstuv2345"
    [pk] = alerts.raise_or_update([report(1, about=name, turns=(turn(1), risky(2, author=name)))])
    page = html(counsellor, f"/alerts/{pk}/")
    assert "계정 가" in page
    assert "계정 나" in page
    assert "…2345" in page
    assert name not in page


def test_the_page_explains_itself(counsellor: Client, alert: Alert) -> None:
    page = html(counsellor, f"/alerts/{alert.pk}/")
    assert "AI가 추정한 값이며 법적 판단이 아닙니다" in page
    assert "<polyline" in page
    assert "표로 보기" in page
    assert "여기서 경보가 시작됨" in page
    assert "나이를 밝힘" in page


def claimed(client: Client, alert: Alert) -> None:
    assert client.post(f"/alerts/{alert.pk}/claim/").status_code == 302


def test_claiming_shows_the_composer_and_the_holder(
    counsellor: Client, alert: Alert, log_in: Callable[..., Client]
) -> None:
    assert "composer-title" not in html(counsellor, f"/alerts/{alert.pk}/")
    claimed(counsellor, alert)
    assert "composer-title" in html(counsellor, f"/alerts/{alert.pk}/")
    other = log_in(Role.COUNSELLOR, "colleague")
    answer = other.post(f"/alerts/{alert.pk}/claim/", follow=True).content.decode()
    assert "다른 상담원이 먼저 맡았습니다." in answer
    assert "님이 맡음" in html(other, "/queue/")


def test_a_message_is_previewed_sent_and_followed(counsellor: Client, alert: Alert) -> None:
    claimed(counsellor, alert)
    reveal(counsellor, alert)
    send = f"/alerts/{alert.pk}/send/"
    words = "안녕하세요. 괜찮아요?\n여기 있을게요."
    preview = counsellor.post(
        send, {"step": "preview", "text": words}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "이대로 보내기" in preview
    assert OutgoingMessage.objects.count() == 0
    sent = counsellor.post(send, {"step": "send", "text": words}, headers={"HX-Request": "true"})
    assert sent["HX-Trigger"] == "ansim:change"
    [taken] = interventions.take_queued()
    assert taken.text.startswith(words)
    assert "보내는 중" in html(counsellor, f"/alerts/{alert.pk}/live/")
    interventions.record_delivery(taken.id, "failed", "방을 찾을 수 없음")
    page = html(counsellor, f"/alerts/{alert.pk}/live/")
    assert "전달하지 못함: 방을 찾을 수 없음" in page


def test_a_preview_sent_twice_is_one_message(counsellor: Client, alert: Alert) -> None:
    claimed(counsellor, alert)
    send = f"/alerts/{alert.pk}/send/"
    words = "괜찮아요?\n여기 있을게요."
    preview = counsellor.post(send, {"step": "preview", "text": words}).content.decode()
    [message] = re.findall(r'name="message" value="([^"]+)"', preview)
    form = {"step": "send", "text": words, "message": message}
    for _ in range(2):
        assert counsellor.post(send, form).status_code == 302
    assert str(OutgoingMessage.objects.get().pk) == message
    assert AuditEvent.objects.filter(action="message.queued").count() == 1
    answer = counsellor.post(send, form | {"text": "다른 말"})
    assert answer.status_code == 422
    assert "이미 다른 글을 보낸 미리보기입니다." in answer.content.decode()
    again = counsellor.post(send, {"step": "preview", "text": words}).content.decode()
    assert message not in again
    assert OutgoingMessage.objects.count() == 1


def test_words_that_came_back_through_the_stream_stand_once(
    counsellor: Client, alert: Alert
) -> None:
    claimed(counsellor, alert)
    reveal(counsellor, alert)
    counsellor.post(f"/alerts/{alert.pk}/send/", {"step": "send", "text": "곁에 있을게요"})
    [taken] = interventions.take_queued()
    echo = turn(9, author="agency", text=taken.text, by_agency=True)
    alerts.raise_or_update([report(20, turns=(msgspec.structs.replace(echo, id=taken.id),))])
    assert html(counsellor, f"/alerts/{alert.pk}/live/").count("곁에 있을게요") == 1


def test_a_template_alone_is_enough_but_only_an_approved_one(
    counsellor: Client, alert: Alert, log_in: Callable[..., Client]
) -> None:
    claimed(counsellor, alert)
    first = MessageTemplate.objects.get(slug="meeting", language="ko")
    form = {"step": "send", "template": str(first.pk), "text": ""}
    answer = counsellor.post(f"/alerts/{alert.pk}/send/", form)
    assert answer.status_code == 422
    assert "아직 승인되지 않은" in answer.content.decode()
    assert first.title not in html(counsellor, f"/alerts/{alert.pk}/")
    log_in(Role.SUPERVISOR).post(f"/first-messages/{first.pk}/approve/", {"version": "1"})
    assert first.title in html(counsellor, f"/alerts/{alert.pk}/")
    assert counsellor.post(f"/alerts/{alert.pk}/send/", form).status_code == 302
    message = OutgoingMessage.objects.get()
    assert (message.text or "").startswith(first.text)
    assert message.template == first


@pytest.mark.parametrize("template", ["x", "-1", "9" * 30, "٣"])
def test_a_made_up_template_is_no_error(counsellor: Client, alert: Alert, template: str) -> None:
    claimed(counsellor, alert)
    answer = counsellor.post(
        f"/alerts/{alert.pk}/send/", {"step": "preview", "template": template, "text": "안녕"}
    )
    assert answer.status_code == 200


def test_nothing_can_be_sent_into_a_donated_file(counsellor: Client, alert: Alert) -> None:
    SourceRecord.objects.update(kind="donated", connector="kakaotalk")
    claimed(counsellor, alert)
    page = html(counsellor, f"/alerts/{alert.pk}/")
    assert "composer-title" not in page
    assert "참여자가 파일로 제공한 대화라" in page


def test_closing_without_an_outcome_says_what_is_missing_and_keeps_the_note(
    counsellor: Client, alert: Alert
) -> None:
    claimed(counsellor, alert)
    answer = counsellor.post(f"/alerts/{alert.pk}/close/", {"note": "상황 메모"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "결과를 골라야 종결할 수 있습니다." in page
    assert "상황 메모</textarea>" in page
    answer = counsellor.post(
        f"/alerts/{alert.pk}/close/",
        {
            "outcome": "confirmed",
            "grounds-confirmed": "tactics",
            "done": ["contact_made", "handed_off_112"],
            "note": "상황 메모",
        },
        follow=True,
    )
    assert f"경보 {alert.pk}번을 종결했습니다." in answer.content.decode()
    page = html(counsellor, f"/alerts/{alert.pk}/")
    assert "청소년과 대화함, 경찰 112에 연계" in page
    assert "composer-title" not in page


def test_a_false_alarm_can_be_taken_back(counsellor: Client, alert: Alert) -> None:
    claimed(counsellor, alert)
    answer = counsellor.post(
        f"/alerts/{alert.pk}/close/",
        {"outcome": "not_grooming", "grounds-not_grooming": "family_n4"},
        follow=True,
    ).content.decode()
    assert "종결 되돌리기" in answer
    counsellor.post(f"/alerts/{alert.pk}/reopen/")
    alert.refresh_from_db()
    assert alert.state == "open"


def test_a_supervisor_releases_with_a_reason(
    counsellor: Client, alert: Alert, log_in: Callable[..., Client]
) -> None:
    claimed(counsellor, alert)
    supervisor = log_in(Role.SUPERVISOR)
    where = f"/alerts/{alert.pk}/release/"
    page = supervisor.post(where, follow=True).content.decode()
    assert "까닭을 적어 주세요" in page
    supervisor.post(where, {"reason": "교대"})
    alert.refresh_from_db()
    assert alert.claimed_by is None


def test_log_in_is_locked_after_five_wrong_passwords(client: Client) -> None:
    Account.objects.create_user("star", password="right", role=Role.COUNSELLOR)
    for _ in range(5):
        answer = client.post("/log-in/", {"username": "star", "password": "wrong"})
    assert answer.status_code == 429
    assert "15분" in answer.content.decode()
    answer = client.post("/log-in/", {"username": "star", "password": "right"})
    assert answer.status_code == 429


def test_logging_in_and_out_is_on_record(client: Client) -> None:
    Account.objects.create_user("star", password="right", role=Role.COUNSELLOR)
    answer = client.post("/log-in/", {"username": "star", "password": "right"})
    assert answer["Location"] == "/"
    client.post("/log-out/")
    assert [event.action for event in AuditEvent.objects.all()] == [
        "account.logged_out",
        "account.logged_in",
    ]


def test_log_in_leads_to_no_other_site(client: Client) -> None:
    Account.objects.create_user("star", password="right", role=Role.COUNSELLOR)
    answer = client.post(
        "/log-in/?next=https://example.org/", {"username": "star", "password": "right"}
    )
    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    "path", ["/log-in/", "/queue/", "/upload/", "/no-such-page/", "/alerts/1/"]
)
def test_pages_are_not_stored_framed_or_scripted_from_elsewhere(
    counsellor: Client, path: str
) -> None:
    answer = counsellor.get(path)
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    if path != "/log-in/":
        assert "no-store" in answer["Cache-Control"]


def test_no_template_has_inline_code_or_a_foreign_address() -> None:
    for path in (PACKAGE / "console/templates").rglob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"\sstyle=|\son\w+=|javascript:|<style", text), path
        assert not re.search(r"(src|href|action)=\"(https?:)?//", text), path
    styles = (PACKAGE / "console/static/console/console.css").read_text("utf-8")
    assert "url(" not in styles
    assert "@import" not in styles


def test_a_form_without_its_token_is_refused_kindly(log_in: Callable[..., Client]) -> None:
    log_in(Role.COUNSELLOR)
    client = Client(enforce_csrf_checks=True)
    client.force_login(account(Role.COUNSELLOR), "django.contrib.auth.backends.ModelBackend")
    session = client.session
    show_second_factor(session, account(Role.COUNSELLOR))
    session.save()
    answer = client.post("/alerts/1/claim/")
    assert answer.status_code == 403
    assert "페이지가 오래되었습니다" in answer.content.decode()


def test_the_audit_log_is_read_page_by_page(log_in: Callable[..., Client], alert: Alert) -> None:
    page = html(log_in(Role.AUDITOR), "/audit/?page=x")
    assert "alert.raised" in page
    assert "용돈" not in page


def test_a_new_wording_waits_for_approval(
    log_in: Callable[..., Client],
) -> None:
    supervisor = log_in(Role.SUPERVISOR)
    row = MessageTemplate.objects.get(slug="home", language="ko")
    templates.approve(row.pk, account(Role.SUPERVISOR), row.version)
    administrator = log_in(Role.ADMINISTRATOR)
    answer = administrator.post(
        f"/admin/casework/messagetemplate/{row.pk}/change/",
        {"title": row.title, "body": row.body + " 고침"},
    )
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.version, row.approved) == (2, False)
    assert html(supervisor, "/first-messages/").count("이 문구 승인하기") == 12


def test_only_the_wording_that_was_seen_is_approved(log_in: Callable[..., Client]) -> None:
    supervisor = log_in(Role.SUPERVISOR)
    row = MessageTemplate.objects.get(slug="home", language="ko")
    page = html(supervisor, "/first-messages/")
    form = page[page.index(f"/first-messages/{row.pk}/approve/") :]
    seen = re.findall(r'name="version" value="(\d+)"', form)[0]
    log_in(Role.ADMINISTRATOR).post(
        f"/admin/casework/messagetemplate/{row.pk}/change/",
        {"title": row.title, "body": row.body + " 고침"},
    )
    for version in (seen, "", "x", "9" * 30):
        answer = supervisor.post(
            f"/first-messages/{row.pk}/approve/", {"version": version}, follow=True
        ).content.decode()
        assert "그사이 문구가 바뀌었습니다." in answer
    row.refresh_from_db()
    assert (row.version, row.approved) == (2, False)
    supervisor.post(f"/first-messages/{row.pk}/approve/", {"version": "2"})
    row.refresh_from_db()
    assert row.approved


def test_turns_of_one_second_stand_in_the_order_in_which_they_came(
    counsellor: Client, source: SourceRecord
) -> None:
    said = ["첫째", "둘째", "셋째", "넷째"]
    ids = ["k9", "a3", "z1", "b7"]
    talk = [
        turn(1, id=name, text=words, author=f"{name}-author", at=1_760_000_000.0, risk=n / 10)
        for n, (name, words) in enumerate(zip(ids, said, strict=True), 1)
    ]
    points = tuple((item.at, item.risk, item.id) for item in talk)
    for sequence, part in ((1, slice(2)), (2, slice(2, 4))):
        [pk] = alerts.raise_or_update(
            [report(sequence, turns=tuple(talk[part]), trajectory=points[part])]
        )
    alert = Alert.objects.get(pk=pk)
    assert [point[1] for point in alert.trajectory] == [0.1, 0.2, 0.3, 0.4]
    reveal(counsellor, alert)
    page = html(counsellor, f"/alerts/{pk}/")
    shown = re.findall(r"<b>계정 (.)</b>.*?<p class=\"words\" dir=\"auto\">(\w+)</p>", page, re.S)
    assert shown == list(zip("가나다라", said, strict=True))


def test_breaches_of_the_policy_fill_no_log(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansim.console.views import errors

    lines: list[str] = []
    monkeypatch.setattr(errors.log, "warning", lambda text, *rest: lines.append(text % rest))
    now = time.monotonic() + 1000
    for second in (0, 1, 2, 59, 61, 62):
        monkeypatch.setattr(errors.time, "monotonic", lambda second=second: now + second)
        body = b"x" * 10_000
        assert client.generic("POST", "/csp-report/", body).status_code == 204
    assert [line.rsplit(" ", 1)[1] for line in lines] == ["1", "4"]
    assert all(len(line) < 100 for line in lines)


def test_healthz_answers_without_a_log_in(client: Client) -> None:
    assert html(client, "/healthz") == "ok\n"


def test_of_a_long_conversation_the_end_is_shown_with_the_same_letters(
    counsellor: Client, source: SourceRecord
) -> None:
    talk = [turn(1, author="youth", text="첫 말"), *(turn(n) for n in range(2, 450)), risky(450)]
    [pk] = alerts.raise_or_update([report(1, turns=tuple(talk))])
    reveal(counsellor, Alert.objects.get(pk=pk))
    page = html(counsellor, f"/alerts/{pk}/")
    assert "다른 메시지 50개는 줄였습니다." in page
    assert "첫 말" not in page
    assert "<b>계정 나</b>" in page
    assert page.count('<article class="line') == 400


def test_of_several_words_in_one_minute_one_is_said_to_have_raised_the_alert(
    counsellor: Client, source: SourceRecord
) -> None:
    talk = tuple(risky(n, at=1_760_000_000.0) for n in range(1, 5))
    [pk] = alerts.raise_or_update([report(1, turns=talk, raised=True)])
    assert html(counsellor, f"/alerts/{pk}/").count('id="raised"') == 1


def test_a_refused_form_that_is_reloaded_leads_back_to_its_alert(
    counsellor: Client, alert: Alert
) -> None:
    counsellor.post(f"/alerts/{alert.pk}/claim/")
    refused = counsellor.post(f"/alerts/{alert.pk}/close/", {})
    assert refused.status_code == 422
    for step in ("close", "send"):
        again = counsellor.get(f"/alerts/{alert.pk}/{step}/")
        assert (again.status_code, again.headers["Location"]) == (302, f"/alerts/{alert.pk}/")


def test_a_long_queue_is_turned_page_by_page(
    counsellor: Client, source: SourceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansim.console.desk.A_PAGE", 2)
    made = [
        report(1, conversation=f"r{n}", about=f"a{n}", turns=(risky(1, author=f"a{n}"),))
        for n in range(3)
    ]
    alerts.raise_or_update(made[:2])
    assert "다음쪽" not in html(counsellor, "/queue/")
    alerts.raise_or_update(made[2:])
    assert "다음쪽" in html(counsellor, "/queue/")
    assert html(counsellor, "/queue/?page=2").count("data-alert=") == 1


def test_a_turn_that_nobody_could_judge_says_so_and_that_this_is_not_safe(
    counsellor: Client, source: SourceRecord
) -> None:
    foreign = msgspec.structs.replace(turn(3, author="youth"), assessed=False)
    [pk] = alerts.raise_or_update([report(11, turns=(risky(2), foreign), raised=True)])
    page = html(counsellor, f"/alerts/{pk}/")
    assert page.count("판단하지 않았어요. 안전하다는 뜻이 아니에요.") == 1


def test_a_fold_is_closed_and_taken_back_in_one_step(
    counsellor: Client, source: SourceRecord
) -> None:
    made = alerts.raise_or_update(
        [report(1, turns=(risky(1),), conversation=room) for room in ("one", "two")]
    )
    counsellor.post(f"/alerts/{made[0]}/claim/")
    page = html(counsellor, f"/alerts/{made[0]}/")
    assert "함께 맡은 같은 계정·대화방의 경보 1건도 같은 결과로 종결" in page
    assert 'name="together" value="1" checked' not in page, "nothing is closed unasked"
    closing = {"together": "1", "outcome": "not_grooming"}
    refused = counsellor.post(f"/alerts/{made[0]}/close/", closing)
    assert refused.status_code == 422
    assert 'name="together" value="1" checked' in refused.content.decode()
    closing["grounds-not_grooming"] = "peers_n1"
    done = counsellor.post(f"/alerts/{made[0]}/close/", closing, follow=True).content.decode()
    assert f"경보 {made[0]}, {made[1]}번을 종결했습니다." in done
    assert "함께 종결한 1건까지 되돌리기 (10분 안)" in done
    assert set(Alert.objects.values_list("state", flat=True)) == {"closed"}
    counsellor.post(f"/alerts/{made[0]}/reopen/")
    assert set(Alert.objects.values_list("state", flat=True)) == {"open"}


def test_a_researcher_gets_verdicts_with_a_reason_and_nothing_else(
    log_in: Callable[..., Client], alert: Alert
) -> None:
    counsellor = log_in(Role.COUNSELLOR)
    counsellor.post(f"/alerts/{alert.pk}/claim/")
    closing = {"outcome": "confirmed", "grounds-confirmed": "tactics", "done": "contact_made"}
    counsellor.post(f"/alerts/{alert.pk}/close/", closing)
    researcher = log_in(Role.RESEARCHER)
    assert researcher.get("/", follow=True).request["PATH_INFO"] == "/verdicts/"
    assert researcher.post("/verdicts/", {"days": "28"}).status_code == 422
    page = researcher.post("/verdicts/", {"days": "28", "reason": "평가"}).content.decode()
    assert "종결한 경보 1건" in page
    assert "T09 사진·영상 요구" in page
    assert "접근·요구가 대화에 보임" in page
    assert "100% (21%–100%)" in page, "one of one is not 99 %"
    rows = researcher.post("/verdicts/", {"days": "28", "reason": "평가", "step": "rows"})
    assert rows["Content-Disposition"] == 'attachment; filename="verdicts.jsonl"'
    assert b'"verdict":"confirmed"' in rows.content
    assert AuditEvent.objects.filter(action="verdicts.exported").count() == 2


def test_the_queue_says_when_nobody_reads_what_comes_in(counsellor: Client) -> None:
    assert "아무도 읽지 않고" not in html(counsellor, "/queue/")
    now = timezone.now()
    reading.tell(12, (now - timedelta(minutes=3)).timestamp(), now)
    for path in ("/queue/", "/queue/list/"):
        assert "들어온 메시지 12건을 3분 동안 아무도 읽지 않고 있습니다." in html(counsellor, path)
    reading.tell(0, None, now - timedelta(minutes=5))
    assert "메시지를 받아들이는 쪽에서 5분 동안 소식이 없습니다." in html(counsellor, "/queue/")
    reading.stopped()
    assert "꺼졌습니다. 그동안 새 경보가 나오지 않아요." in html(counsellor, "/queue/")
