"""Who is linked with whom, computed from the traces that count now: never by hand, never kept up.

Two sightings that carry the same hash belong together, and so does whoever belongs to either.
Within the transaction of what changed a trace, and under the lock that ``locked`` takes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Count, QuerySet

from ansim.casework.actions import audit
from ansim.casework.models import Account, AuditEvent, Sighting, Trace

COMMON = 20
"""What so many different accounts name leads to an advertisement or a public room: it links
nobody. The account itself and what a platform stated are not counted so."""

_LOCK = 0x6C696E6B73  # "links": one at a time computes who is linked
_IN_WORDS = 20


def locked() -> None:
    """From here to the end of the transaction nobody else changes links."""
    # SQLite takes its one write lock when the transaction begins.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def counting() -> QuerySet[Trace]:
    """Traces that may link: not rejected, of a sighting with an alert that is not kept apart."""
    return Trace.objects.exclude(review=Trace.Review.REJECTED).filter(
        sighting__apart=False, sighting__alerts__gt=0
    )


def too_common(hashes: Collection[str], most: int | None = None) -> set[str]:
    """Of these hashes those that more than ``most`` accounts carry (None: ``COMMON``)."""
    rows = (
        Trace.objects.filter(hash__in=hashes)
        .exclude(kind__in=(Trace.Kind.ACCOUNT, Trace.Kind.STATEMENT))
        .order_by()
        .values("hash")
        .annotate(accounts=Count("sighting__account", distinct=True))
        .filter(accounts__gt=COMMON if most is None else most)
    )
    return {row["hash"] for row in rows}


def regroup(start: Iterable[int], actor: Account | str) -> None:
    """Decides anew which sightings belong together, of these and of all that touch them."""
    rows = {row.pk: row for row in Sighting.objects.filter(pk__in=_reached(set(start)))}
    carried: dict[str, list[int]] = defaultdict(list)
    kinds: dict[str, str] = {}
    for pk, mark, kind in (
        counting().filter(sighting__in=rows).values_list("sighting", "hash", "kind")
    ):
        carried[mark].append(pk)
        kinds[mark] = kind
    common = too_common(list(carried))
    shared = {mark: who for mark, who in carried.items() if mark not in common and len(who) > 1}
    changed, told = [], []
    for members in _components(rows, shared.values()):
        group = min(members)
        for pk in sorted(members):
            row, was = rows[pk], rows[pk].group
            if was == group:
                continue
            row.group = group
            changed.append(row)
            if was or len(members) > 1:
                by = sorted({kinds[mark] for mark, who in shared.items() if pk in who})
                told.append(_row(row, was, members, by, actor))
    Sighting.objects.bulk_update(changed, ["group"], batch_size=200)
    AuditEvent.objects.bulk_create(told)


def _row(
    row: Sighting, was: int, members: set[int], by: list[str], actor: Account | str
) -> AuditEvent:
    together = len(members) > 1
    return audit.row(
        "repeat.linked" if together else "repeat.parted",
        "sighting",
        row.pk,
        actor=actor,
        details={
            "group": row.group,
            "was": was,
            "by": by,
            "with": sorted(members - {row.pk})[:_IN_WORDS],
            "linked": len(members),
        },
    )


def _reached(start: set[int]) -> set[int]:
    """All that are in a group with one of these, or carry the same hash, and so on."""
    found: set[int] = set()
    while start:
        found |= start
        hashes = set(counting().filter(sighting__in=start).values_list("hash", flat=True))
        # One that has just become too common is followed once more, to part those it linked.
        hashes -= too_common(hashes, COMMON + 1)
        groups = set(Sighting.objects.filter(pk__in=start).values_list("group", flat=True)) - {0}
        near = set(Sighting.objects.filter(group__in=groups).values_list("pk", flat=True))
        near |= set(counting().filter(hash__in=hashes).values_list("sighting", flat=True))
        start = near - found
    return found


def _components(rows: Iterable[int], ties: Iterable[list[int]]) -> list[set[int]]:
    head = {pk: pk for pk in rows}

    def of(pk: int) -> int:
        while head[pk] != pk:
            head[pk] = head[head[pk]]
            pk = head[pk]
        return pk

    for tied in ties:
        for pk in tied[1:]:
            head[of(pk)] = of(tied[0])
    found: dict[int, set[int]] = defaultdict(set)
    for pk in head:
        found[of(pk)].add(pk)
    return list(found.values())
