"""Records that part of the stream was lost before it was read: reported, never hidden."""

from __future__ import annotations

from ansim.casework.actions import audit


def record(partition: int, what: str) -> None:
    """Writes one audit row: ``what`` says in words what is missing."""
    audit.row("stream.gap", "partition", partition, actor=audit.WORKER, reason=what).save()
