"""Admits people to a case, lets them leave, and passes the responsibility on (need to know)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.case_access import admitted, answers_for, find, touch
from ansim.casework.actions.typed import reason
from ansim.casework.errors import Refused
from ansim.casework.models import Account, AuditEvent, Case, CaseMember
from ansim.casework.roles import Act, may

READ_AGAIN = timedelta(minutes=30)
"""Time after which looking at the page of a case is on record anew."""


def _decides(case_id: int, actor: Account) -> Case:
    case = find(case_id, actor)
    if not answers_for(case, actor):
        raise Refused(
            "not_responsible", _("사례를 책임지는 사람이나 슈퍼바이저만 할 수 있는 일입니다.")
        )
    if case.purged_at is not None:
        raise Refused("gone", _("이 사례의 내용은 기한이 지나 지워졌습니다."))
    return case


def _colleague(account_id: int) -> Account:
    account = Account.objects.filter(pk=account_id).first()
    if account is None or not may(account, Act.WORK_CASES):
        raise Refused("cannot_work", _("이 사람은 사례를 볼 수 있는 역할이 아닙니다."))
    return account


@transaction.atomic
def admit(case_id: int, actor: Account, account_id: int, why: str) -> CaseMember:
    """Lets somebody into the case, with a reason: by who answers for it, or by a leader. A leader
    lets themselves in by the same act, so that this too is on record."""
    case = _decides(case_id, actor)
    because = reason(why)
    account = _colleague(account_id)
    if admitted(case, account):
        raise Refused("admitted", _("이미 들어와 있는 사람입니다."))
    member = CaseMember.objects.create(
        case=case,
        account=account,
        reason=because,
        admitted_by=actor,
        admitted_at=timezone.now(),
    )
    audit.record(
        "case.admitted", case, actor=actor, reason=because, details={"account": account.pk}
    )
    touch(case)
    return member


@transaction.atomic
def looked(case_id: int, actor: Account) -> None:
    """Puts on record that somebody in the case looks at what stands in it: once in READ_AGAIN.
    The reason is that of their admission."""
    case = find(case_id, actor)
    if not admitted(case, actor):
        return
    lately = AuditEvent.objects.filter(
        action="case.read",
        subject_type="case",
        subject_id=str(case.pk),
        actor=actor,
        at__gt=timezone.now() - READ_AGAIN,
    )
    if not lately.exists():
        audit.record("case.read", case, actor=actor)


@transaction.atomic
def leave(case_id: int, actor: Account, account_id: int) -> CaseMember:
    """Somebody needs to know no longer: oneself, or another by who answers for the case. Who is
    responsible passes that on first."""
    case = find(case_id, actor) if account_id == actor.pk else _decides(case_id, actor)
    member = CaseMember.objects.filter(case=case, account=account_id, left_at=None).first()
    if member is None:
        raise Refused("not_admitted", _("이 사례에 들어와 있지 않은 사람입니다."))
    if case.responsible_id == account_id:
        raise Refused("responsible", _("먼저 책임을 다른 사람에게 넘겨 주세요."))
    member.left_at = timezone.now()
    member.save(update_fields=["left_at"])
    audit.record("case.left", case, actor=actor, details={"account": account_id})
    touch(case)
    return member


@transaction.atomic
def entrust(case_id: int, actor: Account, account_id: int, why: str) -> Case:
    """Makes somebody else responsible, with a reason, and admits them. Who was stays admitted."""
    case = _decides(case_id, actor)
    because = reason(why)
    account = _colleague(account_id)
    if not may(account, Act.OPEN_CASES):
        raise Refused("cannot_answer", _("상담원이나 슈퍼바이저만 사례를 책임질 수 있습니다."))
    before = case.responsible_id
    if before == account.pk:
        raise Refused("same_person", _("이미 이 사례를 책임지는 사람입니다."))
    if not admitted(case, account):
        CaseMember.objects.create(
            case=case,
            account=account,
            reason=because,
            admitted_by=actor,
            admitted_at=timezone.now(),
        )
    case.responsible = account
    audit.record(
        "case.entrusted",
        case,
        actor=actor,
        reason=because,
        details={"from": before, "to": account.pk},
    )
    touch(case, "responsible")
    return case
