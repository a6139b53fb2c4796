"""What was said stays when it is changed or taken back, and is marked; a deletion is no message."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone

from ansim.casework import checklist
from ansim.casework.actions import alerts, cases, evidence, interventions, retention
from ansim.casework.edits import Changes, changes
from ansim.casework.errors import Refused
from ansim.casework.evidence import printing
from ansim.casework.evidence.contents import Said
from ansim.casework.models import Account, Alert, SourceRecord, Turn
from ansim.casework.rights import holdings
from ansim.casework.roles import Role
from ansim.detection import Turn as Read
from tests.casework.conftest import START, report, risky, turn

pytestmark = pytest.mark.django_db


def gone(number: int, of: str, *, author: str = "stranger", **more: Any) -> Read:
    """The deletion of message ``of``."""
    return turn(number, author=author, text="", replaces=of, deleted=True, **more)


def raised(*turns: Read) -> Alert:
    [pk] = alerts.raise_or_update([report(1, turns=turns, raised=True)])
    return Alert.objects.get(pk=pk)


def told(alert: Alert) -> Changes:
    return changes(alert.conversation_id)


def at(number: int) -> float:
    return START + 3 * number


def test_both_versions_are_kept_and_the_first_says_that_it_was_changed(
    source: SourceRecord,
) -> None:
    alert = raised(risky(1), turn(2, text="급식 뭐 나와?", replaces="m1"))
    first, second = Turn.objects.filter(conversation=alert.conversation_id)
    assert (first.text, second.text) == ("용돈 줄게 사진 보낼래?", "급식 뭐 나와?")
    assert told(alert).of("m1").edited_at == at(2)
    assert told(alert).of("m2").edits == first.pk
    assert told(alert).of("m2").edited_at is None


def test_a_deletion_is_no_message_and_holds_nothing_sealed(source: SourceRecord) -> None:
    alert = raised(risky(1), gone(2, "m1"))
    assert [row.message_id for row in Turn.objects.all()] == ["m1"]
    (mark,) = Turn.with_deletions.filter(deleted=True)
    assert (mark.text, mark.attachments, mark.replaces) == (None, [], "m1")
    assert told(alert).of("m1").deleted_at == at(2)
    assert Turn.objects.get().text == "용돈 줄게 사진 보낼래?"


def test_the_same_report_again_adds_nothing(source: SourceRecord) -> None:
    turns = (risky(1), turn(2, text="아니야", replaces="m1"), gone(3, "m1"))
    alert = raised(*turns)
    alerts.raise_or_update([report(2, turns=turns)])
    assert Turn.with_deletions.count() == 3
    assert told(alert).not_held == ()


def test_a_deletion_takes_back_the_edits_made_before_it(source: SourceRecord) -> None:
    alert = raised(
        risky(1),
        turn(2, text="아니야", replaces="m1"),
        turn(3, text="진짜 아니야", replaces="m2"),
        gone(4, "m1"),
        gone(6, "m1"),
        turn(7, text="나중 말", replaces="m1"),
    )
    found = told(alert)
    assert [found.of(f"m{n}").deleted_at for n in (1, 2, 3, 7)] == [at(4)] * 3 + [None]
    assert found.of("m1").edited_at == at(2), "the first edit: since then it reads otherwise"


def test_taking_back_an_edit_alone_leaves_the_first_words(source: SourceRecord) -> None:
    alert = raised(risky(1), turn(2, text="아니야", replaces="m1"), gone(3, "m2"))
    assert told(alert).of("m1").deleted_at is None
    assert told(alert).of("m2").deleted_at == at(3)


def test_nobody_edits_anothers_words_but_a_moderator_may_delete_them(
    source: SourceRecord,
) -> None:
    alert = raised(
        risky(1),
        turn(2, author="youth", text="내가 한 말로 바꿈", replaces="m1"),
        gone(3, "m1", author="moderator"),
    )
    found = told(alert)
    assert found.of("m1").edited_at is None
    assert found.of("m2").edits == 0
    assert found.of("m1").deleted_at == at(3)


def test_circles_of_edits_end(source: SourceRecord) -> None:
    alert = raised(
        risky(1, replaces="m2"),
        turn(2, replaces="m1"),
        turn(3, replaces="m3"),
        gone(4, "m1"),
        gone(5, "m3"),
    )
    found = told(alert)
    assert [found.of(f"m{n}").deleted_at for n in (1, 2, 3)] == [at(4), at(4), at(5)]
    assert found.of("m3").edits == 0


def test_what_was_deleted_without_having_been_held_is_told_apart(source: SourceRecord) -> None:
    alert = raised(risky(1), gone(2, "long ago", author="youth"))
    assert [(one.at, one.author, one.message) for one in told(alert).not_held] == [
        (at(2), "youth", "long ago")
    ]


def test_whoever_only_deleted_something_did_not_speak(
    source: SourceRecord, counsellor: Account
) -> None:
    SourceRecord.objects.update(private_messages=True)
    alert = raised(risky(1), turn(2, author="youth"), gone(3, "m2", author="moderator"))
    alerts.claim(alert.pk, counsellor)
    with pytest.raises(Refused):
        interventions.send(alert.pk, counsellor, "안녕하세요", recipient="moderator")
    assert cases.candidates(alert) == ["youth"]
    assert [name for name, *_ in holdings.people(alert.conversation, "stranger")] == [
        "stranger",
        "youth",
    ]
    assert holdings.of(source, "moderator").nothing
    rows = Turn.objects.filter(conversation=alert.conversation_id)
    assert checklist.count(rows, "stranger").said == 1


def test_marks_stay_when_the_words_are_gone(source: SourceRecord) -> None:
    alert = raised(risky(1), turn(2, text="아니야", replaces="m1"), gone(3, "m2"))
    done = retention.purge(timezone.now() + timedelta(days=366))
    assert done.turns == 2, "a deletion has no words that could go"
    assert not Turn.objects.filter(text__isnull=False).exists()
    assert told(alert).of("m1").edited_at == at(2)
    assert told(alert).of("m2").deleted_at == at(3)


def test_evidence_holds_both_versions_with_what_became_of_them(
    source: SourceRecord, person: Callable[..., Account]
) -> None:
    liaison = person(Role.LIAISON)
    alert = raised(
        turn(1, author="youth"),
        risky(2),
        turn(3, text="급식 뭐 나와?", replaces="m2"),
        gone(4, "m1", author="moderator"),
        turn(5, text="또 고친 말", replaces="never held"),
        gone(6, "never held", author="moderator"),
    )
    order = evidence.order(alert.pk, liaison, "수사 협조 요청", unmask=False)
    package = evidence.make(order, lambda *_: {}, lambda *_: None)
    with zipfile.ZipFile(BytesIO(package.content)) as archive:
        lines = [json.loads(each) for each in archive.read("facts/messages.jsonl").splitlines()]
        facts = json.loads(archive.read("facts/source.json"))
        people = json.loads(archive.read("facts/accounts.json"))
        assert len(archive.read("assessment/messages.jsonl").splitlines()) == 4
    first, second, third, fourth = lines
    assert first["deleted_at"].endswith("+09:00")
    assert "edited_at" not in first
    assert (second["text"], third["text"]) == ("용돈 줄게 사진 보낼래?", "급식 뭐 나와?")
    assert second["edited_at"] == third["said_at"]
    assert (third["replaces"], third["edits"]) == ("m2", 2)
    assert (fourth["replaces"], fourth["edits"]) == ("never held", None)
    (unheld,) = facts["conversation"]["deleted_and_never_held"]
    assert (unheld["sender"], unheld["message"]) == ("moderator", "never held")
    assert [one["pseudonym"] for one in people] == ["youth", "stranger"]


def test_the_printed_form_says_it_beside_the_words() -> None:
    message = Said(
        number=3,
        id="m3",
        sender="stranger",
        by_agency=False,
        at=START,
        received_at=None,
        kept_at=None,
        text="급식 뭐 나와?",
        replaces="m2",
        edits=2,
        edited_at=START + 60,
        deleted_at=START + 120,
    )
    assert printing.words(message, {}).split("\n") == [
        "급식 뭐 나와?",
        "[2번 메시지를 고친 말 / edit of message 2]",
        "[이후 수정됨 / edited later: 2025-10-09T17:54:20.000+09:00]",
        "[이후 삭제됨 / deleted later: 2025-10-09T17:55:20.000+09:00]",
    ]
