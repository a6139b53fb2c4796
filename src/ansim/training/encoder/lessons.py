"""Conversations laid out for teaching: what is asked after each turn, and how much of it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor

from ansim import reading
from ansim.detection import passage, spacing
from ansim.detection.context import ADULT, MINOR, OTHER, SELF, SHOWN_AT
from ansim.detection.gate import blanked
from ansim.detection.labels import SHOWN
from ansim.training.corpus import CorpusConversation
from ansim.training.encoder.vocabulary import PAD, TURN

Floats = npt.NDArray[np.float64]
_PLACE = {label: place for place, label in enumerate(SHOWN)}

UNDECIDED = "undecided"
"""Label of talk that shows tactics or none, but is too little to say whether it is grooming."""

HEADS = 2 + len(SHOWN) + 2
"""self, other; tactics and signals; minor, adult."""


@dataclass(frozen=True, slots=True)
class Course:
    """Everything of the fine-tuning that was chosen by hand."""

    rounds: tuple[tuple[int, float], ...] = ((4, 4e-4), (2, 3e-4), (3, 3e-4))
    """Passes over everything and the learning rate they begin with; it falls to nothing in each."""
    batch: int = 24
    layer_decay: float = 0.85
    warm: float = 0.08
    decay: float = 0.05
    drop: float = 0.1
    disguised: float = 0.5
    """Share of conversations read with some turns in disguised spelling."""
    emptied: float = 0.1
    """Share into which turns without words are put, as pictures and what cannot be written are."""
    chatter: float = 0.15
    """Share into which another, harmless conversation is mixed."""
    clipped: float = 0.2
    """Share whose beginning is not read."""
    rooms: float = 0.15
    """Made-up rooms of plain lines for each conversation; all harmless."""
    phrases: float = 0.1
    """Made-up talk of plain phrases for each conversation, harmful and harmless alike."""
    worst: float = 0.5
    shown: float = 1.0
    age: float = 0.2
    calm: float = 1.0
    """Weight of a harmless conversation beside a grooming one, at each turn."""
    seed: int = 5


@dataclass(slots=True)
class Lesson:
    """One conversation as tensors see it."""

    tokens: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    turn: list[int] = field(default_factory=list)
    speaker: list[int] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    """Where each turn's marker stands."""
    wanted: list[Floats] = field(default_factory=list)
    weight: list[Floats] = field(default_factory=list)
    grooming: bool = False
    cut: int = 0


def approachers(conversation: CorpusConversation) -> dict[str, int]:
    """Who uses a tactic, and at which turn (0-based) for the first time."""
    first: dict[str, int] = {}
    for number, turn in enumerate(conversation.turns):
        if any(tag[0] == "T" for tag in turn.tags):
            first.setdefault(turn.author, number)
    return first


def lesson(conversation: CorpusConversation, tokenizer: Tokenizer, course: Course) -> Lesson:
    """Lays a conversation out. Turns that hold nothing but stand-ins are read as empty turns."""
    texts = spacing.lines([reading.read(blanked(turn.text)).text for turn in conversation.turns])
    encoded = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    first = approachers(conversation)
    people = {name: number for number, name in enumerate({t.author: 0 for t in conversation.turns})}
    due = (conversation.alert_by or 1) - 1
    undecided = conversation.label == UNDECIDED
    made = Lesson(grooming=conversation.grooming, cut=0 if undecided else conversation.cut)
    for number, (turn, pieces) in enumerate(zip(conversation.turns, encoded, strict=True)):
        ids = passage.shortened(pieces.ids)
        made.marks.append(len(made.tokens))
        made.tokens += [TURN, *ids]
        made.place += range(len(ids) + 1)
        made.turn += [number] * (len(ids) + 1)
        made.speaker += [people[turn.author]] * (len(ids) + 1)
        wanted, weight = np.zeros(HEADS), np.zeros(HEADS)
        for tag in turn.tags:
            wanted[SHOWN_AT + _PLACE[tag]] = 1.0
        # Of a turn without words nothing can be said but by what stands around it.
        weight[SHOWN_AT : SHOWN_AT + len(SHOWN)] = course.shown if ids else 0.0
        truth = conversation.speakers.get(turn.author, "unknown")
        if truth != "unknown":
            wanted[MINOR], wanted[ADULT] = truth == "minor", truth == "adult"
            weight[MINOR] = weight[ADULT] = course.age
        if conversation.grooming:
            if turn.author in first:
                wanted[SELF] = 1.0
                weight[SELF] = due_weight(number, first[turn.author], due)
            else:
                weight[SELF] = 0.5
            others = [begun for name, begun in first.items() if name != turn.author]
            if others and number > min(others):
                wanted[OTHER] = 1.0
                weight[OTHER] = due_weight(number, min(others), due)
            elif not others:
                weight[OTHER] = 0.5
        elif not undecided:
            weight[SELF] = weight[OTHER] = course.calm
        made.wanted.append(wanted)
        made.weight.append(weight)
    return made


