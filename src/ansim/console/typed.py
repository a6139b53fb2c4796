"""What came with a form, read as what it is meant to be; nothing comes of what it is not."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.utils import timezone


def number(text: str) -> int:
    """What was sent as the number of something; 0 for what is none, or larger than any can be."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def moment(text: str) -> datetime | None:
    """A day and time; without an offset it is the house's. None also for what no database holds:
    such a time cannot be told in UTC."""
    try:
        found = datetime.fromisoformat(text)
        found = timezone.make_aware(found) if timezone.is_naive(found) else found
        found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found


def day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
