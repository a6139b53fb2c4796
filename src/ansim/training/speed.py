"""How many messages a second detection reads on one core, and how often it asks the context model.

Twice: on the corpus' benign turns, half of which were written to look like grooming, and, where a
folder of plain lines is given, on those: what people ordinarily write.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansim.chat import Message
from ansim.detection import ConversationState, Detector
from ansim.detection.context import Said
from ansim.detection.gate import blanked
from ansim.reading import read
from ansim.training import corpus
from ansim.training.encoder import text

BATCH = 500
ROOMS = 2_000
"""Conversations the messages are spread over, so that their states are as scattered as in life."""
LINES = 20_000
LONGEST = 60
"""Characters of a plain line that may pass for a chat message."""


def benign(path: Path) -> list[str]:
    """Benign turns of the corpus, in order."""
    return [t.text for c in corpus.load(path) if not c.grooming for t in c.turns]


def plain(folder: Path) -> list[str]:
    """Short lines of all files of a folder, mixed."""
    draw = random.Random(LINES)
    found = [line for path in text.files(folder) for line in text.lines(path)]
    short = [line for line in found if len(line) <= LONGEST]
    return draw.sample(short, min(LINES, len(short)))


def spread(texts: Sequence[str]) -> list[Message]:
    """Texts as messages of many rooms, two people each, in order of time."""
    return [
        Message(
            id=f"m{turn}",
            source="speed",
            conversation=f"room {turn % ROOMS}",
            author=f"{turn % ROOMS} {turn // ROOMS % 2}",
            at=1_700_000_000.0 + turn,
            text=said,
        )
        for turn, said in enumerate(texts)
    ]


class _Counted:
    """A context model that counts how often it is asked."""

    def __init__(self, model: Any) -> None:
        self.version = model.version
        self.asked = 0
        self._model = model

    def said(self, turns: Sequence[tuple[str, str]]) -> Said:
        self.asked += 1
        found: Said = self._model.said(turns)
        return found


def measure(
    seconds: float = 5.0,
    path: Path = Path("data/conversations.jsonl"),
    texts: Path | None = None,
) -> dict[str, float]:
    """Messages a second on one core, by name: ``reading_and_gate`` alone, ``assess`` with all of
    it; ``asked`` is the share of messages the context model read. ``plain_…`` with ``texts``."""
    rates = _measured(spread(benign(path)), seconds)
    if texts is not None:
        found = _measured(spread(plain(texts)), seconds)
        rates |= {f"plain_{name}": value for name, value in found.items()}
    return rates


def _measured(messages: list[Message], seconds: float) -> dict[str, float]:
    loaded = Detector.load()
    counted = _Counted(loaded.context) if loaded.context else None
    detector = Detector(loaded.gate, loaded.risk, counted)  # type: ignore[arg-type]
    batches = [messages[at : at + BATCH] for at in range(0, len(messages), BATCH)]
    detector.assess({}, batches[0])  # compiled before the clock starts

    def gate() -> int:
        for batch in batches:
            detector.gate.logits([read(blanked(message.text)).text for message in batch])
        return len(messages)

    def everything() -> int:
        states: dict[str, ConversationState] = {}
        for batch in batches:
            changed, _ = detector.assess(states, batch)
            states.update(changed)
        return len(messages)

    rates = {}
    for name, work in (("reading_and_gate", gate), ("assess", everything)):
        if counted is not None:
            counted.asked = 0
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds / 2:
            done += work()
        rates[name] = done / (time.perf_counter() - start)
        rates["asked"] = counted.asked / done if counted is not None else 0.0
    return rates
