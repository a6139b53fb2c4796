"""Second opinions beside alerts: written down as they come, never a verdict, never an act.

A report may come again (the worker replays after a crash); the outcome is the same as if it had
come once. An opinion about what has no open alert is not kept: nobody would read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.utils import timezone

from ansim.casework.actions import audit
from ansim.casework.models import Alert, Kind, ReviewerState, SecondOpinion, State

LONGEST_SILENT = timedelta(seconds=60)
"""A worker that has said nothing for so long asks nobody any more."""
FORGOTTEN = timedelta(days=1)
_WORST_FIRST = ("down", "budget_spent", "slow", "ready")


class OpinionReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a model said of one conversation and the account most suspected in it."""

    source: str
    conversation: str
    about: str
    sequence: int
    """Position of the stream at which it came."""
    model: str
    prompt: str
    window: str
    risk: float
    detector: float
    added: float
    seconds: float
    tactics: tuple[str, ...]
    quotes: tuple[tuple[str, str, str], ...]
    """Message id as casework knows it, words, tactic."""
    letters: dict[str, str]
    """Account behind each letter (A, B …) in the words below."""
    innocent_reading: str
    watch_for: str
    summary_ko: str
    summary_en: str
    pictures: int = 0
    """How many pictures the model was shown."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the models of all workers are, taken together: the worst of them."""

    condition: str
    model: str


@transaction.atomic
def add(reports: Sequence[OpinionReport]) -> int:
    """Puts each beside the open alert it is about, in place of an earlier one. Returns how many
    were kept."""
    now = timezone.now()
    kept = 0
    for report in reports:
        alert = (
            Alert.objects.select_for_update(of=("self",))
            .filter(
                conversation__source=report.source,
                conversation__pseudonym=report.conversation,
                kind=Kind.RISK,
                about=report.about,
                state=State.OPEN,
            )
            .first()
        )
        if alert is None:
            continue
        before = SecondOpinion.objects.filter(alert=alert).only("sequence").first()
        if before is not None and before.sequence >= report.sequence:
            continue
        _keep(alert, report, now)
        kept += 1
    return kept


def _keep(alert: Alert, report: OpinionReport, now: datetime) -> None:
    model = report.model.replace("\0", "␀")[:200]
    SecondOpinion.objects.update_or_create(
        alert=alert,
        defaults={
            "at": now,
            "sequence": report.sequence,
            "model": model,
            "prompt": report.prompt,
            "window": report.window,
            "risk": report.risk,
            "detector": report.detector,
            "added": report.added,
            "seconds": report.seconds,
            "pictures": report.pictures,
            "tactics": list(report.tactics),
            "quotes": [list(quote) for quote in report.quotes],
            "letters": report.letters,
            "innocent_reading": report.innocent_reading,
            "watch_for": report.watch_for,
            "summary_ko": report.summary_ko,
            "summary_en": report.summary_en,
        },
    )
    audit.row(
        "alert.second_opinion",
        "alert",
        alert.pk,
        actor=audit.WORKER,
        at=now,
        details={
            "model": model,
            "prompt": report.prompt,
            "window": report.window,
            "risk": round(report.risk, 4),
            "detector": round(report.detector, 4),
            "added": round(report.added, 4),
            "tactics": list(report.tactics),
            "pictures": report.pictures,
        },
    ).save()


def tell(
    worker: str,
    condition: str,
    model: str,
    counts: dict[str, int | float],
    now: datetime | None = None,
) -> None:
    """Keeps what a worker says of its model: a heartbeat, no act of anybody."""
    now = now or timezone.now()
    ReviewerState.objects.update_or_create(
        worker=worker[:60],
        defaults={
            "told_at": now,
            "condition": condition,
            "model": model.replace("\0", "␀")[:200],
            "counts": counts,
        },
    )
    ReviewerState.objects.filter(told_at__lt=now - FORGOTTEN).delete()


def withdraw(worker: str) -> None:
    """A worker was stopped, or asks no model any more: its silence is no news."""
    ReviewerState.objects.filter(worker=worker[:60]).delete()


def standing(now: datetime) -> Standing | None:
    """How the reviewer is; None where it is off. A worker that fell silent counts as down."""
    found = [
        ("down" if now - row.told_at > LONGEST_SILENT else row.condition, row.model)
        for row in ReviewerState.objects.all()
    ]
    if not found:
        return None
    condition, model = min(
        found, key=lambda one: _WORST_FIRST.index(one[0]) if one[0] in _WORST_FIRST else 0
    )
    return Standing(condition=condition, model=model)
