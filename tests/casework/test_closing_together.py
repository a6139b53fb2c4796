"""A fold is closed in one step and taken back in one step; each alert keeps its own record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from ansim.casework.actions import alerts, interventions, referrals, retention, stream_commands
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Agency, Alert, AuditEvent, SourceRecord, Turn
from ansim.casework.roles import Role
from ansim.detection import Priority
from tests.casework.conftest import report, risky

pytestmark = pytest.mark.django_db


@pytest.fixture
def fold(source: SourceRecord, counsellor: Account) -> list[Alert]:
    """A P2 and a P3 about one account in two rooms, both held by the counsellor."""
    made = alerts.raise_or_update(
        [
            report(10, turns=(risky(1),), conversation="room"),
            report(10, turns=(risky(2),), conversation="other room", priority=Priority.P3),
        ]
    )
    alerts.claim(made[0], counsellor)
    rows = list(Alert.objects.filter(pk__in=made).order_by("pk"))
    assert {row.claimed_by for row in rows} == {counsellor}
    return rows


def states() -> list[str]:
    return list(Alert.objects.order_by("pk").values_list("state", flat=True))


def test_one_step_closes_what_one_person_holds_of_a_fold_each_on_record(
    fold: list[Alert], counsellor: Account
) -> None:
    waiting = interventions.send(fold[1].pk, counsellor, "괜찮아요?")
    closed = alerts.close(
        fold[0].pk,
        counsellor,
        "confirmed",
        "메모",
        done=["contact_made"],
        grounds="tactics",
        together=True,
    )
    assert [row.pk for row in closed] == [row.pk for row in fold]
    assert states() == ["closed", "closed"]
    assert {(row.outcome, row.grounds) for row in Alert.objects.all()} == {("confirmed", "tactics")}
    told = [(one.kind, one.payload["conversation"]) for one in stream_commands.pending(10)]
    assert told == [("alert_closed", "room"), ("alert_closed", "other room")]
    rows = AuditEvent.objects.filter(action="alert.closed").order_by("pk")
    assert [row.details.get("with") for row in rows] == [None, fold[0].pk]
    waiting.refresh_from_db()
    assert waiting.state == "failed"


def test_without_asking_for_it_only_the_one_alert_is_closed(
    fold: list[Alert], counsellor: Account
) -> None:
    alerts.close(fold[0].pk, counsellor, "not_grooming", grounds="peers_n1")
    assert states() == ["closed", "open"]


def test_what_a_colleague_holds_of_the_fold_stays_theirs(
    fold: list[Alert], counsellor: Account, person: Callable[..., Account]
) -> None:
    colleague = person(Role.COUNSELLOR, "colleague")
    Alert.objects.filter(pk=fold[1].pk).update(claimed_by=colleague)
    alerts.close(fold[0].pk, counsellor, "not_grooming", grounds="peers_n1", together=True)
    assert states() == ["closed", "open"]


def test_the_most_urgent_of_them_sets_what_closing_asks_for(
    fold: list[Alert], counsellor: Account
) -> None:
    with pytest.raises(Refused) as refused:  # the P3 alone would need no grounds
        alerts.close(fold[1].pk, counsellor, "unclear", done=["no_contact"], together=True)
    assert refused.value.code == "grounds_missing"
    police = Agency.objects.filter(is_police=True).first()
    assert police is not None
    referrals.hand_off(fold[0].pk, counsellor, police.pk, "만나자는 말이 있음")
    with pytest.raises(Refused) as refused:
        alerts.close(
            fold[1].pk, counsellor, "unclear", done=["no_contact"], grounds="split", together=True
        )
    assert refused.value.code == "answer_missing"
    assert str(fold[0].pk) in str(refused.value)
    assert states() == ["open", "open"]


def test_one_undo_takes_the_whole_step_back_and_tells_the_stream_of_each(
    fold: list[Alert], counsellor: Account
) -> None:
    alerts.close(fold[0].pk, counsellor, "not_grooming", grounds="peers_n1", together=True)
    again = alerts.reopen(fold[1].pk, counsellor, "잘못 누름")
    assert [row.pk for row in again] == [fold[1].pk, fold[0].pk]
    assert states() == ["open", "open"]
    kinds = [one.kind for one in stream_commands.pending(10)]
    assert kinds == ["alert_closed"] * 2 + ["alert_reopened"] * 2
    assert Alert.objects.filter(leads=True).count() == 1


def test_an_undo_leaves_what_was_closed_in_another_step(
    fold: list[Alert], counsellor: Account
) -> None:
    alerts.close(fold[1].pk, counsellor, "not_grooming", grounds="peers_n1")
    alerts.close(fold[0].pk, counsellor, "not_grooming", grounds="peers_n1")
    alerts.reopen(fold[0].pk, counsellor, "잘못 누름")
    assert states() == ["open", "closed"]


def test_an_account_with_a_new_alert_stays_closed_when_the_others_open_again(
    fold: list[Alert], counsellor: Account
) -> None:
    alerts.close(fold[0].pk, counsellor, "not_grooming", grounds="peers_n1", together=True)
    alerts.raise_or_update([report(20, turns=(risky(9),), conversation="other room", episode=2)])
    alerts.reopen(fold[0].pk, counsellor, "잘못 누름")
    assert states() == ["open", "closed", "open"]


def test_words_of_all_of_them_go_when_the_undo_is_over(
    fold: list[Alert], counsellor: Account
) -> None:
    alerts.close(fold[0].pk, counsellor, "not_grooming", grounds="peers_n1", together=True)
    retention.purge(timezone.now() + timedelta(minutes=9))
    assert not Turn.objects.filter(text=None).exists()
    retention.purge(timezone.now() + timedelta(minutes=11))
    assert not Turn.objects.exclude(text=None).exists()
