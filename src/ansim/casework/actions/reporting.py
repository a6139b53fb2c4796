"""Reports of a case to those outside, while they are written (R23).

States: draft → review → approved → sent → acknowledged; every edit leads back to draft and takes an
approval with it. What the second person does, and the sending, is in ``approving``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, referrals, typed
from ansim.casework.actions.case_access import admitted, inside, touch
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Case,
    Referral,
    ReferralPackage,
    ReferralState,
    ReferralVersion,
)
from ansim.casework.reporting.completeness import Completeness, score
from ansim.casework.reporting.filling import fill, fixed
from ansim.casework.reporting.forms import FORMS
from ansim.casework.reporting.gathering import alerts, gather, made_packages
from ansim.casework.reporting.known import Evidence
from ansim.casework.reporting.questions import Kind, Shape
from ansim.casework.roles import Act, may

LONGEST = 1000
"""Characters of a remark, of a receiver and of a reason."""
SHOWN_TO_THE_SECOND = (
    *(ReferralState.REVIEW, ReferralState.APPROVED),
    *(ReferralState.SENT, ReferralState.ACKNOWLEDGED),
)
"""States in which who gives the second look reads it; not while it is written, and not what was
withdrawn, which nobody may ever have asked them to read."""
OPEN = (ReferralState.DRAFT, ReferralState.REVIEW, ReferralState.APPROVED)
"""States in which a report can still be changed or withdrawn."""


class Incomplete(Refused):
    """Answers are missing; ``found`` names each."""

    def __init__(self, found: Completeness) -> None:
        super().__init__(
            "incomplete",
            _("빠진 것이 있어 보낼 수 없습니다: %(names)s")
            % {"names": ", ".join(str(gap.question.label) for gap in found.gaps)},
        )
        self.found = found


def may_see(referral: Referral, account: Account) -> bool:
    """Who is in the case; and who gives the second look, once it is asked for (need to know)."""
    if admitted(referral.case, account):
        return True
    return may(account, Act.APPROVE_REFERRAL) and referral.state in SHOWN_TO_THE_SECOND


def answers(referral: Referral) -> dict[str, str]:
    """The words of the version in force; empty once retention has taken them."""
    row = ReferralVersion.objects.filter(referral=referral, version=referral.version).first()
    return {name: said for name, said in (row.answers if row else None) or []}


def completeness(referral: Referral) -> Completeness:
    return score(referral.kind, answers(referral))


def digest(said: Mapping[str, str]) -> str:
    """SHA-256 of a version's answers: what an approval stands for."""
    return hashlib.sha256(msgspec.json.encode(sorted(said.items()))).hexdigest()


def packages_to_attach(referral: Referral) -> list[tuple[str, Evidence]]:
    """Packages of its case that do not go along yet, by number, the newest first."""
    attached = set(referral.packages.values_list("package", flat=True))
    return [pair for pair in made_packages(referral.case) if pair[0] not in attached]


def warned_off(case: Case) -> bool:
    """Whether the police asked that nobody is warned (R19), in this case or in another one on the
    same accounts: what is told about one reaches the other as well."""
    return referrals.warned_off(alerts(case))


@transaction.atomic
def begin(case_id: int, actor: Account, kind: str) -> Referral:
    """Begins a report of this kind, filled with what the case knows. Raises Refused."""
    require(actor, Act.WRITE_REFERRAL)
    case = inside(case_id, actor)
    if kind not in Kind.values:
        raise Refused("kind_unknown", _("어떤 신고인지 골라 주세요."))
    now = timezone.now()
    row = Referral.objects.create(
        case=case,
        kind=kind,
        do_not_warn=warned_off(case),
        made_by=actor,
        made_at=now,
        changed_at=now,
        written_by=actor,
    )
    _keep(row, actor, fill(kind, gather(case, actor)), now)
    audit.record(
        "referral.begun",
        row,
        actor=actor,
        details={"case": case.pk, "kind": kind, "do_not_warn": row.do_not_warn},
    )
    return row


