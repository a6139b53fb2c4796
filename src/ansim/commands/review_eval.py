"""``ansim review-eval``: whether the model that the operator runs is worth listening to."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansim.reviewing.series import Said
    from ansim.reviewing.values import Opinion, Window
    from ansim.training.corpus import CorpusConversation
    from ansim.training.evaluation import Judged
    from ansim.training.second_opinions import Heard


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
    parser.add_argument(
        "--corpus",
        type=Path,
        default=Path("data/conversations.jsonl"),
        help="labelled conversations (default data/conversations.jsonl, here)",
    )
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
    from ansim.reviewing.asking import prompt_version
    from ansim.reviewing.series import Answers, ask_all
    from ansim.stream.reviewer_settings import reviewer_settings
    from ansim.training import corpus, scores, second_opinions
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
        windows = {
            conversation.id: read_window(conversation)
            for conversation in chosen(judged.conversations, arguments.most)
        }
        answers = Answers(arguments.answers, settings.model)
        if not asyncio.run(ask_all(settings, windows, answers)):
            print(
                f"ansim review-eval: {settings.url} stopped answering ({answers.last_failure}); "
                f"{len(answers.of(windows))} of {len(windows)} answers are saved in "
                f"{arguments.answers}. Run the same command again to go on.",
                file=sys.stderr,
            )
            return 1
        kept, mine = heard(judged, answers.of(windows))
        report = second_opinions.report(kept, mine, settings.model, prompt_version())
    except FileNotFoundError as error:
        print(
            f"ansim review-eval: no file {error.filename}; run it in the project's folder, or name "
            "the conversations with --corpus",
            file=sys.stderr,
        )
        return 2
    except (OSError, ValueError, scores.ScoresError) as error:
        print(f"ansim review-eval: {error}", file=sys.stderr)
        return 2
    if arguments.out is None:
        print(report)
    else:
        arguments.out.write_text(report + "\n", "utf-8")
    return 0


def chosen(
    conversations: Sequence[CorpusConversation], most: int | None
) -> list[CorpusConversation]:
    """All, or ``most`` of each kind at even distances, the same ones every time."""
    if most is None:
        return list(conversations)
    out = []
    for grooming in (True, False):
        kind = sorted((c for c in conversations if c.grooming == grooming), key=lambda c: c.id)
        count = min(most, len(kind))
        out += [kind[place * len(kind) // count] for place in range(count)]
    return out


def read_window(conversation: CorpusConversation) -> Window:
    """The window at the conversation's cut. The model is told nothing of the truth."""
    from ansim.detection import Turn
    from ansim.reviewing.windows import window

    turns = [
        Turn(id=str(number), author=turn.author, at=turn.at, text=turn.text, risk=0.0)
        for number, turn in enumerate(conversation.turns[: conversation.cut])
    ]
    return window(conversation.id, turns, risk=0.0, threshold=1.0)


def heard(judged: Judged, said: Sequence[Said]) -> tuple[Judged, list[Heard]]:
    """The conversations asked about, and what was said of each, in the same order."""
    import numpy as np

    from ansim.reviewing.weighing import weigh
    from ansim.training.second_opinions import Heard

    answered = {one.id: one for one in said}
    kept = judged.where(np.array([row.id in answered for row in judged.rows], np.bool_))
    out = []
    for row, highest, watch in zip(
        kept.rows, kept.highest.tolist(), kept.watch.tolist(), strict=True
    ):
        one = answered[row.id]
        out.append(
            Heard(
                risk=one.risk,
                both=weigh(highest, _opinion(one), watch),
                refused=one.refused,
                seconds=one.seconds,
            )
        )
    return kept, out


def _opinion(said: Said) -> Opinion | None:
    """As much of the opinion as counts."""
    from ansim.reviewing.values import Opinion, Quote

    if said.risk is None:
        return None
    quotes = (Quote(turn=1, text="", tactic=tactic) for tactic in said.tactics)
    return Opinion(
        risk=said.risk,
        tactics=said.tactics,
        quotes=tuple(quotes) if said.quoted else (),
        innocent_reading="",
        watch_for="",
        summary_ko="",
        summary_en="",
        model=said.model,
        prompt_version=said.prompt,
        window_hash=said.window,
        seconds=said.seconds,
    )
