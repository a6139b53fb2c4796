"""How soon alerts must be taken, and how many the team can answer: editable, on record.

What nobody has edited stands at the defaults below, so that an empty table means just these.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, ResponseTarget, TeamPlan
from ansim.casework.roles import Act

LONGEST = timedelta(days=7)


class Target(msgspec.Struct, frozen=True):
    """Seconds until an alert of this priority must be taken (None: digest, no timer), and until
    a holder who does nothing counts as gone."""

    acknowledge: int | None
    abandoned: int


DEFAULTS: dict[str, Target] = {
    "P1": Target(2 * 60, 10 * 60),
    "P2": Target(15 * 60, 20 * 60),
    "P3": Target(4 * 3600, 2 * 3600),
    "P4": Target(None, 8 * 3600),
}


def in_force() -> dict[str, Target]:
    """The target of every priority."""
    edited = {
        row.priority: Target(row.acknowledge_seconds, row.abandoned_seconds)
        for row in ResponseTarget.objects.all()
    }
    return DEFAULTS | edited


def due(priority: str, since: datetime, targets: dict[str, Target]) -> datetime | None:
    """By when an alert that waits since ``since`` must be taken."""
    target = targets.get(priority)
    if target is None or target.acknowledge is None:
        return None
    return since + timedelta(seconds=target.acknowledge)


@transaction.atomic
def set_target(
    priority: str, acknowledge: int | None, abandoned: int, actor: Account
) -> ResponseTarget:
    """Changes the times of one priority, in seconds; they hold for alerts from now on.

    Raises Refused: P1 to P3 need a timer, every time is between ten seconds and seven days, and a
    more urgent priority never waits longer than a less urgent one.
    """
    require(actor, Act.LEAD_SHIFT)
    if priority not in DEFAULTS:
        raise Refused("no_such_priority", _("없는 우선순위입니다."))
    if acknowledge is None and priority != "P4":
        raise Refused("timer_missing", _("P1부터 P3까지는 맡을 시간을 정해야 합니다."))
    longest = int(LONGEST.total_seconds())
    if any(value is not None and not 10 <= value <= longest for value in (acknowledge, abandoned)):
        raise Refused("out_of_range", _("시간은 10초에서 7일 사이로 적어 주세요."))
    before = in_force()
    after = before | {priority: Target(acknowledge, abandoned)}
    timers = [after[name].acknowledge for name in sorted(after)]
    timed = [timer for timer in timers if timer is not None]
    if timed != sorted(timed):
        raise Refused("out_of_order", _("더 급한 경보의 시간이 덜 급한 경보보다 길 수 없습니다."))
    row, _made = ResponseTarget.objects.update_or_create(
        priority=priority,
        defaults={"acknowledge_seconds": acknowledge, "abandoned_seconds": abandoned},
    )
    audit.record(
        "shift.target_changed",
        row,
        actor=actor,
        details={
            "from": msgspec.to_builtins(before[priority]),
            "to": msgspec.to_builtins(after[priority]),
        },
    )
    return row


def plan() -> TeamPlan:
    """The team as planned."""
    return TeamPlan.objects.filter(pk=1).first() or TeamPlan(pk=1)


@transaction.atomic
def set_plan(counsellors: int, alerts_per_hour: float, actor: Account) -> TeamPlan:
    """Changes the plan. Raises Refused for figures no team has."""
    require(actor, Act.LEAD_SHIFT)
    if not 1 <= counsellors <= 1000 or not 0.1 <= alerts_per_hour <= 60:
        raise Refused(
            "out_of_range", _("상담원은 1~1000명, 한 시간에 0.1~60건 사이로 적어 주세요.")
        )
    row, _made = TeamPlan.objects.update_or_create(
        pk=1, defaults={"counsellors": counsellors, "alerts_per_hour": alerts_per_hour}
    )
    audit.record(
        "shift.plan_changed",
        row,
        actor=actor,
        details={"counsellors": counsellors, "alerts_per_hour": alerts_per_hour},
    )
    return row
