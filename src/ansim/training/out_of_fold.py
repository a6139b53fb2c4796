"""Makes the saved scores: each conversation by models of the other worlds, plain and in disguise.

A model comes in as a ``Scorer``. The gate and the baseline are quick enough to be scored here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from ansim.detection.gate import blanked
from ansim.detection.labels import COLUMN, TACTICS
from ansim.training import contexts, gate_fit, logistic, risk_fit
from ansim.training.corpus import CorpusConversation, Phrase
from ansim.training.folds import Folds
from ansim.training.scores import Row, row_for
from ansim.training.train import Fitted, Settings, fit_risk
from ansim.training.turns import Turns

SEED = 4099
"""Of the disguises that are measured; training draws others."""

Disguise = Callable[[str, str, random.Random], str]
"""Takes a text, a class of disguise and the chance to use."""


Floats = npt.NDArray[np.float64]
Says = Callable[[Sequence[CorpusConversation]], Sequence[Floats]]
"""A context model: what it says after each turn of each conversation, [turns, heads]."""


class Scorer(Protocol):
    """Models trained without each world in turn."""

    variant: str

    def score(
        self, conversations: Sequence[CorpusConversation], disguise: str | None
    ) -> Iterable[Row]:
        """A row for each conversation, by the models that never saw its world.

        The texts are already in the disguise; its name only belongs into the rows.
        """
        ...


def make(
    scorer: Scorer,
    conversations: Sequence[CorpusConversation],
    kinds: Sequence[str] = (),
    disguise: Disguise | None = None,
) -> list[Row]:
    """Rows of the conversations as written, then in each class of disguise."""
    rows = list(scorer.score(conversations, None))
    for kind in kinds if disguise else ():
        hidden = [_hidden(conversation, kind, disguise) for conversation in conversations]
        rows += scorer.score(hidden, kind)
    return rows


def _hidden(
    conversation: CorpusConversation, kind: str, disguise: Disguise | None
) -> CorpusConversation:
    """The same conversation with every turn in disguise, the same way each time it is asked for."""
    assert disguise is not None  # noqa: S101 - told to the type checker
    draw = random.Random(f"{SEED} {kind} {conversation.id}")
    turns = tuple(
        # Stand-ins such as [사진] are taken out first: spelled otherwise they would be read.
        msgspec.structs.replace(turn, text=disguise(blanked(turn.text), kind, draw))
        for turn in conversation.turns
    )
    return msgspec.structs.replace(conversation, turns=turns)


class GateScorer:
    """Gate, calibration, risk model and thresholds, each without the world they are judged on."""

    variant: str = "gate"

    def __init__(
        self,
        conversations: Sequence[CorpusConversation],
        phrases: Sequence[Phrase] = (),
        lessons: Sequence[CorpusConversation] = (),
        settings: Settings | None = None,
        readers: Mapping[str, Says] | None = None,
        said: Sequence[Floats] | None = None,
        folds: Folds | None = None,
    ) -> None:
        """``folds`` are gates fitted already on all of this, if there are any.

        ``readers`` are context models by the world they never saw, ``said`` what they say of
        ``conversations``; without them the gate is judged alone.
        """
        settings = settings or Settings()
        self.readers = readers
        if readers is not None:
            self.variant = "cascade"
        folds = folds or Folds(Turns.read(conversations, phrases, lessons), settings.gate)
        self._models: dict[str, tuple[gate_fit.FittedGate, Fitted]] = {}
        for world in folds.worlds:
            fitted, _ = fit_risk(folds, settings, frozenset({world}), said)
            self._models[world] = folds.gate({world}), fitted

    def score(
        self, conversations: Sequence[CorpusConversation], disguise: str | None
    ) -> Iterable[Row]:
        """Rows of conversations whose worlds were all in training."""
        for world in sorted({conversation.world for conversation in conversations}):
            gate, fitted = self._models[world]
            turns = Turns.read([c for c in conversations if c.world == world])
            table = gate_fit.rows(turns.documents, gate.known)
            logits = gate.logits(table) * fitted.scale[:, 0] + fitted.scale[:, 1]
            opinions = None
            if self.readers is not None:
                said = self.readers[world](turns.conversations)
                logits, opinions, _ = contexts.merged(turns, logits, said)
            chances = logistic.sigmoid(logits)
            described = risk_fit.trajectories(turns, logits, opinions)
            for index, conversation in enumerate(turns.conversations):
                values = (described[index] @ fitted.weights + fitted.bias).max(axis=1)
                first = int(turns.first[index])
                yield row_for(
                    conversation,
                    self.variant,
                    disguise=disguise,
                    risk=logistic.sigmoid(values).tolist(),
                    threshold=fitted.threshold,
                    watch=fitted.watch,
                    tactics=None if disguise else _tactics(chances, first, len(values)),
                )


def _tactics(
    chances: np.ndarray[tuple[int, ...], np.dtype[np.float64]], first: int, count: int
) -> list[dict[str, float]]:
    return [
        {name: float(chances[row, COLUMN[name]]) for name in TACTICS}
        for row in range(first, first + count)
    ]