@transaction.atomic
def write(referral_id: int, actor: Account, given: Mapping[str, str], read: int) -> Referral:
    """Saves what somebody wrote as a new version. What the software puts in itself is put in anew.

    ``read`` is the version that they had before them: one that changed meanwhile is not written
    over. An approval is taken back. Raises Refused.
    """
    row = _open(referral_id, actor)
    if row.version != read:
        raise Refused(
            "changed_meanwhile",
            _("그 사이 다른 사람이 고쳤습니다. 쓴 것을 옮겨 두고 다시 열어 주세요."),
        )
    old = answers(row)
    new = dict(old)
    for question in FORMS[row.kind]:
        if question.shape != Shape.FIXED and question.name in given:
            said = given[question.name].replace("\r\n", "\n").strip()
            if len(said) > 2 * question.longest:
                raise Refused("too_long", _("너무 깁니다. 줄여서 적어 주세요."))
            new[question.name] = said
    new |= fixed(row.kind, gather(row.case, actor, row.packages.all()))
    _rewrite(row, actor, new, old)
    return row


@transaction.atomic
def attach(referral_id: int, actor: Account, package: str) -> Referral:
    """An evidence package of this case goes along; its SHA-256 stands in the report from now on."""
    row = _open(referral_id, actor)
    found = dict(made_packages(row.case)).get(package)
    if found is None:
        raise Refused("no_such_package", _("이 사례에서 만든 증거 자료를 골라 주세요."))
    if row.packages.filter(package=package).exists():
        raise Refused("attached", _("이미 붙인 증거 자료입니다."))
    ReferralPackage.objects.create(
        referral=row,
        package=package,
        name=found.name[:80],
        sha256=found.sha256,
        made_at=found.made_at,
        attached_by=actor,
        attached_at=timezone.now(),
    )
    return _packages_changed(row, actor, "referral.attached", package, found.sha256)


@transaction.atomic
def detach(referral_id: int, actor: Account, package: str) -> Referral:
    """The package does not go along after all."""
    row = _open(referral_id, actor)
    attached = row.packages.filter(package=package).first()
    if attached is None:
        raise Refused("no_such_package", _("붙어 있지 않은 증거 자료입니다."))
    digest_of_it = attached.sha256
    attached.delete()
    return _packages_changed(row, actor, "referral.detached", package, digest_of_it)


def _packages_changed(
    row: Referral, actor: Account, action: str, package: str, sha256: str
) -> Referral:
    audit.record(action, row, actor=actor, details={"package": package, "manifest_sha256": sha256})
    old = answers(row)
    new = old | fixed(row.kind, gather(row.case, actor, row.packages.all()))
    _rewrite(row, actor, new, old)
    return row


@transaction.atomic
def submit(referral_id: int, actor: Account) -> Referral:
    """Asks a second person to look at it. Raises Incomplete naming everything that is missing."""
    row = _open(referral_id, actor)
    if row.state != ReferralState.DRAFT:
        raise Refused("not_draft", _("이미 두 번째 사람에게 올렸습니다."))
    complete(row)
    move(row, ReferralState.REVIEW)
    audit.record("referral.submitted", row, actor=actor, details={"version": row.version})
    return row


@transaction.atomic
def withdraw(referral_id: int, actor: Account, why: str) -> Referral:
    """It is not going to be sent. What was sent cannot be withdrawn here."""
    row = _open(referral_id, actor)
    reason = words(why, _("왜 거두어들이는지 적어 주세요."))
    row.remark = reason
    row.approved_by = row.approved_at = None
    move(row, ReferralState.WITHDRAWN)
    audit.record("referral.withdrawn", row, actor=actor, reason=reason)
    return row


