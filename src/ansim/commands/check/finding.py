"""What the detector makes of an export, and the same as JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ansim.chat import Noticed
from ansim.commands.check import seen
from ansim.detection import AlertEvent, ConversationState, Detector, Priority, Span, Versions
from ansim.detection.finished import joined, only_korean
from ansim.reading.language import is_korean
from ansim.sources.export import Export, messages
from ansim.sources.exports import screenshots

_BATCH = 2_000
_CONVERSATION = "check"


@dataclass(frozen=True, slots=True)
class Judged:
    """What was made of one turn. ``risk`` is that of the conversation after it."""

    risk: float
    tactics: dict[str, float]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """An export with what was made of it, turn by turn."""

    export: Export
    judged: list[Judged]
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
        return max((one.risk for one in self.judged), default=0.0)

    @property
    def priority(self) -> Priority | None:
        return self.events[0].priority if self.events else None

    @property
    def about(self) -> str | None:
        return self.events[0].about if self.events else None


def examine(export: Export, detector: Detector) -> Finding:
    """Runs the live system's reading and detection over the turns, never looking ahead.

    Of a chat in another language only the Korean words are looked at: the models know no other,
    and would take what they do not know for something. So foreign text can neither raise an alert
    nor hide what stands between it.
    """
    korean = is_korean(turn.text for turn in export.turns)
    said = messages(export, source="check", conversation=_CONVERSATION, author=str)
    judged: list[Judged] = []
    by_account: dict[str, AlertEvent] = {}
    states: dict[str, ConversationState] = {}
    for begin in range(0, len(said), _BATCH):
        batch = said[begin : begin + _BATCH]
        changed, found = detector.assess(
            states, batch if korean else [only_korean(one) for one in batch]
        )
        states.update(changed)
        for one in found:
            judged.append(Judged(one.risk, one.turn.tactics, one.turn.spans))
            for event in one.alerts:
                by_account[event.about] = joined(by_account.get(event.about), event)
    return Finding(
        export=export,
        judged=judged,
        events=sorted(by_account.values(), key=lambda event: (event.priority, -event.risk)),
        assessed=korean or bool(by_account),
        watch=detector.watch,
        versions=detector.versions,
    )


_SUSPECT = re.compile("[^ -~가-힣ㄱ-ㅣ]")


def as_json(finding: Finding, screens: Sequence[Noticed] = ()) -> str:
    """The finding as data: risk, priority, about, and turns as docs/connectors/kakaotalk.md says;
    of screenshots also the pictures of each message and what was seen besides (docs/screens.md).

    Risks are null and tactics empty where the chat was not assessed. Control and direction
    characters are written as escapes, so that printing it is harmless and nothing is lost.
    """
    turns: list[dict[str, object]] = [
        {
            "at": said.at,
            "from": said.sender,
            "text": said.text,
            "risk": one.risk if finding.assessed else None,
            "tactics": _tactics(one) if finding.assessed else {},
            "spans": _spans(one) if finding.assessed else [],
        }
        for one, said in zip(finding.judged, finding.export.turns, strict=True)
    ]
    answer: dict[str, object] = {
        "risk": finding.risk,
        "priority": finding.priority,
        "about": finding.about,
        "turns": turns,
    }
    if finding.export.form == screenshots.FORM:
        for turn, said in zip(turns, finding.export.turns, strict=True):
            turn["pictures"] = seen.pictures(said)
        answer["screens"] = seen.as_data(screens)
        answer["remarks"] = [remark.sentence("en") for remark in finding.export.warnings]
    return _SUSPECT.sub(_escape, json.dumps(answer, ensure_ascii=False))


def _tactics(judged: Judged) -> dict[str, float]:
    """The sixteen tactics; what a young person's own words show is for the report."""
    return {label: chance for label, chance in judged.tactics.items() if label[0] == "T"}


def _spans(judged: Judged) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.tactic) for span in judged.spans]


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if unicodedata.category(character)[0] not in "CZ":
        return character
    return json.dumps(character)[1:-1]
