"""The plain baseline every model here has to beat, on the very same cuts.

Tf-idf of character 2–6-grams over decomposed jamo (NFD), one logistic regression "this turn uses a
tactic", and per speaker the sum of positive log-odds; a conversation scores as its highest speaker.
Unlike scikit-learn's it is solved in the dual by our own code, and n-grams that stand in one text
only are kept, as there.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import numpy.typing as npt

from ansim.detection.gate import blanked
from ansim.detection.labels import ANY, COLUMN
from ansim.training import gate_fit
from ansim.training.gate_fit import Document, GateSettings
from ansim.training.turns import Turns

Floats = npt.NDArray[np.float64]

SHORTEST, LONGEST = 2, 6
COST = 3.0
"""C of the regression, classes balanced; 1 and 10 give about the same."""


def _documents(turns: Turns) -> list[Document]:
    numbers: dict[str, int] = {}
    documents = []
    for conversation in turns.conversations:
        for turn in conversation.turns:
            text = unicodedata.normalize("NFD", blanked(turn.text).strip())
            grams = [
                numbers.setdefault(text[first : first + length], len(numbers))
                for length in range(SHORTEST, LONGEST + 1)
                for first in range(len(text) - length + 1)
            ]
            documents.append(np.array(grams, np.uint32))
    return documents


def scores(turns: Turns) -> Floats:
    """Score of each conversation at its cut, by a baseline trained on the other worlds."""
    documents = _documents(turns)
    target = turns.targets[:, COLUMN[ANY]]
    logits = np.empty(len(documents))
    for world in sorted(set(turns.world.tolist())):
        inside = np.flatnonzero(turns.world != world)
        outside = np.flatnonzero(turns.world == world)
        share = float(target[inside].mean())
        balance = np.where(target[inside], 0.5 / share, 0.5 / (1 - share))
        gate = gate_fit.fit(
            [documents[row] for row in inside],
            target[inside, None],
            balance[:, None],
            GateSettings(fewest=1, cost=COST, positive=1.0),
        )
        table = gate_fit.rows([documents[row] for row in outside], gate.known)
        logits[outside] = gate.logits(table)[:, 0]
    out = np.empty(len(turns.conversations))
    for index, conversation in enumerate(turns.conversations):
        first = int(turns.first[index])
        sums: dict[str, float] = {}
        for place, turn in enumerate(conversation.turns[: conversation.cut]):
            gain = max(0.0, float(logits[first + place]))
            sums[turn.author] = sums.get(turn.author, 0.0) + gain
        out[index] = max(sums.values())
    return out
