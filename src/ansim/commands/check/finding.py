"""What the detector makes of an export, and the same as JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass

from ansim.detection import (
    AlertEvent,
    Assessment,
    ConversationState,
    Detector,
    Priority,
    Versions,
)
from ansim.reading.language import is_korean
from ansim.sources.export import Export, messages

_BATCH = 2_000
_CONVERSATION = "check"


@dataclass(frozen=True, slots=True)
class Finding:
    """An export with its assessments, one a turn."""

    export: Export
    assessments: list[Assessment]
    events: list[AlertEvent]
    """The last word on each account that raised an alert, the most urgent first, each with the
    most urgent priority and the highest risk it had."""
    assessed: bool
    """False when the chat is not Korean and nothing in it raised an alert: then it is not judged,
    which is not the same as safe."""
    watch: float
    versions: Versions

    @property
    def risk(self) -> float | None:
        """The highest risk the conversation reached: what was risky once does not fade here."""
        if not self.assessed:
            return None
        return max((one.risk for one in self.assessments), default=0.0)

    @property
    def priority(self) -> Priority | None:
        return self.events[0].priority if self.events else None

    @property
    def about(self) -> str | None:
        return self.events[0].about if self.events else None


def examine(export: Export, detector: Detector) -> Finding:
    """Runs the live system's reading and detection over the turns, never looking ahead."""
    said = messages(export, source="check", conversation=_CONVERSATION, author=str)
    states: dict[str, ConversationState] = {}
    assessments: list[Assessment] = []
    for begin in range(0, len(said), _BATCH):
        changed, found = detector.assess(states, said[begin : begin + _BATCH])
        states.update(changed)
        assessments += found
    events = _events(assessments)
    return Finding(
        export=export,
        assessments=assessments,
        events=events,
        assessed=bool(events) or is_korean(turn.text for turn in export.turns),
        watch=detector.watch,
        versions=detector.versions,
    )


def _events(assessments: list[Assessment]) -> list[AlertEvent]:
    by_account: dict[str, AlertEvent] = {}
    for assessment in assessments:
        for event in assessment.alerts:
            before = by_account.get(event.about)
            # P1 sorts first. The reasons kept are those of the most urgent moment.
            kept = event if before is None or event.priority <= before.priority else before
            by_account[event.about] = AlertEvent(
                about=event.about,
                episode=event.episode,
                raised=event.raised,
                risk=max(event.risk, before.risk if before else 0.0),
                priority=kept.priority,
                why=kept.why,
            )
    return sorted(by_account.values(), key=lambda event: (event.priority, -event.risk))


_SUSPECT = re.compile("[^ -~가-힣ㄱ-ㅣ]")


def as_json(finding: Finding) -> str:
    """The finding as data: risk, priority, about, and turns as docs/connectors/kakaotalk.md says.

    Risks are null and tactics empty where the chat was not assessed. Control and direction
    characters are written as escapes, so that printing it is harmless and nothing is lost.
    """
    turns = [
        {
            "at": one.turn.at,
            "from": one.turn.author,
            "text": said.text,
            "risk": one.risk if finding.assessed else None,
            "tactics": _tactics(one) if finding.assessed else {},
            "spans": _spans(one) if finding.assessed else [],
        }
        for one, said in zip(finding.assessments, finding.export.turns, strict=True)
    ]
    answer = {
        "risk": finding.risk,
        "priority": finding.priority,
        "about": finding.about,
        "turns": turns,
    }
    return _SUSPECT.sub(_escape, json.dumps(answer, ensure_ascii=False))


def _tactics(assessment: Assessment) -> dict[str, float]:
    """The sixteen tactics; what a young person's own words show is for the report."""
    return {label: chance for label, chance in assessment.turn.tactics.items() if label[0] == "T"}


def _spans(assessment: Assessment) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.tactic) for span in assessment.turn.spans]


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if unicodedata.category(character)[0] not in "CZ":
        return character
    return json.dumps(character)[1:-1]
