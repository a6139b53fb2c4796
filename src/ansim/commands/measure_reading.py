"""``ansim measure-reading``: how much of disguised Korean is read again, and what that costs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def register(subparsers: Any) -> None:
    """Adds ``measure-reading`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "measure-reading",
        help="위장 표기를 얼마나 되돌려 읽는지 측정 / how much disguised spelling is read again",
        description=(
            "Disguises the turns of a corpus in every known way and counts what reading restores; "
            "with --text, counts the ordinary lines it alters."
        ),
    )
    parser.add_argument("--corpus", type=Path, default=Path("data/conversations.jsonl"))
    parser.add_argument(
        "--text", type=Path, metavar="DIR", help="folder of plain .txt or .txt.xz lines"
    )
    parser.add_argument("--turns", type=int, default=2000, help="turns to disguise (default 2000)")
    parser.add_argument("--lines", type=int, help="ordinary lines to read (default: all unseen)")
    parser.add_argument(
        "--per-class",
        action="store_true",
        help="also print the share of each kind; for local work, not for publication",
    )
    parser.add_argument(
        "--examples", type=int, default=0, help="altered lines to print for reading by hand"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measures. 0 on success, 2 when a file cannot be used."""
    from ansim.training import reading_measure

    try:
        texts = reading_measure.sampled(reading_measure.turns(arguments.corpus), arguments.turns)
        unseen = (
            reading_measure.unseen_lines(arguments.text, arguments.lines) if arguments.text else []
        )
    except (OSError, ValueError) as error:
        print(f"ansim measure-reading: {error}", file=sys.stderr)
        return 2
    shares = reading_measure.all_restored(texts)
    worst = min(found.share for found in shares.values())
    mean = sum(found.share for found in shares.values()) / len(shares)
    whole = sum(found.whole for found in shares.values())
    count = sum(found.texts for found in shares.values())
    print(f"syllables restored, {len(shares)} kinds: mean {mean:.3f}, worst {worst:.3f}")
    print(f"disguised turns read in full: {whole / max(1, count):.3f} of {count}")
    if arguments.per_class:
        for kind, found in sorted(shares.items(), key=lambda pair: -pair[1].share):
            in_full = found.whole / max(1, found.texts)
            print(f"  {kind:12} {found.share:.3f}   in full {in_full:.3f} of {found.texts}")
    print("microseconds a turn: " + _times(texts))
    if unseen:
        ordinary = reading_measure.altered(unseen, arguments.examples)
        print(f"ordinary lines: {ordinary.lines}")
        print(f"  letters altered      {ordinary.altered / ordinary.lines:.5f}")
        print(f"  signs or spaces gone {ordinary.closed / ordinary.lines:.5f}")
        print(f"  only made shorter    {ordinary.shortened / ordinary.lines:.5f}")
        print("microseconds a line: " + _times(unseen))
        for line, now in ordinary.examples:
            print(f"  {line!r} -> {now!r}")
    return 0


def _times(texts: list[str]) -> str:
    from ansim.training.reading_measure import microseconds

    median, high, mean = microseconds(texts)
    return f"median {median:.1f}, 99th percentile {high:.0f}, mean {mean:.1f}"
