"""Writes the figures of an evaluation as a page (Markdown): ranking, alerts, earliness, rarity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ansim.training import evaluation_details as details
from ansim.training import latency, metrics
from ansim.training.evaluation import Evaluation, Judged, drops
from ansim.training.outside import Count
from ansim.training.tables import NOTHING, counted, percent, section, table

SHARES = (0.05, 0.02, 0.01)
"""Of the benign conversations that may alert."""
POOLED = "all worlds"


def page(found: Evaluation, outside: Sequence[Count] = (), folder: str = "plots") -> str:
    """All tables. ``folder`` is where the plots lie, seen from the page."""
    parts = [
        _goals(found, outside),
        _ranking(found, f"{folder}/roc.svg"),
        _alerts(found),
        _early(found, f"{folder}/lateness.svg", f"{folder}/threshold.svg"),
        _rarity(found.model),
        details.tactics(found),
        details.slices(found.model),
        details.disguises(found),
        details.calibration(found.model, f"{folder}/reliability.svg"),
        details.ablations(found),
        details.outside(outside),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _goals(found: Evaluation, outside: Sequence[Count]) -> str:
    """Each aim beside what was measured, so that nobody has to look for a miss."""
    model = found.model
    false = model.false_alerts()
    ece = metrics.calibration_error(model.highest, model.grooming)
    rows = [("AUC", "≥ 0.985", f"{model.auc():.3f}", model.auc() >= 0.985)]
    for share, least in zip(SHARES, (0.95, 0.90, 0.85), strict=True):
        value = model.recall_at(share)
        name = f"recall at {100 * share:.0f} % false alerts"
        rows.append((name, f"≥ {least:.2f}", f"{value:.3f}", value >= least))
    punctual = model.recall_at(0.02, on_time=True)
    rows.append(
        ("on-time recall at 2 % false alerts", "≥ 0.85", f"{punctual:.3f}", punctual >= 0.85)
    )
    rows.append(("false alerts at the default threshold", "≤ 1 %", percent(false), false <= 0.01))
    rows.append(("calibration error", "≤ 0.03", f"{ece:.3f}", ece <= 0.03))
    changes = drops(found, found.main)
    if changes:
        lost, gained = max(d.lost for d in changes), max(d.gained for d in changes)
        rows.append(("recall lost in the worst disguise", "≤ 0.03", f"{lost:.3f}", lost <= 0.03))
        rows.append(("false alerts gained in the worst", "≤ 1 %", percent(gained), gained <= 0.01))
    for count in outside:
        if count.ordinary_dialogues:
            said = f"{count.alerts} of {count.conversations}"
            rows.append((f"false alerts on {count.file}", "≤ 1", said, count.alerts <= 1))
    cells = [[name, aim, value, "yes" if ok else "**no**"] for name, aim, value, ok in rows]
    note = (
        f"Variant `{found.main}`; every conversation is scored by models that never saw its "
        f"writer's world. {len(model)} conversations, {int(model.grooming.sum())} grooming."
    )
    return section("Aims", note, table(["measure", "aim", "measured", "reached"], cells))


def _figure(judged: Judged, share: float | None = None, *, on_time: bool = False) -> str:
    def measure(grooming: metrics.Floats, benign: metrics.Floats) -> float:
        if share is None:
            return metrics.auc(grooming, benign)
        return metrics.recall_at(grooming, benign, share)

    score = judged.early if on_time else judged.highest
    positive, negative = score[judged.grooming], judged.highest[~judged.grooming]
    low, high = metrics.interval(measure, positive, negative)
    return f"{measure(positive, negative):.3f} ({low:.2f}–{high:.2f})"


def _compared(found: Evaluation) -> list[str]:
    return list(
        dict.fromkeys([found.main, "baseline"] if "baseline" in found.plain else [found.main])
    )


def _ranking(found: Evaluation, plot: str) -> str:
    rows = []
    for world in [*sorted(set(found.model.world.tolist())), POOLED]:
        for name in _compared(found):
            judged = _of_world(found.plain[name], world)
            if not judged.grooming.any() or judged.grooming.all():
                continue
            rows.append(
                [world, name, _figure(judged)]
                + [_figure(judged, share) for share in SHARES]
                + [_figure(judged, 0.02, on_time=True)]
            )
    head = ["world held out", "model", "AUC"]
    head += [f"recall at {100 * share:.0f} %" for share in SHARES]
    head.append("on-time recall at 2 %")
    return section(
        "Ranking, and recall at few false alerts",
        "In brackets 95 % bootstrap intervals.",
        table(head, rows),
        f"![Recall at few false alerts]({plot})",
    )


def _of_world(judged: Judged, world: str) -> Judged:
    return judged if world == POOLED else judged.where(judged.world == world)


def _alerts(found: Evaluation) -> str:
    rows = []
    for world in [*sorted(set(found.model.world.tolist())), POOLED]:
        for name in _compared(found):
            judged = _of_world(found.plain[name], world)
            guilty, benign = judged.grooming, ~judged.grooming
            watched = judged.highest >= judged.watch
            rows.append(
                [
                    world,
                    name,
                    counted(int(judged.alerts[guilty].sum()), int(guilty.sum())),
                    counted(int(judged.punctual[guilty].sum()), int(guilty.sum())),
                    counted(int(judged.alerts[benign].sum()), int(benign.sum())),
                    percent(float(watched[benign].mean())) if benign.any() else NOTHING,
                ]
            )
    head = ["world held out", "model", "recall at the cut", "on-time recall", "false alerts"]
    head.append("benign watched")
    note = "Thresholds of each fold, chosen on the other worlds, for the baseline as for ours."
    return section("Alerts at the default threshold", note, table(head, rows))


def _early(found: Evaluation, lateness: str, threshold: str) -> str:
    rows = []
    for name in _compared(found):
        judged = found.plain[name]
        late = judged.lateness(judged.threshold)
        turns = sorted(turn for turn in late if turn is not None)
        quarters = np.quantile(turns, (0.25, 0.5, 0.75)).tolist() if turns else []
        shares = [sum(t <= end for t in turns) / len(late) for end in (-2, 0, 1, 2)]
        rows.append(
            [name, " / ".join(f"{q:+.0f}" for q in quarters) or NOTHING]
            + [f"{share:.3f}" for share in shares]
            + [f"{1 - len(turns) / len(late):.3f}"]
        )
    head = ["model", "quartiles of lateness", "2 turns before", "by `alert_by`"]
    head += ["1 after", "2 after", "never, read to the end"]
    return section(
        "How early",
        "Lateness is counted in turns from `alert_by`; the shares are of all grooming "
        "conversations, at the default threshold.",
        table(head, rows),
        f"![How early the alert comes]({lateness})",
        _espd(found),
        f"![F1 by threshold]({threshold})",
    )


def _espd(found: Evaluation) -> str:
    rows = []
    for name in _compared(found):
        judged = found.plain[name]
        for skepticism in latency.SKEPTICISM:
            score = judged.early_score(skepticism)
            warned = judged.warned(skepticism)
            truth = judged.grooming.tolist()
            rows.append(
                [name, str(skepticism)]
                + [f"{v:.3f}" for v in (score.precision, score.recall, score.f1, score.speed)]
                + [f"{score.f_latency:.3f}"]
                + [NOTHING if score.median is None else f"{score.median:.0f}"]
                + [f"{latency.erde(truth, warned, o):.3f}" for o in latency.ERDE_TURNS]
            )
    lengths = [len(c.turns) for c in found.model.conversations if c.grooming]
    note = (
        "### As eSPD and eRisk measure\n\nConversations read in full, at the default threshold. "
        f"Half the penalty is reached at {np.median(lengths):.0f} turns, the median length of the "
        f"grooming conversations (p = {latency.patience(lengths):.4f}). Low ERDE is good."
    )
    head = ["model", "skepticism", "precision", "recall", "F1", "speed", "F1 with latency"]
    head += ["median turn", *(f"ERDE {o}" for o in latency.ERDE_TURNS)]
    return note + "\n\n" + table(head, rows)


def _rarity(judged: Judged) -> str:
    benign = judged.highest[~judged.grooming]
    rows = []
    points = [("default", judged.alerts)]
    for share in (0.02, 0.01):
        above = judged.highest > metrics.bound_at(benign, share)
        points.append((f"at most {100 * share:.0f} %", above))
    for name, alerts in points:
        recall = float(alerts[judged.grooming].mean())
        false = int(alerts[~judged.grooming].sum())
        rate, (_, most) = false / len(benign), metrics.share_interval(false, len(benign))
        rows.append(
            [name, f"{recall:.3f}", counted(false, len(benign))]
            + [
                f"{percent(metrics.precision(recall, rate, share))} "
                f"(≥ {percent(metrics.precision(recall, most, share))})"
                for share in metrics.PREVALENCES
            ]
        )
    note = (
        "Share of alerts that are right, and in brackets what it would be at the upper end of the "
        "interval of the false alerts. About half of the corpus' benign conversations were written "
        "to look like grooming: ordinary traffic alerts less often."
    )
    head = ["threshold", "recall", "false alerts"]
    head += [f"precision where {100 * share:g} % are grooming" for share in metrics.PREVALENCES]
    return section("Precision where grooming is rare", note, table(head, rows))
