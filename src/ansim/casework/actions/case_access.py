"""Who may know what stands in a case: those admitted to it, and nobody by rank alone."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import typed
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Case, CaseMember, CaseState
from ansim.casework.roles import Act, may

_MISSING = _("빠진 칸이 있습니다. 적어 주세요.")


def admitted(case: Case, actor: Account) -> bool:
    """Whether this person may see what stands in the case."""
    if not may(actor, Act.WORK_CASES):
        return False
    return CaseMember.objects.filter(case=case, account=actor, left_at=None).exists()


def answers_for(case: Case, actor: Account) -> bool:
    """Whether this person decides who else is admitted: the one responsible, or a leader."""
    if may(actor, Act.LEAD_CASES):
        return True
    return case.responsible_id == actor.pk and admitted(case, actor)


def find(case_id: int, actor: Account) -> Case:
    """The case, locked. Raises Refused where there is none."""
    require(actor, Act.WORK_CASES)
    case = Case.objects.select_for_update(of=("self",)).filter(pk=case_id).first()
    if case is None:
        raise Refused("no_such_case", _("없는 사례입니다."))
    return case


def inside(case_id: int, actor: Account) -> Case:
    """The case, locked, for somebody who reads in it. Raises Refused for those who are not
    admitted, and where its content is gone."""
    case = find(case_id, actor)
    if not admitted(case, actor):
        raise Refused("not_admitted", _("이 사례에 들어와 있지 않아 내용을 볼 수 없습니다."))
    if case.purged_at is not None:
        raise Refused("gone", _("이 사례의 내용은 기한이 지나 지워졌습니다."))
    return case


def work(case_id: int, actor: Account) -> Case:
    """The same for an act in it: a closed case has to be opened again first."""
    case = inside(case_id, actor)
    if case.state == CaseState.CLOSED:
        raise Refused("closed", _("종결한 사례입니다. 먼저 다시 여세요."))
    return case


def touch(case: Case, *fields: str) -> None:
    """Somebody did something in it: saves these fields, and when."""
    case.changed_at = timezone.now()
    case.save(update_fields=["changed_at", *fields])


def words(text: str, longest: int, *, needed: str = "") -> str | None:
    """What somebody wrote, trimmed; None for nothing. ``needed`` is the code of the refusal where
    nothing is not allowed."""
    return typed.words(text, longest, missing=_MISSING if needed else None, code=needed) or None


def line(text: str, longest: int, *, needed: str = "") -> str | None:
    """The same on one line, without characters that could disturb it: names and titles."""
    return typed.line(text, longest, missing=_MISSING if needed else None, code=needed) or None
