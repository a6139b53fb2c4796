"""Gives verdicts to researchers and supervisors, with a reason and on record (R24, R28)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account
from ansim.casework.roles import Act
from ansim.casework.verdicts import Judged, judged

LONGEST = timedelta(days=3660)


@transaction.atomic
def export(actor: Account, reason: str, *, days: int, at: str) -> list[Judged]:
    """Verdicts of alerts closed in the last ``days``, one row an alert, without any text or name.

    ``at`` says where it was asked for ("console", "command"). Raises Refused for a role that may
    not, or without a reason.
    """
    require(actor, Act.EXPORT_VERDICTS)
    if not reason.strip():
        raise Refused("reason_missing", _("판단 자료를 받는 까닭을 적어 주세요."))
    if not 1 <= days <= LONGEST.days:
        raise Refused("out_of_range", _("기간은 1일에서 3,660일 사이로 적어 주세요."))
    since: datetime = timezone.now() - timedelta(days=days)
    rows = list(judged(since))
    audit.record(
        "verdicts.exported",
        actor,
        actor=actor,
        reason=reason,
        details={"rows": len(rows), "days": days, "at": at},
    )
    return rows
