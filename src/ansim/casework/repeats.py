"""Accounts with several attempts, as people look at them: how often, where, towards how many young
people, and by what they are linked. Reads only; actions/repeats.py and actions/linking.py write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions.regrouping import counting, too_common
from ansim.casework.models import (
    Alert,
    CaseAlert,
    Kind,
    LinkAppeal,
    Outcome,
    Sighting,
    State,
    Trace,
)

MOST_LINKED = 50
"""Linked accounts whose alerts are told of beside an alert."""


class Strength(IntEnum):
    """How much a trace says. None of it is a proof."""

    WEAK = 1
    MEDIUM = 2
    STRONG = 3


STRENGTHS = {
    Strength.STRONG: _("강함"),
    Strength.MEDIUM: _("보통"),
    Strength.WEAK: _("약함"),
}
OF_KIND = {
    Trace.Kind.ACCOUNT: Strength.STRONG,
    Trace.Kind.STATEMENT: Strength.STRONG,
    Trace.Kind.PHONE: Strength.MEDIUM,
    Trace.Kind.EMAIL: Strength.MEDIUM,
    Trace.Kind.LINK: Strength.MEDIUM,
    Trace.Kind.HANDLE: Strength.WEAK,
}
WHY = {
    Trace.Kind.ACCOUNT: _(
        "같은 출처에서 계정 자체가 같습니다. 계정을 넘겨받은 사람일 수는 있어요."
    ),
    Trace.Kind.STATEMENT: _("플랫폼이 한 사람의 계정이라고 알려 주었습니다."),
    Trace.Kind.PHONE: _("이 계정이 같은 전화번호를 적었습니다. 남의 번호일 수도 있어요."),
    Trace.Kind.EMAIL: _("이 계정이 같은 이메일 주소를 적었습니다. 남의 주소일 수도 있어요."),
    Trace.Kind.LINK: _("이 계정이 같은 초대 링크를 적었습니다. 여럿이 쓰는 방일 수도 있어요."),
    Trace.Kind.HANDLE: _(
        "이 계정이 같은 메신저 아이디를 적었습니다. 잘못 적었거나 여럿이 쓸 수 있어요."
    ),
}
"""Why a trace links, and what else it may be."""


@dataclass(slots=True)
class Tie:
    """One trace of an attempt that others of its group carry too."""

    trace: Trace
    strength: Strength
    others: list[int]
    """Numbers of the alerts that carry it as well."""

    @property
    def how_strong(self) -> Any:
        return STRENGTHS[self.strength]

    @property
    def why(self) -> Any:
        return WHY[Trace.Kind(self.trace.kind)]

    @property
    def reviewed(self) -> bool:
        return self.trace.review != Trace.Review.NONE


@dataclass(slots=True)
class Attempt:
    """One account in one room: its alerts that were not dismissed, and what links it."""

    sighting: Sighting
    alerts: list[Alert] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    cases: dict[int, int] = field(default_factory=dict)
    """Case by alert, for those that belong to one."""
    appealed: bool = False
    """Somebody says that it is not theirs, and nobody has decided yet."""

    @property
    def rows(self) -> list[tuple[Alert, int | None]]:
        """Its alerts, each with the case it belongs to."""
        return [(alert, self.cases.get(alert.pk)) for alert in self.alerts]


@dataclass(slots=True)
class Repeat:
    """Linked attempts together. ``group`` names them as long as their oldest one is with them."""

    group: int
    attempts: list[Attempt]

    @property
    def alerts(self) -> list[Alert]:
        return [alert for attempt in self.attempts for alert in attempt.alerts]

    @property
    def count(self) -> int:
        return len(self.alerts)

    @property
    def confirmed(self) -> int:
        """Alerts that a person has found to be grooming."""
        return sum(alert.outcome == Outcome.CONFIRMED for alert in self.alerts)

    @property
    def open(self) -> int:
        return sum(alert.state == State.OPEN for alert in self.alerts)

    @property
    def rooms(self) -> int:
        return len({attempt.sighting.conversation_id for attempt in self.attempts})

    @property
    def accounts(self) -> int:
        return len({attempt.sighting.account for attempt in self.attempts})

    @property
    def names(self) -> list[str]:
        """The first few of its accounts."""
        return list(dict.fromkeys(attempt.sighting.account for attempt in self.attempts))[:3]

    @property
    def sources(self) -> list[str]:
        return sorted({attempt.sighting.conversation.source.name for attempt in self.attempts})

    @property
    def youths(self) -> int:
        """Accounts that showed signals of a young person. One person may have several."""
        return len({youth for attempt in self.attempts for youth in attempt.sighting.youths})

    @property
    def first_at(self) -> datetime:
        return min(attempt.sighting.first_at for attempt in self.attempts)

    @property
    def last_at(self) -> datetime:
        return max(attempt.sighting.last_at for attempt in self.attempts)

    @property
    def ties(self) -> list[Tie]:
        """What links them now; what was rejected is not among it."""
        return [
            tie
            for attempt in self.attempts
            for tie in attempt.ties
            if tie.trace.review != Trace.Review.REJECTED
        ]

    @property
    def how_strong(self) -> Any:
        """Of the strongest; of one account in one room alone nothing has to be said."""
        return STRENGTHS[max(tie.strength for tie in self.ties)] if self.ties else ""

    @property
    def unreviewed(self) -> int:
        return sum(not tie.reviewed for tie in self.ties)

    @property
    def cases(self) -> list[int]:
        return sorted({case for attempt in self.attempts for case in attempt.cases.values()})


def several(*, unreviewed: bool = False) -> QuerySet[Sighting, Any]:
    """Numbers of the groups with more than one attempt, newest first, as ``{"group": …}``;
    ``unreviewed``: only those with a link that nobody has looked at."""
    rows = Sighting.objects.filter(alerts__gt=0, apart=False)
    if unreviewed:
        same = counting().filter(hash=OuterRef("hash")).exclude(sighting=OuterRef("sighting"))
        open_ = counting().filter(Exists(same), review=Trace.Review.NONE)
        rows = rows.filter(group__in=open_.values("sighting__group"))
    return (
        rows.order_by()
        .values("group")
        .annotate(attempts=Sum("alerts"), last=Max("last_at"), first=Min("first_at"))
        .filter(attempts__gt=1)
        .order_by("-last", "-group")
    )


def gather(groups: Collection[int]) -> list[Repeat]:
    """These groups with everything about them, in the order given; empty ones are left out."""
    sightings = list(
        Sighting.objects.filter(group__in=groups, alerts__gt=0, apart=False)
        .select_related("conversation__source")
        .order_by("first_at", "pk")
    )
    attempts = {row.pk: Attempt(row) for row in sightings}
    at = {(row.conversation_id, row.account): row.pk for row in sightings}
    alerts = (
        Alert.objects.filter(
            kind=Kind.RISK, conversation__in={row.conversation_id for row in sightings}
        )
        .exclude(state=State.CLOSED, outcome=Outcome.NOT_GROOMING)
        .defer("trajectory", "versions", "why", "outcome_note")
        .order_by("raised_at", "pk")
    )
    for alert in alerts:
        pk = at.get((alert.conversation_id, alert.about))
        if pk is not None:
            attempts[pk].alerts.append(alert)
    numbers = [alert.pk for attempt in attempts.values() for alert in attempt.alerts]
    cases = dict(CaseAlert.objects.filter(alert__in=numbers).values_list("alert", "case"))
    for attempt in attempts.values():
        attempt.cases = {a.pk: cases[a.pk] for a in attempt.alerts if a.pk in cases}
    waiting = set(
        LinkAppeal.objects.filter(state=LinkAppeal.State.WAITING).values_list(
            "conversation", "account"
        )
    )
    for place, pk in at.items():
        attempts[pk].appealed = place in waiting
    _tie(attempts)
    found: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in attempts.values():
        if attempt.alerts:
            found[attempt.sighting.group].append(attempt)
    return [Repeat(group, found[group]) for group in groups if group in found]


def _tie(attempts: dict[int, Attempt]) -> None:
    """Puts what links them with the attempts, and what a person said does not."""
    carried: dict[str, list[Trace]] = defaultdict(list)
    traces = Trace.objects.filter(sighting__in=attempts).select_related("reviewed_by")
    for trace in traces.order_by("pk"):
        carried[trace.hash].append(trace)
    common = too_common(list(carried))
    for mark, rows in carried.items():
        holding = [row for row in rows if row.review != Trace.Review.REJECTED]
        links = len(holding) > 1 and mark not in common
        for trace in rows:
            if links or trace not in holding:
                others = [row.sighting_id for row in holding if row != trace]
                numbers = [alert.pk for pk in others for alert in attempts[pk].alerts]
                tie = Tie(trace, OF_KIND[Trace.Kind(trace.kind)], numbers)
                attempts[trace.sighting_id].ties.append(tie)
    for attempt in attempts.values():
        attempt.ties.sort(key=_order)


def _order(tie: Tie) -> tuple[int, int]:
    return (-tie.strength, tie.trace.pk)


def rejected() -> QuerySet[Trace]:
    """What people said does not link, the latest first, so that it can be taken back."""
    return (
        Trace.objects.filter(review=Trace.Review.REJECTED)
        .select_related("sighting", "reviewed_by")
        .order_by("-reviewed_at")
    )


def of_alert(alert: Alert) -> Sighting | None:
    """Where the account of this alert was seen; None before it was looked at, and after."""
    return Sighting.objects.filter(conversation=alert.conversation_id, account=alert.about).first()


def elsewhere(alert: Alert) -> QuerySet[Alert]:
    """Other alerts on the same account of the same source and on accounts linked with it, newest
    first. What an appeal keeps apart is not among them. Of who asks for help there are none: that
    they asked before says nothing against anybody."""
    if alert.is_request:
        return Alert.objects.none()
    rows = Sighting.objects.filter(account=alert.about)
    seen = list(
        rows.filter(Q(conversation=alert.conversation_id) | Q(apart=True)).values_list(
            "conversation", "group", "apart"
        )
    )
    group, apart = next((row[1:] for row in seen if row[0] == alert.conversation_id), (0, False))
    wanted = Q(conversation=alert.conversation_id, about=alert.about)
    if not apart:
        wanted |= Q(about=alert.about, conversation__source=alert.conversation.source_id) & ~Q(
            conversation__in=[row[0] for row in seen if row[2]]
        )
    if group and not apart:
        linked = Sighting.objects.filter(group=group, apart=False, alerts__gt=0)
        for conversation, account in linked.values_list("conversation", "account")[:MOST_LINKED]:
            wanted |= Q(conversation=conversation, about=account)
    return Alert.objects.filter(wanted, kind=Kind.RISK).exclude(pk=alert.pk).order_by("-raised_at")
