"""The pages on which requests of people about their own data are received and answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ansim.casework.actions import (
    accounts,
    alerts,
    audit,
    opinions,
    referrals,
    rights,
    rights_measures,
    sources,
)
from ansim.casework.models import (
    Account,
    Agency,
    Alert,
    AuditEvent,
    SourceRecord,
    SubjectRequest,
)
from ansim.casework.roles import Role
from ansim.chat import Consent, SourceKind
from tests.casework.conftest import report, risky, turn
from tests.casework.test_opinions import opinion
from tests.casework.test_rights import NAME, pseudonym

pytestmark = pytest.mark.django_db

ASKED = {
    "kind": "access",
    "by": "subject",
    "way": "room",
    "words": "제 것을 보여 주세요",
    "contact": "같은 방",
}


@pytest.fixture
def alert(source: SourceRecord) -> Alert:
    [pk] = alerts.raise_or_update(
        [
            report(
                about=pseudonym(),
                turns=(turn(1, author="friend"), risky(2, author=pseudonym())),
                raised=True,
            )
        ]
    )
    return Alert.objects.get(pk=pk)


@pytest.fixture
def lead(log_in: Callable[..., Client]) -> Client:
    return log_in(Role.SUPERVISOR)


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def do(client: Client, row: SubjectRequest, verb: str, **given: object) -> str:
    answer = client.post(f"/requests/{row.pk}/{verb}/", given, follow=True)
    assert answer.status_code in (200, 422), verb
    return answer.content.decode()


def received(client: Client, **more: str) -> SubjectRequest:
    assert client.post("/requests/", ASKED | more).status_code == 302
    return SubjectRequest.objects.latest("pk")


def test_a_counsellor_receives_a_request_and_sees_only_that_it_exists(
    log_in: Callable[..., Client], lead: Client
) -> None:
    counsellor = log_in(Role.COUNSELLOR)
    assert counsellor.post("/requests/", {"kind": "access"}).status_code == 422
    row = received(counsellor)
    told = page(counsellor, "/requests/")
    assert f"요구 {row.pk}번" in told
    assert "10일 남음" in told
    assert ASKED["words"] not in told
    assert counsellor.get(f"/requests/{row.pk}/").status_code == 404
    assert ASKED["words"] not in page(lead, f"/requests/{row.pk}/")
    assert ASKED["words"] in do(lead, row, "take")


def test_a_colleague_reads_no_word_of_it(log_in: Callable[..., Client], lead: Client) -> None:
    row = received(lead)
    do(lead, row, "take")
    do(lead, row, "write", answer="비밀스러운 답", version=0)
    other = log_in(Role.SUPERVISOR, "other")
    told = page(other, f"/requests/{row.pk}/")
    for words in (ASKED["words"], ASKED["contact"], "비밀스러운 답"):
        assert words not in told
    assert "먼저 이 요구를 맡아" in do(other, row, "prove", proof="known", note="x")
    assert other.post(f"/requests/{row.pk}/letter/").status_code == 302
    assert not AuditEvent.objects.filter(action="request.exported").exists()


def test_a_request_is_answered_step_by_step(lead: Client, alert: Alert) -> None:
    row = received(lead)
    do(lead, row, "take")
    do(lead, row, "prove", proof="account", note="그 계정에서 확인 말이 옴")
    told = do(lead, row, "look", source="demo", name=NAME, reason="열람 요구")
    assert "대화 1개, 이 계정에 대한 경보 1건" in told
    assert NAME not in told
    assert f"/alerts/{alert.pk}/" in told
    assert "용돈 줄게" not in told
    assert "이 계정의 메시지 1개, 그중 글이 남은 것 1개" in told, "the draft"
    do(lead, row, "write", answer="저희가 가진 것은 다음과 같습니다.", version=0)
    letter = lead.post(f"/requests/{row.pk}/letter/", {"with_words": "1"})
    assert letter["Content-Type"] == "application/pdf"
    assert letter["Cache-Control"]
    told = do(lead, row, "end", state="granted", told="같은 방에서 전함")
    assert "요구를 끝냈습니다" in told
    assert "늦음" not in page(lead, "/requests/")


def test_the_page_counts_opinions_of_the_second_model_and_shows_none_of_their_words(
    lead: Client, alert: Alert
) -> None:
    row = received(lead)
    do(lead, row, "take")
    do(lead, row, "prove", proof="account", note="그 계정에서 확인 말이 옴")
    told = do(lead, row, "look", source="demo", name=NAME, reason="열람 요구")
    assert "두 번째 모델의 의견" not in told
    opinions.add([opinion(about=pseudonym())])
    told = page(lead, f"/requests/{row.pk}/")
    assert "<dt>두 번째 모델의 의견</dt><dd>1건, 글이 남은 것 1건</dd>" in told
    assert "용돈을 말하며" not in told


def test_what_was_refused_is_said_with_what_was_typed(lead: Client) -> None:
    row = received(lead)
    do(lead, row, "take")
    told = do(lead, row, "end", state="granted", told="직접 전함")
    assert "답을 먼저 적어 주세요." in told
    assert 'value="직접 전함"' in told
    do(lead, row, "write", answer="첫 글", version=0)
    told = do(lead, row, "write", answer="늦게 쓴 글", version=0)
    assert "다른 곳에서 답이 바뀌었습니다" in told
    assert "늦게 쓴 글" in told
    assert lead.post(f"/requests/{row.pk}/destroy/").status_code == 404


def test_somebody_is_chosen_among_the_accounts_of_an_alert(lead: Client, alert: Alert) -> None:
    row = received(lead)
    do(lead, row, "take")
    told = page(lead, f"/requests/{row.pk}/?alert={alert.pk}")
    assert 'value="friend"' in told
    assert "이 대화의 계정 보기" in page(lead, f"/requests/{row.pk}/?alert=99999999999999999999")
    told = do(lead, row, "look", alert=alert.pk, account="friend", reason="요구")
    assert "이 계정에 대한 경보 0건" in told


def test_accounts_are_found_by_name_in_every_source_but_those_of_files(
    lead: Client, source: SourceRecord
) -> None:
    accounts.declare_donated()
    consent = Consent(given_by="말을 건 사람", given_at=1.0, how="첫 안내")
    for name, connector in (("channel", "kakao"), ("club", "webhook")):
        sources.declare(
            name,
            name,
            SourceKind.DONATED,
            "당사자가 건넴",
            actor=audit.SETUP,
            connector=connector,
            consent=consent,
            credentials={"token": "t" * 32} if connector == "kakao" else {"secret": "s" * 32},
        )
    row = received(lead)
    do(lead, row, "take")
    shown = page(lead, f"/requests/{row.pk}/")
    for one in (source.pk, "channel", "club"):
        assert f'<option value="{one}"' in shown
    assert '<option value="donated"' not in shown


def test_a_correction_is_read_on_the_page_of_the_alert_by_those_who_may(
    log_in: Callable[..., Client], lead: Client, alert: Alert
) -> None:
    row = received(lead, kind="correction")
    do(lead, row, "take")
    do(lead, row, "prove", proof="known", note="아는 사람")
    do(lead, row, "look", source="demo", name=NAME, reason="요구")
    said = alert.conversation.turns.get(author=pseudonym())
    do(lead, row, "correct", alert=alert.pk, turn=said.pk, text="동생이 <b>한 말</b>")
    told = page(log_in(Role.COUNSELLOR), f"/alerts/{alert.pk}/")
    assert "동생이 &lt;b&gt;한 말" in told
    assert f'href="#turn-{said.pk}"' in told
    alerts.claim(alert.pk, Account.objects.get(username="counsellor"))
    other = log_in(Role.COUNSELLOR, "other")
    assert "동생이" not in page(other, f"/alerts/{alert.pk}/")


def test_a_stop_is_made_and_lifted(lead: Client, alert: Alert) -> None:
    row = received(lead, kind="stop")
    do(lead, row, "take")
    do(lead, row, "prove", proof="known", note="아는 사람")
    do(lead, row, "look", source="demo", name=NAME, reason="요구")
    assert "이제 읽지 않습니다" in do(lead, row, "stop", what="")
    assert rights_measures.unread() == {("demo", "account", pseudonym())}
    assert "이 계정의 메시지를 읽지 않습니다" in page(lead, f"/requests/{row.pk}/")
    assert "지금 읽지 않는 것" in page(lead, "/requests/")
    stop = row.stops.get()
    lead.post(f"/requests/stops/{stop.pk}/lift/", {"reason": "다시 읽어 달라고 함"})
    assert rights_measures.unread() == frozenset()


def test_what_is_late_is_said(lead: Client) -> None:
    day = f"{timezone.localdate() - timedelta(days=12):%Y-%m-%d}"
    row = received(lead, received=day)
    assert "⚠" in page(lead, "/requests/")
    assert row.due_at < timezone.now()
    rights.take(row.pk, Account.objects.get(username="supervisor"))
    do(lead, row, "end", state="withdrawn", told="괜찮다고 함")
    assert "늦음" in page(lead, "/requests/")


def test_who_is_not_to_be_warned_is_said_where_an_answer_would_warn(
    lead: Client, alert: Alert
) -> None:
    who = Account.objects.get(username="supervisor")
    alerts.claim(alert.pk, who)
    police = Agency.objects.filter(is_police=True).order_by("position")[0]
    referrals.hand_off(alert.pk, who, police.pk, "신고", do_not_warn=True)
    row = received(lead)
    do(lead, row, "take")
    do(lead, row, "prove", proof="known", note="아는 사람")
    told = do(lead, row, "look", source="demo", name=NAME, reason="요구")
    assert "알리지 말 것" in told
    do(lead, row, "write", answer="답", version=0)
    assert "수사기관이 알리지 말라고" in do(lead, row, "end", state="granted", told="편지로")


def test_who_waits_for_words_that_will_not_come_is_told(
    log_in: Callable[..., Client], lead: Client, alert: Alert
) -> None:
    told = page(log_in(Role.COUNSELLOR), f"/alerts/{alert.pk}/")
    assert "더 읽지 않는 대화입니다" not in told
    row = received(lead, kind="stop")
    do(lead, row, "take")
    do(lead, row, "prove", proof="known", note="아는 사람")
    do(lead, row, "look", alert=alert.pk, account="friend", reason="요구")
    do(lead, row, "stop", what="")
    told = page(log_in(Role.COUNSELLOR), f"/alerts/{alert.pk}/")
    assert "더 읽지 않는 대화입니다" in told
    [other] = alerts.raise_or_update([report(conversation="other", turns=(risky(1),))])
    assert "더 읽지 않는" not in page(log_in(Role.COUNSELLOR), f"/alerts/{other}/")


def test_the_menu_counts_what_must_be_answered_soon(
    log_in: Callable[..., Client], lead: Client
) -> None:
    mark = "곧 답해야 하는 요구"
    received(lead)
    assert mark not in page(lead, "/queue/")
    day = f"{timezone.localdate() - timedelta(days=9):%Y-%m-%d}"
    received(lead, received=day)
    assert mark in page(lead, "/queue/")
    assert mark not in page(log_in(Role.COUNSELLOR), "/queue/")
