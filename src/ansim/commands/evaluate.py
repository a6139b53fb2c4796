"""``ansim evaluate``: how good the detection is on writers it has not seen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansim.training.corpus import CorpusConversation
    from ansim.training.outside import Count

BEGIN, END = "<!-- figures: ansim evaluate -->", "<!-- end of figures -->"
"""What stands between these lines of an existing page is replaced; the rest is left alone."""
PLOTS = "plots"
"""Folder of the plots beside the page."""
RESCORED = ("gate", "baseline")
"""Variants that are quick enough to be scored anew here (three minutes without disguises)."""


def register(subparsers: Any) -> None:
    """Adds ``evaluate`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "evaluate",
        help="처음 보는 작성자의 대화로 평가 / figures on worlds the model has not seen",
        description=(
            "Reads saved scores of models that left one world out, and writes the tables and plots "
            "of docs/evaluation.md. Seconds, unless --rescore, --eval or --text is given."
        ),
    )
    parser.add_argument("--corpus", type=Path, default=Path("data/conversations.jsonl"))
    parser.add_argument("--scores", type=Path, help="saved scores; by default the package's own")
    parser.add_argument(
        "--out", type=Path, help="page to write the figures into, plots beside it; else printed"
    )
    parser.add_argument(
        "--eval", type=Path, metavar="DIR", help="folder with xpersona-ko-valid.jsonl and others"
    )
    parser.add_argument("--text", type=Path, metavar="DIR", help="folder of *.txt or *.txt.xz")
    parser.add_argument(
        "--lines", type=int, default=20_000, help="lines drawn from each file of --text"
    )
    parser.add_argument(
        "--local", type=Path, metavar="FILE", help="disguises by class; not for the docs"
    )
    parser.add_argument(
        "--rescore",
        action="append",
        choices=RESCORED,
        help="train and score this variant anew, world by world, and save the scores first",
    )
    parser.add_argument(
        "--plain", action="store_true", help="with --rescore: no disguises, which takes longest"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluates. 0 on success, 2 when a file cannot be used."""
    from ansim.detection.weights import ModelError
    from ansim.training import corpus, scores
    from ansim.training.evaluation import drops, evaluate
    from ansim.training.evaluation_details import by_disguise
    from ansim.training.evaluation_page import page
    from ansim.training.evaluation_plots import plots

    path = arguments.scores or scores.default_path()
    try:
        if arguments.lines < 1:
            raise ValueError("--lines has to be 1 or more")
        conversations = corpus.load(arguments.corpus)
        for variant in dict.fromkeys(arguments.rescore or ()):
            _rescore(variant, path, arguments.corpus, conversations, plain=arguments.plain)
        header, rows = scores.read(path)
        if header.corpus != scores.fingerprint(conversations):
            raise scores.ScoresError(
                f"{path} was made of other conversations than {arguments.corpus}; "
                "name the right --corpus, or make the scores anew with --rescore"
            )
        found = evaluate(conversations, rows)
        figures = page(found, _outside(arguments), PLOTS)
        if arguments.local:
            local = {name: drops(found, name) for name in found.disguised if name in found.plain}
            arguments.local.write_text(by_disguise(local), "utf-8")
        if arguments.out is None:
            print(figures)
        else:
            _write(arguments.out, figures)
            folder = arguments.out.parent / PLOTS
            folder.mkdir(parents=True, exist_ok=True)
            for name, drawing in plots(found).items():
                (folder / name).write_text(drawing, "utf-8")
    except (OSError, ValueError, scores.ScoresError, ModelError) as error:
        print(f"ansim evaluate: {error}", file=sys.stderr)
        return 2
    return 0


def _outside(arguments: argparse.Namespace) -> list[Count]:
    """Counts on the texts that were given, by the model that is shipped."""
    from ansim.detection import Detector
    from ansim.training.outside import dialogues, lines

    if not (arguments.eval or arguments.text):
        return []
    detector = Detector.load()
    found = dialogues(arguments.eval, detector) if arguments.eval else []
    if arguments.text:
        found += lines(arguments.text, detector, arguments.lines)
    return found


def _rescore(
    variant: str,
    path: Path,
    corpus_path: Path,
    conversations: list[CorpusConversation],
    *,
    plain: bool,
) -> None:
    from ansim.training import corpus, disguise, scores
    from ansim.training.baseline import BaselineScorer
    from ansim.training.out_of_fold import GateScorer, Scorer, make

    scorer: Scorer
    if variant == "baseline":
        scorer = BaselineScorer(conversations)
    else:
        scorer = GateScorer(
            conversations, corpus.load_phrases(corpus_path), corpus.load_lessons(corpus_path)
        )
    kinds = () if plain else disguise.CLASSES
    scores.replace(path, make(scorer, conversations, kinds, disguise.disguise), conversations)


def _write(path: Path, figures: str) -> None:
    block = f"{BEGIN}\n\n{figures}\n{END}"
    old = path.read_text("utf-8") if path.exists() else ""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        path.write_text(before + block + after, "utf-8")
    else:
        path.write_text((old.rstrip() + "\n\n" if old else "") + block + "\n", "utf-8")
