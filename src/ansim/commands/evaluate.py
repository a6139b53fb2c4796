"""``ansim evaluate``: how good the detection is on writers it has not seen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: ansim evaluate -->", "<!-- end of figures -->"
"""What stands between these lines of an existing page is replaced; the rest is left alone."""


def register(subparsers: Any) -> None:
    """Adds ``evaluate`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "evaluate",
        help="처음 보는 작성자의 대화로 평가 / figures on worlds the model has not seen",
        description="Leaves one world out at a time and writes the tables of docs/evaluation.md.",
    )
    parser.add_argument("--corpus", type=Path, default=Path("data/conversations.jsonl"))
    parser.add_argument("--out", type=Path, help="page to write the figures into; else printed")
    parser.add_argument(
        "--eval", type=Path, metavar="DIR", help="folder with xpersona-ko-valid.jsonl and others"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluates. 0 on success, 2 when a file cannot be used."""
    from ansim.detection import Detector
    from ansim.training.evaluation import hold_out
    from ansim.training.evaluation_page import page
    from ansim.training.outside import alerts

    try:
        outside = alerts(arguments.eval, Detector.load()) if arguments.eval else []
        figures = page(hold_out(arguments.corpus), outside)
        if arguments.out is None:
            print(figures)
        else:
            _write(arguments.out, figures)
    except (OSError, ValueError) as error:
        print(f"ansim evaluate: {error}", file=sys.stderr)
        return 2
    return 0


def _write(path: Path, figures: str) -> None:
    block = f"{BEGIN}\n\n{figures}\n{END}"
    old = path.read_text("utf-8") if path.exists() else ""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        path.write_text(before + block + after, "utf-8")
    else:
        path.write_text((old.rstrip() + "\n\n" if old else "") + block + "\n", "utf-8")
