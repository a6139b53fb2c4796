"""Made-up traffic for tests and benchmarks, and what an undisturbed run makes of it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import msgspec

from ansim.chat import Message
from ansim.detection.detector import Detector
from ansim.detection.state import ConversationState
from ansim.keys import Keyring

CORPUS = Path(__file__).parents[2] / "data" / "conversations.jsonl"


class Expected(msgspec.Struct):
    """Alerts as (conversation, about, episode), and the last risk of every conversation."""

    alerts: set[tuple[str, str, int]]
    risks: dict[str, float]


def corpus(label: str) -> list[list[dict[str, object]]]:
    """The turns of every conversation with this label."""
    lines = CORPUS.read_text("utf-8").splitlines()
    return [row["turns"] for row in map(json.loads, lines) if row["label"] == label]


def traffic(
    keyring: Keyring, count: int, risky: int, end: float, seed: int = 7, source: str = "test"
) -> list[Message]:
    """``count`` messages of many conversations mixed together, ``risky`` of them grooming.

    Event times end at ``end`` (seconds since 1970), so that nothing is too old to be kept. Each
    conversation stays in its own order.
    """
    chance = random.Random(seed)
    grooming, benign = corpus("grooming"), corpus("benign")
    talks: list[list[Message]] = []
    total = 0
    for number in range(1_000_000):
        pool = grooming if number < risky else benign
        if number >= risky and total >= count:
            break
        turns = pool[number % len(pool)]
        name = keyring.pseudonym("conversation", source, str(number))
        last = float(str(turns[-1]["at"]))
        talks.append(
            [
                Message(
                    id=f"{number}-{index}",
                    source=source,
                    conversation=name,
                    author=keyring.pseudonym("account", source, f"{number}-{turn['from']}"),
                    at=end - last + float(str(turn["at"])),
                    text=str(turn["text"]),
                    received_at=end,
                )
                for index, turn in enumerate(turns)
            ]
        )
        total += len(turns)
    order = [index for index, talk in enumerate(talks) for _ in talk]
    chance.shuffle(order)
    streams = [iter(talk) for talk in talks]
    return [next(streams[index]) for index in order][: max(count, 0) or None]


def undisturbed(messages: list[Message], detector: Detector) -> Expected:
    """What one run without any trouble finds, message by message."""
    states: dict[str, ConversationState] = {}
    alerts: set[tuple[str, str, int]] = set()
    for start in range(0, len(messages), 500):
        changed, found = detector.assess(states, messages[start : start + 500])
        states.update(changed)
        for assessment in found:
            for event in assessment.alerts:
                alerts.add((assessment.conversation, event.about, event.episode))
    return Expected(alerts, {name: state.risk for name, state in states.items()})
