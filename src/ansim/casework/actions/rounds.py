"""How the watch goes round: each thing that is due in a transaction of its own, once, whoever of
several watches comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

MOST = 200
"""Things looked after in one round."""

Row = TypeVar("Row", bound=Model)


def each(due: QuerySet[Row], act: Callable[[Row], None]) -> list[Row]:
    """Acts on every row of ``due``, locked; returns those. What another watch has seen to meanwhile
    is no longer among them: ``act`` has to change what made the row due."""
    found = []
    for pk in list(due.values_list("pk", flat=True)[:MOST]):
        with transaction.atomic():
            row = due.select_for_update(of=("self",)).filter(pk=pk).first()
            if row is not None:
                act(row)
                found.append(row)
    return found
