"""``ansim train``: makes the weights anew from the conversations in ``data/``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansim.training.folds import Folds


RETAUGHT = "tr-b"
"""World for which a reader is taught without pre-training, to see what that is worth."""


def register(subparsers: Any) -> None:
    """Adds ``train`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "train",
        help="모델을 다시 학습 / make the weights anew from data/",
        description=(
            "Fits gate and risk in a few minutes; the context model stays as it is. The gate "
            "learns what is harmless from the plain lines of --text; without them it will ask the "
            "context model far too often. With `all`, "
            "that one too: vocabulary, pre-training on plain Korean, fine-tuning without each "
            "world and with everything, and the saved scores that `ansim evaluate` reads. Hours "
            "on two cores; a run that was stopped goes on where it was."
        ),
    )
    parser.add_argument("what", nargs="?", choices=("all",), help="the context model as well")
    parser.add_argument("--corpus", type=Path, default=Path("data/conversations.jsonl"))
    parser.add_argument(
        "--out", type=Path, help="folder for the weights; by default the package's own models"
    )
    parser.add_argument(
        "--text", type=Path, metavar="DIR", help="folder of plain Korean *.txt or *.txt.xz"
    )
    parser.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        default=Path("var/training"),
        help="with `all`: where checkpoints and folds are kept (default var/training)",
    )
    parser.add_argument(
        "--base",
        type=Path,
        metavar="DIR",
        help="with `all`: start from the pre-trained encoder in this folder (its vocabulary.json, "
        "base.pt and shape.json, as an earlier --work holds them), of whatever size",
    )
    parser.add_argument("--layers", type=int, default=4, help="of a new encoder (default 4)")
    parser.add_argument(
        "--width", type=int, default=256, help="of a new encoder, a multiple of 64 (default 256)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Trains. 0 on success, 2 when the corpus or a folder cannot be used."""
    from ansim.detection.weights import ModelError, default_folder
    from ansim.training import plain_lines
    from ansim.training.train import gates, train

    folder = arguments.out or default_folder()
    try:
        if arguments.what == "all":
            _context(arguments, folder)
        plain = plain_lines.learnt(arguments.text) if arguments.text else []
        if not plain:
            _say("no --text: the gate learns no plain lines and asks the context model more often")
        folds = gates(arguments.corpus, plain=plain)
        card = train(arguments.corpus, folder, folds=folds)
        if arguments.what == "all":
            _scores(arguments, folder, folds)
    except (OSError, ValueError, ModelError) as error:
        print(f"ansim train: {error}", file=sys.stderr)
        return 2
    print(f"{folder}: threshold {card.threshold}, watch {card.watch}, gate {card.gate[:12]}")
    return 0


def _curriculum(arguments: argparse.Namespace) -> Any:
    try:
        from ansim.training.encoder.curriculum import Curriculum
    except ImportError as error:
        raise ValueError(
            f"teaching the context model needs {error.name}; install the `train` extra: "
            "pip install 'ansim-eye[train]', or from a checkout: pip install -e '.[train]'"
        ) from None
    if arguments.text is None:
        raise ValueError("`ansim train all` needs --text DIR, a folder of plain Korean lines")
    from ansim.training import corpus

    return Curriculum(
        folder=arguments.work,
        texts=arguments.text,
        words=arguments.corpus.with_name("vocabulary-blocked.txt"),
        phrases=corpus.load_phrases(arguments.corpus),
        start=arguments.base,
        width=arguments.width,
        layers=arguments.layers,
        say=_say,
    )


def _say(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


def _context(arguments: argparse.Namespace, folder: Path) -> None:
    from ansim.training import contexts, corpus

    curriculum = _curriculum(arguments)
    conversations = corpus.load(arguments.corpus)
    lessons = corpus.load_lessons(arguments.corpus)
    said = curriculum.said(conversations, lessons)
    curriculum.export(curriculum.reader("everything", [*conversations, *lessons]), folder)
    contexts.save_said(folder, conversations, said)


def _scores(arguments: argparse.Namespace, folder: Path, folds: Folds) -> None:
    """What ``ansim evaluate`` reads, of the cascade as it was just taught."""
    from ansim.training import corpus, disguise, scores
    from ansim.training.ablations import ablations
    from ansim.training.out_of_fold import GateScorer, make

    curriculum = _curriculum(arguments)
    conversations = corpus.load(arguments.corpus)
    lessons = corpus.load_lessons(arguments.corpus)
    _say("scores: every world by models that never saw it, in every disguise")
    scorer = GateScorer(
        conversations,
        folds=folds,
        readers=curriculum.readers(conversations, lessons),
        said=curriculum.said(conversations, lessons),
    )
    rows = make(scorer, conversations, disguise.CLASSES, disguise.disguise)
    _say("scores: with one part of the cascade taken away")
    rows += ablations(curriculum, conversations, lessons, folds, RETAUGHT)
    scores.replace(folder / scores.default_path().name, rows, conversations)
