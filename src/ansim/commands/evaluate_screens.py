"""``ansim evaluate-screens``: how well screenshots of chats are read, on drawings of our own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

BEGIN = "<!-- figures: ansim evaluate-screens -->"
END = "<!-- end of the figures on screenshots -->"
"""What stands between these lines of an existing page is replaced; the rest is left alone."""


def register(subparsers: Any) -> None:
    """Adds ``evaluate-screens`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "evaluate-screens",
        help="그려 낸 대화 화면을 얼마나 읽는지 평가 / how well drawn screenshots are read",
        description=(
            "Draws chats of the corpus as messengers show them, reads them again, and writes the "
            "tables on screenshots. About a second a picture on one core; needs Tesseract with "
            "Korean and English and the fonts of fonts-nanum and fonts-noto-color-emoji."
        ),
    )
    parser.add_argument("--corpus", type=Path, default=Path("data/conversations.jsonl"))
    parser.add_argument("--clean", type=int, default=144, help="chats drawn clean (default 144)")
    parser.add_argument("--sent", type=int, default=72, help="chats as sent on (default 72)")
    parser.add_argument(
        "--photographed", type=int, default=72, help="chats photographed off a screen (default 72)"
    )
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument(
        "--dev", action="store_true", help="the half of the corpus that the reader was made with"
    )
    parser.add_argument(
        "--rows", type=Path, metavar="FILE", help="keep outcomes here, and go on from those there"
    )
    parser.add_argument("--out", type=Path, help="page to write the tables into; else printed")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measures. 0 on success, 2 when something needed is missing or cannot be used."""
    import msgspec

    from ansim.detection.weights import ModelError
    from ansim.pictures.values import Unread
    from ansim.training import corpus
    from ansim.training.screens import rows as figures
    from ansim.training.screens.page import page
    from ansim.training.screens.wear import WEAR
    from ansim.training.screens.writing import NoFonts

    counts = {wear: getattr(arguments, wear) for wear in WEAR}
    try:
        conversations = corpus.load(arguments.corpus)
        rows = figures.load(arguments.rows) if arguments.rows else []
        for row in figures.measure(conversations, counts, arguments.seed, rows, dev=arguments.dev):
            rows.append(row)
            if arguments.rows:
                with arguments.rows.open("ab") as file:
                    file.write(msgspec.json.encode(row) + b"\n")
            if len(rows) % 10 == 0:
                print(f"{len(rows)} of {sum(counts.values())}", file=sys.stderr, flush=True)
        wanted = [
            row
            for row in rows
            if row.seed == arguments.seed and row.number < counts.get(row.wear, 0)
        ]
        if not wanted:
            raise ValueError("nothing to measure: give at least one chat")
        tables = page(wanted)
        if arguments.out is None:
            print(tables)
        else:
            _write(arguments.out, tables)
    except (OSError, ValueError, NoFonts, ModelError) as error:
        print(f"ansim evaluate-screens: {error}", file=sys.stderr)
        return 2
    except Unread as unread:
        print(f"ansim evaluate-screens: pictures cannot be read: {unread.why}", file=sys.stderr)
        return 2
    return 0


def _write(path: Path, tables: str) -> None:
    block = f"{BEGIN}\n\n{tables}\n\n{END}"
    old = path.read_text("utf-8") if path.exists() else ""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        path.write_text(before + block + after, "utf-8")
    else:
        path.write_text((old.rstrip() + "\n\n" if old else "") + block + "\n", "utf-8")
