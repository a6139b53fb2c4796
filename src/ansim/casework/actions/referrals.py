"""Brings others in: calls to agencies and what came of them, the safety plan, rescue (R19, R21).

Nothing here calls anybody: a person telephones, and records it here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, drafts, typed
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Agency,
    Alert,
    Answer,
    CaseAlert,
    HandOff,
    Kind,
    Referral,
    ReferralState,
    SafetyPlan,
    State,
)
from ansim.casework.roles import Act, may

LONGEST = 2000
"""Characters of one note."""

LENGTHS = {"name_ko": 80, "name_en": 80, "contact": 120, "purpose_ko": 200, "purpose_en": 200}
"""Characters that an agency's fields hold."""

QUESTIONS = {
    "now": _("지금 안전한가요? 누구와 함께 있나요?"),
    "trusted": _("믿고 말할 수 있는 어른은 누구인가요? (관계만)"),
    "place": _("불안할 때 갈 수 있는 안전한 곳은 어디인가요?"),
    "contact": _("상대와의 연락은 어떻게 하기로 했나요? (사진·만남 멈춤, 차단)"),
    "evidence": _("대화를 지우지 않고 두기로 했나요?"),
    "next": _("다음에 언제, 어떻게 이야기하기로 했나요?"),
}


def _held(alert_id: int, actor: Account) -> Alert:
    """The open alert, locked, if this person holds it or leads."""
    require(actor, Act.HAND_OFF)
    alert = Alert.objects.select_for_update(of=("self",)).filter(pk=alert_id).first()
    if alert is None:
        raise Refused("no_such_alert", _("없는 경보입니다."))
    if alert.state != State.OPEN:
        raise Refused("closed", _("이미 종결된 경보입니다."))
    if alert.claimed_by_id != actor.pk and not may(actor, Act.RELEASE_ANY):
        raise Refused("not_holder", _("먼저 이 경보를 맡아야 연계를 기록할 수 있습니다."))
    return alert


def _note(text: str) -> str | None:
    return typed.words(text, LONGEST) or None


@transaction.atomic
def hand_off(
    alert_id: int,
    actor: Account,
    agency_id: int,
    told: str,
    *,
    rescue: bool = False,
    when_where: str = "",
    reference: str = "",
    do_not_warn: bool = False,
) -> HandOff:
    """Records that the actor brought an agency in, and what it was told.

    A rescue request goes to the police and needs the time and place known so far. Raises Refused
    naming what is missing.
    """
    alert = _held(alert_id, actor)
    agency = Agency.objects.filter(pk=agency_id, active=True).first()
    if agency is None:
        raise Refused("agency_unknown", _("연계한 기관을 골라 주세요."))
    if do_not_warn and alert.is_request:
        raise Refused("nobody_suspected", _("도움 요청에는 알리지 말아야 할 상대가 없습니다."))
    if rescue and not agency.is_police:
        raise Refused("rescue_police", _("구조 요청은 112 같은 수사기관에 해야 합니다."))
    if rescue and not when_where.strip():
        raise Refused(
            "when_where_missing", _("구조를 요청하려면 만남의 때와 곳을 아는 만큼 적어 주세요.")
        )
    if not told.strip():
        raise Refused("told_missing", _("기관에 무엇을 알렸는지 적어 주세요."))
    made = HandOff.objects.create(
        alert=alert,
        agency=agency,
        made_by=actor,
        made_at=timezone.now(),
        rescue=rescue,
        do_not_warn=do_not_warn,
        told=_note(told),
        when_where=_note(when_where) if rescue else None,
        reference=_note(reference),
    )
    drafts.forget(alert, actor, "hand_off")
    audit.record(
        "alert.rescue_requested" if rescue else "alert.handed_off",
        alert,
        actor=actor,
        details={"hand_off": made.pk, "agency": agency.slug, "do_not_warn": do_not_warn},
    )
    return made


