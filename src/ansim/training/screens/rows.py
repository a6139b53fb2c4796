"""Outcomes as lines of a file, so that a long measurement can go on where it stopped, and the
figures made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from ansim.detection import Detector
from ansim.training import metrics
from ansim.training.corpus import CorpusConversation
from ansim.training.screens.cases import DEV, TEST, Case, cases
from ansim.training.screens.measuring import Outcome, outcome


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One chat that was drawn and read; counts as in `measuring.Outcome`."""

    seed: int
    """Of the measurement."""
    number: int
    conversation: str
    messenger: str
    dark: bool
    size: str
    wear: str
    long: bool
    grooming: bool
    screens: int
    seconds: float
    letters: int
    errors: int
    found: int
    by_whom: int
    said: int
    told: int
    right: int
    alert: bool
    alert_read: bool


def _row(seed: int, number: int, found: Outcome) -> Row:
    case = found.case
    return Row(
        seed=seed,
        number=number,
        conversation=case.conversation.id,
        messenger=case.messenger,
        dark=case.dark,
        size=case.size,
        wear=case.wear,
        long=case.long,
        grooming=case.conversation.grooming,
        screens=found.screens,
        seconds=round(found.seconds, 3),
        letters=found.letters,
        errors=found.errors,
        found=found.found,
        by_whom=found.by_whom,
        said=found.said,
        told=found.told,
        right=found.right,
        alert=found.alert,
        alert_read=found.alert_read,
    )


def load(path: Path) -> list[Row]:
    """Rows of a file; none where there is none. Raises ValueError naming the line."""
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            rows.append(msgspec.json.decode(line, type=Row))
        except msgspec.MsgspecError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
    return rows


def measure(
    conversations: Sequence[CorpusConversation],
    counts: dict[str, int],
    seed: int,
    known: Sequence[Row],
    *,
    dev: bool = False,
) -> Iterator[Row]:
    """A row for every chat that is not among ``known`` yet: ``counts`` of each wear."""
    detector = Detector.load()
    done = {(row.seed, row.wear, row.number) for row in known}
    ahead: list[tuple[float, int, Case]] = []
    for wear, count in counts.items():
        chosen = cases(conversations, DEV if dev else TEST, count, wear, seed)
        ahead += [((number + 1) / count, number, case) for number, case in enumerate(chosen)]
    # Of each wear the same share at any time, so that one that is stopped says something too.
    for _, number, case in sorted(ahead, key=lambda one: one[:2]):
        if (seed, case.wear, number) not in done:
            yield _row(seed, number, outcome(case, detector))


def errors(rows: Sequence[Row]) -> float:
    """Errors a letter."""
    return sum(row.errors for row in rows) / max(1, sum(row.letters for row in rows))


def speakers(rows: Sequence[Row]) -> float:
    """Share of the messages found that have the right speaker."""
    return sum(row.by_whom for row in rows) / max(1, sum(row.found for row in rows))


def messages(rows: Sequence[Row]) -> float:
    """F1 of messages with the right speaker and few errors."""
    right = sum(row.right for row in rows)
    return metrics.f_score(right, sum(row.told for row in rows), sum(row.said for row in rows))


def spread(
    measure: Callable[[Sequence[Row]], float], rows: Sequence[Row], rounds: int = 500
) -> tuple[float, float]:
    """95 % interval of a figure, by drawing whole chats again (bootstrap)."""
    chance = np.random.default_rng(7)
    drawn = [
        measure([rows[place] for place in chance.integers(0, len(rows), len(rows))])
        for _ in range(rounds)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)
