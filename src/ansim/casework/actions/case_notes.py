"""Notes and tasks of a case: what colleagues write down for those who need it, and what is due."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.case_access import admitted, line, touch, words, work
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Case, CaseMember, CaseMemo, CaseTask
from ansim.casework.roles import Act, may

LONGEST_MEMO = 4000
LONGEST_TASK = 200


@transaction.atomic
def write(case_id: int, actor: Account, text: str, audience: str = "team") -> CaseMemo:
    """Writes a note for those in ``audience``. Only its length stands in the audit log."""
    case = work(case_id, actor)
    if audience not in CaseMemo.Audience.values:
        raise Refused("audience_missing", _("누가 볼 메모인지 골라 주세요."))
    row = CaseMemo.objects.create(
        case=case,
        audience=audience,
        author=actor,
        at=timezone.now(),
        text=words(text, LONGEST_MEMO, needed="empty"),
    )
    audit.record(
        "case.noted",
        case,
        actor=actor,
        details={"memo": row.pk, "audience": audience, "length": len(row.text or "")},
    )
    touch(case)
    return row


def readable(case: Case, actor: Account) -> QuerySet[CaseMemo]:
    """The notes that this person may read: none for who is not admitted."""
    if not admitted(case, actor):
        return CaseMemo.objects.none()
    mine = Q(author=actor) | Q(audience=CaseMemo.Audience.TEAM)
    if may(actor, Act.LEAD_CASES):
        mine |= Q(audience=CaseMemo.Audience.LEADERS)
    return CaseMemo.objects.filter(mine, case=case).select_related("author")


@transaction.atomic
def add_task(
    case_id: int, actor: Account, what: str, due_at: datetime, owner_id: int | None = None
) -> CaseTask:
    """Something to do until ``due_at`` (aware), by somebody admitted to the case; oneself unless
    told."""
    case = work(case_id, actor)
    owner = actor if owner_id is None else Account.objects.filter(pk=owner_id).first()
    if owner is None or not admitted(case, owner):
        raise Refused("not_admitted", _("할 일은 이 사례에 들어와 있는 사람에게만 맡깁니다."))
    row = CaseTask.objects.create(
        case=case,
        what=line(what, LONGEST_TASK, needed="task_missing"),
        owner=owner,
        due_at=due_at,
        made_by=actor,
        made_at=timezone.now(),
    )
    audit.record(
        "case.task_added",
        case,
        actor=actor,
        details={"task": row.pk, "owner": owner.pk, "due": due_at.isoformat()},
    )
    touch(case)
    return row


def late(owner: Account) -> int:
    """How many of this person's tasks, in cases they are in, should be done by now."""
    mine = CaseMember.objects.filter(account=owner, left_at=None).values("case")
    return CaseTask.objects.filter(
        owner=owner, done_at=None, due_at__lt=timezone.now(), case__in=mine, what__isnull=False
    ).count()


@transaction.atomic
def finish_task(case_id: int, actor: Account, task_id: int, *, needed: bool = True) -> CaseTask:
    """The task is done, or, with ``needed`` false, nobody needs it any more."""
    case = work(case_id, actor)
    row = CaseTask.objects.select_for_update(of=("self",)).filter(pk=task_id, case=case).first()
    if row is None:
        raise Refused("no_such_task", _("이 사례에 없는 할 일입니다."))
    if row.done_at is None:
        row.done_at, row.done_by = timezone.now(), actor
        row.save(update_fields=["done_at", "done_by"])
        audit.record(
            "case.task_done" if needed else "case.task_dropped",
            case,
            actor=actor,
            details={"task": row.pk},
        )
        touch(case)
    return row
