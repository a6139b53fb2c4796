"""Rows of the queue, made once for all who look: fifty open queues show the same rows again and
again, and most of what a queue costs is to write them."""

from __future__ import annotations

import json
import secrets
from collections import OrderedDict
from datetime import datetime
from threading import Lock

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from ansim.casework.models import Alert

register = template.Library()

KEPT_SECONDS = 5
"""A row's times are at most this old when they come; desk.js goes on counting those that run."""
MOST_ROWS = 2_000
"""A few megabytes. What was not asked for longest is forgotten."""
_TOKEN = secrets.token_hex(32)
"""Stands in a kept row for the form token, which everybody has of their own. It is sent to nobody,
so that nothing from outside can be taken for it."""

_rows: OrderedDict[tuple[object, ...], str] = OrderedDict()
_lock = Lock()


@register.simple_tag(takes_context=True)
def queue_row(context: Context, alert: Alert) -> SafeString:
    """One row, as `_queue_row.html` has it. It knows nothing of who looks but the language."""
    now: datetime = context["now"]
    key = (get_language(), int(now.timestamp()) // KEPT_SECONDS, *_shown(alert, now))
    with _lock:
        row = _rows.get(key)
        if row is not None:
            _rows.move_to_end(key)
    if row is None:
        shown = {"alert": alert, "now": now, "csrf_token": _TOKEN}
        row = render_to_string("console/_queue_row.html", shown)
        with _lock:
            _rows[key] = row
            while len(_rows) > MOST_ROWS:
                _rows.popitem(last=False)
    return mark_safe(row.replace(_TOKEN, escape(context.get("csrf_token", ""))))  # noqa: S308


def _shown(alert: Alert, now: datetime) -> tuple[object, ...]:
    """Everything of an alert that its row shows: whatever of it changes makes another row."""
    return (
        alert.pk,
        alert.kind,
        alert.state,
        alert.priority,
        alert.risk,
        alert.episode,
        alert.outcome,
        json.dumps(alert.why),
        alert.conversation.source.name,
        alert.claimed_by and alert.claimed_by.shown,
        alert.raised_at,
        alert.due_at,
        alert.due_at is not None and alert.due_at <= now,
        alert.escalated_at,
        alert.escalated_by_id,
        alert.hold_until,
        alert.hold_until is not None and alert.hold_until > now,
        alert.answered,  # type: ignore[attr-defined]
        *(
            (
                other.pk,
                other.priority,
                other.conversation.source.name,
                other.claimed_by and other.claimed_by.shown,
            )
            for other in alert.folded  # type: ignore[attr-defined]
        ),
    )
