"""Scores are made by models that never saw the writer, plain and in every disguise."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ansim.training import corpus
from ansim.training.baseline import BaselineScorer
from ansim.training.corpus import CorpusConversation
from ansim.training.evaluation import Judged
from ansim.training.out_of_fold import GateScorer, make
from ansim.training.scores import Row
from tests.training.saved import said, talk

_DATA = Path(__file__).parents[2] / "data" / "conversations.jsonl"
MARK = "뷁쀍"
"""Stands in no text of the corpus."""


def marked(conversation: CorpusConversation, *, everywhere: bool = False) -> CorpusConversation:
    """The mark behind every turn with a tag, or behind every turn."""
    turns = tuple(
        msgspec.structs.replace(turn, text=f"{turn.text} {MARK}")
        if turn.tags or everywhere
        else turn
        for turn in conversation.turns
    )
    return msgspec.structs.replace(conversation, turns=turns)


@pytest.fixture(scope="module")
def few() -> list[CorpusConversation]:
    """Half of the conversations of three worlds."""
    return [c for c in corpus.load(_DATA) if c.world in {"tr-a", "tr-b", "tr-c"}][::2]


class Recorder:
    """A scorer that keeps what it was given."""

    variant = "gate"

    def __init__(self) -> None:
        self.given: list[tuple[str | None, list[str]]] = []

    def score(
        self, conversations: Sequence[CorpusConversation], disguise: str | None
    ) -> Iterable[Row]:
        self.given.append((disguise, [turn.text for c in conversations for turn in c.turns]))
        return [said(c, [0.1], disguise=disguise) for c in conversations]


def test_a_scorer_gets_the_texts_as_written_and_in_each_disguise() -> None:
    def shout(text: str, kind: str, draw: random.Random) -> str:
        return f"{text}{kind}{draw.randrange(1_000)}"

    talks = [talk("tr-a-1", 2), talk("tr-b-1", 2, text="[사진] 봐")]
    first, second = Recorder(), Recorder()
    rows = make(first, talks, ("!", "?"), shout)
    assert [(row.id, row.disguise) for row in rows] == [
        (c.id, kind) for kind in (None, "!", "?") for c in talks
    ]
    assert first.given[0] == (None, [turn.text for c in talks for turn in c.turns])
    kind, texts = first.given[1]
    assert kind == "!"
    assert all("!" in text for text in texts)
    assert not any("[사진" in text for text in texts), "a stand-in is read by nobody"
    make(second, talks[::-1], ("!", "?"), shout)
    assert sorted(second.given[1][1]) == sorted(texts), "the same disguise in any order"


def test_the_models_of_a_world_have_not_seen_it(few: list[CorpusConversation]) -> None:
    """The mark means a tactic in world a: all gates learn it but the one that a is judged by."""
    taught = [marked(c) if c.world == "tr-a" else c for c in few]
    gate = GateScorer(taught, corpus.load_phrases(_DATA)[::3])
    benign = [c for c in few if c.world == "tr-a" and not c.grooming][:8]
    # The same texts as conversations of another world, judged by a model that has seen a.
    moved = [msgspec.structs.replace(c, id=f"tr-b{c.id[4:]}") for c in benign]

    def rise(talks: list[CorpusConversation]) -> float:
        plain = [max(row.risk) for row in gate.score(talks, None)]
        bad = [
            max(row.risk) for row in gate.score([marked(c, everywhere=True) for c in talks], None)
        ]
        return float(np.mean(bad) - np.mean(plain))

    assert rise(moved) > 0.3
    assert abs(rise(benign)) < 0.1


def test_rows_hold_risks_tactics_and_the_thresholds_of_their_fold(
    few: list[CorpusConversation],
) -> None:
    judged = Judged.of(few, list(GateScorer(few, corpus.load_phrases(_DATA)[::3]).score(few, None)))
    assert len(judged) == len(few)
    for world in set(judged.world.tolist()):
        assert len(set(judged.threshold[judged.world == world].tolist())) == 1
    assert len(set(judged.threshold.tolist())) == 3
    assert (judged.watch < judged.threshold).all()
    assert judged.auc() > 0.7
    assert all(
        row.tactics and all("T" in t for turn in row.tactics for t in turn) for row in judged.rows
    )


def test_the_baseline_tells_unseen_worlds_apart_and_its_score_only_rises(
    few: list[CorpusConversation],
) -> None:
    rows = list(BaselineScorer(few).score(few, None))
    judged = Judged.of(few, rows)
    assert judged.auc() > 0.65
    assert all(list(row.risk) == sorted(row.risk) for row in rows)
    benign = judged.highest[~judged.grooming] >= judged.threshold[~judged.grooming]
    assert 0.0 < benign.mean() < 0.15
