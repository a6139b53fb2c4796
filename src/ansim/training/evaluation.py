"""Judges saved out-of-fold scores: every conversation by models that never saw its writer.

A grooming conversation is read until two turns after ``alert_by``; a benign one to its end. Its
score is the highest risk at any turn on the way, because one is enough to raise an alert: a benign
chat, read in full, has more chances to fail than a grooming one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ansim.detection.labels import TACTICS
from ansim.training import latency, metrics, scores
from ansim.training.corpus import CorpusConversation
from ansim.training.latency import EarlyScore
from ansim.training.metrics import Flags, Floats

ON_TIME = 1
"""Turns after ``alert_by`` by which an alert still counts as on time."""
TACTIC_GRID = np.round(np.arange(0.05, 0.96, 0.05), 2)


@dataclass(frozen=True, slots=True)
class Judged:
    """Conversations, and what one variant said of each."""

    conversations: list[CorpusConversation]
    rows: list[scores.Row]
    grooming: Flags
    world: npt.NDArray[np.str_]
    highest: Floats
    """Highest risk up to the cut: what decides whether there was an alert."""
    early: Floats
    """The same up to ON_TIME turns after ``alert_by``; of a benign conversation as ``highest``."""
    standing: Floats
    """Risk as it stood at the cut."""
    threshold: Floats
    """Default threshold of each conversation's fold."""
    watch: Floats

    @classmethod
    def of(cls, conversations: Sequence[CorpusConversation], rows: Sequence[scores.Row]) -> Judged:
        """Joins rows with their conversations. Raises ScoresError where they do not fit."""
        known = {conversation.id: conversation for conversation in conversations}
        for row in rows:
            found = known.get(row.id)
            if found is None or len(found.turns) != len(row.risk):
                raise scores.ScoresError(
                    f"the scores of {row.id} ({row.variant}) do not belong to this corpus; "
                    "name the right --corpus, or make them anew with --rescore"
                )
        mine = [known[row.id] for row in rows]
        until = [len(c.turns) if c.alert_by is None else c.alert_by + ON_TIME for c in mine]
        pairs = list(zip(mine, rows, strict=True))
        return cls(
            conversations=mine,
            rows=list(rows),
            grooming=np.array([c.grooming for c in mine], np.bool_),
            world=np.array([c.world for c in mine], np.str_),
            highest=np.array([max(row.risk[: c.cut]) for c, row in pairs]),
            early=np.array([max(r.risk[:end]) for r, end in zip(rows, until, strict=True)]),
            standing=np.array([row.risk[c.cut - 1] for c, row in pairs]),
            threshold=np.array([row.threshold for row in rows]),
            watch=np.array([row.watch for row in rows]),
        )

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, chosen: Flags) -> Judged:
        """Only the chosen conversations."""
        kept = np.flatnonzero(chosen).tolist()
        return Judged.of([self.conversations[i] for i in kept], [self.rows[i] for i in kept])

    def like(self, other: Judged) -> Judged:
        """Only the conversations that ``other`` has as well, for a fair comparison."""
        ids = {row.id for row in other.rows}
        return self.where(np.array([row.id in ids for row in self.rows], np.bool_))

    @property
    def alerts(self) -> Flags:
        """Risk reached the default threshold up to the cut."""
        return np.asarray(self.highest >= self.threshold)

    @property
    def punctual(self) -> Flags:
        """It did so no later than ON_TIME turns after ``alert_by``."""
        return np.asarray(self.early >= self.threshold)

    def recall(self) -> float:
        """At the default thresholds, at the cut."""
        return float(self.alerts[self.grooming].mean())

    def false_alerts(self) -> float:
        """Share of the benign conversations that alert at the default thresholds."""
        return float(self.alerts[~self.grooming].mean())

    def auc(self) -> float:
        return metrics.auc(self.highest[self.grooming], self.highest[~self.grooming])

    def recall_at(self, share: float, *, on_time: bool = False) -> float:
        """Recall at the cut, or on time, when ``share`` of the benign conversations alert."""
        score = self.early if on_time else self.highest
        return metrics.recall_at(score[self.grooming], self.highest[~self.grooming], share)

    def lateness(self, bound: Floats | float) -> list[int | None]:
        """Turns from ``alert_by`` to the first risk at the bound, of each grooming conversation.

        Read to the end; negative is early, None never.
        """
        bounds = np.broadcast_to(np.asarray(bound), len(self.rows)).tolist()
        out: list[int | None] = []
        for row, least in zip(self.rows, bounds, strict=True):
            if row.alert_by is not None:
                turn = latency.warning_at(row.risk, least)
                out.append(None if turn is None else turn - row.alert_by)
        return out

    def warned(self, skepticism: int, bound: float | None = None) -> list[int | None]:
        """Turn of eSPD's warning in each conversation read in full."""
        return [
            latency.warning_at(row.risk, row.threshold if bound is None else bound, skepticism)
            for row in self.rows
        ]

    def early_score(self, skepticism: int, bound: float | None = None) -> EarlyScore:
        lengths = [len(c.turns) for c in self.conversations if c.grooming]
        warned = self.warned(skepticism, bound)
        return latency.early_score(self.grooming.tolist(), warned, latency.patience(lengths))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that can be said from a file of scores and the conversations it is about."""

    plain: dict[str, Judged]
    """By variant, spelled as written."""
    disguised: dict[str, dict[str, Judged]]
    """By variant and class of disguise."""

    @property
    def main(self) -> str:
        """The most complete variant there is."""
        return next(iter(self.plain))

    @property
    def model(self) -> Judged:
        return self.plain[self.main]


def evaluate(conversations: Sequence[CorpusConversation], rows: list[scores.Row]) -> Evaluation:
    """Sorts the rows. Raises ScoresError unless one variant has scored every conversation."""
    plain: dict[str, Judged] = {}
    disguised: dict[str, dict[str, Judged]] = {}
    for variant in scores.variants(rows):
        mine = [row for row in rows if row.variant == variant]
        unchanged = [row for row in mine if row.disguise is None]
        if unchanged:
            plain[variant] = Judged.of(conversations, unchanged)
        for kind in sorted({row.disguise for row in mine if row.disguise}):
            judged = Judged.of(conversations, [row for row in mine if row.disguise == kind])
            disguised.setdefault(variant, {})[kind] = judged
    if not plain:
        raise scores.ScoresError("no conversation was scored as it was written")
    found = Evaluation(plain, disguised)
    missing = sorted({c.id for c in conversations} - {row.id for row in found.model.rows})
    if missing:
        raise scores.ScoresError(
            f"{len(missing)} conversations have no score by {found.main!r}, "
            f"{missing[0]} for one; score the whole corpus with --rescore"
        )
    for variant, judged in plain.items():
        for part in (judged, *disguised.get(variant, {}).values()):
            if part.grooming.all() or not part.grooming.any():
                raise scores.ScoresError(
                    f"{variant!r} was scored on conversations of one kind only: grooming and "
                    "benign ones are both needed"
                )
    return found


@dataclass(frozen=True, slots=True)
class Drop:
    """What one class of disguise does at the fixed default thresholds."""

    kind: str
    lost: float
    """Recall before − recall after."""
    gained: float
    """False alerts after − before, as a share of the benign conversations."""


def drops(found: Evaluation, variant: str) -> list[Drop]:
    """Both ways, for every class of disguise that was scored."""
    out = []
    for kind, after in found.disguised.get(variant, {}).items():
        before = found.plain[variant].like(after)
        lost = before.recall() - after.recall()
        out.append(Drop(kind, lost, after.false_alerts() - before.false_alerts()))
    return out


@dataclass(frozen=True, slots=True)
class TacticScore:
    """How well single turns of a tactic are recognised in unseen worlds."""

    tactic: str
    turns: int
    precision: float
    recall: float
    f1: float
    at_half: float
    """F1 at the fixed probability .5."""


def tactic_scores(judged: Judged) -> list[TacticScore]:
    """Of each tactic over all turns; the threshold of a world is the best one of the others."""
    kept = [
        (world, row.tactics, c.turns)
        for world, row, c in zip(
            judged.world.tolist(), judged.rows, judged.conversations, strict=True
        )
        if row.tactics is not None
    ]
    worlds = np.array([world for world, _, turns in kept for _ in turns], np.str_)
    said_all = [turn for _, tactics, _ in kept for turn in tactics]
    out = []
    for tactic in TACTICS if kept else ():
        chance = np.array([turn.get(tactic, 0.0) for turn in said_all])
        truth = np.array([tactic in turn.tags for _, _, turns in kept for turn in turns], np.bool_)
        said = np.zeros(len(truth), np.bool_)
        for world in set(worlds.tolist()):
            inside = worlds == world
            bound = _best(chance[~inside], truth[~inside])
            said[inside] = chance[inside] >= bound
        hits, half = int((truth & said).sum()), chance >= 0.5
        out.append(
            TacticScore(
                tactic,
                turns=int(truth.sum()),
                precision=hits / max(1, int(said.sum())),
                recall=hits / max(1, int(truth.sum())),
                f1=metrics.f_score(hits, int(said.sum()), int(truth.sum())),
                at_half=metrics.f_score(
                    int((truth & half).sum()), int(half.sum()), int(truth.sum())
                ),
            )
        )
    return out


def _best(chance: Floats, truth: Flags) -> float:
    """The threshold of TACTIC_GRID with the best F1."""

    def f1(bound: float) -> float:
        said = chance >= bound
        return metrics.f_score(int((said & truth).sum()), int(said.sum()), int(truth.sum()))

    return float(max(TACTIC_GRID.tolist(), key=f1))


def sliced(judged: Judged, group: Callable[[CorpusConversation], str]) -> list[tuple[str, Judged]]:
    """The conversations of each group, by name."""
    names = np.array([group(c) for c in judged.conversations], np.str_)
    return [(name, judged.where(names == name)) for name in sorted(set(names.tolist()))]
