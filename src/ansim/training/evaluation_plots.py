"""The four plots of docs/evaluation.md."""

from __future__ import annotations

import numpy as np

from ansim.training import metrics
from ansim.training.evaluation import Evaluation, Judged
from ansim.training.plots import Plot

TENTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
LATEST = 4
"""Turns after ``alert_by`` up to which lateness is drawn."""
EARLIEST = -8


def plots(found: Evaluation) -> dict[str, str]:
    """File name → SVG."""
    return {
        "roc.svg": _roc(found),
        "reliability.svg": _reliability(found.model),
        "lateness.svg": _lateness(found.model),
        "threshold.svg": _threshold(found.model),
    }


def _roc(found: Evaluation) -> str:
    plot = Plot(
        "Recall at few false alerts, all worlds",
        "share of benign conversations that alert",
        "recall at the cut",
        (0.0, 0.02, 0.04, 0.06, 0.08, 0.10),
        TENTHS,
    )
    shown = [name for name in (found.main, "gate", "baseline") if name in found.plain]
    for name in dict.fromkeys(shown):
        judged = found.plain[name]
        false, recall = metrics.roc(
            judged.highest[judged.grooming], judged.highest[~judged.grooming]
        )
        plot.line(name, _stairs(false.tolist(), recall.tolist()))
    return plot.svg()


def _stairs(across: list[float], up: list[float]) -> list[tuple[float, float]]:
    points = [(across[0], up[0])]
    for index in range(1, len(across)):
        points += [(across[index], up[index - 1]), (across[index], up[index])]
    return points


def _reliability(judged: Judged) -> str:
    plot = Plot(
        "Reliability, ten groups of as many conversations",
        "mean risk given",
        "share that is grooming",
        TENTHS,
        TENTHS,
    )
    bins = metrics.reliability(judged.highest, judged.grooming)
    plot.line("model", [(b.said, b.true) for b in bins], dots=True)
    plot.line("as it should be", [(0.0, 0.0), (1.0, 1.0)])
    return plot.svg()


def _lateness(judged: Judged) -> str:
    plot = Plot(
        "How early the alert comes",
        "turns after alert_by",
        "share of grooming alerted by then",
        tuple(range(EARLIEST, LATEST + 1, 2)),
        TENTHS,
    )
    benign = judged.highest[~judged.grooming]
    above = float(np.nextafter(metrics.bound_at(benign, 0.02), np.inf))
    for label, bound in (("default threshold", judged.threshold), ("2 % false alerts", above)):
        late = judged.lateness(bound)
        points = [
            (float(turn), sum(x is not None and x <= turn for x in late) / len(late))
            for turn in range(EARLIEST, LATEST + 1)
        ]
        plot.line(label, points)
    return plot.svg()


def _threshold(judged: Judged) -> str:
    plot = Plot(
        "F1 by threshold, conversations read in full",
        "threshold",
        "F1",
        TENTHS,
        TENTHS,
    )
    bounds = np.round(np.arange(0.02, 1.0, 0.02), 2).tolist()
    found = [judged.early_score(1, bound) for bound in bounds]
    plot.line("F1", [(b, s.f1) for b, s in zip(bounds, found, strict=True)])
    plot.line("F1 with latency", [(b, s.f_latency) for b, s in zip(bounds, found, strict=True)])
    skeptical = [judged.early_score(5, bound).f_latency for bound in bounds]
    plot.line("the same, skepticism 5", list(zip(bounds, skeptical, strict=True)))
    return plot.svg()
