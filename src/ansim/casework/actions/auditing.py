"""What auditors do: look through a month and say so, take rows out of the house with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework import audit_check
from ansim.casework.actions import audit, audit_chain, typed
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, AuditReview
from ansim.casework.roles import Act

LONGEST_NOTE = 2000


def month_begins(month: date) -> datetime:
    """The first moment of a month where the house stands."""
    return timezone.make_aware(datetime(month.year, month.month, 1))  # noqa: DTZ001 - made aware


def month_after(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def review(actor: Account, month: date, note: str = "") -> AuditReview:
    """This person has looked through the month. The chain is checked from there to its end.

    Raises Refused for a month that has not begun, and for a note that is too long.
    """
    require(actor, Act.REVIEW_AUDIT)
    month = month.replace(day=1)
    if month_begins(month) > timezone.now():
        raise Refused("month", _("아직 시작하지 않은 달입니다."))
    words = typed.words(note, LONGEST_NOTE)
    audit_chain.link()
    found = audit_check.check(audit_chain.anchor_key(), since=month_begins(month))
    with transaction.atomic():
        row = AuditReview.objects.create(
            month=month,
            reviewer=actor,
            reviewed_at=timezone.now(),
            up_to=found.number,
            intact=found.broken is None,
            note=words or None,
        )
        audit.record(
            "audit.reviewed",
            row,
            actor=actor,
            details={
                "month": f"{month:%Y-%m}",
                "up_to": found.number,
                "hash": found.hash,
                "intact": row.intact,
                **({"broken": str(found.broken)} if found.broken else {}),
            },
        )
    return row


@transaction.atomic
def record_export(
    actor: Account, reason: str, sought: Mapping[str, str], *, rows: int, sha256: str
) -> None:
    """Rows of the log leave the house: who, why, which, and the hash of the file.

    Raises Refused without a reason.
    """
    require(actor, Act.REVIEW_AUDIT)
    if not reason.strip():
        raise Refused("reason", _("까닭을 적어 주세요."))
    audit.row(
        "audit.exported",
        "audit log",
        "",
        actor=actor,
        reason=reason,
        details={"sought": dict(sought), "rows": rows, "sha256": sha256},
    ).save()
