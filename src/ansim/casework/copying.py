"""The whole database into files and back: SQLite as one file, PostgreSQL table by table.

Copies go below the models: rows come back exactly as they were, sealed text sealed and the audit
chain link by link.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

SQLITE = "ansim.sqlite3"
TABLES = "tables.json"
_OWN = "django_migrations"
"""Made anew by the migrations themselves, which come first."""


class Unusable(Exception):
    """This copy cannot go into this database; the message says why and what to do."""


def write(folder: Path) -> list[Path]:
    """Copies the database as it is at one moment, while others go on. Returns the files."""
    if connection.vendor == "sqlite":
        path = folder / SQLITE
        with connection.cursor() as cursor:
            # Without the free pages of the file, in which deleted rows can still be read.
            cursor.execute("VACUUM INTO %s", [str(path)])
        path.chmod(0o600)
        return [path]
    files = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        columns = {
            table: [
                column.name
                for column in connection.introspection.get_table_description(cursor, table)
            ]
            for table in connection.introspection.table_names(cursor)
            if table != _OWN
        }
        for table, names in columns.items():
            path = folder / f"{table}.copy"
            with path.open("wb") as file, _copy(cursor, f"{_into(table, names)} TO STDOUT") as rows:
                for piece in rows:
                    file.write(piece)
            files.append(path)
    (folder / TABLES).write_bytes(msgspec.json.encode(columns))
    return [folder / TABLES, *files]


def _copy(cursor: Any, what: str) -> Any:
    return cursor.cursor.copy(f"COPY {what}")


def _into(table: str, names: list[str]) -> str:
    quote = connection.ops.quote_name
    return f"{quote(table)} ({', '.join(map(quote, names))})"


def applied() -> list[tuple[str, str]]:
    """Migrations of this database, in the order in which they came."""
    rows = MigrationRecorder.Migration.objects.order_by("id")
    return [(str(row.app), str(row.name)) for row in rows]


def unknown(migrations: list[tuple[str, str]]) -> list[str]:
    """Those of these migrations that this version does not have: it is older than they are."""
    here = MigrationLoader(None).disk_migrations
    return [f"{app}.{name}" for app, name in migrations if (app, name) not in here]


def is_empty() -> bool:
    """Whether nothing of ours is in this database yet."""
    return _OWN not in connection.introspection.table_names()


def read(folder: Path, migrations: list[tuple[str, str]]) -> None:
    """Brings a copy of PostgreSQL back into an empty database, at the version it was made with.

    For SQLite the file is put in its place before; there is nothing to do here.
    """
    if connection.vendor == "sqlite":
        return
    for app, name in dict(migrations).items():  # the last of each app
        call_command("migrate", app, name, interactive=False, verbosity=0)
    columns = msgspec.json.decode((folder / TABLES).read_bytes(), type=dict[str, list[str]])
    here = set(connection.introspection.table_names())
    missing = sorted(columns.keys() - here)
    if missing:
        raise Unusable(
            f"this version knows no table {missing[0]}: restore with the version it is of"
        )
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        for table in columns:
            # Ours alone: they guard the audit log, and would put restored rows into it anew.
            cursor.execute(f"ALTER TABLE {quote(table)} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(map(quote, columns))} RESTART IDENTITY CASCADE")
        for table, names in columns.items():
            with (
                (folder / f"{table}.copy").open("rb") as file,
                _copy(cursor, f"{_into(table, names)} FROM STDIN") as rows,
            ):
                while piece := file.read(1024 * 1024):
                    rows.write(piece)
        # Foreign keys are checked at the end; then nothing is pending when triggers come back.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in columns:
            cursor.execute(f"ALTER TABLE {quote(table)} ENABLE TRIGGER USER")
        models = [
            model for model in apps.get_models(include_auto_created=True) if model._meta.managed
        ]
        present = [model for model in models if model._meta.db_table in here]
        for statement in connection.ops.sequence_reset_sql(no_style(), present):
            cursor.execute(statement)
