"""Donated screenshots: one alert with the conversation and what else the screens show; no picture
is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from ansim.casework.models import Alert, AuditEvent, Turn
from ansim.console import pictured
from ansim.sources.exports import screenshots
from tests.sources import shots

pytestmark = pytest.mark.django_db
GIVEN = {"given_by": "guardian", "consent": "on"}


def send(client: Client, *files: tuple[str, bytes]) -> HttpResponse:
    given = [SimpleUploadedFile(name, data) for name, data in files]
    answer: Any = client.post("/upload/", {**GIVEN, "file": given})
    return answer  # type: ignore[no-any-return]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take long for a picture."""
    monkeypatch.setenv("ANSIM_PICTURE_SECONDS", "300")
    pictured.stop()


@pytest.mark.usefixtures("patient")
def test_overlapping_screens_are_one_alert_with_what_else_they_show(counsellor: Client) -> None:
    first, second, third = shots.three()
    answer = send(counsellor, ("2.png", second), ("1.png", first), ("3.png", third))
    alert = Alert.objects.get()
    assert answer["Location"] == f"/alerts/{alert.pk}/"
    turns = list(Turn.objects.order_by("message_id"))
    assert len(turns) == len(shots.TALK)
    assert "용돈" in (turns[6].text or "")
    codes = [
        code["leads_to"]
        for turn in turns
        for item in turn.attachments or ()
        for code in (item.get("noticed") or {}).get("codes", ())
    ]
    assert codes == ["messenger"]
    beside = [item for turn in turns for item in turn.attachments or () if item.get("name")]
    (remarks,) = [item["name"] for item in turns[0].attachments if item["kind"] == "other"]
    assert "screens_sides:1:1" in remarks
    screens = {item["name"] for item in beside} - {remarks}
    assert screens <= {"screen-1", "screen-2", "screen-3"}
    counsellor.get(answer["Location"])  # where it is told once, above the alert
    page = counsellor.get(answer["Location"]).content.decode()
    assert "오른쪽 말풍선은 화면을 찍은 사람의 말로 보았습니다." in page
    assert AuditEvent.objects.get(action="donation.received").details["form"] == "screenshots"
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            for row in cursor.fetchall():
                assert not any("별하" in str(value) or "IHDR" in str(value) for value in row), table

    again = send(counsellor, ("1.png", first), ("2.png", second), ("3.png", third))
    assert again["Location"] == answer["Location"]
    assert Alert.objects.count() == 1, "in another order they are the same conversation"


def test_a_picture_beside_an_export_is_refused_by_name(counsellor: Client) -> None:
    answer = send(counsellor, ("1.png", shots.three()[0]), ("<chat>.txt", "안녕".encode()))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "&lt;chat&gt;.txt: 그림이 아닙니다" in page
    assert Alert.objects.count() == 0


def test_more_screens_than_are_taken_are_refused(
    counsellor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screenshots, "MOST", 2)
    answer = send(counsellor, *[("a.png", shots.three()[0])] * 3)
    assert answer.status_code == 422
    assert "2장까지" in answer.content.decode()


def test_a_broken_picture_is_named_and_nothing_is_kept(counsellor: Client) -> None:
    answer = send(counsellor, ("chat.png", shots.three()[0][:3000]))
    assert answer.status_code == 422
    assert "chat.png: 파일이 손상되어" in answer.content.decode()
    assert not AuditEvent.objects.filter(action="donation.received").exists()


def test_an_empty_file_among_several_is_named(counsellor: Client) -> None:
    answer = send(counsellor, ("1.png", shots.three()[0]), ("2.png", b""))
    assert answer.status_code == 422
    assert "2.png: 빈 파일입니다." in answer.content.decode()


def test_more_files_than_a_request_may_hold_get_a_page_that_says_so(counsellor: Client) -> None:
    answer = send(counsellor, *[(f"{number}.png", b"x") for number in range(30)])
    assert answer.status_code == 400
    assert "한 번에 20장까지" in answer.content.decode()


@pytest.mark.usefixtures("patient")
def test_what_was_uncertain_in_reading_is_told_above_the_alert(counsellor: Client) -> None:
    answer = send(counsellor, *[(f"{number}.png", one) for number, one in enumerate(shots.three())])
    page = counsellor.get(answer["Location"]).content.decode()
    assert "오른쪽 말풍선은 화면을 찍은 사람의 말로 보았습니다." in page
