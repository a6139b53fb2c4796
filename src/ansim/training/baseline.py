"""The plain baseline every model here has to beat, on the very same cuts.

Tf-idf of character 2–6-grams over decomposed jamo (NFD), one logistic regression "this turn uses a
tactic", and per speaker the sum of positive log-odds; a conversation scores as its highest speaker.
Unlike scikit-learn's it is solved in the dual by our own code, and n-grams that stand in one text
only are kept, as there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ansim.detection.gate import blanked
from ansim.training import gate_fit
from ansim.training.corpus import CorpusConversation
from ansim.training.gate_fit import Document, FittedGate, GateSettings
from ansim.training.scores import Row, row_for

Floats = npt.NDArray[np.float64]

SHORTEST, LONGEST = 2, 6
COST = 3.0
"""C of the regression, classes balanced; 1 and 10 give about the same."""
FALSE_ALERTS, WATCHED = 0.02, 0.08
"""Shares of the benign conversations of unseen worlds that its thresholds let pass, as ours."""


class BaselineScorer:
    """Regressions without each world, and thresholds from regressions without that and another.

    Raises ValueError where too few worlds with grooming are left.
    """

    variant = "baseline"

    def __init__(self, conversations: Sequence[CorpusConversation]) -> None:
        worlds = sorted({c.world for c in conversations})
        if len(worlds) < 3:
            raise ValueError(f"{len(worlds)} worlds: leaving two out needs three or more")
        self._numbers: dict[str, int] = {}
        self._conversations = list(conversations)
        self._world = np.array([c.world for c in conversations for _ in c.turns], np.str_)
        self._target = np.array(
            [any(tag[0] == "T" for tag in turn.tags) for c in conversations for turn in c.turns],
            np.bool_,
        )
        self._documents = [self._document(turn.text) for c in conversations for turn in c.turns]
        self._models = {world: self._without({world}) for world in worlds}
        self._bounds: dict[str, tuple[float, float]] = {}
        pairs: dict[frozenset[str], FittedGate] = {}
        for held in worlds:
            benign: list[float] = []
            for other in worlds:
                if other == held:
                    continue
                pair = frozenset({held, other})
                if pair not in pairs:
                    pairs[pair] = self._without(pair)
                for conversation in self._conversations:
                    if conversation.world == other and not conversation.grooming:
                        benign.append(max(self._sums(pairs[pair], conversation)))
            values = np.array(benign or [np.inf])
            self._bounds[held] = (
                float(np.quantile(values, 1 - FALSE_ALERTS)),
                float(np.quantile(values, 1 - WATCHED)),
            )

    def score(
        self, conversations: Sequence[CorpusConversation], disguise: str | None
    ) -> Iterable[Row]:
        """Rows whose "risk" is the highest sum so far, which only rises."""
        for conversation in conversations:
            threshold, watch = self._bounds[conversation.world]
            yield row_for(
                conversation,
                self.variant,
                disguise=disguise,
                risk=self._sums(self._models[conversation.world], conversation),
                threshold=threshold,
                watch=watch,
            )

    def _document(self, text: str) -> Document:
        plain = unicodedata.normalize("NFD", blanked(text).strip())
        grams = [
            self._numbers.setdefault(plain[first : first + length], len(self._numbers))
            for length in range(SHORTEST, LONGEST + 1)
            for first in range(len(plain) - length + 1)
        ]
        return np.array(grams, np.uint32)

    def _without(self, worlds: Iterable[str]) -> FittedGate:
        inside = np.flatnonzero(~np.isin(self._world, list(worlds)))
        target = self._target[inside]
        if target.all() or not target.any():
            raise ValueError(f"without {', '.join(sorted(worlds))} no turn is left to tell apart")
        share = float(target.mean())
        balance = np.where(target, 0.5 / share, 0.5 / (1 - share))
        return gate_fit.fit(
            [self._documents[row] for row in inside],
            target[:, None],
            balance[:, None],
            GateSettings(fewest=1, cost=COST, positive=1.0),
        )

    def _sums(self, model: FittedGate, conversation: CorpusConversation) -> list[float]:
        """The highest sum of any speaker after each turn."""
        documents = [self._document(turn.text) for turn in conversation.turns]
        logits = model.logits(gate_fit.rows(documents, model.known))[:, 0].tolist()
        sums: dict[str, float] = {}
        out = []
        for turn, value in zip(conversation.turns, logits, strict=True):
            sums[turn.author] = sums.get(turn.author, 0.0) + max(0.0, value)
            out.append(max(sums.values()))
        return out
