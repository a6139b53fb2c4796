"""From a file with a code to a talk: upload, composer, the page without log-in, the thread."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ansim.casework import letterbox
from ansim.casework.actions import alerts, interventions, reports
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    DonorLine,
    Draft,
    OutgoingMessage,
    SourceRecord,
    Turn,
)
from ansim.casework.roles import Role
from ansim.console.views import letters
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db
SAMPLES = Path(__file__).parents[1] / "samples/kakaotalk"
GIVEN = {"given_by": "participant", "consent": "on", "reach": "code"}


@pytest.fixture(autouse=True)
def nobody_tried_yet() -> None:
    cache.clear()


def upload(client: Client, name: str = "risky-android.txt", **form: Any) -> Any:
    file = SimpleUploadedFile(name, (SAMPLES / name).read_bytes(), content_type="text/plain")
    return client.post("/upload/", {**(form or GIVEN), "file": file})


def code_of(page: Any) -> str:
    found: str = re.findall(r"<code>([^<]+)</code>", page.content.decode())[0]
    return found


@pytest.fixture
def code(counsellor: Client) -> str:
    """Of somebody whose file raised alert 1, which the counsellor holds with its words shown."""
    given = code_of(upload(counsellor))
    pk = Alert.objects.get().pk
    counsellor.post(f"/alerts/{pk}/claim/")
    counsellor.post(f"/alerts/{pk}/reveal/", {"reason": "경보 확인"})
    return given


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    content: str = answer.content.decode()
    return content


def opened(code: str, **more: str) -> str:
    return text(Client().post("/letters/", {"code": code, **more}))


def write(client: Client, words: str, **more: str) -> str:
    """Preview and send, as the form does; returns the preview."""
    at = f"/alerts/{Alert.objects.get().pk}/send/"
    shown = text(client.post(at, {"step": "preview", "text": words, **more}))
    [message] = re.findall(r'name="message" value="([^"]+)"', shown)
    [donor] = re.findall(r'type="hidden" name="donor" value="([^"]*)"', shown)
    sent = {"step": "send", "text": words, "message": message, "donor": donor}
    assert client.post(at, sent).status_code == 302
    return shown


def test_a_code_is_shown_once_and_opens_what_the_counsellor_wrote(
    counsellor: Client, code: str
) -> None:
    pk = Alert.objects.get().pk
    assert "아직 온 글이 없어요" in opened(code)
    shown = write(counsellor, "괜찮아요?")
    assert "연락 번호를 가진 사람(<strong>파일을 준 본인</strong>)" in shown
    assert "확인 번호" not in shown.split("<blockquote")[1].split("</blockquote>")[0]
    page = text(counsellor.get(f"/alerts/{pk}/"))
    assert "번호로 열어 보기를 기다림" in page
    assert "번호로 파일을 준 본인에게만" in page
    assert code not in page
    mine = opened(code)
    assert "괜찮아요?" in mine
    assert "잘못한 것은 하나도 없어요" in mine
    assert "112" in mine
    assert "1388" in mine
    assert "번호로 열어 봄 ·" in text(counsellor.get(f"/alerts/{pk}/"))


def test_an_answer_stands_in_the_thread_and_on_the_queue(
    counsellor: Client, code: str, log_in: Callable[..., Client]
) -> None:
    pk = Alert.objects.get().pk
    write(counsellor, "괜찮아요?")
    mine = opened(code)
    [answer] = re.findall(r'name="answer" value="([^"]+)"', mine)
    for _ in range(2):
        told = opened(code, step="answer", answer=answer, text="무서웠어요 <b>")
    assert "보냈어요." in told
    assert "무서웠어요 &lt;b&gt;" in told
    assert Turn.objects.filter(to_agency=True).count() == 1
    assert "파일을 준 사람의 답이 옴" in text(counsellor.get("/queue/"))
    page = text(counsellor.get(f"/alerts/{pk}/"))
    assert "무서웠어요 &lt;b&gt;" in page
    assert "번호로 상담원에게만" in page
    assert page.count("파일을 준 본인</b>") == 1
    assert "파일을 준 사람의 답이 옴" not in text(counsellor.get("/queue/")), "it was read"
    other = text(log_in(Role.COUNSELLOR, "other").get(f"/alerts/{pk}/"))
    assert "무서웠어요" not in other, "who does not hold it reads nothing"


def test_answers_are_masked_like_all_words(counsellor: Client, code: str) -> None:
    pk = Alert.objects.get().pk
    opened(code, step="answer", text="무서웠어요")
    counsellor.post(f"/alerts/{pk}/mask/")
    page = text(counsellor.get(f"/alerts/{pk}/"))
    assert "무서웠어요" not in page
    assert DonorLine.objects.get().unread_since is not None, "masked is not read"
    turn = Turn.objects.get(to_agency=True)
    counsellor.post(f"/alerts/{pk}/reveal/", {"reason": "경보 확인", "turn": str(turn.pk)})
    assert "무서웠어요" in text(counsellor.get(f"/alerts/{pk}/"))


def test_the_page_is_kept_by_nobody_and_found_by_no_search_engine(code: str) -> None:
    for answer in (Client().get("/letters/"), Client().post("/letters/", {"code": code})):
        assert "noindex" in answer["X-Robots-Tag"]
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "same-origin"
        assert '<meta name="robots" content="noindex' in text(answer)
        assert "ansim_session" not in answer.cookies


def test_guessing_is_stopped_and_reading_ones_own_letters_is_not(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "MINUTES", 600_000)  # no test sees the ten minutes end
    for _ in range(letters.TRIES + 5):
        assert "주고받은 글" in opened(code)
    guess = Client()
    for _ in range(letters.TRIES):
        page = text(guess.post("/letters/", {"code": letterbox.new_code()}))
        assert "열리는 글이 없어요" in page
    told = text(guess.post("/letters/", {"code": letterbox.new_code()}), 429)
    assert all(words in told for words in ("112", "1388", "잘못한 것은 없어요"))
    text(guess.post("/letters/", {"code": code}), 429)
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert "주고받은 글" in text(elsewhere.post("/letters/", {"code": code}))


def test_a_refused_answer_comes_back_with_its_words(code: str) -> None:
    page = text(Client().post("/letters/", {"code": code, "step": "answer", "text": " "}), 422)
    assert "보낼 말을 적어 주세요." in page
    long = "가" * 2001
    page = text(Client().post("/letters/", {"code": code, "step": "answer", "text": long}), 422)
    assert long in page


def test_who_wants_no_more_says_so_and_the_composer_knows(counsellor: Client, code: str) -> None:
    assert "이제 아무 글도 오지 않아요" in opened(code, step="end")
    assert "이제 쓰지 않아요" in opened(code)
    page = text(counsellor.get(f"/alerts/{Alert.objects.get().pk}/"))
    assert "그만 받기로 했습니다" in page
    assert 'id="text"' not in page


def test_the_page_speaks_english(code: str) -> None:
    client = Client(headers={"accept-language": "en"})
    page = text(client.post("/letters/", {"code": code}))
    assert "You have done nothing wrong" in page
    assert not re.search("[가-힣]", page.split('<main id="main"')[1].split("</main>")[0])


def test_a_lost_code_is_replaced_by_the_holder(counsellor: Client, code: str) -> None:
    at = f"/alerts/{Alert.objects.get().pk}/donors/{DonorLine.objects.get().pk}/code/"
    fresh = code_of(counsellor.post(at))
    assert fresh != code
    assert "열리는 글이 없어요" in opened(code)
    assert "주고받은 글" in opened(fresh)


def test_of_several_people_a_person_says_who(counsellor: Client, code: str) -> None:
    second = code_of(upload(counsellor, given_by="guardian", consent="on", reach="code"))
    at = f"/alerts/{Alert.objects.get().pk}/send/"
    page = text(counsellor.post(at, {"step": "preview", "text": "괜찮아요?"}), 422)
    assert "누구에게만 보낼지 골라 주세요." in page
    guardian = DonorLine.objects.get(given_by="guardian")
    shown = write(counsellor, "어머님, 괜찮으세요?", donor=str(guardian.pk))
    assert "파일을 준 보호자" in shown
    assert "괜찮으세요" in opened(second)
    assert "괜찮으세요" not in opened(code)


def test_words_that_nobody_opened_come_back_for_the_same_person(
    counsellor: Client, code: str
) -> None:
    write(counsellor, "괜찮아요?")
    OutgoingMessage.objects.update(state="failed")
    row = OutgoingMessage.objects.get()
    counsellor.post(f"/alerts/{row.alert_id}/send/{row.pk}/again/")
    assert ["donor", str(row.donor_id)] in Draft.objects.get().fields


def test_without_the_wish_to_be_reached_there_is_no_code(counsellor: Client) -> None:
    for more in ({}, {"reach": "no"}):
        answer = upload(counsellor, given_by="participant", consent="on", **more)
        assert answer.status_code == 302
    assert DonorLine.objects.count() == 0
    pk = Alert.objects.get().pk
    counsellor.post(f"/alerts/{pk}/claim/")
    assert "연락 번호를 받지 않았거나" in text(counsellor.get(f"/alerts/{pk}/"))


def test_a_file_without_alert_leaves_no_code(counsellor: Client) -> None:
    page = text(upload(counsellor, "ordinary-windows.txt"))
    assert "연락 번호도 만들지 않았습니다" in page
    assert DonorLine.objects.count() == 0


def test_an_address_is_asked_for_only_where_mail_goes_out_and_is_sealed(
    counsellor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = {**GIVEN, "reach": "mail", "address": "somebody@mail.example"}
    assert 'name="address"' not in text(counsellor.get("/upload/"))
    text(upload(counsellor, **wish), 422)
    monkeypatch.setattr(settings, "ANSIM", replace(settings.ANSIM, smtp_url="smtp://localhost"))
    assert 'name="address"' in text(counsellor.get("/upload/"))
    text(upload(counsellor, **{**wish, "address": "nothing"}), 422)
    code_of(upload(counsellor, **wish))
    assert DonorLine.objects.get().address == "somebody@mail.example"
    assert not AuditEvent.objects.filter(details__icontains="mail.example").exists()
    pk = Alert.objects.get().pk
    counsellor.post(f"/alerts/{pk}/claim/")
    shown = write(counsellor, "괜찮아요?")
    assert "이메일로는 내용 없이 이 알림만 나갑니다" in shown
    assert "somebody@mail.example" not in shown


def test_in_service_nothing_is_promised_before_the_page_is_somewhere(
    counsellor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ANSIM", replace(settings.ANSIM, demo=False))
    assert 'value="code"' not in text(counsellor.get("/upload/"))
    text(upload(counsellor), 422)
    monkeypatch.setattr(
        settings, "ANSIM", replace(settings.ANSIM, letters_address="https://help.example/letters/")
    )
    assert "https://help.example/letters/" in text(upload(counsellor))


# --- who could read an answer ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to_agency", "words"),
    [
        (True, "상담원에게만 한 말"),
        (False, "대화방에서 (모두 읽을 수 있음)"),
        (None, "어디서 한 말인지 출처가 알리지 않음"),
    ],
)
def test_the_thread_says_in_words_who_could_read_an_answer(
    source: SourceRecord, counsellor: Client, to_agency: bool | None, words: str
) -> None:
    SourceRecord.objects.update(private_messages=True)
    talk = (turn(1, author="youth"), risky(2))
    [pk] = alerts.raise_or_update([report(10, turns=talk, raised=True)])
    me = Account.objects.get(username="counsellor")
    alerts.claim(pk, me)
    assert words not in text(counsellor.get(f"/alerts/{pk}/"))
    interventions.send(pk, me, "괜찮아요?")
    interventions.send(pk, me, "여기서 말해도 돼요.", recipient="youth")
    later = OutgoingMessage.objects.latest("created_at").created_at.timestamp() + 1
    said = turn(3, author="youth", text="네", at=later, to_agency=to_agency)
    reports.raise_or_update([report(11, turns=(said,))])
    page = text(counsellor.get(f"/alerts/{pk}/"))
    assert page.count(words) == 1
    assert "대화방 모두에게" in page
    assert "계정 가에게만" in page
    SourceRecord.objects.update(private_messages=False)
    page = text(counsellor.get(f"/alerts/{pk}/"))
    assert (words in page) is (to_agency is True), "where there is no choice, there is no mark"
