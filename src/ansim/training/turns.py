"""The corpus as the gate sees it: one row a turn, with what is true of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ansim import reading
from ansim.detection.gate import blanked
from ansim.detection.labels import ADULT, ANY, APPROACHER, COLUMN, LABEL_COUNT, MINOR
from ansim.training.corpus import CorpusConversation, CorpusTurn, Phrase
from ansim.training.disguise import disguised
from ansim.training.gate_fit import Document, occurrences

Floats = npt.NDArray[np.float64]

PREVALENCE = 0.25
"""Share of conversations that are grooming, for which risks are calibrated: about the corpus'."""


DISGUISED = 0.5
"""Share of turns, harmless or not, that are also learnt in a disguised spelling."""
DISGUISE_SEED = 3
LATE = 0.3
"""Weight of turns behind the cut: help-seeking and refusals stand there, which an alert in time
cannot wait for."""
COPY = 0.5
"""Weight of a disguised copy of a turn."""
PHRASE = 0.3
"""Weight of a phrase beside a turn of a conversation, for tactics and signals."""
PHRASE_FOR_RISK = 0.1
"""The same for the labels the risk is made of: that is learnt from whole conversations."""
PLAIN = 1.0
"""Weight of a plain line beside a turn of a conversation."""


@dataclass(slots=True)
class Loose:
    """Turns of no world that is held out: every gate learns them. Phrases, lessons, plain lines."""

    documents: list[Document] = field(default_factory=list)
    targets: npt.NDArray[np.bool_] = field(
        default_factory=lambda: np.zeros((0, LABEL_COUNT), np.bool_)
    )
    importance: Floats = field(default_factory=lambda: np.zeros((0, LABEL_COUNT)))
    plain: int = 0
    """How many of them, at the end, are plain lines."""

    @classmethod
    def read(
        cls,
        phrases: Sequence[Phrase],
        lessons: Sequence[CorpusConversation],
        plain: Sequence[str] = (),
    ) -> Loose:
        made = (cls._of(phrases), cls._taught(lessons), cls._harmless(plain))
        parts = [part for part in made if part.documents]
        if not parts:
            return cls()
        return cls(
            [document for part in parts for document in part.documents],
            np.concatenate([part.targets for part in parts]),
            np.concatenate([part.importance for part in parts]),
            len(plain),
        )

    @classmethod
    def _of(cls, phrases: Sequence[Phrase]) -> Loose:
        targets = np.zeros((len(phrases), LABEL_COUNT), np.bool_)
        for row, phrase in enumerate(phrases):
            for tag in phrase.tags:
                targets[row, COLUMN[tag]] = True
            targets[row, COLUMN[ANY]] = any(tag.startswith("T") for tag in phrase.tags)
            targets[row, COLUMN[APPROACHER]] = targets[row, COLUMN[ANY]]
        importance = np.full((len(phrases), LABEL_COUNT), PHRASE)
        importance[:, [COLUMN[ANY], COLUMN[APPROACHER]]] = PHRASE_FOR_RISK
        importance[:, [COLUMN[MINOR], COLUMN[ADULT]]] = 0.0
        texts = [reading.read(blanked(phrase.text)).text for phrase in phrases]
        return cls(occurrences(texts), targets, importance)

    @classmethod
    def _harmless(cls, plain: Sequence[str]) -> Loose:
        """Nobody asked who wrote these lines, so nothing is said of age."""
        importance = np.full((len(plain), LABEL_COUNT), PLAIN)
        importance[:, [COLUMN[MINOR], COLUMN[ADULT]]] = 0.0
        texts = [reading.read(blanked(line)).text for line in plain]
        return cls(occurrences(texts), np.zeros_like(importance, np.bool_), importance)

    @classmethod
    def _taught(cls, lessons: Sequence[CorpusConversation]) -> Loose:
        """Lessons weigh as turns of the corpus do, prevalence and late turns included."""
        if not lessons:
            return cls()
        turns = Turns.read(lessons)
        weight = turns.shares(np.arange(len(lessons)))[turns.of]
        weight *= np.where(turns.late, LATE, 1.0)
        both = np.concatenate([np.arange(len(turns.documents)), turns.disguised])
        importance = turns.importance[both] * weight[both, None]
        importance[len(turns.documents) :] *= COPY
        return cls(turns.documents + turns.disguises, turns.targets[both], importance)


