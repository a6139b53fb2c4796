"""People of a case: the young person's needs, contacts and plan first; and what they agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.case_access import line, touch, words, work
from ansim.casework.actions.typed import reason
from ansim.casework.errors import Refused
from ansim.casework.models import Account, CaseConsent, CasePerson, Kind, Turn

LENGTHS = {"name": 80, "contact": 500, "careful": 1000, "needs": 2000, "plan": 4000}
"""Characters of each field of a person."""
FOR_YOUNG = ("needs", "plan")
LONGEST_BASIS = 500
MOST_PEOPLE = 50


@transaction.atomic
def save_person(
    case_id: int, actor: Account, person_id: int | None, fields: Mapping[str, str]
) -> CasePerson:
    """Adds a person to a case, or changes one: ``part``, ``age``, ``account`` and the words of
    ``LENGTHS``. Fields not given stay as they are. The audit log has the names of what changed."""
    case = work(case_id, actor)
    if person_id is None:
        if case.people.filter(removed_at=None).count() >= MOST_PEOPLE:
            raise Refused("too_many", _("한 사례에 적을 수 있는 사람의 수를 넘었습니다."))
        person = CasePerson(case=case, added_by=actor, added_at=timezone.now())
    else:
        person = _person(case_id, person_id)
    before = {name: getattr(person, name) for name in (*LENGTHS, "part", "age", "account")}
    person.part = fields.get("part", person.part)
    person.age = fields.get("age", person.age)
    if person.part not in CasePerson.Part.values or person.age not in CasePerson.Age.values:
        raise Refused("part_missing", _("어떤 사람인지 골라 주세요."))
    if "account" in fields:
        _set_account(person, fields["account"])
    for name, longest in LENGTHS.items():
        if name in fields:
            kept = line if name == "name" else words
            setattr(person, name, kept(fields[name], longest))
    if person.part != CasePerson.Part.YOUNG and (person.needs or person.plan):
        raise Refused("young_only", _("필요와 계획은 청소년에게만 적습니다."))
    if person_id is None and not (person.name or person.account):
        raise Refused("name_missing", _("이 사례에서 부를 이름을 적거나 계정을 골라 주세요."))
    changed = [name for name, value in before.items() if getattr(person, name) != value]
    if person_id is not None:
        person.changed_by, person.changed_at = actor, timezone.now()
    person.save()
    audit.record(
        "case.person_added" if person_id is None else "case.person_changed",
        case,
        actor=actor,
        details={"person": person.pk, "part": person.part, "fields": changed},
    )
    touch(case)
    return person


def _person(case_id: int, person_id: int) -> CasePerson:
    rows = CasePerson.objects.filter(case=case_id, removed_at=None)
    person = rows.select_for_update(of=("self",)).filter(pk=person_id).first()
    if person is None:
        raise Refused("no_such_person", _("이 사례에 없는 사람입니다."))
    return person


def accounts(case_id: int) -> list[tuple[str, str]]:
    """Source and pseudonym of every account that speaks in a conversation of the case."""
    turns = Turn.objects.filter(
        conversation__alerts__joined__case=case_id, by_agency=False
    ).values_list("conversation__source", "author")
    return sorted(turns.order_by().distinct())


def _set_account(person: CasePerson, account: str) -> None:
    if not account:
        person.source, person.account = None, ""
        return
    found = [source for source, name in accounts(person.case_id) if name == account]
    if not found:
        raise Refused("no_such_account", _("이 사례의 대화에 없는 계정입니다."))
    person.source_id, person.account = found[0], account


@transaction.atomic
def remove_person(case_id: int, actor: Account, person_id: int, why: str) -> None:
    """Takes a person out of the case, with a reason; their words are emptied at once."""
    case = work(case_id, actor)
    because = reason(why)
    person = _person(case_id, person_id)
    if person.part == CasePerson.Part.SUSPECT and (
        case.joined.filter(
            alert__kind=Kind.RISK,
            alert__about=person.account,
            alert__conversation__source=person.source_id,
        ).exists()
    ):
        raise Refused(
            "in_alert", _("이 계정에 대한 경보가 사례에 있습니다. 경보를 먼저 빼 주세요.")
        )
    for name in LENGTHS:
        setattr(person, name, None)
    person.removed_at = timezone.now()
    person.save()
    person.consents.update(basis=None, withdrawal=None)
    audit.record(
        "case.person_removed",
        case,
        actor=actor,
        reason=because,
        details={"person": person.pk, "part": person.part},
    )
    touch(case)


def in_force(person: CasePerson, purpose: str) -> bool:
    """Whether somebody who can do so agreed to this, and did not take it back. Under 14 only a
    guardian can (R04); where the age is not known, the young person's own word is not enough."""
    given = {row.giver for row in person.consents.all() if row.purpose == purpose and _holds(row)}
    if CaseConsent.Giver.GUARDIAN in given:
        return True
    old_enough = person.age in (CasePerson.Age.UNDER_19, CasePerson.Age.ADULT)
    return old_enough and CaseConsent.Giver.YOUNG in given


