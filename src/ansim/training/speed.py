"""How many messages a second detection reads on one core, and how often it asks the context model.

On the corpus' benign turns, half of which were written to look like grooming, and, where they are
given, on plain lines and on dialogues of others: what people ordinarily write.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansim.chat import Message
from ansim.detection import ConversationState, Detector
from ansim.detection.context import Said
from ansim.detection.gate import blanked
from ansim.reading import read
from ansim.training import corpus, plain_lines

BATCH = 500
ROOMS = 2_000
"""Conversations the messages are spread over, so that their states are as scattered as in life."""
LINES = 20_000


def benign(path: Path) -> list[str]:
    """Benign turns of the corpus, in order."""
    return [t.text for c in corpus.load(path) if not c.grooming for t in c.turns]


def plain(folder: Path) -> list[str]:
    """Short lines of all files of a folder that the gate never learnt, mixed."""
    found = plain_lines.unseen(folder)
    return random.Random(LINES).sample(found, min(LINES, len(found)))


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


def talks(path: Path) -> list[Message]:
    """Every turn of every dialogue of a file, one dialogue after another."""
    return [
        Message(
            id=f"m{number}",
            source="speed",
            conversation=dialogue.id,
            author=turn.author,
            at=1_700_000_000.0 + turn.at,
            text=turn.text,
        )
        for dialogue in corpus.load(path)
        for number, turn in enumerate(dialogue.turns)
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
    dialogues: Path | None = None,
) -> dict[str, float]:
    """Messages a second on one core, by name: ``gate`` alone, ``reading_and_gate``, ``assess`` with
    all of it; ``asked`` is the share of messages the context model read then. ``plain_…`` of
    lines of folder ``texts``, thrown together; ``dialogue_…`` of a file of dialogues."""
    sources: dict[str, Callable[[], list[Message]]] = {"": lambda: spread(benign(path))}
    if texts is not None:
        sources["plain_"] = lambda: spread(plain(texts))
    if dialogues is not None:
        sources["dialogue_"] = lambda: talks(dialogues)
    return {
        f"{source}{name}": value
        for source, made in sources.items()
        for name, value in _measured(made(), seconds).items()
    }


def _measured(messages: list[Message], seconds: float) -> dict[str, float]:
    loaded = Detector.load()
    counted = _Counted(loaded.context) if loaded.context else None
    detector = Detector(loaded.gate, loaded.risk, counted)  # type: ignore[arg-type]
    batches = [messages[at : at + BATCH] for at in range(0, len(messages), BATCH)]
    detector.assess({}, batches[0])  # compiled before the clock starts

    texts = [[read(blanked(message.text)).text for message in batch] for batch in batches]

    def gate() -> int:
        for some in texts:
            detector.gate.logits(some)
        return len(messages)

    def reading_and_gate() -> int:
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
    for name, work in (
        ("gate", gate),
        ("reading_and_gate", reading_and_gate),
        ("assess", everything),
    ):
        if counted is not None:
            counted.asked = 0
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds / 2:
            done += work()
        rates[name] = done / (time.perf_counter() - start)
        rates["asked"] = counted.asked / done if counted is not None else 0.0
    return rates
