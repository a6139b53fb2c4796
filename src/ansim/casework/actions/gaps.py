"""Records that messages were lost before detection could read them: nothing is hidden."""

from __future__ import annotations

from django.db import transaction

from ansim.casework.actions import audit


@transaction.atomic
def record(partition: int, what: str) -> None:
    """Notes a gap in one partition of the stream, in words that name what is missing."""
    audit.row(
        "stream.gap",
        "partition",
        partition,
        actor=audit.WORKER,
        details={"what": what},
    ).save()