@dataclass(slots=True)
class Turns:
    """All turns of some conversations, conversation by conversation."""

    conversations: list[CorpusConversation]
    first: npt.NDArray[np.int64]
    """Row of each conversation's first turn; one more entry than conversations."""
    world: npt.NDArray[np.str_]
    """World of each row."""
    documents: list[Document]
    targets: npt.NDArray[np.bool_]
    """[rows, labels]"""
    importance: Floats
    """[rows, labels]; 0 where the truth is unknown."""
    authors: list[list[str]] = field(default_factory=list)
    """Accounts of each conversation in the order in which they first speak."""
    approachers: list[set[str]] = field(default_factory=list)
    """Those of them that use a tactic."""
    of: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Conversation of each row."""
    disguised: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Rows of which there is a copy in disguised spelling, and the copies."""
    disguises: list[Document] = field(default_factory=list)
    loose: Loose = field(default_factory=Loose)
    late: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """Whether the row lies behind its conversation's cut."""

    @classmethod
    def read(
        cls,
        conversations: Sequence[CorpusConversation],
        phrases: Sequence[Phrase] = (),
        lessons: Sequence[CorpusConversation] = (),
        plain: Sequence[str] = (),
    ) -> Turns:
        """``plain`` are lines of nobody's conversation, all harmless."""
        rows = [(c, turn) for c in conversations for turn in c.turns]
        texts = [reading.read(blanked(turn.text)).text for _, turn in rows]
        targets = np.zeros((len(rows), LABEL_COUNT), np.bool_)
        importance = np.ones((len(rows), LABEL_COUNT))
        for row, (conversation, turn) in enumerate(rows):
            _mark(conversation, turn, targets[row], importance[row])
        approachers = [
            {t.author for t in c.turns if any(tag.startswith("T") for tag in t.tags)}
            for c in conversations
        ]
        draw = random.Random(DISGUISE_SEED)
        copied = [row for row in range(len(rows)) if draw.random() < DISGUISED]
        copies = [disguised(rows[row][1].text, draw) for row in copied]
        of = np.repeat(np.arange(len(conversations)), [len(c.turns) for c in conversations])
        targets[:, COLUMN[APPROACHER]] = [
            turn.author in approachers[index]
            for index, (_, turn) in zip(of.tolist(), rows, strict=True)
        ]
        return cls(
            conversations=list(conversations),
            first=np.cumsum([0, *(len(c.turns) for c in conversations)]),
            world=np.array([c.world for c, _ in rows]),
            documents=occurrences(texts),
            targets=targets,
            importance=importance,
            authors=[list(dict.fromkeys(t.author for t in c.turns)) for c in conversations],
            approachers=approachers,
            of=of,
            loose=Loose.read(phrases, lessons, plain),
            disguised=np.array(copied, np.int64),
            disguises=occurrences([reading.read(blanked(text)).text for text in copies]),
            late=np.array([i >= c.cut for c in conversations for i in range(len(c.turns))]),
        )

    def shares(self, chosen: npt.NDArray[np.int64]) -> Floats:
        """Weight of each conversation, by index, that makes PREVALENCE of the chosen grooming.

        Without it a model trained without a world of harmless chats would expect more grooming.
        """
        grooming = np.array([c.grooming for c in self.conversations])
        inside = np.zeros(len(grooming), np.bool_)
        inside[chosen] = True
        count = inside.sum()
        shares: Floats = np.where(
            grooming,
            PREVALENCE * count / max(1, (inside & grooming).sum()),
            (1 - PREVALENCE) * count / max(1, (inside & ~grooming).sum()),
        )
        return shares


def _mark(
    conversation: CorpusConversation,
    turn: CorpusTurn,
    target: npt.NDArray[np.bool_],
    importance: Floats,
) -> None:
    for tag in turn.tags:
        target[COLUMN[tag]] = True
    target[COLUMN[ANY]] = any(tag.startswith("T") for tag in turn.tags)
    age = conversation.speakers.get(turn.author, "unknown")
    target[COLUMN[MINOR]] = age == "minor"
    target[COLUMN[ADULT]] = age == "adult"
    if age == "unknown":
        importance[[COLUMN[MINOR], COLUMN[ADULT]]] = 0.0
