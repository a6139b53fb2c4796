"""How many messages a second detection reads, on ordinary chat made of the corpus' benign turns."""

from __future__ import annotations

import time
from pathlib import Path

from ansim.chat import Message
from ansim.detection import ConversationState, Detector
from ansim.detection.gate import blanked
from ansim.reading import read
from ansim.training import corpus

BATCH = 500
ROOMS = 2_000
"""Conversations the messages are spread over, so that their states are as scattered as in life."""


def ordinary(path: Path) -> list[Message]:
    """Benign turns of the corpus as messages of many rooms, two people each, in order of time."""
    messages = []
    turn = 0
    for conversation in corpus.load(path):
        if conversation.grooming:
            continue
        for said in conversation.turns:
            room = turn % ROOMS
            messages.append(
                Message(
                    id=f"m{turn}",
                    source="speed",
                    conversation=f"room {room}",
                    author=f"{room} {turn // ROOMS % 2}",
                    at=1_700_000_000.0 + turn,
                    text=said.text,
                )
            )
            turn += 1
    return messages


def measure(
    seconds: float = 5.0, path: Path = Path("data/conversations.jsonl")
) -> dict[str, float]:
    """Messages a second on one core: ``reading_and_gate`` alone, and ``assess`` with all of it."""
    messages = ordinary(path)
    detector = Detector.load()
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
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds / 2:
            done += work()
        rates[name] = done / (time.perf_counter() - start)
    return rates
