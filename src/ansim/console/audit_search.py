"""What somebody seeks in the audit log, from the query of a page, and the same rows as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from ansim.casework.chain import moment
from ansim.casework.models import AuditEvent

SOUGHT = ("action", "who", "alert", "subject", "since", "until", "updates")
MOST_ROWS = 50_000
"""Of one export: a month of a busy house. Who needs more asks for less at a time."""

COLUMNS = (
    "link",
    "id",
    "at",
    "who",
    "action",
    "subject_type",
    "subject_id",
    "reason",
    "details",
    "hash",
)


def asked(query: Mapping[str, str]) -> dict[str, str]:
    """The fields of the search form, as typed; days that are none are left out."""
    found = {name: (query.get(name) or "").replace("\0", "").strip()[:150] for name in SOUGHT}
    for name in ("since", "until"):
        if _day(found[name]) is None:
            found[name] = ""
    return found


def rows(sought: Mapping[str, str]) -> QuerySet[AuditEvent]:
    """What was sought, newest first.

    That an alert was updated is written for every batch of messages, and left out unless asked for.
    """
    events = AuditEvent.objects.select_related("actor", "link").order_by("-id")
    if not sought["updates"] and not sought["action"]:
        events = events.exclude(action="alert.updated")
    if sought["action"]:
        events = events.filter(action__startswith=sought["action"][:60])
    if sought["who"]:
        events = events.filter(actor_label=sought["who"])
    if sought["alert"]:
        events = events.filter(subject_type="alert", subject_id=sought["alert"][:64])
    if sought["subject"]:
        events = events.filter(subject_type=sought["subject"][:30])
    since, until = _day(sought["since"]), _day(sought["until"])
    if since is not None:
        events = events.filter(at__gte=_midnight(since))
    if until is not None:
        events = events.filter(at__lt=_midnight(until + timedelta(days=1)))
    return events


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware


def as_csv(events: Iterable[AuditEvent]) -> bytes:
    """Rows with their places in the chain, UTF-8 with a mark at the front so that Excel reads it.

    ``hash`` is the one of the link; docs/trust.md says how it is computed.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for event in events:
        link = getattr(event, "link", None)
        writer.writerow(
            [
                link.number if link else "",
                event.pk,
                moment(event.at),
                *(
                    harmless(value)
                    for value in (
                        event.actor_label,
                        event.action,
                        event.subject_type,
                        event.subject_id,
                        event.reason,
                        json.dumps(event.details, ensure_ascii=False, sort_keys=True),
                    )
                ),
                link.hash if link else "",
            ]
        )
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def harmless(text: str) -> str:
    """A cell that a spreadsheet takes for text, never for a formula."""
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} else text
