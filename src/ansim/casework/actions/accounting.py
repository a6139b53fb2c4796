"""Reports that leave the house: who took which, why, with the hash of the file."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account
from ansim.casework.roles import Act

NAMES = ("transparency", "statistics", "impact")


@transaction.atomic
def taken(actor: Account, name: str, reason: str, *, form: str, sha256: str, at: str) -> None:
    """Puts a report that somebody takes on record; ``at`` is "console" or "command".

    Raises Refused for a role that may not, for a report that there is none of, without a reason.
    """
    require(actor, Act.SEE_REPORTS)
    if name not in NAMES:
        raise Refused("no_such_report", _("없는 보고서입니다."))
    if not reason.strip():
        raise Refused("reason_missing", _("까닭을 적어 주세요."))
    audit.row(
        "report.taken",
        "report",
        name,
        actor=actor,
        reason=reason,
        details={"form": form, "sha256": sha256, "at": at},
    ).save()
