"""The page without log-in on which people show a conversation by themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    Conversation,
    DonorLine,
    SourceRecord,
    Turn,
)
from ansim.console.views import giving, hand_over
from tests.sources import shots

pytestmark = pytest.mark.django_db
SAMPLES = Path(__file__).parents[1] / "samples/kakaotalk"
RISKY, ORDINARY = "risky-android.txt", "ordinary-windows.txt"
GIVEN = {"given_by": "participant", "consent": "on"}
LETTERS = "https://help.example/letters/"


@pytest.fixture(autouse=True)
def nobody_came_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(hand_over, "_window", lambda: 1)  # no test sees the hour end
    opened = replace(settings.ANSIM, demo=False, hand_over=True, letters_address=LETTERS)
    monkeypatch.setattr(settings, "ANSIM", opened)


@pytest.fixture
def somebody(db: None) -> Client:
    """Without an account; what they send has to come with the token of the page."""
    return Client()


def show(client: Client, *files: tuple[str, bytes], **form: Any) -> Any:
    given = [SimpleUploadedFile(name, data) for name, data in files]
    return client.post("/hand-over/", {**(form or GIVEN), "file": given})


def sample(name: str) -> tuple[str, bytes]:
    return name, (SAMPLES / name).read_bytes()


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    content: str = answer.content.decode()
    return content


def never(*_: object) -> None:
    raise AssertionError("it was read")


def kept() -> int:
    kinds = (Conversation, Turn, Alert, DonorLine, AuditEvent)
    return sum(kind.objects.count() for kind in kinds)  # type: ignore[attr-defined]


def test_an_alert_gives_a_code_that_opens_letters_and_tells_no_risk(somebody: Client) -> None:
    page = text(show(somebody, sample(RISKY)))
    [code] = re.findall(r"<code>([^<]+)</code>", page)
    assert LETTERS in page
    assert "상담원이 볼 거예요" in page
    assert "112" in page
    alert = Alert.objects.get()
    assert alert.claimed_by is None, "it waits for a person"
    main = page.split('<main id="main"')[1].split("</main>")[0]
    assert not re.search(r"\d\s*%|위험도|용돈|/alerts/", main)
    assert "주고받은 글" in text(Client().post("/letters/", {"code": code}))
    line = DonorLine.objects.get()
    assert (line.given_by, line.opened_by, line.address) == ("participant", None, None)
    rows = AuditEvent.objects.filter(action__in=("donation.received", "donor.line_opened"))
    assert {(row.actor, row.actor_label) for row in rows} == {(None, "system:hand-over")}
    assert rows.count() == 2


def test_without_an_alert_nothing_is_kept_and_nothing_is_called_safe(somebody: Client) -> None:
    page = text(show(somebody, sample(ORDINARY)))
    assert re.search(r"메시지 \d+개를 읽었고", page)
    assert "안전하다는 뜻은 아니에요" in page
    assert "1388" in page
    assert "<code>" not in page
    assert Conversation.objects.count() == Turn.objects.count() == DonorLine.objects.count() == 0
    event = AuditEvent.objects.get(action="donation.received")
    assert event.details["how"] == "page without log-in"
    assert event.details["kept"] == 0


def test_what_is_not_korean_is_said_to_be_unexamined(somebody: Client) -> None:
    page = text(show(somebody, sample("english-ios.txt")))
    assert "살피지 못했어요" in page
    assert "안전하다는 뜻은 아니에요" in page


def test_overlapping_screens_are_one_alert(
    somebody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIM_PICTURE_SECONDS", "300")
    giving.pictured.stop()
    first, second, third = shots.three()
    given = {"given_by": "guardian", "consent": "on", "under_14": "on"}
    page = text(show(somebody, ("2.png", second), ("3.png", third), ("1.png", first), **given))
    assert "<code>" in page
    assert Alert.objects.count() == 1
    assert Turn.objects.count() == len(shots.TALK)


def test_the_same_conversation_again_gives_a_code_of_its_own_to_the_same_alert(
    somebody: Client,
) -> None:
    for _ in range(2):
        text(show(somebody, sample(RISKY)))
    assert Alert.objects.count() == 1
    assert DonorLine.objects.values("code_hash").distinct().count() == 2


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"given_by": "participant"}, "동의가 있어야"),
        ({"consent": "on"}, "누가 제공한 대화인지"),
        ({"given_by": "stranger", "consent": "on"}, ""),
        ({"given_by": "participant", "consent": "on", "under_14": "on"}, "보호자(법정대리인)의"),
        ({"given_by": "teacher", "consent": "on"}, "학생의 동의가 있어야"),
        (
            {"given_by": "teacher", "consent": "on", "student": "on", "under_14": "on"},
            "보호자(법정대리인)의",
        ),
    ],
)
def test_without_the_right_consent_nothing_is_read(
    somebody: Client, form: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving.apart, "assess", never)
    assert words in text(show(somebody, sample(RISKY), **form), 422)
    assert kept() == 0


def test_a_teacher_shows_it_for_a_student_who_agreed(somebody: Client) -> None:
    given = {"given_by": "teacher", "consent": "on", "student": "on"}
    assert "<code>" in text(show(somebody, sample(RISKY), **given))
    assert DonorLine.objects.get().get_given_by_display() == "파일을 준 선생님"
    details = AuditEvent.objects.get(action="donation.received").details
    assert (details["given_by"], details["student"]) == ("teacher", True)


@pytest.mark.parametrize(
    "closed", [{"hand_over": False}, {"letters_address": ""}], ids=["off", "no letters"]
)
def test_the_page_is_not_there_before_the_agency_opens_it(
    somebody: Client, closed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving.apart, "assess", never)
    monkeypatch.setattr(settings, "ANSIM", replace(settings.ANSIM, **closed))
    text(somebody.get("/hand-over/"), 404)
    text(show(somebody, sample(RISKY)), 404)
    assert kept() == 0


def test_in_the_demo_it_is_open(somebody: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = replace(settings.ANSIM, demo=True, hand_over=False, letters_address="")
    monkeypatch.setattr(settings, "ANSIM", demo)
    text(somebody.get("/hand-over/"))


def test_what_somebody_else_put_into_a_browser_is_not_taken() -> None:
    text(show(Client(enforce_csrf_checks=True), sample(RISKY)), 403)
    assert kept() == 0


def test_the_page_is_kept_by_nobody_and_found_by_no_search_engine(somebody: Client) -> None:
    for answer in (somebody.get("/hand-over/"), show(somebody, sample(RISKY))):
        assert "noindex" in answer["X-Robots-Tag"]
        assert "no-store" in answer["Cache-Control"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "ansim_session" not in answer.cookies
        assert '<meta name="robots" content="noindex' in text(answer)


def test_one_address_has_so_many_readings_and_takes_none_from_others(
    somebody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_over, "TRIES", 2)
    for _ in range(2):
        text(show(somebody, sample(ORDINARY)))
    with monkeypatch.context() as patched:
        patched.setattr(giving.apart, "assess", never)
        told = text(show(somebody, sample(RISKY)), 429)
    assert all(words in told for words in ("112", "1388", "잘못한 것은 없어요"))
    assert Alert.objects.count() == 0
    text(show(Client(REMOTE_ADDR="192.0.2.7"), sample(ORDINARY)))


def test_all_together_have_so_many_readings(
    somebody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_over, "ALL_TRIES", 2)
    for number in range(2):
        text(show(Client(REMOTE_ADDR=f"192.0.2.{number}"), sample(ORDINARY)))
    text(show(Client(REMOTE_ADDR="192.0.2.9"), sample(ORDINARY)), 429)


def test_while_another_conversation_is_read_people_are_told_to_come_back(
    somebody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving.apart, "assess", never)
    with hand_over._turn() as mine:
        assert mine
        monkeypatch.setattr(hand_over, "WAIT_SECONDS", 0.0)
        told = text(show(somebody, sample(RISKY)), 503)
    assert "조금 뒤에" in told
    assert kept() == 0
    monkeypatch.setattr(hand_over, "WAIT_SECONDS", 60.0)
    with hand_over._turn() as mine:
        assert mine, "the turn was given back"


def test_no_more_wait_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(hand_over.MOST_WAITING):
        assert hand_over._waiting.acquire(blocking=False)
    try:
        with hand_over._turn() as mine:
            assert not mine
    finally:
        for _ in range(hand_over.MOST_WAITING):
            hand_over._waiting.release()


def test_names_of_files_break_no_page(somebody: Client) -> None:
    name = "<script>alert(1)</script>\u202egnp.png"
    page = text(show(somebody, (name, shots.three()[0][:3000])), 422)
    assert "<script>alert" not in page
    assert "\u202e" not in page
    page = text(show(somebody, ("1.png", shots.three()[0]), ("<b>.txt", b"x")), 422)
    assert "&lt;b&gt;.txt: 그림이 아닙니다" in page
    assert kept() == 0


def test_where_mail_goes_out_an_address_may_be_left_and_need_not(
    somebody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'name="address"' not in text(somebody.get("/hand-over/"))
    text(show(somebody, sample(RISKY), **GIVEN, address="a@mail.example"), 422)
    monkeypatch.setattr(settings, "ANSIM", replace(settings.ANSIM, smtp_url="smtp://localhost"))
    assert 'name="address"' in text(somebody.get("/hand-over/"))
    text(show(somebody, sample(RISKY), **GIVEN, address="nothing"), 422)
    text(show(somebody, sample(RISKY), **GIVEN, address="a@mail.example"))
    assert DonorLine.objects.get().address == "a@mail.example"
    assert not AuditEvent.objects.filter(details__icontains="mail.example").exists()
    text(show(somebody, sample(RISKY)))


def test_where_the_source_is_paused_nothing_is_taken(somebody: Client) -> None:
    text(show(somebody, sample(ORDINARY)))
    SourceRecord.objects.update(active=False)
    assert "꺼져 있습니다" in text(show(somebody, sample(RISKY)), 422)
    assert Alert.objects.count() == 0


def test_the_page_speaks_english(somebody: Client) -> None:
    client = Client(headers={"accept-language": "en"})
    for answer in (client.get("/hand-over/"), show(client, sample(ORDINARY))):
        main = text(answer).split('<main id="main"')[1].split("</main>")[0]
        assert not re.search("[가-힣]", main), main
        assert "1388" in main


def test_nobody_needs_or_makes_an_account(somebody: Client) -> None:
    text(show(somebody, sample(RISKY)))
    assert Account.objects.count() == 0
