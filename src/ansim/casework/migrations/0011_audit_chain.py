"""The audit log becomes a hash chain: every row gets its place, closed segments may expire whole.

The triggers of 0002 are replaced: a row may go only with its whole segment, two years after its
latest row, by the clock of the database itself.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ansim.casework.sealing

EVENT, LINK, SEGMENT = "casework_auditevent", "casework_auditlink", "casework_auditsegment"
PENDING = "casework_auditpending"
KEPT = "id number first last first_at last_at closed_at last_hash anchor mark".split()[1:]


def _covered(number: str, old_enough: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {SEGMENT} s WHERE {number} BETWEEN s.first AND s.last"
        f" AND s.expired_at IS NOT NULL AND s.last_at < {old_enough})"
    )


def _number_of(event: str) -> str:
    return f"(SELECT number FROM {LINK} WHERE event_id = {event})"


_SQLITE_OLD = "strftime('%Y-%m-%d %H:%M:%f', 'now', '-2 years')"
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
_SQLITE_SAME = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in KEPT)

SQLITE = [
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON {EVENT} {_REFUSE}",
    f"""CREATE TRIGGER audit_no_delete BEFORE DELETE ON {EVENT}
        WHEN NOT {_covered(_number_of("OLD.id"), _SQLITE_OLD)} {_REFUSE}""",
    f"""CREATE TRIGGER audit_to_chain AFTER INSERT ON {EVENT}
        BEGIN INSERT INTO {PENDING} (event_id) VALUES (NEW.id); END""",
    f"CREATE TRIGGER audit_link_no_update BEFORE UPDATE ON {LINK} {_REFUSE}",
    f"""CREATE TRIGGER audit_link_no_delete BEFORE DELETE ON {LINK}
        WHEN NOT {_covered("OLD.number", _SQLITE_OLD)} {_REFUSE}""",
    f"""CREATE TRIGGER audit_segment_no_update BEFORE UPDATE ON {SEGMENT}
        WHEN NOT (OLD.expired_at IS NULL AND NEW.expired_at IS NOT NULL
                  AND OLD.last_at < {_SQLITE_OLD} AND {_SQLITE_SAME}) {_REFUSE}""",
    f"CREATE TRIGGER audit_segment_no_delete BEFORE DELETE ON {SEGMENT} {_REFUSE}",
]

_PG_OLD = "now() - interval '2 years'"
_PG_SAME = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in KEPT)
_RAISE = "RAISE EXCEPTION 'the audit log is append-only'"


def _function(name: str, allowed: str, result: str) -> str:
    return f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF {allowed} THEN RETURN {result}; END IF; {_RAISE}; END $$"""


def _trigger(name: str, when: str, table: str, function: str, each: str = "ROW") -> str:
    return (
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"
    )


POSTGRESQL = [
    _function("audit_append_only", "false", "NULL"),
    _function("audit_event_may_go", _covered(_number_of("OLD.id"), _PG_OLD), "OLD"),
    _function("audit_link_may_go", _covered("OLD.number", _PG_OLD), "OLD"),
    _function(
        "audit_segment_may_expire",
        f"OLD.expired_at IS NULL AND NEW.expired_at IS NOT NULL"
        f" AND OLD.last_at < {_PG_OLD} AND {_PG_SAME}",
        "NEW",
    ),
    f"""CREATE FUNCTION audit_to_chain() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO {PENDING} (event_id) VALUES (NEW.id); RETURN NULL; END $$""",
    _trigger("audit_no_change", "BEFORE UPDATE", EVENT, "audit_append_only"),
    _trigger("audit_no_delete", "BEFORE DELETE", EVENT, "audit_event_may_go"),
    _trigger("audit_to_chain", "AFTER INSERT", EVENT, "audit_to_chain"),
    _trigger("audit_link_no_change", "BEFORE UPDATE", LINK, "audit_append_only"),
    _trigger("audit_link_no_delete", "BEFORE DELETE", LINK, "audit_link_may_go"),
    _trigger("audit_segment_no_change", "BEFORE UPDATE", SEGMENT, "audit_segment_may_expire"),
    _trigger("audit_segment_no_delete", "BEFORE DELETE", SEGMENT, "audit_append_only"),
    *(
        _trigger(f"{name}_no_truncate", "BEFORE TRUNCATE", table, "audit_append_only", "STATEMENT")
        for name, table in (("audit", EVENT), ("audit_link", LINK), ("audit_segment", SEGMENT))
    ),
]
LOCK = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
UNDO = {
    "sqlite": [
        f"DROP TRIGGER IF EXISTS {name}"
        for name in (
            "audit_no_update audit_no_delete audit_to_chain audit_link_no_update"
            " audit_link_no_delete audit_segment_no_update audit_segment_no_delete"
        ).split()
    ],
    "postgresql": [
        f"DROP FUNCTION IF EXISTS {name} CASCADE"
        for name in (
            "audit_append_only audit_event_may_go audit_link_may_go audit_segment_may_expire"
            " audit_to_chain"
        ).split()
    ],
}
"""Takes every trigger away, also those of 0002."""


def chain_what_is_there(apps, schema_editor):
    """Rows from before the chain get their places in the order of their numbers."""
    from ansim.casework import chain

    links = apps.get_model("casework", "AuditLink")
    number, last, batch = 0, chain.START, []
    for event in apps.get_model("casework", "AuditEvent").objects.order_by("pk").iterator(2000):
        number += 1
        last = chain.row_hash(last, number, chain.row_values(event))
        batch.append(links(number=number, event_id=event.pk, hash=last))
        if len(batch) == 2000:
            links.objects.bulk_create(batch)
            batch = []
    links.objects.bulk_create(batch)


def unlock(apps, schema_editor):
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def lock(apps, schema_editor):
    for statement in LOCK[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def lock_as_before(apps, schema_editor):
    from importlib import import_module

    import_module("ansim.casework.migrations.0002_audit_append_only").lock(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("casework", "0010_private_messages")]
    operations = [
        migrations.RunPython(unlock, lock_as_before),
        migrations.AddIndex(
            model_name="auditevent", index=models.Index(fields=["at"], name="audit_at")
        ),
        migrations.CreateModel(
            name="AuditPending",
            fields=[("event_id", models.BigIntegerField(primary_key=True, serialize=False))],
        ),
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("hash", models.CharField(max_length=64)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="link",
                        to="casework.auditevent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditSegment",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField()),
                ("last_hash", models.CharField(max_length=64)),
                ("anchor", models.CharField(max_length=64)),
                ("mark", models.CharField(max_length=64)),
                ("expired_at", models.DateTimeField(null=True)),
            ],
            options={"ordering": ("number",)},
        ),
        migrations.CreateModel(
            name="AuditReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("reviewed_at", models.DateTimeField()),
                ("up_to", models.BigIntegerField()),
                ("intact", models.BooleanField()),
                ("note", ansim.casework.sealing.SealedTextField(null=True)),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-month", "-reviewed_at"),
                "indexes": [models.Index(fields=["month"], name="audit_review_month")],
            },
        ),
        migrations.RunPython(chain_what_is_there, migrations.RunPython.noop),
        migrations.RunPython(lock, unlock),
    ]
