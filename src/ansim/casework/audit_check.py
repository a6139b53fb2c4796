"""Checks the chain over the audit log, row by row, and names the first place where it breaks."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from django.db.models import Exists, OuterRef

from ansim.casework import chain
from ansim.casework.models import AuditEvent, AuditLink, AuditPending, AuditSegment

A_BATCH = 2000


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """The first place where the chain does not hold. ``event`` is the audit row, if known."""

    number: int
    event: int | None
    why: str

    def __str__(self) -> str:
        row = f" (audit row {self.event})" if self.event is not None else ""
        return f"link {self.number}{row}: {self.why}"


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: rows compared with their hashes, and the newest place of the chain."""

    rows: int
    segments: int
    expired: int
    """Rows that went with their segments, by their time; only anchors vouch for them."""
    waiting: int
    """Rows written just now that have no place yet."""
    number: int
    hash: str
    broken: Broken | None


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """A link of the chain as somebody wrote it down elsewhere."""

    number: int
    hash: str


def check(key: bytes, against: Sequence[Anchor] = (), *, since: datetime | None = None) -> Checked:
    """Computes the whole chain again.

    ``key`` marks anchors (``audit_chain.anchor_key``); ``against`` are anchors kept elsewhere.
    With ``since``, closed segments of which every row is older are taken at their anchors.
    """
    waiting = AuditPending.objects.count()
    walk = _Walk(key, {anchor.number: anchor.hash for anchor in against}, since)
    broken = walk.segments() or walk.links() or walk.missing()
    return Checked(
        rows=walk.rows,
        segments=walk.closed,
        expired=walk.expired,
        waiting=waiting,
        number=walk.number,
        hash=walk.last,
        broken=broken,
    )


class _Walk:
    def __init__(self, key: bytes, against: Mapping[int, str], since: datetime | None) -> None:
        self.rows = self.closed = self.expired = self.number = 0
        self.last = chain.START
        self._key = key
        self._since = since
        self._against = dict(against)
        self._closed: list[AuditSegment] = []

    def segments(self) -> Broken | None:
        """Anchors first: they say which rows have to be there."""
        previous, after = chain.START, 0
        for segment in AuditSegment.objects.order_by("number"):
            self.closed += 1
            name = f"segment {segment.number}"
            if segment.number != self.closed or segment.first != after + 1:
                return _broken(after + 1, None, f"the segment before {name} is missing")
            anchor = chain.anchor_hash(previous, chain.segment_values(segment))
            if anchor != segment.anchor:
                return _broken(segment.first, None, f"{name} does not match its anchor")
            if not hmac.compare_digest(chain.mark(self._key, anchor), segment.mark):
                return _broken(
                    segment.first, None, f"the anchor of {name} was not made with this key file"
                )
            previous, after = anchor, segment.last
            self._closed.append(segment)
        return None

    def links(self) -> Broken | None:
        for segment in self._closed:
            if segment.expired_at is not None:
                span = AuditLink.objects.filter(number__range=(segment.first, segment.last))
                if span.exists():
                    return _broken(segment.first, None, "rows of an expired segment are there")
                self.expired += segment.rows
                self.number, self.last = segment.last, segment.last_hash
                found = self._kept_elsewhere()
            elif self._since is not None and segment.last_at < self._since:
                self.number, self.last = segment.last, segment.last_hash
                found = self._kept_elsewhere()
            else:
                found = self._stretch(segment.last)
                if found is None and (self.number, self.last) != (segment.last, segment.last_hash):
                    gone = self.number < segment.last
                    found = _broken(
                        self.number + 1 if gone else segment.last,
                        None,
                        "the row is gone" if gone else "the chain does not end at its anchor",
                    )
            if found is not None:
                return found
        found = self._stretch(None)
        if found is None and any(number > self.number for number in self._against):
            why = "the row is gone: an anchor kept elsewhere is newer"
            return _broken(self.number + 1, None, why)
        return found

    def _stretch(self, until: int | None) -> Broken | None:
        """Links from where we are; up to ``until``, or to the end as it is now."""
        for link, event in _batches(self.number, until):
            if link.number != self.number + 1:
                return _broken(self.number + 1, None, "the row is gone")
            if event is None:
                return _broken(link.number, link.event_id, "the row is gone")
            self.number += 1
            self.last = chain.row_hash(self.last, self.number, chain.row_values(event))
            self.rows += 1
            if self.last != link.hash:
                told = f"{event.at:%Y-%m-%d %H:%M:%S} {event.action}"
                return _broken(
                    link.number, link.event_id, f"the row does not match its hash: {told}"
                )
            found = self._kept_elsewhere()
            if found is not None:
                return found
        return None

    def _kept_elsewhere(self) -> Broken | None:
        wanted = self._against.get(self.number)
        if wanted is None or wanted == self.last:
            return None
        return _broken(self.number, None, "the chain is another one than the anchor kept elsewhere")

    def missing(self) -> Broken | None:
        """Rows that somebody put in past the triggers: in no chain, and not waiting for it."""
        stray = (
            AuditEvent.objects.filter(
                ~Exists(AuditLink.objects.filter(event=OuterRef("pk"))),
                ~Exists(AuditPending.objects.filter(pk=OuterRef("pk"))),
            )
            .order_by("pk")
            .values_list("pk", flat=True)
            .first()
        )
        if stray is None:
            return None
        return _broken(self.number + 1, stray, "the row was never put into the chain")


def _broken(number: int, event: int | None, why: str) -> Broken:
    return Broken(number=number, event=event, why=why)


def _batches(after: int, until: int | None) -> Iterator[tuple[AuditLink, AuditEvent | None]]:
    while True:
        links = AuditLink.objects.filter(number__gt=after).order_by("number")
        if until is not None:
            links = links.filter(number__lte=until)
        batch = list(links[:A_BATCH])
        if not batch:
            return
        # By number, not by join: a link whose row is gone has to be found.
        events = AuditEvent.objects.in_bulk([link.event_id for link in batch])
        for link in batch:
            yield link, events.get(link.event_id)
        after = batch[-1].number
