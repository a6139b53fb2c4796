"""Puts audit rows into the hash chain, closes segments of it, and lets old ones expire whole.

A row is written in the transaction of its act. It gets its place in the chain right after that
transaction, in one of its own under a lock: a lock held from the row to the end of every act would
make all acts wait for each other, and deadlock where two lock alerts in different order. What a
killed process left over is linked by the next one (docs/trust.md).
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework import chain
from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, AuditEvent, AuditLink, AuditPending, AuditSegment
from ansim.casework.roles import Act
from ansim.casework.sealing import keyring

log = logging.getLogger(__name__)

KEPT = timedelta(days=731)
"""Two years (R24), whichever of them are leap years. The triggers ask the database's clock too."""

A_BATCH = 2000
_LOCK = 0x616E73696D  # "ansim": one linker at a time


def after_commit() -> None:
    """Links the rows of this transaction as soon as it is committed."""
    waiting = transaction.get_connection().run_on_commit
    if not any(entry[1] is _link_quietly for entry in waiting):
        transaction.on_commit(_link_quietly, robust=True)


def _link_quietly() -> None:
    try:
        _link_all()
    except DatabaseError as error:
        # The act itself is done and recorded; the next row, or the watch, links these.
        log.warning("audit rows wait for their place in the chain: %s", type(error).__name__)


def link() -> int:
    """Gives every committed row its place in the chain. Returns how many were linked."""
    return _link_all() if AuditPending.objects.exists() else 0


def _link_all() -> int:
    linked = some = _link_some()
    while some == A_BATCH:
        some = _link_some()
        linked += some
    return linked


@transaction.atomic
def _link_some() -> int:
    _lock()
    waiting = list(AuditPending.objects.order_by("pk").values_list("pk", flat=True)[:A_BATCH])
    if not waiting:  # somebody else was first
        return 0
    number, last = head()
    links = []
    for event in AuditEvent.objects.filter(pk__in=waiting).order_by("pk"):
        number += 1
        last = chain.row_hash(last, number, chain.row_values(event))
        links.append(AuditLink(number=number, event=event, hash=last))
    AuditLink.objects.bulk_create(links)
    AuditPending.objects.filter(pk__in=waiting).delete()
    return len(links)


def _lock() -> None:
    # SQLite takes its one write lock when the transaction begins.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def head() -> tuple[int, str]:
    """Number and hash of the newest link; 0 and zeros before the first."""
    newest = AuditLink.objects.order_by("-number").first()
    if newest is not None:
        return newest.number, newest.hash
    segment = AuditSegment.objects.order_by("-number").first()
    return (segment.last, segment.last_hash) if segment else (0, chain.START)


@transaction.atomic
def close(
    actor: Account | str, *, now: datetime | None = None, before: datetime | None = None
) -> AuditSegment:
    """Closes a segment: all that is linked and in none, or only what was done ``before``.

    Raises Refused ("nothing_to_close") when there is no such row.
    """
    if not isinstance(actor, str):
        require(actor, Act.REVIEW_AUDIT)
    link()
    _lock()
    previous = AuditSegment.objects.order_by("-number").first()
    first = previous.last + 1 if previous else 1
    open_links = AuditLink.objects.filter(number__gte=first)
    if before is not None:
        last = open_links.filter(event__at__lt=before).aggregate(last=Max("number"))["last"]
        open_links = open_links.filter(number__lte=last or 0)
    span = open_links.aggregate(
        last=Max("number"), first_at=Min("event__at"), last_at=Max("event__at")
    )
    if span["last"] is None:
        raise Refused("nothing_to_close", _("닫을 감사 기록이 없습니다."))
    segment = AuditSegment(
        number=previous.number + 1 if previous else 1,
        first=first,
        closed_at=now or timezone.now(),
        last_hash=AuditLink.objects.get(pk=span["last"]).hash,
        **span,
    )
    segment.anchor = chain.anchor_hash(
        previous.anchor if previous else chain.START, chain.segment_values(segment)
    )
    segment.mark = chain.mark(anchor_key(), segment.anchor)
    segment.save(force_insert=True)
    audit.row(
        "audit.closed",
        "audit segment",
        segment.number,
        actor=actor,
        at=segment.closed_at,
        details={"rows": segment.rows, "anchor": segment.anchor},
    ).save()
    return segment


def anchor_key() -> bytes:
    """With which anchors are marked: from the first key, so that it outlives rotations."""
    ring = keyring()
    return ring.derive("audit anchor", key=ring.first)


@transaction.atomic
def expire(now: datetime) -> list[AuditSegment]:
    """Deletes the rows of closed segments of which every row is two years old; anchors stay."""
    over = list(
        AuditSegment.objects.select_for_update()
        .filter(expired_at=None, last_at__lt=now - KEPT)
        .order_by("number")
    )
    for segment in over:
        segment.expired_at = now
        segment.save(update_fields=["expired_at"])
        # Past the models, which refuse it; the triggers let only expired segments go.
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM casework_auditevent WHERE id IN (SELECT event_id FROM"
                " casework_auditlink WHERE number BETWEEN %s AND %s)",
                [segment.first, segment.last],
            )
            cursor.execute(
                "DELETE FROM casework_auditlink WHERE number BETWEEN %s AND %s",
                [segment.first, segment.last],
            )
        audit.row(
            "audit.expired",
            "audit segment",
            segment.number,
            actor=audit.RETENTION,
            at=now,
            details={"rows": segment.rows, "anchor": segment.anchor},
        ).save()
    return over


def keep(now: datetime) -> None:
    """Once in a while: links what was left over, closes past months, lets old segments go."""
    link()
    month = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    newest = AuditSegment.objects.order_by("-number").first()
    if newest is None or newest.closed_at < month:
        # Nothing from before this month, or another process was first.
        with suppress(Refused):
            close(audit.RETENTION, now=now, before=month)
    expire(now)
