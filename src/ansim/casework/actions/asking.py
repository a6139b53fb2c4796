"""Requests for help: what makes one news, and how several messages of one add up.

The worker tells of every message to the agency; what of it is new is known here alone, because
people close requests and the worker does not hear of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from ansim.casework.models import Turn as TurnRow
from ansim.detection import Priority, Reason, Turn
from ansim.detection.requests import asks

if TYPE_CHECKING:
    from ansim.casework.actions.reports import AlertReport


def fresh(conversation: int, turns: Iterable[Turn]) -> bool:
    """Whether somebody says something to the agency here that casework does not know yet."""
    asking = {turn.id for turn in turns if asks(turn)}
    known = TurnRow.objects.filter(conversation=conversation, message_id__in=asking)
    return bool(asking - set(known.values_list("message_id", flat=True)))


def together(priority: str, why: list[dict[str, Any]], report: AlertReport) -> AlertReport:
    """The report with what was said before: a danger that somebody named does not pass because
    their next message is about something else."""
    reasons = {str(item["code"]): Reason(str(item["code"]), item.get("values", {})) for item in why}
    reasons |= {reason.code: reason for reason in report.why}
    return msgspec.structs.replace(
        report, priority=min(Priority(priority), report.priority), why=tuple(reasons.values())
    )
