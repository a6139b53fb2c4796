"""The thread says beside the words that they were changed or taken back, and shows both."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from ansim.casework.actions import alerts
from ansim.casework.models import SourceRecord
from ansim.console.thread import MOST_LINES
from ansim.detection import Turn
from tests.casework.conftest import report, risky, turn
from tests.casework.test_edits import gone

pytestmark = pytest.mark.django_db

TALK = (
    turn(1, author="youth", text="저 중2요"),
    risky(2),
    turn(3, text="급식 뭐 나와?", replaces="m2"),
    gone(4, "m1", author="moderator"),
)


def page_of(client: Client, pk: int, *, revealed: bool) -> list[str]:
    """The bubbles of the thread as plain text."""
    if revealed:
        client.post(f"/alerts/{pk}/reveal/", {"reason": "경보 확인"})
    page = client.get(f"/alerts/{pk}/").content.decode()
    found = re.findall(r'<article class="line.*?</article>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", one).split()) for one in found]


def raised(*turns: Turn) -> int:
    [pk] = alerts.raise_or_update([report(10, turns=turns, raised=True)])
    return pk


def test_both_versions_stand_in_the_thread_each_with_its_mark(
    counsellor: Client, source: SourceRecord
) -> None:
    first, second, third = page_of(counsellor, raised(*TALK), revealed=True)
    assert "저 중2요" in first
    assert re.search(r"이후 삭제됨 \(2025년 10월 9일 17:53\) – 증거로 보관 기간까지", first)
    assert "이후 수정됨 (2025년 10월 9일 17:53)" in second
    assert "용돈 줄게" in second
    assert "위 메시지를 고친 말" in third
    assert "급식 뭐 나와?" in third
    for text in (second, third):
        assert "이후 삭제됨" not in text


def test_marks_show_while_the_words_are_covered(counsellor: Client, source: SourceRecord) -> None:
    lines = page_of(counsellor, raised(*TALK), revealed=False)
    assert len(lines) == 3
    assert "이후 삭제됨" in lines[0]
    assert "이후 수정됨" in lines[1]
    assert not any("급식" in line or "용돈" in line for line in lines)


def test_in_english(counsellor: Client, source: SourceRecord) -> None:
    pk = raised(*TALK)
    counsellor.post("/language/", {"language": "en", "next": "/"})
    first, second, third = page_of(counsellor, pk, revealed=True)
    assert "Deleted later (9 October 2025 17:53) – kept here as evidence" in first
    assert "Edited later (9 October 2025 17:53)" in second
    assert "Edit of the message above" in third


def test_an_edit_of_what_is_not_here_and_a_deletion_of_it_are_told(
    counsellor: Client, source: SourceRecord
) -> None:
    pk = raised(risky(1, replaces="before"), gone(2, "long before"), gone(3, "before that"))
    (line,) = page_of(counsellor, pk, revealed=True)
    assert "여기 없는 메시지를 고친 말" in line
    page = counsellor.get(f"/alerts/{pk}/").content.decode()
    assert "보관한 적 없는 메시지 2개가 삭제되었습니다." in page


def test_many_deletions_push_no_words_off_the_page(
    counsellor: Client, source: SourceRecord
) -> None:
    flood = (gone(10 + n, f"before {n}") for n in range(MOST_LINES + 5))
    lines = page_of(counsellor, raised(risky(1), *flood), revealed=True)
    assert len(lines) == 1
    assert "용돈 줄게" in lines[0]
