"""What an administrator has entered so far for a new source: sealed, theirs alone, for a day.

Its secrets lie nowhere else meanwhile: no page brings them back to a browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from ansim.casework.actions.permission import require
from ansim.casework.models import Account, SourceDraft
from ansim.casework.roles import Act
from ansim.keys import KeyLost

KEPT = timedelta(days=1)
MOST = 200
LONGEST = 20_000


def of(author: Account) -> dict[str, str]:
    """What was entered; nothing where it was sealed with a key that is lost."""
    require(author, Act.ADMINISTER)
    try:
        row = SourceDraft.objects.filter(pk=author.pk).first()
    except KeyLost:
        return {}
    return dict(row.entries) if row is not None else {}


def keep(author: Account, entries: Mapping[str, str]) -> dict[str, str]:
    """Adds to what was entered, or replaces it; returns all of it."""
    kept = of(author) | {name[:80]: value[:LONGEST] for name, value in entries.items()}
    kept = dict(list(kept.items())[:MOST])
    SourceDraft.objects.update_or_create(
        author=author, defaults={"entries": kept, "saved_at": timezone.now()}
    )
    return kept


def drop(author: Account) -> None:
    SourceDraft.objects.filter(pk=author.pk).delete()


def sweep(now: datetime) -> None:
    """Lets go of what nobody went on with."""
    SourceDraft.objects.filter(saved_at__lte=now - KEPT).delete()
