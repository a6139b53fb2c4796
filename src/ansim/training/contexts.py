"""What the context model says of the corpus, put where the detector would have put it.

The detector asks it only where something arouses its attention; the risk model has to be fitted on
just that.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ansim.detection import attention
from ansim.detection.context import OTHER, SELF, together
from ansim.detection.labels import ANY, APPROACHER, COLUMN
from ansim.training.corpus import CorpusConversation
from ansim.training.scores import fingerprint
from ansim.training.turns import Turns

Floats = npt.NDArray[np.float64]


def asked(logits: Floats, said: Floats, at: Floats) -> npt.NDArray[np.bool_]:
    """Which turns of one conversation the model is asked about.

    ``logits`` [turns, labels] are the gate's, ``said`` [turns, heads] what it would say, ``at``
    their times in seconds.
    """
    roused = attention.aroused(logits[:, COLUMN[ANY]], logits[:, COLUMN[APPROACHER]])
    out = np.zeros(len(roused), np.bool_)
    left, last = 0, -np.inf
    for turn, wakes in enumerate(roused.tolist()):
        if at[turn] - last > attention.MEMORY:
            left = 0
        if wakes or left:
            out[turn] = True
            left = attention.after(left, said[turn, SELF], said[turn, OTHER])
            last = max(last, at[turn])
    return out


def merged(
    turns: Turns, logits: Floats, said: Sequence[Floats]
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Log-odds as the detector uses them, opinions [rows, 2], and which rows were asked about."""
    both = np.concatenate(list(said))
    where = np.concatenate(
        [
            asked(
                logits[turns.first[index] : turns.first[index + 1]],
                each,
                np.array([turn.at for turn in turns.conversations[index].turns], np.float64),
            )
            for index, each in enumerate(said)
        ]
    )
    out = logits.copy()
    out[where] = together(logits[where], both[where])
    opinions = np.where(where[:, None], both[:, [SELF, OTHER]], np.nan)
    return out, opinions, where


SAID_FILE = "said.npz"
"""Stands beside the weights: what readers that never saw a conversation's world said of it. With it
gate and risk can be fitted anew in minutes, without teaching the context model again."""
_CORPUS = "corpus"


def save_said(
    folder: Path, conversations: Sequence[CorpusConversation], said: Sequence[Floats]
) -> None:
    """Writes what was said of each conversation, [turns, heads], in half precision."""
    kept = {c.id: s.astype(np.float16) for c, s in zip(conversations, said, strict=True)}
    kept[_CORPUS] = np.array(fingerprint(conversations))
    np.savez_compressed(folder / SAID_FILE, **kept)  # type: ignore[arg-type]


def load_said(folder: Path, conversations: Sequence[CorpusConversation]) -> list[Floats] | None:
    """The same again; None when there is no file. Raises ValueError for another corpus."""
    path = folder / SAID_FILE
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as stored:
        if str(stored[_CORPUS]) != fingerprint(conversations):
            raise ValueError(
                f"{path} is about other conversations than these; run `ansim train all`"
            )
        return [stored[c.id].astype(np.float64) for c in conversations]
