"""Which threshold a team of counsellors can afford, and what is missed with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from ansim.training import metrics, scores
from ansim.training.corpus import AFTER_ALERT
from ansim.training.evaluation import ON_TIME
from ansim.training.metrics import Floats

STEP = 1e-4
"""Thresholds are told to so many digits."""
THIN = 5
"""With fewer false alerts than this in the sample, their rate is little more than a guess."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Highest risks of conversations by models that never saw their writers."""

    found: Floats
    """Of grooming conversations two turns after ``alert_by``."""
    punctual: Floats
    """Of the same, one turn after it."""
    benign: Floats
    turns: float
    """Median number of messages of a benign conversation."""
    default: float
    """Median of the default thresholds of the folds."""
    variant: str

    @classmethod
    def of(cls, rows: Sequence[scores.Row]) -> Sample:
        """From saved scores, by their most complete variant. Raises ScoresError without both."""
        named = [name for name in scores.variants(rows) if name != "baseline"]
        mine = [r for r in rows if named and r.variant == named[0] and r.disguise is None]
        guilty = [row for row in mine if row.alert_by is not None]
        benign = [row for row in mine if row.alert_by is None]
        if not guilty or not benign:
            raise scores.ScoresError("the scores hold no grooming, or no benign, conversations")

        def until(later: int) -> Floats:
            return np.array([max(row.risk[: (row.alert_by or 0) + later]) for row in guilty])

        return cls(
            found=until(AFTER_ALERT),
            punctual=until(ON_TIME),
            benign=np.array([max(row.risk) for row in benign]),
            turns=float(np.median([len(row.risk) for row in benign])),
            default=float(np.median([row.threshold for row in mine])),
            variant=named[0],
        )


@dataclass(frozen=True, slots=True)
class Demand:
    """What there is to read, and who is there to look."""

    counsellors: int
    per_shift: int
    """Alerts one counsellor can look at in a shift; each works one shift a day."""
    messages: float
    """A day."""
    turns: float
    """Messages of a conversation."""
    prevalence: float
    """Share of the conversations assumed to be grooming."""

    @property
    def capacity(self) -> int:
        """Alerts a day."""
        return self.counsellors * self.per_shift

    @property
    def conversations(self) -> float:
        """A day."""
        return self.messages / self.turns


@dataclass(frozen=True, slots=True)
class Outlook:
    """A day at one threshold and one prevalence."""

    prevalence: float
    precision: float
    precision_least: float
    """The same with the false alerts at the upper end of their interval."""
    alerts: float
    grooming: float
    """Grooming conversations that there are."""
    missed: float
    """Of these, without an alert two turns after it was due."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a threshold means for a demand."""

    threshold: float
    recall: float
    on_time: float
    false_rate: float
    false_rate_most: float
    """Upper end of its 95 % interval."""
    false_alerts: int
    """In the sample."""
    sample: int
    alerts: float
    """A day, at the prevalence assumed."""
    alerts_most: float
    """The same with the false alerts at the upper end of their interval."""
    outlook: tuple[Outlook, ...]

    @property
    def thin(self) -> bool:
        """Whether the sample is too small to tell so low a rate."""
        return self.false_alerts < THIN


def plan(sample: Sample, demand: Demand, threshold: float) -> Plan:
    """What happens at a threshold."""
    recall = float((sample.found >= threshold).mean())
    wrong = int((sample.benign >= threshold).sum())
    rate = wrong / len(sample.benign)
    most = metrics.share_interval(wrong, len(sample.benign))[1]

    def alerts(prevalence: float, false_rate: float) -> float:
        share = prevalence * recall + (1 - prevalence) * false_rate
        return demand.conversations * share

    return Plan(
        threshold=threshold,
        recall=recall,
        on_time=float((sample.punctual >= threshold).mean()),
        false_rate=rate,
        false_rate_most=most,
        false_alerts=wrong,
        sample=len(sample.benign),
        alerts=alerts(demand.prevalence, rate),
        alerts_most=alerts(demand.prevalence, most),
        outlook=tuple(
            Outlook(
                prevalence=prevalence,
                precision=metrics.precision(recall, rate, prevalence),
                precision_least=metrics.precision(recall, most, prevalence),
                alerts=alerts(prevalence, rate),
                grooming=demand.conversations * prevalence,
                missed=demand.conversations * prevalence * (1 - recall),
            )
            for prevalence in metrics.PREVALENCES
        ),
    )


def affordable(sample: Sample, demand: Demand) -> Plan:
    """The lowest threshold whose alerts fit the capacity; the strictest where none does.

    Alerts only become fewer as the threshold rises, and change just above a score of the sample.
    """
    everything = np.concatenate([[0.0], sample.benign, sample.found])
    bounds = np.unique(np.clip(np.round(everything + STEP, 4), STEP, 1 - STEP)).tolist()
    low, high = 0, len(bounds) - 1
    while low < high:
        middle = (low + high) // 2
        if plan(sample, demand, bounds[middle]).alerts <= demand.capacity:
            high = middle
        else:
            low = middle + 1
    return plan(sample, demand, bounds[low])


class _Scored(msgspec.Struct, frozen=True):
    risk: float


class _Line(msgspec.Struct, frozen=True):
    id: str
    turns: list[_Scored | None]


def ordinary(path: Path) -> tuple[Floats, float]:
    """Highest risks and median length of conversations in an answer of ``ansim score``.

    Whoever runs it vouches that they are ordinary. Raises ValueError naming the line.
    """
    highest, lengths = [], []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                read = msgspec.json.decode(line, type=_Line)
            except (msgspec.MsgspecError, UnicodeError) as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
            risks = [turn.risk for turn in read.turns if turn is not None]
            if risks:
                highest.append(max(risks))
                lengths.append(len(read.turns))
    if not highest:
        raise ValueError(f"{path} holds no scored conversation; make it with `ansim score`")
    return np.array(highest), float(np.median(lengths))
