"""``ansim review-eval``: whether the model that the operator runs is worth listening to."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any


def register(subparsers: Any) -> None:
    """Adds ``review-eval`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "review-eval",
        help="검토 모델 평가 / detector, reviewer and both on the same conversations",
        description=(
            "Asks the model of ANSIM_REVIEWER_URL once about every conversation of the corpus, "
            "read as far as `ansim evaluate` reads it, and compares three things: the detector "
            "alone (saved out-of-fold scores), the reviewer alone, and both. Answers are saved as "
            "they come: the same command goes on where it was stopped."
        ),
    )
    parser.add_argument("--corpus", type=Path, default=Path("data/conversations.jsonl"))
    parser.add_argument("--scores", type=Path, help="saved scores; by default the package's own")
    parser.add_argument(
        "--answers", type=Path, required=True, metavar="FILE", help="where answers are saved"
    )
    parser.add_argument(
        "--most", type=int, metavar="N", help="so many conversations of each kind, evenly drawn"
    )
    parser.add_argument("--out", type=Path, help="page to write the report to; else printed")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when all was asked and judged, 1 when the model fell silent, 2 for a wrong use."""
    from ansim import config
    from ansim.commands.review_eval import asking, judging
    from ansim.stream.second_opinion import reviewer_settings
    from ansim.training import corpus, scores
    from ansim.training.evaluation import evaluate

    settings = reviewer_settings(config.load())
    if settings is None:
        raise config.ConfigError(
            "ANSIM_REVIEWER_URL is empty: name the address of the model that is to be evaluated"
        )
    try:
        if arguments.most is not None and arguments.most < 1:
            raise ValueError("--most has to be 1 or more")
        conversations = corpus.load(arguments.corpus)
        path = arguments.scores or scores.default_path()
        header, rows = scores.read(path)
        if header.corpus != scores.fingerprint(conversations):
            raise scores.ScoresError(
                f"{path} was made of other conversations than {arguments.corpus}; "
                "name the right --corpus"
            )
        judged = evaluate(conversations, rows).model
        chosen = asking.chosen(judged.conversations, arguments.most)
        saved = asking.Answers(arguments.answers, settings.model)
        whole = asyncio.run(asking.ask_all(settings, chosen, saved))
        if not whole:
            print(
                f"ansim review-eval: {settings.url} stopped answering ({saved.last_failure}); "
                f"{len(saved.of(chosen))} of {len(chosen)} answers are saved in "
                f"{arguments.answers}. Run the same command again to go on.",
                file=sys.stderr,
            )
            return 1
        report = judging.report(judged, saved.of(chosen), settings.model)
    except (OSError, ValueError, scores.ScoresError) as error:
        print(f"ansim review-eval: {error}", file=sys.stderr)
        return 2
    if arguments.out is None:
        print(report)
    else:
        arguments.out.write_text(report + "\n", "utf-8")
    return 0
