"""What the gateway says about whether messages are read, and what follows from it for the desk.

A heartbeat, no act of anybody: it has no audit row of its own. That nobody reads has one
(watch.py).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from django.utils import timezone

from ansim.casework.models import ReadingState

LONGEST_STILL = timedelta(seconds=60)
"""Messages that wait this long without any being read: nobody reads."""
LONGEST_SILENT = timedelta(seconds=60)
"""A gateway that has said nothing for so long is gone, or cannot reach NATS or the database."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk has to know. ``kind`` is "unread", "silent" (of itself), or "stopped" (by
    somebody)."""

    kind: str
    since: datetime
    unread: int

    @property
    def alarming(self) -> bool:
        return self.kind != "stopped"


def tell(unread: int, still_since: float | None, now: datetime | None = None) -> None:
    """Keeps what a gateway sees: messages nobody has read, and since when (epoch seconds) some of
    them wait in a partition that does not move."""
    since = None if still_since is None else datetime.fromtimestamp(still_since, UTC)
    ReadingState.objects.update_or_create(
        pk=1,
        defaults={
            "unread": unread,
            "still_since": since,
            "told_at": now or timezone.now(),
            "stopped": False,
        },
    )


def stopped(now: datetime | None = None) -> None:
    """The gateway was asked to stop: its silence is no alarm."""
    ReadingState.objects.filter(pk=1).update(stopped=True, told_at=now or timezone.now())


def standing(now: datetime) -> Standing | None:
    """What is wrong with reading; None where nothing is, or where no gateway ever ran."""
    row = ReadingState.objects.filter(pk=1).first()
    if row is None:
        return None
    if row.stopped:
        return Standing(kind="stopped", since=row.told_at, unread=row.unread)
    if now - row.told_at > LONGEST_SILENT:
        return Standing(kind="silent", since=row.told_at, unread=row.unread)
    if row.still_since is not None and now - row.still_since > LONGEST_STILL:
        return Standing(kind="unread", since=row.still_since, unread=row.unread)
    return None
