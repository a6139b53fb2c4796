"""Writes the figures of an evaluation as a page (Markdown)."""

from __future__ import annotations

import numpy as np

from ansim.detection.tactics import tactics
from ansim.training import metrics
from ansim.training.evaluation import Floats, HeldOut, tactic_scores

RECALL_SHARES = (0.05, 0.02, 0.01)


def page(held: HeldOut, outside: list[tuple[str, str, int, int]]) -> str:
    """All tables. ``outside`` has (file, kind, conversations, alerts) of other people's text."""
    parts = [_ranking(held), _alerts(held), _rarity(held), _tactics(held)]
    if outside:
        parts.append(_outside(outside))
    return "\n\n".join(parts) + "\n"


def _figure(name: str, positive: Floats, negative: Floats, share: float | None = None) -> str:
    def measure(grooming: Floats, benign: Floats) -> float:
        if share is None:
            return metrics.auc(grooming, benign)
        return metrics.recall_at(grooming, benign, share)

    low, high = metrics.interval(measure, positive, negative)
    return f"{name}{measure(positive, negative):.3f} ({low:.2f}–{high:.2f})"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _ranking(held: HeldOut) -> str:
    rows = []
    mixed = [w for w in sorted(set(held.world.tolist())) if held.grooming[held.world == w].any()]
    for world in [*mixed, "all six"]:
        inside = np.ones(len(held.world), np.bool_) if world == "all six" else held.world == world
        for name, score in (("Ansim Eye", held.score), ("baseline", held.plain)):
            positive = score[inside & held.grooming]
            negative = score[inside & ~held.grooming]
            rows.append(
                [world, name, _figure("", positive, negative)]
                + [_figure("", positive, negative, share) for share in RECALL_SHARES]
            )
    head = ["world held out", "model", "AUC"]
    head += [f"recall at {100 * share:.0f} % false alerts" for share in RECALL_SHARES]
    return "## Ranking, and recall at few false alerts\n\n" + _table(head, rows)


def _alerts(held: HeldOut) -> str:
    rows = []
    bound = metrics.bound_at(held.plain[~held.grooming], float(held.alerts[~held.grooming].mean()))
    for world in [*sorted(set(held.world.tolist())), "all six"]:
        inside = np.ones(len(held.world), np.bool_) if world == "all six" else held.world == world
        positive, negative = inside & held.grooming, inside & ~held.grooming
        plain = held.plain > bound
        rows.append(
            [
                world,
                f"{held.alerts[positive].mean():.2f}" if positive.any() else "–",
                f"{held.in_time[positive].mean():.2f}" if positive.any() else "–",
                f"{plain[positive].mean():.2f}" if positive.any() else "–",
                f"{100 * held.alerts[negative].mean():.1f} %",
                f"{100 * plain[negative].mean():.1f} %",
                f"{100 * held.watched[negative].mean():.1f} %",
            ]
        )
    head = [
        "world held out",
        "recall by `alert_by` + 2",
        "recall by `alert_by`",
        "baseline's recall",
        "false alerts",
        "baseline's false alerts",
        "benign watched",
    ]
    note = (
        "At the default threshold of each fold, chosen on the other five worlds. The baseline is "
        "given the threshold at which it has the same false alerts over all six worlds."
    )
    return "## Alerts at the default threshold\n\n" + note + "\n\n" + _table(head, rows)


def _rarity(held: HeldOut) -> str:
    recall = float(held.alerts[held.grooming].mean())
    false_rate = float(held.alerts[~held.grooming].mean())
    strict = metrics.bound_at(held.score[~held.grooming], 0.01)
    tight = float((held.score[held.grooming] > strict).mean())
    tight_false = float((held.score[~held.grooming] > strict).mean())
    rows = [
        [
            f"{100 * share:g} %",
            f"{100 * metrics.precision(recall, false_rate, share):.1f} %",
            f"{100 * metrics.precision(tight, tight_false, share):.1f} %",
        ]
        for share in metrics.PREVALENCES
    ]
    head = [
        "share of grooming",
        f"default threshold (recall {recall:.2f}, false alerts {100 * false_rate:.1f} %)",
        f"threshold at 1 % (recall {tight:.2f}, false alerts {100 * tight_false:.1f} %)",
    ]
    note = (
        "Share of alerts that are right. About half of the corpus' benign conversations were "
        "written to look like grooming, so ordinary traffic alerts less often than these figures "
        "say; how much less is not known from this corpus."
    )
    return "## Precision where grooming is rare\n\n" + note + "\n\n" + _table(head, rows)


def _tactics(held: HeldOut) -> str:
    rows = [
        [
            f"{score.tactic} {tactics()[score.tactic].name('en')}",
            str(score.turns),
            f"{score.precision:.2f}",
            f"{score.recall:.2f}",
            f"{score.f1:.2f}",
        ]
        for score in tactic_scores(held)
    ]
    mean = np.mean([score.f1 for score in tactic_scores(held)])
    head = ["tactic", "turns", "precision", "recall", "F1"]
    return f"## Single turns, by tactic (mean F1 {mean:.2f})\n\n" + _table(head, rows)


def _outside(counts: list[tuple[str, str, int, int]]) -> str:
    rows = [
        [file, kind, str(count), str(alerts), f"{100 * alerts / max(1, count):.1f} %"]
        for file, kind, count, alerts in counts
    ]
    head = ["file", "kind", "conversations", "alerts", "share"]
    return "## Other people's text (the committed model, never trained on it)\n\n" + _table(
        head, rows
    )
