"""The rest of the page: tactics, slices, disguises, calibration, ablations, other people's text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ansim.detection.tactics import tactics as taxonomy
from ansim.training import metrics
from ansim.training.evaluation import Drop, Evaluation, Judged, drops, sliced, tactic_scores
from ansim.training.outside import Count
from ansim.training.slices import SLICES
from ansim.training.tables import NOTHING, counted, percent, section, table

UNREAD = "T12"
"""Sexual talk is only a placeholder in the data, which nobody reads: there is nothing to score."""
FEW = 10
"""Turns or conversations below which a figure says nothing."""


def tactics(found: Evaluation) -> str:
    """F1 of single turns, by tactic. Empty when no tactics were saved."""
    scores = [score for score in tactic_scores(found.model) if score.tactic != UNREAD]
    if not scores:
        return ""
    rows = [
        [
            f"{score.tactic} {taxonomy()[score.tactic].name('en')}",
            str(score.turns),
            f"{score.precision:.2f}",
            f"{score.recall:.2f}",
            f"{score.f1:.2f}",
            f"{score.at_half:.2f}",
        ]
        for score in scores
    ]
    mean = np.mean([score.f1 for score in scores])
    half = np.mean([score.at_half for score in scores])
    note = (
        "Single turns of unseen worlds. The threshold of a tactic in one world is the one with the "
        f"best F1 in the other worlds. {UNREAD} is left out: it stands in the data only as a "
        "placeholder, which is deleted before reading."
    )
    head = ["tactic", "turns", "precision", "recall", "F1", "F1 at .5"]
    title = f"Single turns, by tactic (mean F1 {mean:.2f}; at the fixed threshold .5 {half:.2f})"
    return section(title, note, table(head, rows))


def slices(judged: Judged) -> str:
    """Groups of conversations, each at the default threshold."""
    rows = []
    for name, group in SLICES.items():
        for value, part in sliced(judged, group):
            guilty, benign = int(part.grooming.sum()), int((~part.grooming).sum())
            both = guilty >= FEW and benign >= FEW
            rows.append(
                [
                    name,
                    value,
                    f"{part.auc():.3f}" if both else NOTHING,
                    counted(int(part.alerts[part.grooming].sum()), guilty),
                    f"{part.punctual[part.grooming].mean():.3f}" if guilty >= FEW else NOTHING,
                    counted(int(part.alerts[~part.grooming].sum()), benign),
                ]
            )
    head = ["slice", "value", "AUC", "recall at the cut", "on-time recall", "false alerts"]
    note = f"At the default threshold. No AUC with fewer than {FEW} conversations of either kind."
    return section("Slices", note, table(head, rows))


def disguises(found: Evaluation) -> str:
    """Mean and worst only: a table by class would tell what works best against us."""
    rows = []
    for variant in found.disguised:
        if variant in found.plain:
            changes = drops(found, variant)
            lost, gained = [d.lost for d in changes], [d.gained for d in changes]
            rows.append(
                [
                    variant,
                    str(len(changes)),
                    f"{np.mean(lost):+.3f}",
                    f"{max(lost):+.3f}",
                    f"{100 * np.mean(gained):+.1f} %",
                    f"{100 * max(gained):+.1f} %",
                ]
            )
    if not rows:
        return ""
    note = (
        "All turns of all conversations, grooming or not, written in one class of disguise at a "
        "time, at the default thresholds chosen on plain text. By class only with `--local`: a "
        "table of what works best would serve those who hide."
    )
    head = ["model", "classes", "recall lost, mean", "worst", "false alerts gained, mean", "worst"]
    return section("In disguise", note, table(head, rows))


def by_disguise(changes: dict[str, list[Drop]]) -> str:
    """What is not for the docs: each class by itself."""
    rows = [
        [variant, drop.kind, f"{drop.lost:+.3f}", f"{100 * drop.gained:+.1f} %"]
        for variant, found in changes.items()
        for drop in found
    ]
    note = "Keep this file to yourself: a table of what works best serves those who hide."
    head = ["model", "class", "recall lost", "false alerts gained"]
    return f"# Disguises by class\n\n{note}\n\n{table(head, rows)}\n"


def calibration(judged: Judged, plot: str) -> str:
    """ECE of what decides an alert, and of the risk as it stands at the cut."""
    rows = []
    for name, risk in (("highest so far", judged.highest), ("as it stands", judged.standing)):
        rows.append(
            [
                name,
                f"{metrics.calibration_error(risk, judged.grooming):.3f}",
                f"{metrics.error_by_chance(risk):.3f}",
            ]
        )
    note = (
        f"Risk at the cut against the truth, {percent(float(judged.grooming.mean()), 0)} of the "
        "conversations being grooming; ten groups of as many conversations. The last column is "
        "what chance alone gives a perfectly calibrated model with these risks."
    )
    head = ["risk at the cut", "ECE", "ECE by chance"]
    return section("Calibration", note, table(head, rows), f"![Reliability]({plot})")


def ablations(found: Evaluation) -> str:
    """Every variant beside the main one, on the conversations that the variant has scored."""
    rows = []
    for variant, judged in found.plain.items():
        own = found.model.like(judged)
        change = judged.recall_at(0.02) - own.recall_at(0.02)
        rows.append(
            [
                variant,
                str(len(judged)),
                f"{judged.auc():.3f}",
                *(f"{judged.recall_at(share):.3f}" for share in (0.05, 0.02, 0.01)),
                f"{change:+.3f}" if variant != found.main else NOTHING,
                f"{judged.recall_at(0.02, on_time=True):.3f}",
                f"{judged.recall():.3f}",
                percent(judged.false_alerts()),
            ]
        )
    if len(rows) < 2:
        return ""
    head = ["variant", "conversations", "AUC", "recall at 5 %", "at 2 %", "at 1 %"]
    head += [f"2 %, against {found.main}", "on time at 2 %", "recall, default", "false alerts"]
    note = (
        "A variant scored on fewer conversations (one fold) is compared with the main one on these."
    )
    return section("What each part is worth", note, table(head, rows))


def _most(count: Count) -> float:
    """Upper end of the interval of alerts by message."""
    return metrics.share_interval(count.alerts, count.messages)[1]


def outside(counts: Sequence[Count]) -> str:
    """Text of other people, by the committed model."""
    if not counts:
        return ""
    rows = [
        [
            count.file,
            count.kind or NOTHING,
            str(count.messages),
            counted(count.alerts, count.conversations),
            f"{count.per_thousand:.1f}",
            f"{count.per_million:.0f} (≤ {1_000_000 * _most(count):.0f})",
        ]
        for count in counts
    ]
    head = ["file", "read as", "messages", "conversations with an alert", "per 1,000 of them"]
    head.append("per million messages")
    note = (
        "By the model that is shipped, trained on all worlds, at its default threshold. Nothing of "
        "it is grooming, though a threat against a youth may rightly alert."
    )
    return section("Other people's text", note, table(head, rows))
