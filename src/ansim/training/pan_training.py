"""Fits gate and risk model on PAN-2012, and scores its authors as the competition did."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ansim.chat import Message
from ansim.detection import Detector
from ansim.detection.labels import SHOWN
from ansim.detection.weights import RiskFile
from ansim.training import latency, metrics
from ansim.training.folds import Folds
from ansim.training.latency import EarlyScore
from ansim.training.pan2012 import FOLDS, PanConversation, PanError, as_corpus
from ansim.training.train import Settings, fit_risk, written
from ansim.training.turns import Turns

BATCH = 2_000
SEED = 12


def train(
    found: Iterable[PanConversation],
    guilty: frozenset[str],
    folder: Path,
    *,
    ordinary: int = 5_000,
    settings: Settings | None = None,
) -> tuple[RiskFile, float]:
    """Weights into ``folder``; returns the risk file and the AUC on groups not seen.

    All conversations with a predator are learnt and at most ``ordinary`` others, drawn at random,
    with two speakers or more. Raises PanError when a group is without either kind.
    """
    settings = settings or Settings()
    chosen = [as_corpus(c, guilty) for c in _sample(found, guilty, ordinary)]
    turns = Turns.read(chosen)
    folds = Folds(turns, settings.gate)
    for world in folds.worlds:
        kinds = {c.grooming for c in chosen if c.world == world}
        if kinds != {True, False}:
            raise PanError(
                f"group {world} has no {'predator' if True not in kinds else 'ordinary chat'}: "
                "too few conversations to train on"
            )
    if len(folds.worlds) < FOLDS:
        raise PanError(f"conversations fill {len(folds.worlds)} of {FOLDS} groups: too few")
    fitted, _ = fit_risk(folds, settings)
    inside = min(max(fitted.threshold, 1e-4), 1 - 1e-4)
    risk = written(
        folder,
        folds.gate(),
        replace(fitted, threshold=inside),
        # Without tactics in the data none may be shown.
        {label: 1.0 for label in SHOWN},
    )
    grooming = np.array([c.grooming for c in chosen])
    return risk, metrics.auc(fitted.unseen[grooming], fitted.unseen[~grooming])


def _sample(
    found: Iterable[PanConversation], guilty: frozenset[str], ordinary: int
) -> list[PanConversation]:
    draw = random.Random(SEED)
    kept: list[PanConversation] = []
    theirs: list[PanConversation] = []
    seen = 0
    for conversation in found:
        if conversation.authors & guilty:
            theirs.append(conversation)
        elif len(conversation.authors) > 1:
            seen += 1
            if len(kept) < ordinary:
                kept.append(conversation)
            elif (place := draw.randrange(seen)) < ordinary:
                kept[place] = conversation
    if not theirs or not kept:
        raise PanError(
            "conversations with a predator and without are both needed; is the list right?"
        )
    return theirs + kept


@dataclass(frozen=True, slots=True)
class PanScore:
    """By author as PAN-2012 ranked it, and by conversation how early."""

    authors: int
    predators: int
    """Of the list, those that occur in the file."""
    absent: int
    """Of the list, those that do not."""
    alerted: int
    """Authors that an alert was about."""
    precision: float
    recall: float
    f1: float
    f_half: float
    """F with beta .5, by which the competition was decided."""
    early: EarlyScore
    """Of conversations: one with a predator is grooming."""
    p: float
    """eSPD's p, from the median length of the conversations with a predator."""


def score(found: Iterable[PanConversation], guilty: frozenset[str], detector: Detector) -> PanScore:
    """Runs the detector of the live system over every conversation, each by itself.

    Raises PanError when no predator of the list occurs.
    """
    authors: set[str] = set()
    alerted: set[str] = set()
    truth: list[bool] = []
    warned: list[int | None] = []
    lengths: list[int] = []
    for batch in _batches(found):
        first: dict[str, int] = {}
        _, assessments = detector.assess({}, _messages(batch))
        for assessment in assessments:
            for event in assessment.alerts:
                alerted.add(event.about)
                turn = int(assessment.turn.id) + 1
                first[assessment.conversation] = min(turn, first.get(assessment.conversation, turn))
        for place, conversation in enumerate(batch):
            authors |= conversation.authors
            bad = bool(conversation.authors & guilty)
            truth.append(bad)
            warned.append(first.get(str(place)))
            if bad:
                lengths.append(len(conversation.messages))
    present = guilty & authors
    if not present:
        raise PanError("no author of the list occurs in the conversations: is it the right list?")
    hits = len(alerted & present)
    p = latency.patience(lengths)
    return PanScore(
        authors=len(authors),
        predators=len(present),
        absent=len(guilty - authors),
        alerted=len(alerted),
        precision=hits / max(1, len(alerted)),
        recall=hits / len(present),
        f1=metrics.f_score(hits, len(alerted), len(present)),
        f_half=metrics.f_score(hits, len(alerted), len(present), beta=0.5),
        early=latency.early_score(truth, warned, p),
        p=p,
    )


def _batches(found: Iterable[PanConversation]) -> Iterator[list[PanConversation]]:
    batch: list[PanConversation] = []
    size = 0
    for conversation in found:
        batch.append(conversation)
        size += len(conversation.messages)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _messages(batch: list[PanConversation]) -> list[Message]:
    return [
        Message(
            id=f"{index:09d}",
            source="pan2012",
            conversation=str(place),
            author=message.author,
            at=message.at,
            text=message.text,
        )
        for place, conversation in enumerate(batch)
        for index, message in enumerate(conversation.messages)
    ]
