"""Reads what casework holds of a whole case for its package: every alert of it, one after another.

What people wrote in the case (needs, plans, notes, documents) is counselling and stays inside.
"""

from __future__ import annotations

from typing import Any

from ansim.casework.evidence.contents import Gathered, GatheredCase, Order, stamp
from ansim.casework.evidence.gathering import Names, Progress, chapter, logged
from ansim.casework.models import Alert, AuditEvent, Case, CasePerson

OF_THE_CASE = (
    *("case.opened", "case.alert_added", "case.alert_removed", "case.closed", "case.reopened"),
    *("evidence.ordered", "evidence.made", "evidence.fetched", "evidence.unmasked"),
)
"""Acts in a case that tell how its evidence came together."""
_ACCOUNTS = (CasePerson.Part.YOUNG, CasePerson.Part.SUSPECT)


def gather_case(order: Order, names: Names, progress: Progress) -> GatheredCase:
    """Everything about the alerts of ``order``. A conversation that several share is told once.
    Raises Case.DoesNotExist and Alert.DoesNotExist."""
    case = Case.objects.select_related("opened_by", "responsible").get(pk=order.case)
    conversations: dict[int, int] = {}
    chapters: list[Gathered] = []
    for alert in order.alerts:
        where = Alert.objects.values_list("conversation", flat=True).get(pk=alert)
        before = conversations.setdefault(where, alert)
        chapters.append(
            chapter(order, alert, names, progress, same_as=0 if before == alert else before)
        )
    return GatheredCase(
        order=order, case=_case(case, order), chapters=chapters, log=_log(case, chapters)
    )


def _case(case: Case, order: Order) -> dict[str, Any]:
    joined = {row.alert_id: row for row in case.joined.select_related("added_by")}
    people = case.people.filter(removed_at=None, part__in=_ACCOUNTS).exclude(account="")
    return {
        "case": case.pk,
        "state": case.state,
        "opened_at": stamp(case.opened_at),
        "opened_by": case.opened_by.get_username(),
        "responsible": case.responsible.get_username(),
        "alerts": [
            {
                "alert": alert,
                "added_at": stamp(joined[alert].added_at) if alert in joined else None,
                "added_by": joined[alert].added_by.get_username() if alert in joined else None,
            }
            for alert in order.alerts
        ],
        "accounts": [
            {"part": row.part, "source": row.source_id, "pseudonym": row.account, "age": row.age}
            for row in people
        ],
    }


def _log(case: Case, chapters: list[Gathered]) -> list[dict[str, Any]]:
    """Rows about the case and its alerts, each once, in their order."""
    rows = {row["audit"]: row for found in chapters for row in found.log}
    own = AuditEvent.objects.filter(
        subject_type="case", subject_id=str(case.pk), action__in=OF_THE_CASE
    )
    rows |= {event.pk: logged(event) for event in own}
    return [rows[number] for number in sorted(rows)]
