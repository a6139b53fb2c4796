"""How people write is a belief: told as one, unknown stays unknown, nothing rests on it (R14)."""

from __future__ import annotations

import pytest
from django.test import Client

from ansim.casework.actions import alerts
from ansim.casework.models import Alert, SourceRecord, Turn
from tests.casework.conftest import report, risky, turn
from tests.console.test_letters import text, upload

pytestmark = pytest.mark.django_db


def test_how_people_write_is_told_as_a_belief_and_unknown_stays_unknown(
    source: SourceRecord, counsellor: Client
) -> None:
    talk = (turn(1, author="youth"), turn(2, author="third"), risky(3))
    roles = {"youth": "youth-like", "third": "unknown", "stranger": "adult-like"}
    [pk] = alerts.raise_or_update([report(10, turns=talk, raised=True, roles=roles)])
    page = text(counsellor.get(f"/alerts/{pk}/"))
    people = page.split('<ul class="speakers">')[1].split("</ul>")[0]
    assert people.count("(짐작)") == 2
    assert people.index("청소년처럼 씀") < people.index("나이를 알 수 없음")
    assert people.index("나이를 알 수 없음") < people.index("어른처럼 씀")
    assert "이것으로 정해지는 것은 없어요" in page
    assert "또래 사이일 수 있으니" not in page
    alerts.raise_or_update([report(11, turns=(risky(4),), roles={"stranger": "youth-like"})])
    page = text(counsellor.get(f"/alerts/{pk}/"))
    assert "또래 사이일 수 있으니" in page, "the belief follows what is read"
    assert Alert.objects.get().roles == {**roles, "stranger": "youth-like"}


def test_of_alerts_from_before_nothing_is_claimed(source: SourceRecord, counsellor: Client) -> None:
    [pk] = alerts.raise_or_update([report(10, turns=(risky(3),), raised=True)])
    page = text(counsellor.get(f"/alerts/{pk}/"))
    assert "(짐작)" not in page
    assert "나이를 알 수 없음" not in page


def test_a_donated_file_tells_how_its_people_write(counsellor: Client) -> None:
    upload(counsellor, given_by="participant", consent="on")
    alert = Alert.objects.get()
    accounts = set(Turn.objects.values_list("author", flat=True))
    assert set(alert.roles) == accounts
    assert set(alert.roles.values()) <= {"youth-like", "adult-like", "unknown"}
