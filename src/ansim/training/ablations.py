"""What each part of the cascade is worth: the same worlds judged with one part taken away.

Context and normaliser are taken away where models are used, not where they were taught; without
pre-training a reader is taught anew. Gate calibration and risk model stay those of the cascade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import numpy as np
import numpy.typing as npt

from ansim import reading
from ansim.training.corpus import CorpusConversation
from ansim.training.encoder.curriculum import Curriculum
from ansim.training.encoder.finetune import scores
from ansim.training.folds import Folds
from ansim.training.out_of_fold import GateScorer
from ansim.training.scores import Row

Floats = npt.NDArray[np.float64]
Says = Callable[[Sequence[CorpusConversation]], list[Floats]]


def alone(says: Says) -> Says:
    """The same reader given one turn at a time."""

    def single(some: Sequence[CorpusConversation]) -> list[Floats]:
        each = [
            msgspec.structs.replace(c, turns=(t,), alert_by=None) for c in some for t in c.turns
        ]
        found = iter(np.concatenate(says(each)))
        return [np.stack([next(found) for _ in c.turns]) for c in some]

    return single


@contextmanager
def unread() -> Iterator[None]:
    """Everything that is read meanwhile is taken as it was written."""
    kept = reading.read
    reading.read = lambda text: reading.Reading(text, text)
    try:
        yield
    finally:
        reading.read = kept


def ablations(
    curriculum: Curriculum,
    conversations: Sequence[CorpusConversation],
    lessons: Sequence[CorpusConversation],
    folds: Folds,
    retaught: str,
) -> list[Row]:
    """Rows of ``no-context`` and ``no-normaliser`` for every world, and of ``no-pre-training`` for
    the world ``retaught``."""
    readers = curriculum.readers(conversations, lessons)
    said = curriculum.said(conversations, lessons)
    scorer = GateScorer(conversations, folds=folds, readers=readers, said=said)
    rows: list[Row] = []
    with unread():
        rows += _named("no-normaliser", scorer.score(conversations, None))
    own = [c for c in conversations if c.world == retaught]
    raw = curriculum.untaught(retaught, conversations, lessons)
    scorer.readers = {**readers, retaught: lambda some: scores(raw, curriculum.vocabulary(), some)}
    rows += _named("no-pre-training", scorer.score(own, None))
    scorer.readers = {world: alone(says) for world, says in readers.items()}
    rows += _named("no-context", scorer.score(conversations, None))
    return rows


def _named(variant: str, rows: Iterable[Row]) -> list[Row]:
    return [msgspec.structs.replace(row, variant=variant) for row in rows]
