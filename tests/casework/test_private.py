"""Words for one person alone: only where the source can, never to whom the alert is about."""

from __future__ import annotations

from uuid import uuid4

import pytest

from ansim.casework.actions import alerts, audit, interventions, sources
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, AuditEvent, OutgoingMessage, SourceRecord
from ansim.chat import Consent, SourceKind
from ansim.sources.registry import CONNECTORS
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(source: SourceRecord, counsellor: Account) -> Alert:
    SourceRecord.objects.update(private_messages=True)
    talk = (turn(1, author="youth"), risky(2))
    [pk] = alerts.raise_or_update([report(10, turns=talk, raised=True)])
    return alerts.claim(pk, counsellor)


def test_words_for_one_person_carry_their_reader_to_the_courier(
    alert: Alert, counsellor: Account
) -> None:
    interventions.send(alert.pk, counsellor, "괜찮아요?", recipient="youth")
    [taken] = interventions.take_queued()
    assert taken.recipient == "youth"
    [left] = interventions.left_sending()
    assert left.recipient == "youth"
    assert AuditEvent.objects.get(action="message.queued").details["private"] is True


def test_words_for_the_room_have_no_reader_of_their_own(alert: Alert, counsellor: Account) -> None:
    interventions.send(alert.pk, counsellor, "괜찮아요?")
    [taken] = interventions.take_queued()
    assert taken.recipient == ""


@pytest.mark.parametrize(
    ("recipient", "code"), [("stranger", "about_them"), ("somebody else", "no_such_person")]
)
def test_nobody_is_written_to_alone_but_those_who_spoke_and_are_not_under_alert(
    alert: Alert, counsellor: Account, recipient: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        interventions.send(alert.pk, counsellor, "괜찮아요?", recipient=recipient)
    assert refused.value.code == code
    assert OutgoingMessage.objects.count() == 0


def test_a_source_that_did_not_say_so_carries_nothing_privately(
    alert: Alert, counsellor: Account
) -> None:
    SourceRecord.objects.update(private_messages=False)
    with pytest.raises(Refused) as refused:
        interventions.send(alert.pk, counsellor, "괜찮아요?", recipient="youth")
    assert refused.value.code == "no_private_way"


def test_the_same_preview_is_not_sent_once_privately_and_once_to_the_room(
    alert: Alert, counsellor: Account
) -> None:
    known = uuid4()
    first = interventions.send(
        alert.pk, counsellor, "괜찮아요?", message_id=known, recipient="youth"
    )
    again = interventions.send(
        alert.pk, counsellor, "괜찮아요?", message_id=known, recipient="youth"
    )
    assert again == first
    with pytest.raises(Refused) as refused:
        interventions.send(alert.pk, counsellor, "괜찮아요?", message_id=known)
    assert refused.value.code == "already_sent"


def test_only_a_source_that_could_is_declared_to_carry_words_privately(db: None) -> None:
    consent = Consent(given_by="participant", given_at=1.7e9, how="form")
    with pytest.raises(Refused) as refused:
        sources.declare(
            "files",
            "파일",
            SourceKind.DONATED,
            "동의",
            actor=audit.SETUP,
            consent=consent,
            connector="kakaotalk",
            private_messages=True,
        )
    assert refused.value.code == "no_private_way"
    record, _key = sources.declare(
        "partner",
        "플랫폼",
        SourceKind.PLATFORM_PARTNER,
        "약관",
        actor=audit.SETUP,
        private_messages=True,
    )
    assert record.can_message_privately
    assert record.value().private_messages


def test_what_a_connector_can_carry_stands_in_its_declaration_alone() -> None:
    for name, one in CONNECTORS.items():
        record = SourceRecord(
            id=name, connector=name, kind=sorted(one.kinds)[0], private_messages=True
        )
        donated = record.kind == SourceKind.DONATED and not one.hears.value.endswith("participant")
        assert record.can_reply == (one.can_reply and not donated), name
        assert record.can_message_privately == (one.can_message_privately and record.can_reply)
