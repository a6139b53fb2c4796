"""A donated export through the same reading and detection as live messages, in one go.

Nothing is written here: the caller decides what is kept.
"""

from __future__ import annotations

import hashlib
import time
from functools import cache

import msgspec

from ansim.casework.actions.accounts import DONATED_SOURCE
from ansim.casework.actions.reports import AlertReport
from ansim.casework.sealing import keyring
from ansim.detection import AlertEvent, Assessment, Turn
from ansim.detection.detector import Detector
from ansim.detection.state import ConversationState
from ansim.sources import kakaotalk
from ansim.sources.export import Export, messages

MAX_BYTES = 16 * 1024 * 1024
BATCH = 500


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a file. ``turns`` are all of it, in order, with names as pseudonyms."""

    export: Export
    risk: float
    """Highest risk over the conversation, 0..1."""
    threshold: float
    about: str | None
    turns: list[Turn]
    reports: list[AlertReport]


@cache
def detector() -> Detector:
    """The detector of this process; loading it takes a moment, so it is kept."""
    return Detector.load()


def assess(data: bytes, name: str) -> Outcome:
    """Reads and assesses one export. Raises ``ExportError`` with a clear sentence."""
    export = kakaotalk.parse(data, name=name)
    ring = keyring()
    # The same file is the same conversation; another file, even of the same people, is not, since
    # names in exports are not accounts.
    digest = hashlib.sha256(data).hexdigest()
    conversation = ring.pseudonym("conversation", DONATED_SOURCE, digest)
    said = messages(
        export,
        source=DONATED_SOURCE,
        conversation=conversation,
        author=lambda sender: ring.pseudonym("account", DONATED_SOURCE, digest, sender),
    )
    found: list[Assessment] = []
    states: dict[str, ConversationState] = {}
    for start in range(0, len(said), BATCH):
        changed, assessments = detector().assess(states, said[start : start + BATCH])
        states.update(changed)
        found += assessments
    return Outcome(
        export=export,
        risk=max((item.risk for item in found), default=0.0),
        threshold=detector().versions.threshold,
        about=max(found, key=lambda item: item.risk).about if found else None,
        turns=[item.turn for item in found],
        reports=_reports(conversation, found),
    )


def _reports(conversation: str, found: list[Assessment]) -> list[AlertReport]:
    last: dict[str, AlertEvent] = {}
    for item in found:
        for event in item.alerts:
            last[event.about] = event
    turns = tuple(item.turn for item in found)
    # Positions of the stream mean nothing for a file; the clock orders two readings of one file.
    sequence = time.time_ns()
    return [
        AlertReport(
            source=DONATED_SOURCE,
            conversation=conversation,
            about=about,
            episode=event.episode,
            priority=event.priority,
            risk=event.risk,
            why=event.why,
            versions=detector().versions,
            trajectory=tuple((turn.at, turn.risk, turn.id) for turn in turns),
            turns=turns,
            sequence=sequence,
            raised=True,
        )
        for about, event in last.items()
    ]
