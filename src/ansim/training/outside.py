"""Alerts on other people's text, which is no grooming: measured, never learnt from here."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansim.chat import Message
from ansim.detection import Detector
from ansim.reading import read
from ansim.training import corpus
from ansim.training.encoder import text as plain_text
from ansim.training.ordinary_counts import held_out

FILES = {"xpersona-ko-valid.jsonl": True, "dktc-train.jsonl": False}
"""Names looked for, and whether they hold ordinary dialogues (else dialogues of other harms)."""
ROOM = 300
"""Lines of a random room."""
SPEAKERS = 10
"""Accounts that share the lines of a random room."""
GAP = 20.0
"""Seconds between two lines of a room."""
ALONE, TOGETHER = "lines alone", "all of them"
BATCH = 2_000
SEED = 11


@dataclass(frozen=True, slots=True)
class Count:
    """Conversations of one file and kind, and how many of them raised an alert."""

    file: str
    kind: str
    conversations: int
    messages: int
    alerts: int
    ordinary_dialogues: bool = False

    @property
    def per_thousand(self) -> float:
        return 1_000 * self.alerts / max(1, self.conversations)

    @property
    def per_million(self) -> float:
        return 1_000_000 * self.alerts / max(1, self.messages)


def dialogues(folder: Path, detector: Detector) -> list[Count]:
    """Alerts by kind for each file of FILES in the folder. Raises ValueError if there is none."""
    out: list[Count] = []
    for name, ordinary in FILES.items():
        path = folder / name
        if not path.exists():
            continue
        kinds: dict[str, list[corpus.CorpusConversation]] = {}
        for conversation in corpus.load(path):
            kinds.setdefault(conversation.kind, []).append(conversation)
        for kind, found in sorted(kinds.items()):
            talks = [[(turn.author, turn.at, turn.text) for turn in c.turns] for c in found]
            out.append(_count(name, kind, talks, detector, ordinary=ordinary))
    if not out:
        raise ValueError(f"{folder} holds none of {', '.join(FILES)}")
    return out


def lines(folder: Path, detector: Detector, sample: int) -> list[Count]:
    """Alerts on plain lines (*.txt, *.txt.xz), each by itself and in random rooms of ROOM lines.

    At most ``sample`` lines a file, drawn at random from the tenth that the gate never learns.
    Raises ValueError if there is no file.
    """
    out = []
    everything: list[str] = []
    for path in plain_text.files(folder):
        chosen = _sample(path, sample)
        everything += chosen
        alone = [[("1", 0.0, line)] for line in chosen]
        out.append(_count(path.name, ALONE, alone, detector))
    alerts = sum(count.alerts for count in out)
    out.append(Count(TOGETHER, ALONE, len(everything), len(everything), alerts))
    draw = random.Random(SEED)
    draw.shuffle(everything)
    rooms = [
        [
            (str(draw.randrange(SPEAKERS)), GAP * place, line)
            for place, line in enumerate(everything[start : start + ROOM])
        ]
        for start in range(0, len(everything), ROOM)
    ]
    out.append(_count(TOGETHER, f"rooms of {ROOM} lines", rooms, detector))
    return out


def _sample(path: Path, most: int) -> list[str]:
    """Lines drawn without replacement while the file goes by (reservoir sampling)."""
    draw = random.Random(f"{SEED} {path.name}")
    kept: list[str] = []
    seen = 0
    for text in plain_text.written(path):
        if not text or not held_out(read(text).text):
            continue
        seen += 1
        if len(kept) < most:
            kept.append(text)
        elif (place := draw.randrange(seen)) < most:
            kept[place] = text
    return kept


Talk = Sequence[tuple[str, float, str]]
"""Turns of one conversation: account, seconds, text."""


def _count(
    file: str, kind: str, talks: Sequence[Talk], detector: Detector, *, ordinary: bool = False
) -> Count:
    alerted: set[str] = set()
    messages = 0
    for batch in _batches(talks):
        messages += len(batch)
        # No conversation goes on in the next batch: no state has to be carried over.
        _, found = detector.assess({}, batch)
        alerted |= {assessment.conversation for assessment in found if assessment.alerts}
    return Count(file, kind, len(talks), messages, len(alerted), ordinary)


def _batches(talks: Iterable[Talk]) -> Iterator[list[Message]]:
    batch: list[Message] = []
    for number, talk in enumerate(talks):
        batch += [
            Message(
                id=f"{place:06d}",
                source="evaluation",
                conversation=str(number),
                author=author,
                at=at,
                text=text,
            )
            for place, (author, at, text) in enumerate(talk)
        ]
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