def due_weight(number: int, begun: int, due: int) -> float:
    """How much is asked at a turn: nothing before the first tactic, all from ``alert_by`` on."""
    if number < begun:
        return 0.0
    if number >= due:
        return 1.0 if number <= due + 4 else 0.6
    return 0.2 + 0.8 * (number - begun + 1) / (due - begun + 1)


@dataclass(slots=True)
class Batch:
    """Padded lessons. ``at`` are (row, column) of the markers, in the order of the lessons."""

    tokens: Tensor
    place: Tensor
    relations: Tensor
    turn: Tensor
    at: tuple[Tensor, Tensor]
    wanted: Tensor
    weight: Tensor
    of: Tensor
    grooming: Tensor
    early: Tensor
    """Which turns stand before the cut."""


LONGEST = 320


def batch(lessons: Sequence[Lesson]) -> Batch:
    """Pads lessons to one length; turns that do not fit in ``LONGEST`` tokens are left out."""
    size = min(LONGEST, max(len(x.tokens) for x in lessons))
    tokens = np.full((len(lessons), size), PAD, np.int64)
    place = np.zeros_like(tokens)
    turn = np.full_like(tokens, -1)
    related = np.zeros((len(lessons), size, size), np.int64)
    rows, columns, wanted, weight, early = [], [], [], [], []
    for row, x in enumerate(lessons):
        length = min(size, len(x.tokens))
        tokens[row, :length] = x.tokens[:length]
        place[row, :length] = x.place[:length]
        turn[row, :length] = x.turn[:length]
        speaker = np.zeros(size, np.int64)
        speaker[:length] = x.speaker[:length]
        related[row] = passage.relations(turn[row], speaker)
        for number, mark in enumerate(x.marks):
            ends = x.marks[number + 1] if number + 1 < len(x.marks) else len(x.tokens)
            if ends <= size:
                rows.append(row)
                columns.append(mark)
                wanted.append(x.wanted[number])
                weight.append(x.weight[number])
                early.append(number < x.cut)
    return Batch(
        torch.from_numpy(tokens),
        torch.from_numpy(place),
        torch.from_numpy(related),
        torch.from_numpy(turn),
        (torch.tensor(rows), torch.tensor(columns)),
        torch.from_numpy(np.array(wanted)).float(),
        torch.from_numpy(np.array(weight)).float(),
        torch.tensor(rows),
        torch.tensor([x.grooming for x in lessons]),
        torch.tensor(early),
    )


def grouped(made: list[Lesson], size: int, draw: random.Random) -> Iterator[list[Lesson]]:
    """Batches of like length, in random order: little is spent on padding."""
    order = sorted(range(len(made)), key=lambda i: len(made[i].tokens) + draw.random() * 40)
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    draw.shuffle(groups)
    for group in groups:
        yield [made[index] for index in group]
