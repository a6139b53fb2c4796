"""Backups and their return, on record; what must happen to records that come back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from ansim.casework import audit_check
from ansim.casework.actions import audit, audit_chain, retention


@transaction.atomic
def record_backup(*, stream: bool, keys: bool) -> None:
    """Everything is about to be copied: the copy itself tells of it."""
    audit.row(
        "backup.made",
        "backup",
        "",
        actor=audit.OPERATOR,
        details={"stream": stream, "keys": keys},
    ).save()


def settle(made_at: str, number: int, newest: str) -> tuple[audit_check.Checked, retention.Purged]:
    """After a restore: checks the chain against what the backup says of it, and takes away what
    has come of age since. Returns both; a broken chain is reported, not repaired."""
    audit_chain.link()
    against = [audit_check.Anchor(number=number, hash=newest)] if number else []
    found = audit_check.check(audit_chain.anchor_key(), against)
    with transaction.atomic():
        audit.row(
            "backup.restored",
            "backup",
            "",
            actor=audit.OPERATOR,
            details={
                "made_at": made_at,
                "rows": found.rows,
                "intact": found.broken is None,
                **({"broken": str(found.broken)} if found.broken else {}),
            },
        ).save()
    gone = retention.purge(timezone.now())
    audit_chain.link()
    return found, gone
