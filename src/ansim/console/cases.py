"""What the pages of cases show: read here, for one person, and only what they may know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from ansim.casework.actions import case_notes, case_people, case_retention, cases
from ansim.casework.actions.case_access import answers_for
from ansim.casework.models import (
    Account,
    Alert,
    Case,
    CaseConsent,
    CaseMember,
    CaseMemo,
    CaseOutcome,
    CasePerson,
    CaseState,
    CaseTask,
    Turn,
)
from ansim.casework.roles import TABLE, Act, may
from ansim.console.case_timeline import GROUPS, entries
from ansim.console.typed import number

LOOKED_AT = 300
"""Messages of an account, the latest, in which signals of a young person are sought."""
SURE = 0.5
SHOWN = 30
"""Events of the timeline at first; asked for all of them, ten times as many."""


def listed(user: Account, asked: dict[str, str]) -> QuerySet[Case]:
    """Cases for the list, each with ``mine`` (admitted), ``alerts``, ``undone`` and ``late``."""
    now = timezone.now()
    rows = Case.objects.select_related("responsible").annotate(
        mine=Exists(CaseMember.objects.filter(case=OuterRef("pk"), account=user, left_at=None)),
        alerts=Count("joined", distinct=True),
        undone=Count("tasks", filter=Q(tasks__done_at=None), distinct=True),
        late=Count("tasks", filter=Q(tasks__done_at=None, tasks__due_at__lt=now), distinct=True),
    )
    if asked["state"] == "closed":
        rows = rows.filter(state=CaseState.CLOSED)
    elif asked["state"] != "all":
        rows = rows.exclude(state=CaseState.CLOSED)
    if asked["whose"] != "all":
        rows = rows.filter(mine=True)
    if asked["q"]:
        rows = rows.filter(pk=number(asked["q"]))
    return rows.order_by("-changed_at", "-pk")


def my_tasks(user: Account) -> list[CaseTask]:
    """What this person still has to do in cases they are in, the most pressing first."""
    mine = CaseMember.objects.filter(account=user, left_at=None).values("case")
    rows = CaseTask.objects.filter(owner=user, done_at=None, case__in=mine, what__isnull=False)
    return list(rows.select_related("case").order_by("due_at")[:50])


@dataclass(frozen=True, slots=True)
class Voice:
    """An account that speaks in a conversation: its pseudonym, how often, and whether it says
    something that young people say."""

    account: str
    said: int
    young: bool

    @property
    def tail(self) -> str:
        return self.account[-4:]


def voices(alert: Alert) -> list[Voice]:
    """Who can be the young person of an alert: those with signals of one first."""
    turns = Turn.objects.filter(conversation=alert.conversation_id, by_agency=False)
    found = []
    for account in cases.candidates(alert)[:20]:
        own = turns.filter(author=account)
        lately = own.order_by("-at").values_list("tactics", flat=True)[:LOOKED_AT]
        young = any(
            name.startswith("V") and share >= SURE for row in lately for name, share in row.items()
        )
        found.append(Voice(account, own.count(), young))
    return sorted(found, key=lambda voice: not voice.young)


def alike(alert: Alert) -> list[Alert]:
    """Alerts in no case about the same account or in the same conversation."""
    same = Q(about=alert.about, kind=alert.kind, conversation__source=alert.conversation.source_id)
    rows = Alert.objects.filter(same | Q(conversation=alert.conversation_id), joined=None)
    return list(
        rows.exclude(pk=alert.pk).select_related("conversation__source").order_by("-raised_at")[:20]
    )


def outside(case: Case, user: Account) -> dict[str, Any]:
    """What is known of a case to who is not in it."""
    return {
        "case": case,
        "may_admit": may(user, Act.LEAD_CASES),
        "admittable": _admittable(case) if may(user, Act.LEAD_CASES) else [],
    }


def inside(case: Case, user: Account, asked: dict[str, str]) -> dict[str, Any]:
    """Everything that the page of a case shows to who is in it."""
    people = list(case.people.filter(removed_at=None).prefetch_related("consents__recorded_by"))
    members = list(case.members.filter(left_at=None).select_related("account", "admitted_by"))
    group = asked.get("show", "")
    timeline, older = entries(case, group, SHOWN * (10 if asked.get("all") else 1))
    closed = case.state == CaseState.CLOSED or case.purged_at is not None
    joined = list(case.joined.select_related("alert__conversation__source", "alert__claimed_by"))
    return {
        "case": case,
        "now": timezone.now(),
        "working": not closed,
        "joined": joined,
        "suggested": cases.suggested(case) if not closed and may(user, Act.OPEN_CASES) else [],
        "young": [_young(row) for row in people if row.part == CasePerson.Part.YOUNG],
        "people": [row for row in people if row.part != CasePerson.Part.YOUNG],
        "purposes": CaseConsent.Purpose.choices,
        "givers": CaseConsent.Giver.choices,
        "memos": list(case_notes.readable(case, user)[:100]),
        "audiences": CaseMemo.Audience.choices,
        "tasks": list(case.tasks.filter(done_at=None).select_related("owner")),
        "tasks_done": list(
            case.tasks.exclude(done_at=None).select_related("done_by").order_by("-done_at")[:20]
        ),
        "documents": list(
            case.documents.filter(removed_at=None).defer("content").select_related("added_by")
        ),
        "members": members,
        "may_admit": answers_for(case, user) and case.purged_at is None,
        "admittable": _admittable(case) if answers_for(case, user) else [],
        "trustees": [row.account for row in members if may(row.account, Act.OPEN_CASES)],
        "may_unmask": may(user, Act.UNMASK) and case.purged_at is None,
        "may_close": case.responsible_id == user.pk or may(user, Act.LEAD_CASES),
        "outcomes": CaseOutcome.choices,
        "today": timezone.localdate(),
        "timeline": timeline,
        "older": older,
        "groups": GROUPS.items(),
        "group": group,
        "ends_at": case_retention.ends_at(case),
    }


def _young(person: CasePerson) -> dict[str, Any]:
    return {
        "person": person,
        "consents": [
            {
                "name": name,
                "in_force": case_people.in_force(person, purpose),
                "rows": [row for row in person.consents.all() if row.purpose == purpose],
            }
            for purpose, name in CaseConsent.Purpose.choices
        ],
    }


def _admittable(case: Case) -> list[Account]:
    """Colleagues who could be let into the case."""
    roles = [role for role, acts in TABLE.items() if Act.WORK_CASES in acts]
    there = case.members.filter(left_at=None).values("account")
    rows = Account.objects.filter(role__in=roles, is_active=True).exclude(pk__in=there)
    return list(rows.order_by("username"))