def _holds(row: CaseConsent) -> bool:
    return row.withdrawn_at is None


@transaction.atomic
def record_consent(
    case_id: int,
    actor: Account,
    person_id: int,
    *,
    purpose: str,
    giver: str,
    basis: str,
    given_at: datetime | None = None,
) -> CaseConsent:
    """Records what was agreed for the young person: by whom, when, and on what it rests. Raises
    Refused for a consent that an under-14 gave alone."""
    case = work(case_id, actor)
    person = _person(case_id, person_id)
    if person.part != CasePerson.Part.YOUNG:
        raise Refused("young_only", _("동의는 청소년에게 기록합니다."))
    if purpose not in CaseConsent.Purpose.values or giver not in CaseConsent.Giver.values:
        raise Refused("consent_missing", _("무엇에 누가 동의했는지 골라 주세요."))
    young = giver == CaseConsent.Giver.YOUNG
    if young and person.age == CasePerson.Age.UNDER_14 and not in_force(person, purpose):
        raise Refused(
            "guardian_missing",
            _("만 14세 미만이면 보호자(법정대리인)의 동의를 먼저 기록해야 합니다."),
        )
    now = timezone.now()
    when = given_at or now
    if when > now:
        raise Refused("future", _("동의한 때가 아직 오지 않았습니다."))
    row = CaseConsent.objects.create(
        person=person,
        purpose=purpose,
        giver=giver,
        basis=words(basis, LONGEST_BASIS, needed="basis_missing"),
        given_at=when,
        recorded_by=actor,
    )
    audit.record(
        "case.consent_recorded",
        case,
        actor=actor,
        details={"consent": row.pk, "person": person.pk, "purpose": purpose, "giver": giver},
    )
    touch(case)
    return row


@transaction.atomic
def withdraw_consent(case_id: int, actor: Account, consent_id: int, note: str = "") -> CaseConsent:
    """Somebody took their consent back; from now on it does not count."""
    case = work(case_id, actor)
    row = (
        CaseConsent.objects.select_for_update(of=("self",))
        .filter(pk=consent_id, person__case=case)
        .first()
    )
    if row is None:
        raise Refused("no_such_consent", _("이 사례에 없는 동의입니다."))
    if row.withdrawn_at is not None:
        raise Refused("withdrawn", _("이미 거둔 동의입니다."))
    row.withdrawn_at, row.withdrawn_by = timezone.now(), actor
    row.withdrawal = words(note, LONGEST_BASIS)
    row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal"])
    audit.record(
        "case.consent_withdrawn",
        case,
        actor=actor,
        details={"consent": row.pk, "person": row.person_id, "purpose": row.purpose},
    )
    touch(case)
    return row
