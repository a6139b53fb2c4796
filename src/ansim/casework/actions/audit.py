"""Writes audit rows. Always called inside the transaction of the act it records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils import timezone

from ansim.casework.models import Account, AuditEvent

WORKER = "system:worker"
COURIER = "system:courier"
INTAKE = "system:intake"
RETENTION = "system:retention"
SETUP = "system:setup"
OPERATOR = "system:operator"
"""Whoever sits at the keyboard of the server, where nobody logs in."""
WATCH = "system:watch"
SIGN_IN = "system:sign-in"
CODE_PAGE = "system:code-page"
"""Whoever has a donor's code, on the page without log-in."""
HAND_OVER = "system:hand-over"
"""Whoever hands a conversation over by themselves, on the page without log-in."""


def row(
    action: str,
    subject_type: str,
    subject_id: object,
    *,
    actor: Account | str,
    reason: str = "",
    details: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditEvent:
    """An unsaved audit row. ``actor`` is a person or one of the ``system:…`` labels above."""
    person = None if isinstance(actor, str) else actor
    return AuditEvent(
        at=at or timezone.now(),
        actor=person,
        actor_label=actor if isinstance(actor, str) else actor.get_username(),
        action=action,
        subject_type=subject_type,
        subject_id=str(subject_id)[:64],
        reason=_one_line(reason),
        details=details or {},
    )


def record(action: str, subject: Model, *, actor: Account | str, **rest: Any) -> AuditEvent:
    """Writes one audit row about ``subject``; keywords as in ``row``."""
    event = row(action, str(subject._meta.model_name), subject.pk, actor=actor, **rest)
    event.save()
    return event


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]
