"""Conversations never read twice alike, and talk that is made up: what keeps a model from learning
the accidents of a few thousand chats.

A conversation is read differently every time (spelling, chatter of others, a missing beginning),
harmless or not alike, so that none of these tells the model which it is.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from msgspec.structs import replace

from ansim.training.corpus import CorpusConversation, CorpusTurn, Phrase
from ansim.training.disguise import CLASSES, disguise
from ansim.training.encoder.lessons import UNDECIDED, Course

MILD = frozenset(("T01", "T02", "T03", "T04"))
"""Tactics that harmless strangers use too; two of them alone are not enough."""


class Variation:
    """Makes a conversation different every time it is read, harmless or not alike."""

    def __init__(
        self,
        course: Course,
        conversations: Sequence[CorpusConversation],
        plain: Sequence[str],
        phrases: Sequence[Phrase],
        draw: random.Random,
    ) -> None:
        self.course, self.plain, self.draw = course, plain, draw
        self.calm = [c for c in conversations if not c.grooming]
        self.tactics = [p for p in phrases if any(tag[0] == "T" for tag in p.tags)]
        self.signals = [p for p in phrases if p.tags and all(tag[0] == "V" for tag in p.tags)]
        self.innocent = [p for p in phrases if not p.tags]

    def __call__(self, conversation: CorpusConversation) -> CorpusConversation:
        draw, course = self.draw, self.course
        if draw.random() < course.clipped:
            conversation = self._clipped(conversation)
        if draw.random() < course.chatter:
            conversation = self._mixed(conversation)
        if draw.random() < course.emptied:
            conversation = self._emptied(conversation)
        if draw.random() < course.disguised:
            conversation = self._disguised(conversation)
        return conversation

    def room(self) -> CorpusConversation:
        """Some people say unconnected plain things."""
        people = "ABCD"[: self.draw.choice((2, 2, 3, 4))]
        turns = tuple(
            CorpusTurn(
                at=float(n), author=self.draw.choice(people), text=self.draw.choice(self.plain)
            )
            for n in range(self.draw.randint(4, 20))
        )
        return CorpusConversation(id="room", label="benign", turns=turns)

    def blunt(self) -> CorpusConversation:
        """Plain phrases one after another, as leaflets quote them, answered with whatever comes.

        Two tactics together, one of them more than contact, make it grooming; fewer are too little
        to say. Harmless twins of such phrases are harmless however many there are.
        """
        draw = self.draw
        source = self.tactics if draw.random() < 0.5 else self.innocent
        one, other = draw.sample("AB", 2)
        turns: list[CorpusTurn] = []
        seen: set[str] = set()
        due = None
        for phrase in draw.sample(source, draw.choice((1, 2, 2, 3, 3, 4, 5))):
            turns.append(CorpusTurn(at=0.0, author=one, text=phrase.text, tags=phrase.tags))
            seen |= set(phrase.tags)
            if due is None and len(seen) > 1 and seen - MILD:
                due = len(turns)
            if draw.random() < 0.6:
                signal = draw.random() < 0.3
                answer = draw.choice(self.signals) if signal else Phrase(draw.choice(self.plain))
                turns.append(CorpusTurn(at=0.0, author=other, text=answer.text, tags=answer.tags))
        label = "grooming" if due else UNDECIDED if seen else "benign"
        return CorpusConversation(id="blunt", label=label, turns=tuple(turns), alert_by=due)

    def _emptied(self, c: CorpusConversation) -> CorpusConversation:
        """Some more turns without words, of whoever spoke last."""
        turns = list(c.turns)
        due = c.alert_by
        for _ in range(self.draw.randint(1, 2)):
            at = self.draw.randrange(len(turns))
            turns.insert(at + 1, CorpusTurn(at=turns[at].at, author=turns[at].author, text=""))
            due = due if due is None or at + 1 >= due else due + 1
        return replace(c, turns=tuple(turns), alert_by=due)

    def _clipped(self, c: CorpusConversation) -> CorpusConversation:
        most = len(c.turns) // 2 if c.alert_by is None else (c.alert_by - 1) // 3
        start = self.draw.randint(0, max(0, most))
        due = None if c.alert_by is None else c.alert_by - start
        return replace(c, turns=c.turns[start:], alert_by=due)

    def _mixed(self, c: CorpusConversation) -> CorpusConversation:
        """Chatter of others between the turns; later turns move back by what came before them."""
        other = self.draw.choice(self.calm)
        start = self.draw.randint(0, max(0, len(other.turns) - 4))
        extra = list(other.turns[start : start + self.draw.randint(3, 10)])
        turns: list[CorpusTurn] = []
        due = c.alert_by
        waiting = list(c.turns)
        while waiting or extra:
            if extra and (
                not waiting or self.draw.random() < len(extra) / (len(extra) + len(waiting))
            ):
                said = extra.pop(0)
                turns.append(CorpusTurn(at=0.0, author=f"x{said.author}", text=said.text))
                if due is not None and len(waiting) > len(c.turns) - (c.alert_by or 0):
                    due += 1
            else:
                turns.append(waiting.pop(0))
        return replace(c, turns=tuple(turns), alert_by=due)

    def _disguised(self, c: CorpusConversation) -> CorpusConversation:
        share = self.draw.choice((0.2, 0.5, 1.0))
        kind = self.draw.choice(CLASSES)
        turns = (
            replace(turn, text=disguise(turn.text, kind, self.draw))
            if self.draw.random() < share
            else turn
            for turn in c.turns
        )
        return replace(c, turns=tuple(turns))
