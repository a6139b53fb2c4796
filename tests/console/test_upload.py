"""A donated file: consent first, the same detection, and nothing kept that need not be."""

from __future__ import annotations

import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from ansim.casework.models import Alert, AuditEvent, Conversation, SourceRecord, Turn
from ansim.console import apart, donated
from ansim.detection import AlertEvent, Priority, Reason
from ansim.sources.exports import SeveralConversations
from tests.sources import export_files as files

pytestmark = pytest.mark.django_db
SAMPLES = Path(__file__).parents[1] / "samples/kakaotalk"
GIVEN = {"given_by": "participant", "consent": "on"}


def send(client: Client, data: bytes, name: str = "chat.txt", **form: Any) -> HttpResponse:
    file = SimpleUploadedFile(name, data, content_type="text/plain")
    answer: Any = client.post("/upload/", {**(form or GIVEN), "file": file})
    return answer  # type: ignore[no-any-return]


def test_a_risky_file_becomes_an_alert_with_pseudonyms(counsellor: Client) -> None:
    data = (SAMPLES / "risky-android.txt").read_bytes()
    answer = send(counsellor, data)
    alert = Alert.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/alerts/{alert.pk}/"
    assert alert.conversation.source_id == "donated"
    names = donated.exports.parse(data).participants
    assert len(names) >= 2
    stored = {*Turn.objects.values_list("author", flat=True), alert.about}
    assert all(len(name) == 26 and name not in names for name in stored)
    event = AuditEvent.objects.get(action="donation.received")
    assert event.details["given_by"] == "participant"
    assert event.details["alerts"] == [alert.pk]
    page = counsellor.get(f"/alerts/{alert.pk}/").content.decode()
    assert not any(name in page for name in names)


def test_the_same_file_again_is_the_same_alert(counsellor: Client) -> None:
    data = (SAMPLES / "risky-android.txt").read_bytes()
    first, second = send(counsellor, data), send(counsellor, data)
    assert first["Location"] == second["Location"]
    assert Alert.objects.count() == 1
    assert Conversation.objects.count() == 1


def test_an_ordinary_file_leaves_nothing_but_the_record_of_consent(counsellor: Client) -> None:
    answer = send(counsellor, (SAMPLES / "ordinary-windows.txt").read_bytes())
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "넘지 않았습니다" in page
    assert "보관하지 않았습니다" in page
    assert Turn.objects.count() == Conversation.objects.count() == Alert.objects.count() == 0
    event = AuditEvent.objects.get(action="donation.received")
    assert event.details["kept"] == 0


