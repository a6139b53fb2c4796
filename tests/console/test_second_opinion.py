"""A second opinion stands beside the detector's figures, masked as the words of the chat are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from ansim.casework.actions import alerts, opinions
from ansim.casework.models import Account, Alert, SecondOpinion, SourceRecord
from ansim.casework.roles import Role
from tests.casework.conftest import report, risky, turn
from tests.casework.test_opinions import opinion
from tests.console.test_letters import text

pytestmark = pytest.mark.django_db

KOREAN = "A가 용돈을 말하며 사진을 요구했다."
ENGLISH = "A offers money and asks for a photo."


@pytest.fixture
def alert(source: SourceRecord) -> Alert:
    [pk] = alerts.raise_or_update(
        [report(10, turns=(turn(1, author="youth"), risky(2)), raised=True)]
    )
    return Alert.objects.get(pk=pk)


def page_of(client: Client, alert: Alert) -> str:
    return text(client.get(f"/alerts/{alert.pk}/"))


def test_where_nobody_was_asked_nothing_is_said(alert: Alert, counsellor: Client) -> None:
    page = page_of(counsellor, alert)
    assert "두 번째 의견" not in page
    assert "검토 모델" not in page


def test_figures_are_shown_beside_the_detectors_and_words_only_with_the_chats(
    alert: Alert, counsellor: Client
) -> None:
    opinions.add([opinion(risk=0.91, detector=0.8)])
    page = page_of(counsellor, alert)
    assert "두 번째 의견 — small-model (추정)" in page
    assert "91%" in page
    assert "80%" in page
    assert "지금까지의 위험도" in page, "never without the detector's own figures"
    for words in (KOREAN, "친척의 말", "사진 보낼래"):
        assert words not in page
    alerts.claim(alert.pk, Account.objects.get(username="counsellor"))
    counsellor.post(f"/alerts/{alert.pk}/reveal/", {"reason": "확인"})
    page = page_of(counsellor, alert)
    for words in (KOREAN, "친척의 말", "<q", "A = 계정 나", "B = 계정 가"):
        assert words in page
    turn_row = alert.conversation.turns.get(message_id="m2")
    assert f'href="#turn-{turn_row.pk}"' in page
    counsellor.cookies["django_language"] = "en"
    assert ENGLISH in text(
        counsellor.get(f"/alerts/{alert.pk}/", headers={"accept-language": "en"})
    )


def test_the_page_says_how_many_pictures_the_model_was_shown(
    alert: Alert, counsellor: Client
) -> None:
    opinions.add([opinion(20)])
    assert "모델이 본 사진" not in page_of(counsellor, alert)
    opinions.add([opinion(21, pictures=2)])
    page = page_of(counsellor, alert)
    assert "모델이 본 사진" in page
    assert "2장 (작은 사본, 보관하지 않음)" in page
    english = text(counsellor.get(f"/alerts/{alert.pk}/", headers={"accept-language": "en"}))
    assert "Pictures the model saw" in english
    assert "2, as small copies that are not kept" in english


def test_an_opinion_that_denies_says_that_nothing_changes(alert: Alert, counsellor: Client) -> None:
    opinions.add([opinion(risk=0.05, tactics=(), quotes=())])
    page = page_of(counsellor, alert)
    assert "경보와 우선순위는 그대로입니다" in page
    assert "지금까지의 위험도" in page


def test_what_a_model_wrote_is_never_markup(alert: Alert, counsellor: Client) -> None:
    wild = "<script>alert(1)</script> \u202e사진"
    opinions.add([opinion(model=wild, summary_ko=wild, quotes=(("m2", wild, "T09"),))])
    alerts.claim(alert.pk, Account.objects.get(username="counsellor"))
    counsellor.post(f"/alerts/{alert.pk}/reveal/", {"reason": "확인"})
    page = page_of(counsellor, alert)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page


def test_words_that_are_gone_are_said_to_be_gone(alert: Alert, counsellor: Client) -> None:
    opinions.add([opinion()])
    SecondOpinion.objects.update(
        quotes=[], summary_ko=None, summary_en=None, watch_for=None, innocent_reading=None
    )
    assert "내용은 보관 기간이 지나 지웠습니다" in page_of(counsellor, alert)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("down", "검토 모델이 지금 답하지 않아요"),
        ("slow", "검토 모델이 느려요"),
        ("budget_spent", "횟수를 다 썼어요"),
    ],
)
def test_the_console_says_when_the_model_is_not_well(
    alert: Alert,
    counsellor: Client,
    log_in: Callable[..., Client],
    condition: str,
    said: str,
) -> None:
    now = timezone.now()
    opinions.tell("worker", condition, "small-model", {}, now)
    assert said in page_of(counsellor, alert)
    assert said in text(log_in(Role.SUPERVISOR).get("/watch/"))
    opinions.tell("worker", "ready", "small-model", {}, now)
    assert said not in page_of(counsellor, alert)
