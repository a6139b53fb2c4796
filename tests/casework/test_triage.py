"""Alerts of one account fold; they are escalated, answered, held, handed over; shifts sign."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from ansim.casework.actions import alerts, folding, shifts, targets, triage, views
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    CaseNote,
    Handover,
    Notice,
    SavedView,
    SourceRecord,
)
from ansim.casework.roles import Role
from ansim.detection import Priority
from tests.casework.conftest import report, risky

pytestmark = pytest.mark.django_db
People = Callable[..., Account]


def raised(conversation: str = "room", about: str = "stranger", **more: object) -> Alert:
    [pk] = alerts.raise_or_update(
        [report(1, conversation=conversation, about=about, turns=(risky(1, author=about),), **more)]
    )
    return Alert.objects.get(pk=pk)


def leading() -> set[int]:
    return set(Alert.objects.filter(state="open", leads=True).values_list("pk", flat=True))


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def test_one_account_in_several_rooms_is_one_row_led_by_the_most_urgent(
    source: SourceRecord,
) -> None:
    first = raised("r1", priority=Priority.P3)
    second = raised("r2", priority=Priority.P1)
    other = raised("r3", about="another")
    assert first.fold == second.fold != other.fold
    assert leading() == {second.pk, other.pk}
    folded = folding.folded([second])
    assert [alert.pk for alert in folded[second.pk]] == [first.pk]


def test_two_accounts_of_one_conversation_fold_and_a_batch_folds_within_itself(
    source: SourceRecord,
) -> None:
    made = alerts.raise_or_update(
        [
            report(1, about="one", turns=(risky(1, author="one"),)),
            report(2, about="two", turns=(risky(2, author="two"),)),
        ]
    )
    assert len(set(Alert.objects.filter(pk__in=made).values_list("fold", flat=True))) == 1
    assert len(leading()) == 1


def test_the_same_name_at_another_source_is_another_account(source: SourceRecord) -> None:
    from ansim.casework.actions import audit, sources
    from ansim.chat import SourceKind

    sources.declare(
        "second",
        "둘째",
        SourceKind.PLATFORM_PARTNER,
        "협약",
        actor=audit.SETUP,
        connector="http",
    )
    first = raised("r1")
    second = raised("r9", source="second")
    assert first.fold != second.fold


def test_taking_one_takes_its_fold_and_a_newcomer_does_not_hide_behind_it(
    source: SourceRecord, counsellor: Account
) -> None:
    first, second = raised("r1"), raised("r2")
    alerts.claim(first.pk, counsellor)
    second.refresh_from_db()
    assert second.claimed_by == counsellor
    assert second.acknowledged_at is not None
    newcomer = raised("r3")
    assert newcomer.claimed_by is None
    assert leading() == {first.pk, newcomer.pk}
    alerts.release(first.pk, counsellor)
    assert leading() == {first.pk}


def test_a_priority_that_rises_leads_its_fold_and_hurries_the_timer(source: SourceRecord) -> None:
    first = raised("r1", priority=Priority.P3)
    second = raised("r2", priority=Priority.P3)
    assert leading() == {first.pk}
    before = Alert.objects.get(pk=second.pk).due_at
    alerts.raise_or_update(
        [report(5, conversation="r2", priority=Priority.P1, turns=(risky(9),), risk=0.95)]
    )
    second.refresh_from_db()
    assert leading() == {second.pk}
    assert before is not None
    assert second.due_at is not None
    assert second.due_at < before


def test_when_the_leader_is_closed_the_next_one_leads(
    source: SourceRecord, counsellor: Account
) -> None:
    first, second = raised("r1"), raised("r2")
    alerts.claim(first.pk, counsellor)
    Alert.objects.filter(pk=first.pk).update(state="closed", outcome="unclear")
    folding.elect({first.fold})
    assert leading() == {second.pk}


def test_escalating_needs_a_reason_calls_and_waits_for_a_supervisors_answer(
    source: SourceRecord, counsellor: Account, supervisor: Account, person: People
) -> None:
    alert = raised()
    assert refusal(lambda: triage.escalate(alert.pk, counsellor, " ")) == "reason_missing"
    triage.escalate(alert.pk, counsellor, "오늘 만난대요")
    assert Notice.objects.get().kind == Notice.Kind.ESCALATED
    assert refusal(lambda: triage.escalate(alert.pk, counsellor, "또")) == "already_escalated"
    assert refusal(lambda: triage.answer(alert.pk, counsellor, "네")) == "not_allowed"
    alerts.claim(alert.pk, counsellor)
    assert Alert.objects.get(pk=alert.pk).escalated_at is not None
    triage.answer(alert.pk, supervisor, "112에 함께 연락해요")
    alert.refresh_from_db()
    assert (alert.escalated_at, alert.claimed_by) == (None, counsellor)
    assert [note.text for note in CaseNote.objects.all()] == [
        "오늘 만난대요",
        "112에 함께 연락해요",
    ]
    said = " ".join(str(event.details) + event.reason for event in AuditEvent.objects.all())
    assert "만난대요" not in said


def test_only_the_holder_holds_and_a_p1_not_for_long(
    source: SourceRecord, counsellor: Account
) -> None:
    alert = raised(priority=Priority.P1)
    assert refusal(lambda: triage.hold(alert.pk, counsellor, 5, "답")) == "not_holder"
    alerts.claim(alert.pk, counsellor)
    assert refusal(lambda: triage.hold(alert.pk, counsellor, 31, "답")) == "out_of_range"
    assert refusal(lambda: triage.hold(alert.pk, counsellor, 0, "답")) == "out_of_range"
    assert refusal(lambda: triage.hold(alert.pk, counsellor, 5, "")) == "reason_missing"
    held = triage.hold(alert.pk, counsellor, 30, "답을 기다림").hold_until
    assert held is not None
    assert timedelta(minutes=29) < held - timezone.now() <= timedelta(minutes=30)
    triage.resume(alert.pk, counsellor)
    alert.refresh_from_db()
    assert alert.hold_until is None


def test_an_alert_is_handed_to_a_colleague_with_words_and_its_fold(
    source: SourceRecord, counsellor: Account, supervisor: Account, person: People
) -> None:
    first, second = raised("r1"), raised("r2")
    colleague, outsider = person(name="colleague"), person(Role.AUDITOR)
    alerts.claim(first.pk, counsellor)
    assert refusal(lambda: triage.hand_over(first.pk, counsellor, outsider, "부탁")) == (
        "cannot_take"
    )
    assert refusal(lambda: triage.hand_over(first.pk, colleague, colleague, "나")) == "not_holder"
    assert refusal(lambda: triage.hand_over(first.pk, counsellor, colleague, "")) == (
        "reason_missing"
    )
    triage.hand_over(first.pk, counsellor, colleague, "부모님과 통화했어요")
    assert set(Alert.objects.values_list("claimed_by", flat=True)) == {colleague.pk}
    triage.hand_over(second.pk, supervisor, supervisor, "제가 볼게요")
    assert Alert.objects.get(pk=second.pk).claimed_by == supervisor


def test_a_shift_changes_hands_only_with_the_signature_and_leaves_nothing_urgent_alone(
    source: SourceRecord, counsellor: Account, person: People
) -> None:
    mine = raised("r1", priority=Priority.P3)
    alerts.claim(mine.pk, counsellor)
    nobodys = raised("r2", about="second", priority=Priority.P1)
    calm = raised("r3", about="third", priority=Priority.P4)
    nextone = person(name="next")
    offer = shifts.offer(counsellor, nextone, "조용한 밤이었어요")
    assert refusal(lambda: shifts.offer(counsellor, nextone)) == "already_offered"
    mine.refresh_from_db()
    assert mine.claimed_by == counsellor
    assert [row.pk for row in shifts.pending(nextone)] == [offer.pk]
    later = raised("r4", about="fourth", priority=Priority.P2)
    assert refusal(lambda: shifts.sign(offer.pk, person(name="else"))) == "not_taker"
    taken = shifts.sign(offer.pk, nextone)
    assert {alert.pk for alert in taken} == {mine.pk, nobodys.pk, later.pk}
    assert set(offer.items.values_list("alert_id", flat=True)) == {mine.pk, nobodys.pk, later.pk}
    assert not shifts.unowned().exists()
    calm.refresh_from_db()
    assert calm.claimed_by is None
    assert AuditEvent.objects.filter(action="alert.handed_over").count() == 3
    assert refusal(lambda: shifts.sign(offer.pk, nextone)) == "no_such_handover"


def test_an_offer_is_withdrawn_by_its_giver_and_refused_where_nothing_is_open(
    source: SourceRecord, counsellor: Account, person: People
) -> None:
    nextone = person(name="next")
    assert refusal(lambda: shifts.offer(counsellor, nextone)) == "nothing_open"
    alerts.claim(raised().pk, counsellor)
    assert refusal(lambda: shifts.offer(counsellor, counsellor)) == "cannot_take"
    offer = shifts.offer(counsellor, nextone)
    assert refusal(lambda: shifts.withdraw(offer.pk, nextone)) == "not_giver"
    shifts.withdraw(offer.pk, counsellor)
    assert refusal(lambda: shifts.sign(offer.pk, nextone)) == "no_such_handover"
    assert Handover.objects.get().signed_at is None


def test_targets_are_edited_by_supervisors_and_stay_in_order(
    counsellor: Account, supervisor: Account
) -> None:
    assert targets.in_force()["P1"].acknowledge == 120
    assert refusal(lambda: targets.set_target("P1", 60, 600, counsellor)) == "not_allowed"
    assert refusal(lambda: targets.set_target("P1", 5, 600, supervisor)) == "out_of_range"
    assert refusal(lambda: targets.set_target("P1", 3600, 600, supervisor)) == "out_of_order"
    assert refusal(lambda: targets.set_target("P2", None, 600, supervisor)) == "timer_missing"
    targets.set_target("P1", 60, 300, supervisor)
    assert targets.in_force()["P1"] == targets.Target(60, 300)
    event = AuditEvent.objects.get(action="shift.target_changed")
    assert event.details["from"]["acknowledge"] == 120


def test_a_saved_view_is_ones_own(counsellor: Account, supervisor: Account) -> None:
    row = views.save(counsellor, " 급한  것 ", "p=P1")
    assert row.name == "급한 것"
    views.save(counsellor, "급한 것", "p=P1&p=P2")
    views.forget(row.pk, supervisor)
    assert SavedView.objects.get().query == "p=P1&p=P2"
    views.forget(row.pk, counsellor)
    assert not SavedView.objects.exists()
    assert refusal(lambda: views.save(counsellor, "빈 것", "")) == "nothing_to_save"
