"""Alerts on other people's conversations, which are no grooming: measured, never learnt from."""

from __future__ import annotations

from pathlib import Path

from ansim.chat import Message
from ansim.detection import Detector
from ansim.training import corpus

FILES = ("xpersona-ko-valid.jsonl", "dktc-train.jsonl")
"""Names looked for: ordinary dialogues, and dialogues of other harms."""


def alerts(folder: Path, detector: Detector) -> list[tuple[str, str, int, int]]:
    """(file, kind, conversations, alerts) for each file of FILES that the folder holds."""
    out: list[tuple[str, str, int, int]] = []
    for name in FILES:
        path = folder / name
        if not path.exists():
            continue
        totals: dict[str, list[int]] = {}
        for conversation in corpus.load(path):
            count = totals.setdefault(conversation.kind or "–", [0, 0])
            count[0] += 1
            count[1] += _alerted(detector, conversation)
        out += [(name, kind, count, raised) for kind, (count, raised) in sorted(totals.items())]
    return out


def _alerted(detector: Detector, conversation: corpus.CorpusConversation) -> bool:
    messages = [
        Message(
            id=f"{index:06d}",
            source="evaluation",
            conversation=conversation.id,
            author=turn.author,
            at=turn.at,
            text=turn.text,
        )
        for index, turn in enumerate(conversation.turns)
    ]
    _, found = detector.assess({}, messages)
    return any(assessment.alerts for assessment in found)
