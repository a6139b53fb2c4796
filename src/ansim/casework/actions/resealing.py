"""Seals what the database holds with the key in force, after a rotation, in steps that may be cut.

Every batch is a transaction of its own and earlier keys stay in the file, so that a process killed
in between leaves some rows under the new key and some under the old, all of them readable. The next
run goes on with those that are left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from django.apps import apps
from django.db import connection, models, transaction

from ansim.casework.actions import audit
from ansim.casework.sealing import PURPOSE, SealedBytesField, SealedTextField, keyring
from ansim.keys import KeyLost, Keyring

A_BATCH = 500
OF_FILES = 4
"""Whole documents are large: so many are sealed anew in one transaction."""
KEY_BYTES = 64
"""Of a sealed value, enough to hold the id of its key."""


class Column(msgspec.Struct, frozen=True):
    """One sealed column of the database."""

    table: str
    pk: str
    name: str
    at_a_time: int = A_BATCH
    """How many values may be in memory together."""

    @property
    def label(self) -> str:
        return f"{self.table}.{self.name}"

    def quoted(self) -> tuple[str, str, str]:
        quote = connection.ops.quote_name
        return quote(self.table), quote(self.pk), quote(self.name)


class Resealed(msgspec.Struct, frozen=True, kw_only=True):
    """What one run did: values sealed anew, and those whose key the file does not hold."""

    done: int
    lost: int


def columns() -> list[Column]:
    """Every sealed column of every model."""
    return [
        Column(
            model._meta.db_table,
            str(model._meta.pk.column),
            str(field.column),
            OF_FILES if isinstance(field, SealedBytesField) else A_BATCH,
        )
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, SealedTextField) and isinstance(model._meta.pk, models.Field)
    ]


def census() -> Mapping[str, Counter[str]]:
    """For every sealed column: how many values each key holds, by the key's id."""
    found: dict[str, Counter[str]] = {}
    for column in columns():
        table, _pk, name = column.quoted()
        counter = found[column.label] = Counter()
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT substr({name}, 1, {KEY_BYTES}) FROM {table} WHERE {name} IS NOT NULL"  # noqa: S608 - our own names
            )
            for (begin,) in cursor:
                counter[Keyring.sealed_with(bytes(begin))] += 1
    return found


def left_over() -> int:
    """Values that a run would seal anew: not under the key in force, their key still there."""
    ring = keyring()
    earlier = set(ring.names[:-1])
    return sum(counter[key] for counter in census().values() for key in earlier)


def reseal(batch: int = A_BATCH) -> Iterator[tuple[str, Resealed]]:
    """Goes through every sealed column; yields its name and what was done after each batch."""
    for column in columns():
        after: Any = None
        while True:
            after, some = _batch(column, after, min(batch, column.at_a_time))
            if some is None:
                break
            yield column.label, some


@transaction.atomic
def _batch(column: Column, after: Any, batch: int) -> tuple[Any, Resealed | None]:
    ring = keyring()
    table, pk, name = column.quoted()
    beyond = f"AND {pk} > %s" if after is not None else ""
    lock = "FOR UPDATE" if connection.vendor == "postgresql" else ""
    done = lost = 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {pk}, {name} FROM {table} WHERE {name} IS NOT NULL {beyond}"  # noqa: S608
            f" ORDER BY {pk} LIMIT {batch} {lock}",
            [after] if after is not None else [],
        )
        rows = cursor.fetchall()
        for key, sealed in rows:
            if Keyring.sealed_with(bytes(sealed)) == ring.names[-1]:
                continue
            try:
                plain = ring.open(bytes(sealed), PURPOSE)
            except KeyLost:
                lost += 1  # left as it is: the key may come back with a backup
                continue
            cursor.execute(
                f"UPDATE {table} SET {name} = %s WHERE {pk} = %s",  # noqa: S608
                [ring.seal(plain, PURPOSE), key],
            )
            done += 1
    return (rows[-1][0], Resealed(done=done, lost=lost)) if rows else (after, None)


@transaction.atomic
def record_new_key(key: str) -> None:
    """A new key is in force."""
    audit.row("keys.rotated", "key file", key, actor=audit.OPERATOR).save()


@transaction.atomic
def record_resealed(key: str, total: Resealed) -> None:
    """Everything that could be opened is sealed with this key now."""
    audit.row(
        "keys.resealed",
        "key file",
        key,
        actor=audit.OPERATOR,
        details={"values": total.done, "lost": total.lost},
    ).save()