@transaction.atomic
def warn_nobody(referral_id: int, actor: Account, on: bool, why: str) -> Referral:
    """Sets or takes back that nobody on the other side may learn of it, and who asked for that."""
    require(actor, Act.WRITE_REFERRAL)
    row = seen(referral_id, actor)
    if row.state == ReferralState.WITHDRAWN:
        raise Refused("withdrawn", _("거두어들인 신고입니다."))
    reason = words(why, _("수사기관의 누가 왜 그렇게 말했는지 적어 주세요."))
    row.do_not_warn = on
    row.changed_at = timezone.now()
    row.save(update_fields=["do_not_warn", "changed_at"])
    audit.record(
        "referral.do_not_warn", row, actor=actor, reason=reason, details={"do_not_warn": on}
    )
    return row


@transaction.atomic
def taken_out(referral_id: int, actor: Account, form: str, reason: str) -> tuple[Referral, str]:
    """Records that somebody takes a report out as ``pdf``, ``xml`` or ``json``, and why; returns it
    with the name of the person who approved it. What has no word DRAFT in it needs the approval."""
    row = seen(referral_id, actor)
    if form != "pdf" and (row.kind != Kind.CYBERTIP or row.approved_by_id is None):
        raise Refused("not_approved", _("승인된 CyberTip만 XML이나 JSON으로 꺼낼 수 있습니다."))
    if not answers(row):
        raise Refused("gone", _("기한이 지나 지워졌습니다."))
    why = words(reason, _("꺼내는 까닭을 적어 주세요."))
    audit.record(
        "referral.taken_out",
        row,
        actor=actor,
        reason=why,
        details={"form": form, "version": row.version, "state": row.state},
    )
    return row, row.approved_by.shown if row.approved_by else ""


def words(text: str, missing: object) -> str:
    """What somebody wrote, trimmed. Raises Refused for nothing (``missing``) and for too much."""
    return typed.words(text, LONGEST, missing=missing)


def seen(referral_id: int, actor: Account) -> Referral:
    """The report, locked, if this person may see it at all."""
    row = Referral.objects.select_for_update(of=("self",)).filter(pk=referral_id).first()
    if row is None or not may_see(row, actor):
        raise Refused("no_such_referral", _("없는 신고입니다."))
    return row


def _open(referral_id: int, actor: Account) -> Referral:
    """The report, locked, if this person may change it and it was not sent yet."""
    require(actor, Act.WRITE_REFERRAL)
    row = seen(referral_id, actor)
    if not admitted(row.case, actor):
        raise Refused("not_admitted", _("이 사례에 들어와 있는 사람만 고칠 수 있습니다."))
    if row.state not in OPEN:
        raise Refused("not_open", _("보냈거나 거두어들인 신고는 고칠 수 없습니다."))
    if row.case.purged_at is not None:
        raise Refused("gone", _("이 사례의 내용은 기한이 지나 지워졌습니다."))
    return row


def complete(row: Referral) -> None:
    """Raises Incomplete where something is missing."""
    found = completeness(row)
    if not found.complete:
        raise Incomplete(found)


def move(row: Referral, state: ReferralState) -> None:
    """Saves the report in its new state; somebody did something in its case."""
    row.state, row.changed_at = state, timezone.now()
    row.save()
    touch(row.case)


def _rewrite(row: Referral, actor: Account, new: dict[str, str], old: dict[str, str]) -> None:
    """A new version where the words changed; then nobody stands for it any more."""
    if new == old:
        return
    was = row.state
    row.version += 1
    row.written_by = actor
    row.approved_by = row.approved_at = None
    move(row, ReferralState.DRAFT)
    _keep(row, actor, new, row.changed_at)
    audit.record(
        "referral.written",
        row,
        actor=actor,
        details={
            "version": row.version,
            "questions": sorted(name for name in new if new[name] != old.get(name)),
            "was": was,
        },
    )


def _keep(row: Referral, actor: Account, said: Mapping[str, str], now: datetime) -> None:
    ReferralVersion.objects.create(
        referral=row,
        version=row.version,
        answers=[[name, text] for name, text in said.items()],
        written_by=actor,
        written_at=now,
    )
