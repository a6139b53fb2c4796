"""The alert budget: how many alerts came, how many the team could answer and did, how right they
were by counsellors' verdicts, and which threshold was in force (R18).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.utils import timezone

from ansim.casework.actions import targets
from ansim.casework.models import Alert, Outcome, State

Z = 1.959964
"""Two-sided 95 % of the normal distribution."""


def interval(right: int, of: int) -> tuple[float, float] | None:
    """Wilson's 95 % interval of a share (E. B. Wilson, JASA 22, 1927); None where there is none."""
    if of == 0:
        return None
    share = right / of
    middle = (share + Z * Z / (2 * of)) / (1 + Z * Z / of)
    spread = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / (1 + Z * Z / of)
    return max(0.0, middle - spread), min(1.0, middle + spread)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Counts of outcomes and what follows from them. "Unclear" is in no share."""

    confirmed: int = 0
    other_harm: int = 0
    not_grooming: int = 0
    unclear: int = 0

    @property
    def judged(self) -> int:
        return self.confirmed + self.other_harm + self.not_grooming

    @property
    def precision(self) -> float | None:
        """Share of confirmed grooming in what was judged."""
        return self.confirmed / self.judged if self.judged else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        return interval(self.confirmed, self.judged)


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
    rows = Alert.objects.filter(raised_at__gte=since)
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
        "waiting": Alert.objects.filter(state=State.OPEN, claimed_by=None).count(),
    }
