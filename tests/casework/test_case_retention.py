"""What stands in a case goes a year after the last act in it, unless a hold keeps it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from ansim.casework.actions import (
    alerts,
    case_documents,
    case_notes,
    case_people,
    case_retention,
    cases,
    holds,
    retention,
)
from ansim.casework.errors import Refused
from ansim.casework.models import Account, AuditEvent, Case, SourceRecord, Turn
from ansim.casework.sealing import SealedTextField
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db

YEAR = case_retention.KEPT + timedelta(hours=1)


@pytest.fixture
def case(source: SourceRecord, counsellor: Account) -> Case:
    """A case with something in every sealed column that a case has."""
    [pk] = alerts.raise_or_update([report(2, turns=(turn(1, author="youth"), risky(2)))])
    case = cases.open_case([pk], counsellor, "중학생", young="youth")
    who = case.people.get(part="young").pk
    words = {name: "글" for name in case_people.LENGTHS}
    case_people.save_person(case.pk, counsellor, who, words)
    consent = case_people.record_consent(
        case.pk, counsellor, who, purpose="sharing", giver="guardian", basis="전화"
    )
    case_people.withdraw_consent(case.pk, counsellor, consent.pk, "그만")
    case_notes.write(case.pk, counsellor, "메모")
    case_notes.add_task(case.pk, counsellor, "전화", timezone.now())
    case_documents.add(case.pk, counsellor, "요약.txt", "요약".encode())
    cases.wait(case.pk, counsellor, "답")
    case.members.update(reason="까닭")
    Case.objects.filter(pk=case.pk).update(outcome_note="끝")
    case.refresh_from_db()
    return case


def filled() -> set[str]:
    """Sealed columns of cases that still hold something."""
    return {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("casework").get_models()
        if model.__module__.rpartition(".")[2] in ("case", "case_file")
        for field in model._meta.concrete_fields
        if isinstance(field, SealedTextField)
        and model._default_manager.filter(**{f"{field.name}__isnull": False}).exists()
    }


EVERY = {
    *("Case.title", "Case.waiting_for", "Case.outcome_note", "CaseMember.reason"),
    *(f"CasePerson.{name}" for name in case_people.LENGTHS),
    *("CaseConsent.basis", "CaseConsent.withdrawal", "CaseMemo.text", "CaseTask.what"),
    *("CaseDocument.name", "CaseDocument.content"),
}


def test_every_word_of_a_case_goes_a_year_after_the_last_act_and_not_before(case: Case) -> None:
    assert filled() == EVERY, "the fixture fills every sealed column, so that none is forgotten"
    retention.purge(case.changed_at + case_retention.KEPT - timedelta(minutes=1))
    assert filled() == EVERY
    done = retention.purge(case.changed_at + YEAR)
    assert filled() == set()
    assert done.cases == 1
    assert AuditEvent.objects.filter(action="case.purged", subject_id=str(case.pk)).count() == 1
    assert AuditEvent.objects.filter(action="retention.purged").latest("pk").details["cases"] == 1
    assert retention.purge(case.changed_at + YEAR).cases == 0


def test_an_act_in_it_begins_the_year_anew(case: Case, counsellor: Account) -> None:
    Case.objects.filter(pk=case.pk).update(changed_at=case.changed_at - timedelta(days=300))
    cases.resume(case.pk, counsellor)
    assert retention.purge(timezone.now() + timedelta(days=100)).cases == 0


def test_nothing_can_be_written_into_a_purged_case(case: Case, counsellor: Account) -> None:
    retention.purge(case.changed_at + YEAR)
    with pytest.raises(Refused, match="지워졌습니다"):
        case_notes.write(case.pk, counsellor, "메모")
    with pytest.raises(Refused, match="지워졌습니다"):
        cases.reopen(case.pk, counsellor, "까닭")


def test_a_legal_hold_on_one_of_its_alerts_keeps_the_whole_case(
    case: Case, supervisor: Account
) -> None:
    hold = holds.place(case.joined.get().alert_id, supervisor, "법원의 요청")
    retention.purge(case.changed_at + YEAR)
    assert filled() == EVERY
    holds.release(hold.pk, supervisor, "끝")
    retention.purge(case.changed_at + YEAR)
    assert filled() == set()


def test_a_dismissed_alert_keeps_its_words_while_its_case_needs_them(
    case: Case, counsellor: Account
) -> None:
    pk = case.joined.get().alert_id
    alerts.claim(pk, counsellor)
    alerts.close(pk, counsellor, "not_grooming", grounds="peers_n1")
    later = timezone.now() + timedelta(minutes=11)
    retention.purge(later)
    assert Turn.objects.filter(text__isnull=False).count() == 2
    for task in case.tasks.all():
        case_notes.finish_task(case.pk, counsellor, task.pk)
    cases.close(case.pk, counsellor, "unfounded")
    retention.purge(later)
    assert Turn.objects.filter(text__isnull=False).count() == 0


def test_words_of_a_conversation_go_after_their_year_whatever_the_case(
    case: Case, counsellor: Account
) -> None:
    now = timezone.now() + retention.FLAGGED + timedelta(hours=1)
    Case.objects.filter(pk=case.pk).update(changed_at=now - timedelta(days=1))
    done = retention.purge(now)
    assert (done.turns, done.cases) == (2, 0)
