"""``ansim train``: makes the weights anew from the conversations in ``data/``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def register(subparsers: Any) -> None:
    """Adds ``train`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "train",
        help="모델을 다시 학습 / make the weights anew from data/",
        description="Trains gate and risk model in under two minutes and writes their card.",
    )
    parser.add_argument("--corpus", type=Path, default=Path("data/conversations.jsonl"))
    parser.add_argument(
        "--out", type=Path, help="folder for the weights; by default the package's own models"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Trains. 0 on success, 2 when the corpus or the folder cannot be used."""
    from ansim.detection.weights import default_folder
    from ansim.training.train import train

    folder = arguments.out or default_folder()
    try:
        card = train(arguments.corpus, folder)
    except (OSError, ValueError) as error:
        print(f"ansim train: {error}", file=sys.stderr)
        return 2
    print(f"{folder}: threshold {card.threshold}, watch {card.watch}, gate {card.gate[:12]}")
    return 0
