"""Three answers to the same conversations compared: the detector's, the reviewer's, and both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ansim.training import metrics
from ansim.training.evaluation import Judged
from ansim.training.metrics import Flags, Floats

FEWEST = 30
"""Conversations of each kind below which nothing but explaining is recommended."""
MOST_REFUSED = 0.3
WORST_AUC = 0.6
"""A reviewer whose AUC may be below this knows too little to explain anything."""
MORE_FALSE_ALERTS = 0.01
"""Share of benign conversations that may alert in addition, at the upper end of the interval."""
ROUNDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one model said of one conversation."""

    risk: float | None
    """None where its answer was refused."""
    both: float
    """The detector's risk with the opinion in it."""
    refused: str
    seconds: float


def report(kept: Judged, mine: Sequence[Heard], model: str, question: str) -> str:
    """The whole comparison as a page; ``mine`` is in the order of ``kept``.

    Raises ValueError where one kind of conversation is missing.
    """
    if not len(kept) or kept.grooming.all() or not kept.grooming.any():
        raise ValueError("grooming and benign conversations are both needed")
    alone = np.array([one.risk or 0.0 for one in mine])
    both = np.array([one.both for one in mine])
    refused = Counter(one.refused for one in mine if one.refused)
    seconds = np.array([one.seconds for one in mine])
    advice, why = recommend(kept, alone, both, sum(refused.values()) / len(mine))
    lines = [
        "# A second opinion, measured",
        "",
        f"Model `{model}`, question {question}; {int(kept.grooming.sum())} grooming and "
        f"{int((~kept.grooming).sum())} benign conversations, each asked about once, as far as "
        "`ansim evaluate` reads it. A refused answer counts as risk 0 for the reviewer alone and "
        "as no opinion for both. In service the model is asked only above the low threshold, "
        "and its opinion counts only if it quotes the suspected account; here nobody says "
        "which that is. Intervals are 95 %.",
        "",
        "| | AUC | recall at 5 % | recall at 1 % | recall, default | false alerts, default |",
        "|---|---|---|---|---|---|",
        _row("detector alone", kept.highest, kept),
        _row("reviewer alone", alone, kept, at_default=False),
        _row("both", both, kept),
        "",
        f"Both against the detector: AUC {_signed(*_gain(_auc, kept, both))}; recall at the "
        f"default thresholds {_signed(*_gain(_recall, kept, both))}; false alerts there "
        f"{_signed(*_gain(_false, kept, both))}.",
        "",
        f"Refused answers: {sum(refused.values())} of {len(mine)}"
        + "".join(f"; {code} {count}" for code, count in sorted(refused.items()))
        + ".",
        f"Seconds an answer: middle {np.median(seconds):.1f}, 95 % within "
        f"{np.quantile(seconds, 0.95):.1f}, longest {seconds.max():.1f}.",
        "",
        f"**Recommended: {advice}.** {why}",
    ]
    return "\n".join(lines)


def recommend(kept: Judged, alone: Floats, both: Floats, refused: float) -> tuple[str, str]:
    """``off``, ``explain`` or ``weigh`` (ANSIM_REVIEWER_USE), and why."""
    positive, negative = alone[kept.grooming], alone[~kept.grooming]
    low, _ = metrics.interval(metrics.auc, positive, negative)
    if refused > MOST_REFUSED:
        return "off", f"{refused:.0%} of the answers had to be refused."
    if low < WORST_AUC:
        return "off", f"Its AUC may be as low as {low:.3f}: it does not tell the two kinds apart."
    if min(len(positive), len(negative)) < FEWEST:
        return "explain", f"Fewer than {FEWEST} conversations of a kind decide nothing more."
    gain = _gain(_auc, kept, both)
    more = _gain(_false, kept, both)
    if gain[1] <= 0.0:
        return "explain", "That it improves the risk is not shown: the gain in AUC may be nothing."
    if more[2] > MORE_FALSE_ALERTS:
        return "explain", f"It may cost {more[2]:.1%} more false alerts of benign conversations."
    return "weigh", "The risk gets better with it, and false alerts stay within a percentage point."


def _row(name: str, score: Floats, kept: Judged, *, at_default: bool = True) -> str:
    positive, negative = score[kept.grooming], score[~kept.grooming]
    cells = [
        _with_interval(metrics.auc, positive, negative),
        _with_interval(lambda p, n: metrics.recall_at(p, n, 0.05), positive, negative),
        _with_interval(lambda p, n: metrics.recall_at(p, n, 0.01), positive, negative),
    ]
    if at_default:
        alerts = score >= kept.threshold
        cells += [_share(alerts[kept.grooming]), _share(alerts[~kept.grooming])]
    else:
        cells += ["–", "–"]
    return f"| {name} | " + " | ".join(cells) + " |"


def _with_interval(
    measure: Callable[[Floats, Floats], float], positive: Floats, negative: Floats
) -> str:
    low, high = metrics.interval(measure, positive, negative, rounds=ROUNDS)
    return f"{measure(positive, negative):.3f} ({low:.3f}–{high:.3f})"


def _share(flags: Flags) -> str:
    low, high = metrics.share_interval(int(flags.sum()), len(flags))
    return f"{flags.mean():.3f} ({low:.3f}–{high:.3f})"


def _auc(score: Floats, threshold: Floats, grooming: Flags) -> float:
    return metrics.auc(score[grooming], score[~grooming])


def _recall(score: Floats, threshold: Floats, grooming: Flags) -> float:
    return float((score >= threshold)[grooming].mean())


def _false(score: Floats, threshold: Floats, grooming: Flags) -> float:
    return float((score >= threshold)[~grooming].mean())


def _gain(
    measure: Callable[[Floats, Floats, Flags], float], kept: Judged, both: Floats
) -> tuple[float, float, float]:
    """Both less the detector: the difference and its interval, the same draws for the two."""
    random = np.random.default_rng(7)
    kinds = [np.flatnonzero(kept.grooming), np.flatnonzero(~kept.grooming)]

    def difference(places: np.typing.NDArray[np.int64]) -> float:
        grooming, threshold = kept.grooming[places], kept.threshold[places]
        new = measure(both[places], threshold, grooming)
        return new - measure(kept.highest[places], threshold, grooming)

    draws = [
        difference(np.concatenate([random.choice(kind, len(kind)) for kind in kinds]))
        for _ in range(ROUNDS)
    ]
    low, high = np.quantile(draws, (0.025, 0.975))
    return difference(np.arange(len(kept))), float(low), float(high)


def _signed(value: float, low: float, high: float) -> str:
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"