@transaction.atomic
def answer(
    hand_off_id: int, actor: Account, given: str, note: str = "", reference: str = ""
) -> HandOff:
    """Records what came of a hand-off; may be recorded again when things change."""
    row = HandOff.objects.select_for_update(of=("self",)).filter(pk=hand_off_id).first()
    if row is None:
        raise Refused("no_such_hand_off", _("없는 연계 기록입니다."))
    alert = _held(row.alert_id, actor)
    if given not in Answer.values or given == Answer.WAITING:
        raise Refused("answer_missing", _("연계의 결과를 골라 주세요."))
    row.answer = given
    row.answer_note = _note(note)
    row.reference = _note(reference) or row.reference
    row.answered_at = timezone.now()
    row.answered_by = actor
    row.save(update_fields=["answer", "answer_note", "reference", "answered_at", "answered_by"])
    audit.record(
        "alert.hand_off_answered",
        alert,
        actor=actor,
        details={"hand_off": row.pk, "agency": row.agency.slug, "answer": given},
    )
    return row


@transaction.atomic
def write_plan(alert_id: int, actor: Account, answers: Mapping[str, str]) -> SafetyPlan:
    """Writes the safety plan of an alert: words by question, those of ``QUESTIONS``."""
    alert = _held(alert_id, actor)
    kept = [[name, words] for name in QUESTIONS if (words := _note(answers.get(name, "")))]
    if not kept:
        raise Refused("plan_empty", _("안전 계획에 한 가지라도 적어 주세요."))
    plan = SafetyPlan.objects.filter(alert=alert).first() or SafetyPlan(alert=alert)
    plan.answers = kept
    plan.version += 1
    plan.written_by = actor
    plan.written_at = timezone.now()
    plan.save()
    drafts.forget(alert, actor, "plan")
    audit.record(
        "alert.plan_written",
        alert,
        actor=actor,
        details={"version": plan.version, "questions": [name for name, _words in kept]},
    )
    return plan


@transaction.atomic
def save_agency(actor: Account, agency_id: int | None, fields: Mapping[str, str | bool]) -> Agency:
    """Adds an agency, or changes one: names, contact, purposes, ``is_police``, ``active``."""
    require(actor, Act.EDIT_AGENCIES)
    row = Agency() if agency_id is None else _agency(agency_id)
    for name, limit in LENGTHS.items():
        words = " ".join(str(fields.get(name, "")).split())
        if len(words) > limit:
            raise Refused("too_long", _("너무 깁니다. 줄여서 적어 주세요."))
        setattr(row, name, words)
    if not (row.name_ko and row.name_en and row.contact):
        raise Refused("agency_incomplete", _("기관 이름(한국어·영어)과 연락처를 적어 주세요."))
    row.is_police = bool(fields.get("is_police"))
    row.active = bool(fields.get("active"))
    if agency_id is None:
        row.slug = f"local-{Agency.objects.count() + 1}"
    row.save()
    audit.record(
        "agency.written", row, actor=actor, details={"slug": row.slug, "active": row.active}
    )
    return row


def _agency(agency_id: int) -> Agency:
    row = Agency.objects.select_for_update().filter(pk=agency_id).first()
    if row is None:
        raise Refused("agency_unknown", _("없는 기관입니다."))
    return row


def warned_off(alerts: Iterable[Alert]) -> bool:
    """Whether the police asked that nobody in the room learns of their work (R19): in a hand-off or
    about a report, of whatever alert or case on the accounts that these alerts are about. Asks the
    database as often for many alerts as for one."""
    warnings = HandOff.objects.filter(do_not_warn=True)
    reports = Referral.objects.filter(do_not_warn=True).exclude(state=ReferralState.WITHDRAWN)
    # Whose they are is a long question, and in most agencies there is nothing to ask it about.
    if not warnings.exists() and not reports.exists():
        return False
    accounts: dict[str, set[str]] = defaultdict(set)
    numbers = []
    for alert in alerts:
        if not alert.is_request:
            accounts[alert.conversation.source_id].add(alert.about)
        numbers.append(alert.pk)
    wanted = Q(pk__in=numbers)
    for source, names in accounts.items():
        wanted |= Q(kind=Kind.RISK, about__in=names, conversation__source=source)
    same = Alert.objects.filter(wanted)
    cases = CaseAlert.objects.filter(alert__in=same).values("case")
    together = Q(alert__in=same) | Q(alert__joined__case__in=cases)
    return warnings.filter(together).exists() or reports.filter(case__in=cases).exists()
