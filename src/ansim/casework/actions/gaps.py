"""Records that part of the stream was lost before it was read: reported, never hidden."""

from __future__ import annotations

from django.db import transaction

from ansim.casework.actions import audit


def record(partition: int, what: str) -> None:
    """Writes one audit row: ``what`` says in words what is missing."""
    audit.row("stream.gap", "partition", partition, actor=audit.WORKER, reason=what).save()


@transaction.atomic
def record_refusal(source: str, why: str) -> None:
    """Notes that an alert of this source could not be taken, so that a person can mend it."""
    audit.row(
        "alert.refused", "source", source, actor=audit.WORKER, details={"why": why[:300]}
    ).save()
