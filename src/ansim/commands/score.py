"""``ansim score``: conversations in, risk turn by turn out. The contract by which we are measured.

Runs the very Detector of the live system on one conversation a line. It never looks ahead, and it
drops text by event time as the live system does.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from ansim.chat import Message
from ansim.chat.message import MAX_TEXT_BYTES

if TYPE_CHECKING:
    from ansim.detection import Assessment, Detector

BATCH_TURNS = 2_000
"""Conversations are read together up to about this many turns; memory stays bounded by it."""


class ScoredTurn(msgspec.Struct, frozen=True):
    """One turn of the input; other fields are ignored."""

    at: float
    author: str = msgspec.field(name="from")
    text: str


class ScoredConversation(msgspec.Struct, frozen=True):
    """One line of the input; other fields are ignored."""

    id: str
    turns: list[ScoredTurn]
    channel: str = ""


class BadLine(Exception):
    """A line of the input cannot be used; the message names it."""


def register(subparsers: Any) -> None:
    """Adds ``score`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "score",
        help="대화 파일의 위험도를 차례마다 계산 / risk of conversations, turn by turn",
        description=(
            'One conversation a line in: {"id", "channel", "turns": [{"at", "from", "text"}]}. '
            'One line out: {"id", "turns": [{"risk", "tactics", "spans", "assessed"}], "alert_at", '
            '"priority", "about", "speakers"}. Turns are read in the order of their time; one in '
            "another language than Korean is not assessed."
        ),
    )
    parser.add_argument("input", metavar="IN.jsonl", help="입력 파일, -는 표준 입력 / - is stdin")
    parser.add_argument(
        "--out", metavar="OUT.jsonl", default="-", help="출력 파일, -는 표준 출력 / - is stdout"
    )
    parser.add_argument("--model", metavar="PATH", type=Path, help="folder of other weights")
    parser.add_argument("--threshold", type=float, help="risk at which an alert is raised (0..1)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Scores a file. 0 when all of it was read, 2 when a line or a setting could not be used."""
    from ansim.detection import Detector
    from ansim.detection.weights import ModelError

    try:
        _two_files(arguments.input, arguments.out)
        detector = Detector.load(arguments.model, arguments.threshold)
        with ExitStack() as stack:
            source = _opened(stack, arguments.input, "rb", sys.stdin.buffer)
            target = _opened(stack, arguments.out, "wb", sys.stdout.buffer)
            _score(detector, source, target)
    except (ModelError, ValueError, OSError, BadLine) as error:
        print(f"ansim score: {error}", file=sys.stderr)
        return 2
    return 0


def _two_files(source: str, target: str) -> None:
    """Raises ValueError where the output would be written over the input."""
    if "-" in (source, target):
        return
    if Path(target).exists() and Path(source).exists() and Path(source).samefile(target):
        raise ValueError(f"{target} is the input itself: name another file for --out")


def _opened(stack: ExitStack, name: str, mode: str, standard: BinaryIO) -> BinaryIO:
    if name == "-":
        return standard
    return stack.enter_context(open(name, mode))  # type: ignore[return-value]


def _score(detector: Detector, source: BinaryIO, target: BinaryIO) -> None:
    encoder = msgspec.json.Encoder()
    progress = sys.stderr.isatty()
    done = 0
    failure: BadLine | None = None
    lines = _conversations(source)
    while failure is None:
        batch: list[ScoredConversation] = []
        turns = 0
        try:
            while turns < BATCH_TURNS and (conversation := next(lines, None)) is not None:
                batch.append(conversation)
                turns += max(1, len(conversation.turns))
        except BadLine as error:
            failure = error  # what came before it is still scored and kept
        if not batch:
            break
        for line in score(detector, batch):
            target.write(encoder.encode(line) + b"\n")
        target.flush()
        done += len(batch)
        if progress:
            print(f"\r{done} conversations", end="", file=sys.stderr, flush=True)
    if progress and done:
        print(file=sys.stderr)
    if failure is not None:
        raise failure


def _conversations(source: BinaryIO) -> Iterator[ScoredConversation]:
    decoder = msgspec.json.Decoder(ScoredConversation)
    for number, line in enumerate(source, 1):
        raw = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not raw.strip():
            continue
        try:
            conversation = decoder.decode(raw)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise BadLine(f"line {number}: {error}; one JSON conversation a line") from None
        for index, turn in enumerate(conversation.turns, 1):
            if not math.isfinite(turn.at):
                raise BadLine(f"line {number}, turn {index}: 'at' is not a finite number")
            size = len(turn.text.encode("utf-8", "surrogatepass"))
            if size > MAX_TEXT_BYTES:
                raise BadLine(
                    f"line {number}, turn {index}: text has {size} bytes, "
                    f"at most {MAX_TEXT_BYTES} are taken"
                )
        yield conversation


def score(detector: Detector, batch: list[ScoredConversation]) -> Iterator[dict[str, object]]:
    """The answer to each conversation of a batch, in order."""
    from ansim.detection.roles import roles

    messages = []
    for place, conversation in enumerate(batch):
        order = sorted(range(len(conversation.turns)), key=lambda i: (conversation.turns[i].at, i))
        messages += [
            Message(
                id=f"{index:09d}",
                source="score",
                conversation=str(place),  # an id that comes twice is still two conversations
                author=conversation.turns[index].author,
                at=conversation.turns[index].at,
                text=conversation.turns[index].text,
            )
            for index in order
        ]
    states, assessments = detector.assess({}, messages)
    found: list[list[Assessment]] = [[] for _ in batch]
    for assessment in assessments:
        found[int(assessment.conversation)].append(assessment)
    for place, (conversation, scored) in enumerate(zip(batch, found, strict=True)):
        state = states.get(str(place))
        yield _answer(conversation, scored) | {"speakers": roles(state) if state else {}}


def _answer(conversation: ScoredConversation, scored: list[Assessment]) -> dict[str, object]:
    turns: list[dict[str, object] | None] = [None] * len(conversation.turns)
    alert_at: int | None = None
    about: str | None = None
    priority: str | None = None
    for assessment in scored:
        index = int(assessment.turn.id)
        turns[index] = {
            "risk": assessment.risk,
            "tactics": {k: v for k, v in assessment.turn.tactics.items() if k.startswith("T")},
            "spans": assessment.turn.spans,
            "assessed": assessment.turn.assessed,
        }
        for event in assessment.alerts:
            if alert_at is None:
                alert_at, about = index + 1, event.about
            if event.about == about:
                # The most urgent it became: P1 sorts first.
                priority = min(priority or event.priority.value, event.priority.value)
    return {
        "id": conversation.id,
        "turns": turns,
        "alert_at": alert_at,
        "priority": priority,
        "about": about,
    }
