"""A second opinion stands beside its open alert, sealed, the latest only, and decides nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from ansim.casework.actions import alerts, opinions
from ansim.casework.actions.opinions import OpinionReport
from ansim.casework.models import Account, Alert, AuditEvent, SecondOpinion, SourceRecord
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db


def opinion(sequence: int = 20, **more: Any) -> OpinionReport:
    """What a model said of the stranger in conversation "room"."""
    values: dict[str, Any] = {
        "source": "demo",
        "conversation": "room",
        "about": "stranger",
        "sequence": sequence,
        "model": "small-model",
        "prompt": "1-abc",
        "window": "0" * 64,
        "risk": 0.9,
        "detector": 0.8,
        "added": 0.0,
        "seconds": 2.5,
        "tactics": ("T05", "T09"),
        "quotes": (("m2", "용돈 줄게", "T05"), ("m2", "사진 보낼래?", "T09")),
        "letters": {"A": "stranger", "B": "youth"},
        "innocent_reading": "친척의 말일 수 있다.",
        "watch_for": "만나자는 말이 이어지는지.",
        "summary_ko": "A가 용돈을 말하며 사진을 요구했다.",
        "summary_en": "A offers money and asks for a photo.",
    }
    return OpinionReport(**(values | more))


@pytest.fixture
def alert(source: SourceRecord) -> Alert:
    [pk] = alerts.raise_or_update([report(10, turns=(turn(1), risky(2)), raised=True)])
    return Alert.objects.get(pk=pk)


def test_it_is_kept_beside_the_alert_and_on_record_without_words(alert: Alert) -> None:
    assert opinions.add([opinion()]) == 1
    kept = SecondOpinion.objects.get(alert=alert)
    assert kept.summary_ko == "A가 용돈을 말하며 사진을 요구했다."
    assert kept.quotes[1] == ["m2", "사진 보낼래?", "T09"]
    row = AuditEvent.objects.get(action="alert.second_opinion")
    assert row.actor_label == "system:worker"
    assert (row.details["model"], row.details["risk"]) == ("small-model", 0.9)
    assert "사진" not in str(row.details)


def test_how_many_pictures_the_model_was_shown_is_kept_and_on_record(alert: Alert) -> None:
    opinions.add([opinion(20)])
    assert SecondOpinion.objects.get().pictures == 0
    opinions.add([opinion(21, pictures=3)])
    assert SecondOpinion.objects.get().pictures == 3
    rows = AuditEvent.objects.filter(action="alert.second_opinion").order_by("pk")
    assert [row.details["pictures"] for row in rows] == [0, 3]


def test_its_words_are_sealed_in_the_database(alert: Alert) -> None:
    opinions.add([opinion()])
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM casework_secondopinion")
        stored = b"".join(
            bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            for value in cursor.fetchone()
        )
    for word in ("사진", "친척", "만나자", "photo"):
        assert word.encode() not in stored


def test_it_changes_nothing_about_the_alert(alert: Alert) -> None:
    before = Alert.objects.filter(pk=alert.pk).values().get()
    opinions.add([opinion(risk=0.0, tactics=(), quotes=())])
    assert Alert.objects.filter(pk=alert.pk).values().get() == before


def test_the_latest_stands_and_a_replay_changes_nothing(alert: Alert) -> None:
    opinions.add([opinion(20), opinion(30, risk=0.4)])
    assert SecondOpinion.objects.get().risk == 0.4
    assert opinions.add([opinion(20), opinion(30)]) == 0
    assert SecondOpinion.objects.get().risk == 0.4
    assert AuditEvent.objects.filter(action="alert.second_opinion").count() == 2


def test_without_an_open_alert_about_that_account_nothing_is_kept(
    alert: Alert, counsellor: Account
) -> None:
    assert opinions.add([opinion(about="youth"), opinion(conversation="other")]) == 0
    alerts.claim(alert.pk, counsellor)
    alerts.close(alert.pk, counsellor, "not_grooming", "잡담", grounds="peers_n1")
    assert opinions.add([opinion()]) == 0
    assert not SecondOpinion.objects.exists()


def test_how_the_model_is_is_the_worst_that_a_worker_says(db: None) -> None:
    now = timezone.now()
    assert opinions.standing(now) is None
    opinions.tell("one", "ready", "small-model", {"asked": 3}, now)
    opinions.tell("two", "slow", "small-model", {}, now)
    found = opinions.standing(now)
    assert found is not None
    assert (found.condition, found.model) == ("slow", "small-model")
    opinions.withdraw("two")
    found = opinions.standing(now)
    assert found is not None
    assert found.condition == "ready"


def test_a_worker_that_fell_silent_counts_as_down_and_is_forgotten_in_the_end(db: None) -> None:
    now = timezone.now()
    opinions.tell("one", "ready", "small-model", {}, now)
    later = opinions.standing(now + opinions.LONGEST_SILENT + timedelta(seconds=1))
    assert later is not None
    assert later.condition == "down"
    end = now + opinions.FORGOTTEN + timedelta(seconds=1)
    opinions.tell("two", "ready", "small-model", {}, end)
    found = opinions.standing(end)
    assert found is not None
    assert found.condition == "ready"
