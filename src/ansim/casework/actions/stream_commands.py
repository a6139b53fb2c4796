"""The outbox towards the stream: read by the courier, done once the stream has them durably."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec
from django.utils import timezone

from ansim.casework.models import StreamCommand


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the stream must be told. ``id`` makes telling it twice harmless."""

    id: str
    kind: str
    payload: Mapping[str, str | int]


def pending(limit: int = 100) -> list[Command]:
    """Commands not yet done, oldest first."""
    rows = StreamCommand.objects.filter(done_at=None).order_by("created_at")[:limit]
    return [Command(id=str(row.pk), kind=row.kind, payload=row.payload) for row in rows]


def done(command_id: str | UUID) -> None:
    """The stream holds this command now. Saying so twice is no error."""
    StreamCommand.objects.filter(pk=command_id, done_at=None).update(done_at=timezone.now())
