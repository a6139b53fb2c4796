"""The alert budget: how many alerts came, how many the team could answer and did, how right they
were by counsellors' verdicts, and which threshold was in force (R18).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.utils import timezone

from ansim.casework.actions import targets
from ansim.casework.models import Alert, Kind, Outcome, State
from ansim.casework.verdicts import Verdicts, interval

__all__ = ["Line", "Verdicts", "interval", "lines", "overview", "total"]


@dataclass(frozen=True, slots=True)
class Line:
    """One priority in one period."""

    priority: str
    came: int
    taken: int
    in_time: int | None
    """Taken within the target; None for a priority without a timer."""
    mean_wait: timedelta | None
    closed: int
    verdicts: Verdicts


def lines(since: datetime) -> list[Line]:
    """One line for each priority, of alerts raised since."""
    rows = Alert.objects.filter(kind=Kind.RISK, raised_at__gte=since)
    wait = ExpressionWrapper(F("acknowledged_at") - F("raised_at"), output_field=DurationField())
    found = []
    for priority, target in sorted(targets.in_force().items()):
        mine = rows.filter(priority=priority)
        outcomes = {outcome.value: Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome}
        sums: dict[str, Any] = mine.aggregate(
            came=Count("pk"),
            taken=Count("acknowledged_at"),
            closed=Count("pk", filter=Q(state=State.CLOSED)),
            mean=Avg(wait),
            **outcomes,
        )
        in_time = None
        if target.acknowledge is not None:
            most = timedelta(seconds=target.acknowledge)
            in_time = mine.filter(acknowledged_at__lte=F("raised_at") + most).count()
        found.append(
            Line(
                priority=priority,
                came=sums["came"],
                taken=sums["taken"],
                in_time=in_time,
                mean_wait=sums["mean"],
                closed=sums["closed"],
                verdicts=Verdicts(**{outcome.value: sums[outcome.value] for outcome in Outcome}),
            )
        )
    return found


def total(verdicts: list[Verdicts]) -> Verdicts:
    """All together."""
    return Verdicts(
        confirmed=sum(one.confirmed for one in verdicts),
        other_harm=sum(one.other_harm for one in verdicts),
        not_grooming=sum(one.not_grooming for one in verdicts),
        unclear=sum(one.unclear for one in verdicts),
    )


def overview(days: int) -> Mapping[str, Any]:
    """Context of the page for the last ``days``."""
    now = timezone.now()
    since = now - timedelta(days=days)
    found = lines(since)
    plan = targets.plan()
    came = sum(line.came for line in found)
    answerable = round(plan.counsellors * plan.alerts_per_hour * 24 * days)
    latest = Alert.objects.order_by("-raised_at").values_list("versions", "raised_at").first()
    versions = latest[0] if latest else {}
    return {
        "lines": found,
        "came": came,
        "closed": sum(line.closed for line in found),
        "answerable": answerable,
        "over": came > answerable,
        "share_of_budget": came / answerable if answerable else None,
        "plan": plan,
        "verdicts": total([line.verdicts for line in found]),
        "threshold": versions.get("threshold"),
        "versions": versions,
        "as_of": latest[1] if latest else None,
        "waiting": Alert.objects.filter(kind=Kind.RISK, state=State.OPEN, claimed_by=None).count(),
    }
