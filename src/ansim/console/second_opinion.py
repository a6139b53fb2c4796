"""The second opinion as the alert page shows it: beside the detector's figures, never instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansim.casework.models import Alert, SecondOpinion
from ansim.casework.models import Turn as TurnRow
from ansim.console.chart import in_percent
from ansim.console.marking import harmless
from ansim.console.thread import Speaker
from ansim.detection.tactics import Language, tactics


@dataclass(frozen=True, slots=True)
class Cited:
    """Words that the model quoted, and where they stand."""

    words: str
    tactic: str
    turn: int
    """Number of the turn, for a link; 0 where it is not held here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything that may be shown; without permission for the words these are empty."""

    model: str
    at: datetime
    percent: int
    """The model's own estimate."""
    detector: int
    """The detector's risk when the model was asked."""
    added: int
    """Points of a hundred that it added."""
    pictures: int
    """How many pictures the model was shown."""
    tactics: tuple[str, ...]
    names: tuple[tuple[str, str], ...]
    """Each letter in the words below, and how the page calls that account."""
    held: bool
    revealed: bool
    lower: bool
    """It thinks less of it than the detector: then it is said that nothing changes."""
    summary: str = ""
    innocent: str = ""
    watch_for: str = ""
    quotes: tuple[Cited, ...] = ()


def shown(
    alert: Alert, speakers: Sequence[Speaker], *, revealed: bool, language: Language
) -> Shown | None:
    """The opinion about this alert, or None where nobody was asked."""
    row = SecondOpinion.objects.filter(alert=alert).first()
    if row is None:
        return None
    called = {speaker.account: speaker.name for speaker in speakers}
    names = tuple(
        (letter, called[account])
        for letter, account in sorted(row.letters.items())
        if account in called
    )
    held = row.summary_ko is not None
    words: dict[str, Any] = {}
    if held and revealed:
        words = {
            "summary": harmless((row.summary_ko if language == "ko" else row.summary_en) or ""),
            "innocent": harmless(row.innocent_reading or ""),
            "watch_for": harmless(row.watch_for or ""),
            "quotes": _cited(alert, row.quotes, language),
        }
    return Shown(
        model=harmless(row.model),
        at=row.at,
        percent=in_percent(row.risk),
        detector=in_percent(row.detector),
        added=round(100 * row.added),
        pictures=row.pictures,
        tactics=tuple(_name(tactic, language) for tactic in row.tactics),
        names=names,
        held=held,
        revealed=revealed,
        lower=row.risk < row.detector,
        **words,
    )


def _cited(alert: Alert, quotes: Sequence[Sequence[str]], language: Language) -> tuple[Cited, ...]:
    wanted = {name for name, _, _ in quotes}
    places = dict(
        TurnRow.objects.filter(
            conversation=alert.conversation_id, message_id__in=wanted
        ).values_list("message_id", "pk")
    )
    return tuple(
        Cited(harmless(words), _name(tactic, language), places.get(name, 0))
        for name, words, tactic in quotes
    )


def _name(tactic: str, language: Language) -> str:
    found = tactics().get(tactic)
    return found.name(language) if found else harmless(tactic)
