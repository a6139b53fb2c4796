"""The context model at run time: reads the last turns of a conversation, says what the newest is.

A small transformer of our own (``training/encoder``), run by ONNX Runtime on one thread. One window
a call, never padded or batched, so that what is said of a message does not depend on what else was
waiting.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ansim.detection import passage
from ansim.detection.labels import ADULT as ADULT_LABEL
from ansim.detection.labels import COLUMN, SHOWN
from ansim.detection.labels import MINOR as MINOR_LABEL

Floats = npt.NDArray[np.float64]

TURN = 2
"""Number of the marker that opens a turn, in the vocabulary."""
SELF, OTHER, SHOWN_AT, MINOR, ADULT = 0, 1, 2, 2 + len(SHOWN), 3 + len(SHOWN)


@dataclass(frozen=True, slots=True)
class Said:
    """What the model says after the newest turn of a window. All log-odds."""

    approacher: float
    """That its speaker grooms here."""
    other: float
    """That somebody else in the window does."""
    shown: Floats
    """Of each tactic and signal in that turn, [SHOWN]."""
    minor: float
    adult: float
    words: Floats
    """What each piece of the turn adds to each of them, [pieces, SHOWN]."""
    pieces: tuple[tuple[int, int], ...]
    """Where these pieces stand in the text as read."""
    whole: bool = True
    """Whether all of the turn was read, not only its beginning and end."""

    @property
    def all(self) -> Floats:
        """Everything about the turn in one row, as ``training`` holds it."""
        return np.array([self.approacher, self.other, *self.shown, self.minor, self.adult])


_OF_TURN = [*range(len(SHOWN)), COLUMN[MINOR_LABEL], COLUMN[ADULT_LABEL]]


def together(gate: Floats, said: Floats) -> Floats:
    """Log-odds of turns [..., labels] from the gate's and what the model said [..., heads].

    Their mean, for tactics, signals and ages: each knows what the other lacks (F1 of single turns
    .42 and .42, of the mean .54). What the gate alone says (ANY, APPROACHER) stays.
    """
    out = gate.copy()
    out[..., _OF_TURN] = (gate[..., _OF_TURN] + said[..., SHOWN_AT:]) / 2
    return out


def _within(place_of: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """A stretch of the respaced turn as a stretch of the turn as read."""
    return (place_of[start], place_of[end - 1] + 1) if start < end else (0, 0)


class ContextModel:
    """May be shared by threads."""

    def __init__(self, graph: bytes, vocabulary: bytes, version: str) -> None:
        # The published builds of ONNX Runtime report to their maker unless told not to before they
        # are loaded. From where children are protected nothing is reported to anybody.
        os.environ["ORT_DISABLE_TELEMETRY"] = os.environ["ORT_TELEMETRY_DISABLED"] = "1"
        import onnxruntime
        from tokenizers import Tokenizer

        onnxruntime.disable_telemetry_events()

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        # What a single window needs is small; an arena would keep the largest ever seen.
        options.enable_cpu_mem_arena = False
        self._session: Any = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer: Any = Tokenizer.from_buffer(vocabulary)
        self.version = version

    def said(self, turns: Sequence[tuple[str, str]]) -> Said:
        """Reads ``turns``, oldest first, each (speaker, text as read). At least one."""
        from ansim.detection import spacing

        texts = spacing.lines([text for _, text in turns])
        encoded = self._tokenizer.encode_batch(texts)
        kept = [passage.shortened(range(len(found.ids))) for found in encoded]
        first = passage.fitting([len(pieces) + 1 for pieces in kept])
        tokens: list[int] = []
        place: list[int] = []
        turn: list[int] = []
        speaker: list[int] = []
        people: dict[str, int] = {}
        newest = 0
        for number in range(first, len(turns)):
            ids = encoded[number].ids
            newest = len(tokens)
            count = len(kept[number]) + 1
            tokens += [TURN, *(ids[index] for index in kept[number])]
            place += range(count)
            turn += [number] * count
            speaker += [people.setdefault(turns[number][0], len(people))] * count
        logits, words = self._session.run(
            None,
            {
                "tokens": np.array(tokens, np.int64),
                "place": np.array(place, np.int64),
                "relations": passage.relations(np.array(turn), np.array(speaker)),
                "newest": np.array([newest], np.int64),
            },
        )
        offsets = encoded[-1].offsets
        place_of = spacing.places(texts[-1], turns[-1][1])
        return Said(
            approacher=float(logits[SELF]),
            other=float(logits[OTHER]),
            shown=logits[SHOWN_AT:MINOR].astype(np.float64),
            minor=float(logits[MINOR]),
            adult=float(logits[ADULT]),
            words=words[1:].astype(np.float64),
            pieces=tuple(_within(place_of, *offsets[index]) for index in kept[-1]),
            whole=len(kept[-1]) == len(offsets),
        )
