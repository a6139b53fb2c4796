"""Filters for times, durations and risk on the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from ansim.casework.actions import originals
from ansim.casework.models import Alert, PictureOriginal, ReadingStop
from ansim.casework.models.alert import Done, Outcome, Reply
from ansim.casework.rights import holdings
from ansim.console import marking
from ansim.console.chart import in_percent
from ansim.detection import Reason
from ansim.detection.reasons import sentence
from ansim.detection.tactics import Language

register = template.Library()

PRIORITY_SHAPES = {"P1": "▲", "P2": "◆", "P3": "●", "P4": "○"}


def language() -> Language:
    """The language of the page as detection knows it."""
    return "en" if get_language() == "en" else "ko"


def local(at: float) -> datetime | None:
    """Event time as local time; None for one no calendar holds."""
    try:
        return timezone.localtime(datetime.fromtimestamp(at, tz=UTC))
    except (ValueError, OverflowError, OSError):
        return None


@register.filter
def clock(at: float) -> str:
    """14:05"""
    moment = local(at)
    return moment.strftime("%H:%M") if moment else "?"


@register.filter
def day(at: float) -> str:
    """2026년 3월 5일 / 5 March 2026"""
    moment = local(at)
    if moment is None:
        return "?"
    if language() == "ko":
        return f"{moment.year}년 {moment.month}월 {moment.day}일"
    return f"{moment.day} {moment:%B} {moment.year}"


@register.filter
def moment(at: float) -> str:
    """Day and time in one."""
    return f"{day(at)} {clock(at)}"


@register.filter
def iso(at: float) -> str:
    """For the ``datetime`` attribute."""
    found = local(at)
    return found.isoformat(timespec="seconds") if found else ""


@register.filter
def waited(since: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    seconds = max(0, int((timezone.now() - since).total_seconds()))
    if seconds < 60:
        return _("방금")
    if seconds < 3600:
        minutes = seconds // 60
        return ngettext("%(n)d분", "%(n)d분", minutes) % {"n": minutes}
    if seconds < 86400:
        hours = seconds // 3600
        return ngettext("%(n)d시간", "%(n)d시간", hours) % {"n": hours}
    days = seconds // 86400
    return ngettext("%(n)d일", "%(n)d일", days) % {"n": days}


@register.filter
def left(until: datetime) -> str:
    """Time left on a timer, or how long it has run out: 1:32, 3:59:10; desk.js goes on counting."""
    rest = until - timezone.now()
    words = _("{n} 남음") if rest > timedelta() else _("{n} 지남")
    return words.replace("{n}", span(abs(rest)))


@register.filter
def reading_stops(alert: Alert) -> list[ReadingStop]:
    """What of the alert's conversation is read no more, as somebody asked (R07)."""
    return holdings.stops_in(alert.conversation)


@register.filter
def sealed_originals(alert: Alert) -> list[PictureOriginal]:
    """Originals of pictures of the alert's conversation, kept under a legal hold; not themselves,
    what is known of them."""
    return originals.of(alert.conversation_id)


@register.filter
def days_left(until: datetime) -> str:
    """Whole days to a day in the calendar: 9일 남음; today counts as none."""
    days = max(0, (timezone.localdate(until) - timezone.localdate()).days)
    return ngettext("%(n)d일 남음", "%(n)d일 남음", days) % {"n": days}


@register.filter
def minutes(seconds: int) -> str:
    """Seconds as minutes, without a needless fraction: 120 → 2, 90 → 1.5."""
    return f"{seconds / 60:g}"


@register.filter
def span(length: timedelta | None) -> str:
    """How long something took: 1:32, 3:59:10; a dash for nothing."""
    if length is None:
        return "–"
    rest = round(length.total_seconds())
    hours, rest = divmod(rest, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


@register.filter
def harmless(text: str) -> str:
    """Words of a colleague, without characters that could disturb a page."""
    return marking.harmless(text)


@register.filter
def tail(pseudonym: str) -> str:
    """The end of a pseudonym, by which people tell accounts apart."""
    return marking.harmless(pseudonym)[-4:]


@register.filter
def percent(risk: float) -> str:
    return f"{in_percent(risk)}%"


@register.filter
def share(part: float) -> str:
    """A share that was counted, not estimated: 0 % and 100 % are what they are."""
    return f"{100 * part:.0f}%"


@register.filter
def unlocalized(number: float) -> str:
    """A coordinate: always with a point, whatever the language."""
    return str(number)


@register.filter
def shape(priority: str) -> str:
    """A sign of its own for every priority, so that colour is never needed."""
    return PRIORITY_SHAPES.get(priority, "○")


@register.filter
def urgency(priority: str) -> str:
    """What a priority means, in two words."""
    return {
        "P1": _("지금 바로"),
        "P2": _("곧"),
        "P3": _("오늘 안"),
        "P4": _("살펴보기"),
    }.get(priority, "")


@register.filter
def sentences(why: list[dict[str, Any]]) -> list[str]:
    """The reasons of an alert in words; one that this version does not know is shown as it is."""
    found = []
    for item in why:
        reason = Reason(str(item.get("code", "")), dict(item.get("values", {})))
        try:
            found.append(sentence(reason, language()))
        except (KeyError, IndexError, ValueError):
            found.append(reason.code)
    return found


@register.filter
def outcome_label(value: str) -> str:
    return str(dict([*Outcome.choices, *Reply.choices]).get(value, value))


@register.filter
def done_labels(values: list[str]) -> str:
    return ", ".join(str(Done(value).label) for value in values if value in Done.values)
