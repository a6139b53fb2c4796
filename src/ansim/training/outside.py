"""Alerts on other people's conversations, which are no grooming: measured, never learnt from."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ansim.commands.score import ScoredConversation, score
from ansim.detection import Detector

FILES = ("xpersona-ko-valid.jsonl", "dktc-train.jsonl")
_BATCH = 200


class _Kind(msgspec.Struct):
    kind: str = ""


def alerts(folder: Path, detector: Detector) -> list[tuple[str, str, int, int]]:
    """(file, kind, conversations, alerts) for each file of FILES that the folder holds."""
    out: list[tuple[str, str, int, int]] = []
    for name in FILES:
        path = folder / name
        if not path.exists():
            continue
        totals: dict[str, list[int]] = {}
        lines = [line for line in path.read_bytes().splitlines() if line.strip()]
        for first in range(0, len(lines), _BATCH):
            chunk = lines[first : first + _BATCH]
            batch = [msgspec.json.decode(line, type=ScoredConversation) for line in chunk]
            kinds = [msgspec.json.decode(line, type=_Kind).kind or "–" for line in chunk]
            for kind, answer in zip(kinds, score(detector, batch), strict=True):
                count = totals.setdefault(kind, [0, 0])
                count[0] += 1
                count[1] += answer["alert_at"] is not None
        out += [(name, kind, count, raised) for kind, (count, raised) in sorted(totals.items())]
    return out
