"""What counsellors judged, as numbers: verdicts with their grounds by priority, tactic, source,
threshold and model version (R28). No text, no account, no conversation, no counsellor stands in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db.models import Q
from django.utils import timezone

from ansim.casework.actions.alerts import UNDO
from ansim.casework.models import Alert, Kind, Outcome, State, Turn

Z = 1.959964
"""Two-sided 95 % of the normal distribution."""
SURE = 0.5
"""Probability from which a tactic counts as seen in a turn."""
AT_ONCE = 500

GROUPINGS = (
    *("priority", "threshold", "tactic", "signal", "source", "grounds"),
    *("gate", "risk_model", "context", "software"),
)
"""What counts are made by. An alert counts once under each of its tactics and signals."""


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


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One closed alert as evaluation may see it."""

    month: str
    """Of the raising, ``YYYY-MM``: a day would be too near to a person."""
    source: str
    priority: str
    risk: float
    """When it was last updated, 0..1, rounded to hundredths."""
    threshold: float | None
    gate: str
    risk_model: str
    context: str
    software: str
    tactics: tuple[str, ...]
    """Tactics that the detector saw in turns of the account, from 0.5 on."""
    signals: tuple[str, ...]
    """Signals of a young person in turns of the others."""
    verdict: str
    grounds: str


def judged(since: datetime, until: datetime | None = None) -> Iterator[Judged]:
    """Alerts closed from ``since`` to before ``until`` (default: now), oldest first. A dismissal
    that can still be taken back is left out, and so are requests for help: nobody was judged."""
    now = timezone.now()
    rows = Alert.objects.filter(
        kind=Kind.RISK, state=State.CLOSED, closed_at__gte=since, closed_at__lt=until or now
    ).exclude(Q(outcome=Outcome.NOT_GROOMING) & Q(closed_at__gt=now - UNDO))
    numbers = list(rows.order_by("closed_at", "pk").values_list("pk", flat=True))
    for start in range(0, len(numbers), AT_ONCE):
        chosen = Alert.objects.filter(pk__in=numbers[start : start + AT_ONCE])
        yield from _batch(
            list(
                chosen.select_related("conversation")
                .defer("trajectory", "why", "outcome_note")
                .order_by("closed_at", "pk")
            )
        )


def _batch(alerts: Sequence[Alert]) -> Iterator[Judged]:
    turns: dict[int, list[tuple[str, set[str]]]] = {}
    rows = Turn.objects.filter(
        conversation__in={alert.conversation_id for alert in alerts}, by_agency=False
    ).order_by()
    for conversation, author, tactics in rows.values_list("conversation", "author", "tactics"):
        seen = {name for name, p in tactics.items() if isinstance(p, (int, float)) and p >= SURE}
        turns.setdefault(conversation, []).append((author, seen))
    for alert in alerts:
        said = turns.get(alert.conversation_id, [])
        own = set().union(*(seen for author, seen in said if author == alert.about))
        others = set().union(*(seen for author, seen in said if author != alert.about))
        versions = alert.versions
        threshold = versions.get("threshold")
        yield Judged(
            month=timezone.localtime(alert.raised_at).strftime("%Y-%m"),
            source=alert.conversation.source_id,
            priority=alert.priority,
            risk=round(alert.risk, 2),
            threshold=threshold if isinstance(threshold, (int, float)) else None,
            gate=str(versions.get("gate", "")),
            risk_model=str(versions.get("risk", "")),
            context=str(versions.get("context", "")),
            software=str(versions.get("software", "")),
            tactics=tuple(sorted(name for name in own if name.startswith("T"))),
            signals=tuple(sorted(name for name in others if name.startswith("V"))),
            verdict=alert.outcome,
            grounds=alert.grounds,
        )


@dataclass(frozen=True, slots=True)
class Count:
    """Verdicts of everything that has one value of one grouping; ("all", "") is the whole."""

    by: str
    value: str
    verdicts: Verdicts


def counts(rows: Iterable[Judged]) -> list[Count]:
    """The whole first, then each grouping in the order of ``GROUPINGS``, its values sorted."""
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        for key in {("all", ""), *_keys(row)}:
            found = sums.setdefault(key, {})
            found[row.verdict] = found.get(row.verdict, 0) + 1
    order = ("all", *GROUPINGS)
    return [
        Count(by, value, Verdicts(**sums[by, value]))
        for by, value in sorted(sums, key=lambda key: (order.index(key[0]), key[1]))
    ]


def _keys(row: Judged) -> Iterator[tuple[str, str]]:
    yield "priority", row.priority
    yield "threshold", "" if row.threshold is None else f"{row.threshold:.4g}"
    for name in row.tactics:
        yield "tactic", name
    for name in row.signals:
        yield "signal", name
    yield "source", row.source
    yield "grounds", row.grounds
    yield "gate", row.gate
    yield "risk_model", row.risk_model
    yield "context", row.context
    yield "software", row.software
