"""``ansim pan``: trains and scores on PAN-2012, for researchers who hold its files."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansim.training.pan_training import PanScore


def register(subparsers: Any) -> None:
    """Adds ``pan score`` and ``pan train`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "pan",
        help="PAN-2012 자료로 학습·평가 / train and score on PAN-2012",
        description="PAN-2012 is English and is not part of Ansim Eye; bring your own copy.",
    )
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    score = verbs.add_parser("score", help="작성자별 F0.5와 지연 / F0.5 by author, and latency")
    _files(score)
    score.add_argument("--model", type=Path, help="weights made by `ansim pan train`")
    score.add_argument("--threshold", type=float, help="risk at which an alert is raised (0..1)")
    score.add_argument("--json", action="store_true", help="one JSON object")
    score.set_defaults(run=_score)
    train = verbs.add_parser("train", help="게이트와 위험 모델 학습 / fit gate and risk model")
    _files(train)
    train.add_argument("--out", type=Path, required=True, help="folder for the weights")
    train.add_argument(
        "--ordinary", type=int, default=5_000, help="ordinary conversations learnt (default 5000)"
    )
    train.set_defaults(run=_train)


def _files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--xml", type=Path, required=True, help="the conversations")
    parser.add_argument(
        "--predators", type=Path, required=True, help="ids of predators, one a line"
    )
    parser.add_argument(
        "--any-language",
        action="store_true",
        help="go on although the text is not Korean, the only language that can be assessed",
    )


def _refused(arguments: argparse.Namespace) -> bool:
    """The rule that only Korean is assessed is lifted by an explicit word only."""
    if arguments.any_language:
        return False
    print(
        "ansim pan: 한국어만 판단할 수 있습니다. PAN-2012는 영어이므로 --any-language 를 "
        "붙이십시오 / only Korean can be assessed and PAN-2012 is English: "
        "add --any-language to go on",
        file=sys.stderr,
    )
    return True


def _score(arguments: argparse.Namespace) -> int:
    from ansim.detection import Detector
    from ansim.detection.weights import ModelError
    from ansim.training.pan2012 import PanError, conversations, predators
    from ansim.training.pan_training import score

    if _refused(arguments):
        return 2
    try:
        detector = Detector.load(
            arguments.model, arguments.threshold, any_language=arguments.any_language
        )
        found = score(conversations(arguments.xml), predators(arguments.predators), detector)
    except (PanError, ModelError, ValueError) as error:
        print(f"ansim pan score: {error}", file=sys.stderr)
        return 2
    print(json.dumps(asdict(found), indent=1) if arguments.json else _page(found))
    return 0


def _page(found: PanScore) -> str:
    absent = f" (+ {found.absent} not in the file)" if found.absent else ""
    early = found.early
    median = "–" if early.median is None else f"{early.median:.0f}"
    return "\n".join(
        [
            f"작성자 / authors {found.authors:,},"
            f" 그중 가해자 / predators {found.predators:,}{absent}",
            f"경보 대상 / alerted {found.alerted:,}",
            f"작성자별 / by author: precision {found.precision:.3f}  recall {found.recall:.3f}"
            f"  F1 {found.f1:.3f}  F0.5 {found.f_half:.3f}",
            f"대화별 / by conversation: precision {early.precision:.3f}  recall {early.recall:.3f}"
            f"  F1 {early.f1:.3f}",
            f"지연 / latency: median message {median}  speed {early.speed:.3f}"
            f"  F1 with latency {early.f_latency:.3f}  (p = {found.p:.4f})",
        ]
    )


def _train(arguments: argparse.Namespace) -> int:
    from ansim.detection.weights import default_folder
    from ansim.training.pan2012 import PanError, conversations, predators
    from ansim.training.pan_training import train

    if _refused(arguments):
        return 2
    if arguments.out.resolve() == default_folder().resolve():
        print(
            "ansim pan train: --out 이 제품의 모델 폴더입니다 / --out is the folder of the shipped "
            "model, which must stay Korean: name another",
            file=sys.stderr,
        )
        return 2
    try:
        if arguments.ordinary < 1:
            raise ValueError("--ordinary has to be 1 or more")
        risk, auc = train(
            conversations(arguments.xml),
            predators(arguments.predators),
            arguments.out,
            ordinary=arguments.ordinary,
        )
    except (PanError, ValueError, OSError) as error:
        print(f"ansim pan train: {error}", file=sys.stderr)
        return 2
    print(f"{arguments.out}: threshold {risk.threshold}, AUC {auc:.3f} (unseen groups)")
    return 0
