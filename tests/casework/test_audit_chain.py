"""The audit log as a chain: what was done cannot be changed, taken out or added unnoticed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from ansim.casework import audit_check
from ansim.casework.actions import audit, audit_chain
from ansim.casework.errors import Refused
from ansim.casework.models import Account, AuditEvent, AuditLink, AuditPending, AuditSegment
from ansim.keys import Keyring

pytestmark = pytest.mark.django_db

GUARD = import_module("ansim.casework.migrations.0011_audit_chain")
LONG_AGO = datetime(2019, 3, 10, tzinfo=UTC)


def write(number: int, *, at: datetime | None = None) -> list[AuditEvent]:
    """Rows of every shape that the hash has to survive in both databases."""
    shapes: list[dict[str, object]] = [
        {},
        {"risk": 0.1 + 0.2, "whole": 3.0, "big": 1e16, "tiny": 1e-7, "minus": -0.0},
        {"b": [1, {"z": None, "a": True}], "a": "한글 \u200b😀 \\ \" '"},
        {"nested": {"2": 1, "10": 2}, "many": 2**60},
    ]
    rows = []
    for n in range(number):
        rows.append(
            audit.row(
                "agency.written",
                "agency",
                n,
                actor=audit.SETUP,
                reason="까닭 — why 😀",
                details=shapes[n % len(shapes)],
                at=at,
            )
        )
        rows[-1].save()
    audit_chain.link()
    return rows


def checked(against: tuple[audit_check.Anchor, ...] = ()) -> audit_check.Checked:
    return audit_check.check(audit_chain.anchor_key(), against)


@pytest.fixture
def unguarded(db: None) -> None:
    """As for somebody who owns the database and took the triggers away; undone with the test."""
    with connection.cursor() as cursor:
        for statement in GUARD.UNDO[connection.vendor]:
            cursor.execute(statement)
        for statement in GUARD.LOCK[connection.vendor]:
            if "audit_to_chain" in statement:
                cursor.execute(statement)


def run(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, list(values))


def test_every_row_has_its_place_and_the_chain_holds(db: None) -> None:
    rows = write(9)
    found = checked()
    assert (found.rows, found.number, found.waiting, found.broken) == (9, 9, 0, None)
    assert [link.event_id for link in AuditLink.objects.order_by("number")] == [
        row.pk for row in rows
    ]
    assert audit_chain.head() == (9, found.hash)
    assert AuditPending.objects.count() == 0


def test_a_row_that_waits_for_its_place_is_no_break(db: None) -> None:
    write(2)
    audit.row("agency.written", "agency", 7, actor=audit.SETUP).save()
    found = checked()
    assert (found.rows, found.waiting, found.broken) == (2, 1, None)
    assert audit_chain.link() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE casework_auditevent SET reason = 'x'",
        "DELETE FROM casework_auditevent",
        "UPDATE casework_auditlink SET hash = ''",
        "DELETE FROM casework_auditlink",
        "UPDATE casework_auditsegment SET last_hash = ''",
        "UPDATE casework_auditsegment SET expired_at = last_at",
        "DELETE FROM casework_auditsegment",
    ],
)
def test_the_database_refuses_to_change_or_delete(db: None, statement: str) -> None:
    write(3)
    audit_chain.close(audit.SETUP)
    with pytest.raises(DatabaseError, match="append-only"):
        run(statement)
    assert checked().broken is None


def test_tables_of_the_log_cannot_be_emptied_at_once(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    for table in ("auditevent", "auditlink", "auditsegment"):
        with pytest.raises(DatabaseError, match="append-only"):
            run(f"TRUNCATE casework_{table} CASCADE")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reason", "another"),
        ("action", "agency.added"),
        ("actor_label", "system:other"),
        ("subject_id", "99"),
        ("subject_type", "alert"),
        ("at", "2020-01-01 00:00:00"),
        ("details", '{"a": 1}'),
    ],
)
def test_a_changed_row_is_named(db: None, unguarded: None, column: str, value: str) -> None:
    rows = write(6)
    change = f"UPDATE casework_auditevent SET {column} = %s WHERE id = %s"  # noqa: S608
    run(change, value, rows[3].pk)
    run("UPDATE casework_auditevent SET reason = 'later' WHERE id = %s", rows[5].pk)
    broken = checked().broken
    assert broken is not None
    assert (broken.number, broken.event) == (4, rows[3].pk)
    assert "does not match its hash" in str(broken)


def test_a_row_taken_out_is_named(db: None, unguarded: None) -> None:
    rows = write(6)
    run("DELETE FROM casework_auditlink WHERE event_id = %s", rows[2].pk)
    run("DELETE FROM casework_auditevent WHERE id = %s", rows[2].pk)
    broken = checked().broken
    assert broken is not None
    assert (broken.number, broken.why) == (3, "the row is gone")


def test_a_row_put_in_past_the_chain_is_named(db: None, unguarded: None) -> None:
    rows = write(3)
    run(
        "INSERT INTO casework_auditevent (at, actor_label, action, subject_type, subject_id,"
        " reason, details) SELECT at, actor_label, 'alert.claimed', subject_type, subject_id,"
        " reason, details FROM casework_auditevent WHERE id = %s",
        rows[0].pk,
    )
    run("DELETE FROM casework_auditpending")
    broken = checked().broken
    assert broken is not None
    assert broken.event == AuditEvent.objects.latest("pk").pk
    assert "never put into the chain" in broken.why


def test_a_chain_computed_anew_is_found_by_its_anchors(db: None, unguarded: None) -> None:
    """Who owns the database can make a new chain; not a new anchor, nor the one on paper."""
    rows = write(5)
    paper = audit_check.Anchor(number=5, hash=audit_chain.head()[1])
    audit_chain.close(audit.SETUP)
    run("UPDATE casework_auditevent SET reason = 'x' WHERE id = %s", rows[1].pk)
    _forge()
    broken = checked().broken
    assert broken is not None
    assert "does not end at its anchor" in broken.why
    segment = AuditSegment.objects.get()
    segment.last_hash = AuditLink.objects.get(pk=5).hash
    segment.anchor = _anchor(segment)
    segment.save()
    broken = checked().broken
    assert broken is not None
    assert "not made with this key file" in broken.why
    run("DELETE FROM casework_auditsegment")
    assert checked().broken is None
    broken = checked((paper,)).broken
    assert broken is not None
    assert broken.number == 5


def test_an_end_that_was_cut_off_is_found_by_what_was_written_down(
    db: None, unguarded: None
) -> None:
    rows = write(5)
    paper = audit_check.Anchor(number=5, hash=audit_chain.head()[1])
    run("DELETE FROM casework_auditlink WHERE number > 3")
    run("DELETE FROM casework_auditevent WHERE id > %s", rows[2].pk)
    broken = checked((paper,)).broken
    assert broken is not None
    assert broken.number == 4


def _forge() -> None:
    from ansim.casework import chain

    last = chain.START
    for link in AuditLink.objects.order_by("number").select_related("event"):
        last = chain.row_hash(last, link.number, chain.row_values(link.event))
        AuditLink.objects.filter(pk=link.pk).update(hash=last)


def _anchor(segment: AuditSegment) -> str:
    from ansim.casework import chain

    return chain.anchor_hash(chain.START, chain.segment_values(segment))


def test_anchors_of_another_key_file_are_no_anchors(db: None) -> None:
    write(2)
    audit_chain.close(audit.SETUP)
    other = Keyring.generate()
    broken = audit_check.check(other.derive("audit anchor", key=other.first)).broken
    assert broken is not None
    assert "key file" in broken.why


def test_segments_follow_each_other_without_gap(db: None) -> None:
    write(3)
    first = audit_chain.close(audit.SETUP)
    write(2)
    second = audit_chain.close(audit.SETUP)
    assert [(s.first, s.last, s.rows) for s in (first, second)] == [(1, 3, 3), (4, 6, 3)]
    assert checked().segments == 2
    assert AuditEvent.objects.filter(action="audit.closed").count() == 2


def test_an_empty_segment_is_refused(db: None) -> None:
    with pytest.raises(Refused):
        audit_chain.close(audit.SETUP)


def test_only_auditors_close(db: None, administrator: Account, supervisor: Account) -> None:
    write(1)
    for who in (administrator, supervisor):
        with pytest.raises(Refused):
            audit_chain.close(who)


def test_a_month_is_closed_when_it_is_over_and_only_once(db: None) -> None:
    now = timezone.now()
    month = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    write(3, at=month - timedelta(days=2))
    write(2, at=now)
    audit_chain.keep(now)
    [segment] = AuditSegment.objects.all()
    assert (segment.first, segment.last) == (1, 3)
    audit_chain.keep(now)
    assert AuditSegment.objects.count() == 1
    audit_chain.keep(now + timedelta(days=32))
    assert AuditSegment.objects.count() == 2
    assert checked().broken is None


def test_a_closed_segment_goes_whole_after_two_years_and_leaves_its_anchor(db: None) -> None:
    write(4, at=LONG_AGO)
    first = audit_chain.close(audit.SETUP)
    kept = write(3)
    audit_chain.close(audit.SETUP)
    assert audit_chain.expire(LONG_AGO + timedelta(days=730)) == []
    before = audit_chain.head()
    assert audit_chain.expire(timezone.now()) == [first]
    audit_chain.link()
    assert AuditEvent.objects.filter(at=LONG_AGO).count() == 0
    assert AuditEvent.objects.filter(pk__in=[row.pk for row in kept]).count() == 3
    found = checked()
    assert (found.expired, found.broken) == (4, None)
    assert AuditSegment.objects.get(number=1).anchor == first.anchor
    told = AuditEvent.objects.get(action="audit.expired")
    assert told.details == {"rows": 4, "anchor": first.anchor}
    assert checked((audit_check.Anchor(number=before[0], hash=before[1]),)).broken is None


def test_rows_that_are_not_old_enough_stay_whatever_the_clock_of_the_program_says(
    db: None,
) -> None:
    write(2)
    audit_chain.close(audit.SETUP)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        audit_chain.expire(timezone.now() + timedelta(days=3000))
    assert checked().broken is None


def test_part_of_an_old_segment_cannot_be_taken_out(db: None) -> None:
    rows = write(3, at=LONG_AGO)
    audit_chain.close(audit.SETUP)
    with pytest.raises(DatabaseError, match="append-only"):
        run("DELETE FROM casework_auditevent WHERE id = %s", rows[0].pk)


def test_when_all_has_expired_the_chain_goes_on_from_the_anchor(db: None) -> None:
    write(3, at=LONG_AGO)
    segment = audit_chain.close(audit.SETUP, now=LONG_AGO)
    audit_chain.link()
    audit_chain.close(audit.SETUP, now=LONG_AGO)
    assert len(audit_chain.expire(timezone.now())) == 2
    audit_chain.link()
    found = checked()
    assert found.broken is None
    assert found.expired == 4
    assert segment.last_hash != found.hash


def test_the_hash_is_the_documented_one(db: None) -> None:
    """Computed here from the page alone, so that anybody can."""
    import hashlib

    [row] = write(1)
    said = {
        "action": "agency.written",
        "actor": None,
        "actor_label": "system:setup",
        "at": row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"),
        "details": {},
        "id": row.pk,
        "reason": "까닭 — why 😀",
        "subject_id": "0",
        "subject_type": "agency",
    }
    text = json.dumps(said, separators=(",", ":")).encode("ascii")
    whole = b"ansim audit 1\0" + bytes(32) + (1).to_bytes(8, "big") + text
    assert audit_chain.head() == (1, hashlib.sha256(whole).hexdigest())


def test_rows_from_before_the_chain_are_chained_by_the_migration(db: None, unguarded: None) -> None:
    rows = write(5)
    run("DELETE FROM casework_auditlink")
    run("DELETE FROM casework_auditpending")
    broken = checked().broken
    assert broken is not None
    assert broken.event == rows[0].pk
    GUARD.chain_what_is_there(apps, None)
    found = checked()
    assert (found.rows, found.broken) == (5, None)
    write(2)
    assert (checked().rows, checked().broken) == (7, None)


def test_more_rows_than_a_batch_are_linked_in_one_go(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "A_BATCH", 3)
    for n in range(10):
        audit.row("agency.written", "agency", n, actor=audit.SETUP).save()
    assert audit_chain.link() == 10
    assert (checked().rows, checked().waiting, checked().broken) == (10, 0, None)
