"""Messages on their way through one batch, as the arrays that the compiled loops take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ansim import reading
from ansim.chat import Message
from ansim.detection.attached import judged
from ansim.detection.context import Said
from ansim.detection.gate import blanked
from ansim.detection.labels import SHOWN
from ansim.detection.memory import Memory
from ansim.detection.risk import RiskModel
from ansim.detection.urgency import NONE
from ansim.detection.values import Turn

Floats = npt.NDArray[np.float64]

WINDOW = 40
"""Turns that may stand in a window; what fits in its tokens is fewer."""
_SHOWN = len(SHOWN)


@dataclass(slots=True)
class Item:
    """One message on its way through a batch."""

    message: Message
    memory: Memory
    account: int
    """Its author's place among the conversation's accounts; -1 for the agency, and for a deletion,
    which nobody says."""
    text: str
    original: reading.Reading
    number: int
    """Its row in the batch's logits."""
    said: Said | None = None
    """What the context model said, where it was asked."""
    assessed: bool = True
    """False where it is in a language nobody here knows."""
    urgent: tuple[float, float, float] = NONE
    newest: float = 0.0


class Run:
    """Arrays for one call of ``evidence.accumulate`` over messages of several conversations."""

    def __init__(self, items: list[Item], rows: Floats | None = None) -> None:
        from ansim.detection.evidence import WIDTH

        self.items = items
        self._first: dict[int, int] = {}
        self._memories: list[Memory] = []
        size = 0
        for item in items:
            key = id(item.memory)
            if key not in self._first:
                self._first[key] = size
                self._memories.append(item.memory)
                size += len(item.memory.accounts)
        if rows is None:
            rows = np.concatenate([memory.rows(WIDTH) for memory in self._memories])
        self.rows = rows
        self.kept: Floats = np.zeros((0, WIDTH))
        count = len(items)
        self._author = np.zeros(count, np.int64)
        self._begin = np.zeros(count, np.int64)
        self._end = np.zeros(count, np.int64)
        self._at = np.zeros(count)
        self._newest = np.zeros(count)
        self._scored = np.zeros(count, np.bool_)
        self._urgent = np.zeros((count, len(NONE)))
        self._opinions = np.full((count, 2), np.nan)
        self._place = np.zeros(count, np.int64)
        self._numbers = np.zeros(count, np.int64)
        self.ranges: list[tuple[int, int]] = []
        newest: dict[int, float] = {}
        place = 0
        for index, item in enumerate(items):
            key = id(item.memory)
            begin = self._first[key]
            length = len(item.memory.accounts)
            now = newest.get(key, item.memory.newest)
            if not item.message.deleted:  # or the risk would fade until then
                now = max(now, item.message.at)
            newest[key] = item.newest = now
            self._author[index] = begin + max(0, item.account)
            self._begin[index] = begin
            self._end[index] = begin + length
            self._at[index] = item.message.at
            self._newest[index] = now
            self._scored[index] = item.account >= 0
            self._urgent[index] = item.urgent
            if item.said is not None:
                self._opinions[index] = item.said.approacher, item.said.other
            self._place[index] = place
            self._numbers[index] = item.number
            self.ranges.append((place, place + length))
            place += length
        self.risks: Floats = np.zeros(place)

    def go(
        self, risk: RiskModel, logits: Floats, keep: npt.NDArray[np.int64], room: int = 0
    ) -> None:
        from ansim.detection.evidence import WIDTH, accumulate

        self.kept = np.zeros((room, WIDTH))
        accumulate(
            self.rows,
            self._author,
            self._begin,
            self._end,
            self._at,
            self._newest,
            self._scored,
            logits[self._numbers],
            self._urgent,
            self._opinions,
            risk.weights,
            risk.bias,
            self._place,
            self.risks,
            keep,
            self.kept,
        )

    def write_back(self) -> None:
        for memory in self._memories:
            first = self._first[id(memory)]
            memory.evidence = self.rows[first : first + len(memory.accounts)].tobytes()


def window(
    held: Sequence[Turn],
    lines: Sequence[tuple[float, str, str, str | None]],
    newest: tuple[float, str, str, str],
) -> list[tuple[str, str]]:
    """The last turns up to ``newest``, as (speaker, text as read): from memory, then the batch's.

    A message that comes late is read with what was said before it, not with what came first.
    """
    worded = [turn for turn in held if turn.text is not None and not turn.by_agency]
    recent = [
        (turn.at, turn.id, turn.author, reading.read(blanked(words)).text)
        for turn in worded[-WINDOW:]
        for words in [judged(turn.text or "", turn.attachments)]
    ]
    recent += [(at, name, who, said) for at, name, who, said in lines if said is not None]
    if any(later[:2] < earlier[:2] for earlier, later in pairwise([*recent, newest])):
        recent = sorted(line for line in recent if line[:2] < newest[:2])
    return [(author, text) for _, _, author, text in [*recent[-WINDOW:], newest]]


def likely(logits: Floats, numbers: list[int]) -> dict[int, dict[str, float]]:
    """Labels of these messages that are likely enough to be kept, with their probability."""
    from ansim.detection.evidence import MENTIONED

    bound = float(np.log(MENTIONED / (1 - MENTIONED)))
    some = logits[numbers, :_SHOWN]
    found: dict[int, dict[str, float]] = {}
    for place, label in zip(*np.nonzero(some >= bound), strict=True):
        chance = 1.0 / (1.0 + np.exp(-some[place, label]))
        found.setdefault(numbers[place], {})[SHOWN[label]] = round(float(chance), 4)
    return found