def test_another_language_is_not_called_safe(counsellor: Client) -> None:
    lines = ["KakaoTalk Chats with Star", "Date Saved : May 5, 2024 at 9:00 PM", ""]
    lines += ["May 5, 2024 at 8:00 PM, Star : Bonjour, comment vas-tu aujourd'hui mon ami"]
    page = send(counsellor, "\n".join(lines).encode()).content.decode()
    if "판단하지 않음" not in page:
        page = send(counsellor, (SAMPLES / "english-ios.txt").read_bytes()).content.decode()
    assert "판단하지 않음" in page
    assert "안전하다는 뜻이 아니에요" in page
    assert "눈여겨볼 말이 없습니다" not in page, "which would say the opposite"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"given_by": "participant"}, "동의가 있어야"),
        ({"consent": "on"}, "누가 제공한 대화인지"),
        ({"given_by": "somebody", "consent": "on"}, ""),
        ({"given_by": "participant", "consent": "on", "under_14": "on"}, "보호자(법정대리인)의"),
    ],
)
def test_without_the_right_consent_the_file_is_not_even_read(
    counsellor: Client, form: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the file was read")

    monkeypatch.setattr(donated, "assess", never)
    monkeypatch.setattr(apart, "assess", never)
    answer = send(counsellor, (SAMPLES / "risky-android.txt").read_bytes(), **form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not AuditEvent.objects.filter(action="donation.received").exists()


@pytest.mark.parametrize(
    "form",
    [
        {"given_by": "participant", "consent": "on", "under_14": "on", "guardian": "on"},
        {"given_by": "guardian", "consent": "on", "under_14": "on"},
    ],
)
def test_a_guardian_may_agree_for_a_child(counsellor: Client, form: dict[str, str]) -> None:
    answer = send(counsellor, (SAMPLES / "ordinary-windows.txt").read_bytes(), **form)
    assert answer.status_code == 200
    details = AuditEvent.objects.get(action="donation.received").details
    assert details["under_14"] is True
    assert details["guardian"] is True


@pytest.mark.parametrize(
    "data",
    [b"\x00\xff\xfe" * 50, "그냥 글입니다".encode(), b"<html><script>alert(1)</script>", b"\n"],
)
def test_a_file_of_unknown_form_names_its_line_and_nothing_is_kept(
    counsellor: Client, data: bytes
) -> None:
    answer = send(counsellor, data)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "field-error" in page
    assert "번째 줄" in page or "형식" in page
    assert "<script>alert" not in page
    assert Turn.objects.count() == 0
    assert SourceRecord.objects.count() == 0


def test_too_large_a_file_is_refused(counsellor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(donated, "MAX_BYTES", 10)
    answer = send(counsellor, b"0123456789a")
    assert answer.status_code == 422
    assert "파일이 너무 큽니다" in answer.content.decode()


def test_names_of_the_file_reach_no_table(counsellor: Client) -> None:
    data = (SAMPLES / "risky-android.txt").read_bytes()
    send(counsellor, data)
    names = donated.exports.parse(data).participants
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            for row in cursor.fetchall():
                assert not any(name in str(value) for value in row for name in names), table


def test_of_a_very_long_file_only_what_tells_something_is_kept() -> None:
    from tests.casework.conftest import risky, turn

    turns = [risky(n) if n in (100, 4000) else turn(n) for n in range(5000)]
    found = donated.kept(turns)
    assert [item.id for item in found] == [
        f"m{n}" for place in (100, 4000) for n in range(place - 10, place + 11)
    ]
    assert len(donated.kept([risky(n) for n in range(5000)])) == donated.MOST_TURNS
    assert len(donated.kept(turns[:2000])) == 2000


@pytest.fixture
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "SMALL_BYTES", 0)


@pytest.mark.usefixtures("every_file_is_large", "db")
def test_another_process_finds_the_same() -> None:
    data = (SAMPLES / "risky-android.txt").read_bytes()
    here, there = donated.assess(data, "x"), apart.assess(data, "x")
    assert there.reports
    assert msgspec.structs.replace(there, reports=[]) == msgspec.structs.replace(here, reports=[])
    assert [msgspec.structs.replace(report, sequence=0) for report in there.reports] == [
        msgspec.structs.replace(report, sequence=0) for report in here.reports
    ]


@pytest.mark.usefixtures("every_file_is_large")
def test_an_unknown_form_is_told_from_another_process_too(counsellor: Client) -> None:
    answer = send(counsellor, "그냥 글입니다".encode())
    assert answer.status_code == 422
    assert "번째 줄" in answer.content.decode()


@pytest.mark.usefixtures("every_file_is_large")
def test_reading_that_is_stopped_is_said_kindly(
    counsellor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Begun(set[subprocess.Popen[bytes]]):
        def add(self, process: subprocess.Popen[bytes]) -> None:
            process.send_signal(signal.SIGSTOP)  # it has no answer before it is stopped
            super().add(process)
            threading.Thread(target=apart.stop, daemon=True).start()

    monkeypatch.setattr(apart, "_running", Begun())
    answer = send(counsellor, (SAMPLES / "risky-android.txt").read_bytes())
    assert answer.status_code == 422
    assert "파일을 읽다가 멈췄습니다" in answer.content.decode()
    assert Alert.objects.count() == 0


@pytest.mark.usefixtures("every_file_is_large")
def test_reading_that_takes_too_long_is_given_up_and_said(
    counsellor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LONGEST_SECONDS", 0.2)
    data = (SAMPLES / "risky-android.txt").read_bytes()
    answer = send(counsellor, data)
    assert answer.status_code == 422
    assert "15분 안에 다 읽지 못해" in answer.content.decode()
    with apart._one_at_a_time:  # somebody else's file is being read
        assert "15분 안에 다 읽지 못해" in send(counsellor, data).content.decode()
    assert Alert.objects.count() == 0
    monkeypatch.setattr(apart, "LONGEST_SECONDS", 240.0)
    assert send(counsellor, data).status_code == 302


def test_a_meeting_soon_of_long_ago_is_no_p1_of_today(
    counsellor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = (SAMPLES / "risky-android.txt").read_text("utf-8").rstrip("\n")
    last = talk.splitlines()[-1].partition(" : ")[0].rpartition(", ")[0]
    data = f"{talk}\n{last}, 모름이 : 오늘 만날래? 지금 데리러 갈게\n".encode()
    said = donated.assess(data, "chat.txt").telling[-1].at
    monkeypatch.setattr(donated.time, "time", lambda: said + 3600)  # handed in at once
    [fresh] = donated.assess(data, "chat.txt").reports
    assert fresh.priority == "P1"
    assert {reason.code for reason in fresh.why} & set(donated.PASSING)
    monkeypatch.setattr(donated.time, "time", lambda: said + donated.SOON_SECONDS + 3600)
    [old] = donated.assess(data, "chat.txt").reports
    assert old.priority == "P2"
    assert not {reason.code for reason in old.why} & set(donated.PASSING)
    assert old.risk == fresh.risk


def test_words_of_self_harm_stay_urgent_however_old() -> None:
    reasons = (Reason("meeting_soon"), Reason("self_harm"), Reason("refusal"))
    event = AlertEvent(
        about="a", episode=1, raised=True, risk=0.9, priority=Priority.P1, why=reasons
    )
    past = donated._past(event)
    assert past.priority is Priority.P1
    assert [reason.code for reason in past.why] == ["self_harm", "refusal"]
    calm = msgspec.structs.replace(event, priority=Priority.P3, why=reasons[2:])
    assert donated._past(calm) == calm


def test_of_a_file_with_several_conversations_the_chosen_one_alone_is_read(
    counsellor: Client,
) -> None:
    data = files.telegram_all({"가족": files.ORDINARY, "<b>바람</b>": files.RISKY})
    asked = send(counsellor, data, "result.json")
    page = asked.content.decode()
    assert asked.status_code == 422
    assert "대화가 2개" in page
    assert "&lt;b&gt;바람&lt;/b&gt;" in page
    assert not Conversation.objects.exists()
    chosen = send(counsellor, data, "result.json", **GIVEN, conversation="2")
    assert chosen.status_code == 302
    assert Turn.objects.count() == len(files.RISKY)
    other = send(counsellor, data, "result.json", **GIVEN, conversation="1")
    assert other.status_code == 200
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize("write", [files.discord, files.instagram, files.line])
def test_files_of_other_messengers_become_alerts_likewise(counsellor: Client, write: Any) -> None:
    assert send(counsellor, write(files.RISKY)).status_code == 302
    assert Alert.objects.get().conversation.source_id == "donated"


def test_the_question_which_conversation_comes_back_from_the_other_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "SMALL_BYTES", 0)
    data = files.telegram_all({"가족": files.ORDINARY, "바람": files.RISKY})
    with pytest.raises(SeveralConversations) as asked:
        apart.assess(data, "result.json")
    assert [one.title for one in asked.value.held] == ["가족", "바람"]
