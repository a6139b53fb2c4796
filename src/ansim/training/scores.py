"""Saved out-of-fold scores: what models that never saw a conversation's writer said, turn by turn.

Training takes hours and judging takes seconds, so they are kept apart: whoever trains writes this
file once, and every figure in docs/evaluation.md is worked out from it.
"""

from __future__ import annotations

import hashlib
import lzma
import math
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec

from ansim.training.corpus import CorpusConversation

FILE = "out-of-fold.jsonl.xz"
VARIANTS = ("cascade", "gate", "no-context", "no-pre-training", "no-normaliser", "baseline")
"""The whole cascade; the gate alone; what is lost without a part; the plain baseline."""
FEWEST = 0.05
"""Tactics less likely than this in a turn are not kept."""
DIGITS = 4


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one variant said of one conversation, written as it was or in one disguise."""

    id: str
    world: str
    variant: str
    disguise: str | None = None
    grooming: bool
    alert_by: int | None = None
    threshold: float
    """Default alert threshold of that fold, chosen without the conversation's world."""
    watch: float
    risk: tuple[float, ...]
    """Highest risk of any account after each turn, 0..1; of the baseline a score of any size."""
    tactics: tuple[dict[str, float], ...] | None = None
    """Per turn the probability of each tactic that is at least FEWEST likely."""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.variant, self.disguise or "", self.id


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """First line of the file. ``corpus`` is the fingerprint of the conversations scored."""

    corpus: str


class ScoresError(Exception):
    """Saved scores cannot be used; the message names the file and says what to do."""


def default_path() -> Path:
    """Where the committed scores lie, beside the weights they belong to."""
    return Path(str(files("ansim.models"))) / FILE


def fingerprint(conversations: Iterable[CorpusConversation]) -> str:
    """SHA-256 of all that a score or a verdict depends on, whatever the order."""
    digest = hashlib.sha256()
    for conversation in sorted(conversations, key=lambda c: c.id):
        turns = [(turn.author, turn.at, turn.text, turn.tags) for turn in conversation.turns]
        what = (conversation.id, conversation.label, conversation.alert_by, turns)
        digest.update(msgspec.json.encode(what) + b"\n")
    return digest.hexdigest()


def row_for(
    conversation: CorpusConversation,
    variant: str,
    *,
    risk: Sequence[float],
    threshold: float,
    watch: float,
    disguise: str | None = None,
    tactics: Sequence[dict[str, float]] | None = None,
) -> Row:
    """A row with all that belongs to the conversation filled in, and floats rounded."""
    kept = None
    if tactics is not None:
        kept = tuple(
            {name: round(float(p), DIGITS) for name, p in turn.items() if p >= FEWEST}
            for turn in tactics
        )
    return Row(
        id=conversation.id,
        world=conversation.world,
        variant=variant,
        disguise=disguise,
        grooming=conversation.grooming,
        alert_by=conversation.alert_by,
        threshold=round(float(threshold), DIGITS),
        watch=round(float(watch), DIGITS),
        risk=tuple(round(float(value), DIGITS) for value in risk),
        tactics=kept,
    )


def write(path: Path, rows: Iterable[Row], conversations: Iterable[CorpusConversation]) -> None:
    """Writes the file anew; same rows, same bytes. Raises ScoresError for a row that is wrong."""
    ordered = sorted(rows, key=lambda row: row.key)
    encoder = msgspec.json.Encoder()
    lines = [encoder.encode(Header(corpus=fingerprint(conversations)))]
    before: Row | None = None
    for row in ordered:
        wrong = _wrong(row) or ("comes twice" if before and before.key == row.key else "")
        if wrong:
            raise ScoresError(f"{path}: {row.id}, {row.variant}: {wrong}; nothing was written")
        lines.append(encoder.encode(row))
        before = row
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(b"\n".join(lines) + b"\n", preset=9 | lzma.PRESET_EXTREME))


def read(path: Path) -> tuple[Header, list[Row]]:
    """The whole file. Raises ScoresError naming the line that cannot be used."""
    again = "make it anew with `ansim evaluate --rescore`"
    rows = msgspec.json.Decoder(Row)
    found: list[Row] = []
    known: set[tuple[str, str, str]] = set()
    number = 1
    try:
        with lzma.open(path, "rb") as file:
            header = msgspec.json.decode(file.readline(), type=Header)
            for number, line in enumerate(file, 2):
                row = rows.decode(line)
                wrong = _wrong(row) or ("comes twice" if row.key in known else "")
                if wrong:
                    raise ScoresError(f"{path}, line {number} ({row.id}): {wrong}; {again}")
                known.add(row.key)
                found.append(row)
    except FileNotFoundError:
        raise ScoresError(f"no saved scores at {path}; {again}") from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ScoresError(f"{path}, line {number}: {error}; {again}") from None
    except (lzma.LZMAError, EOFError, OSError) as error:
        raise ScoresError(f"{path} cannot be read ({error}); {again}") from None
    if not found:
        raise ScoresError(f"{path} holds no scores; {again}")
    return header, found


def replace(path: Path, rows: Sequence[Row], conversations: Sequence[CorpusConversation]) -> None:
    """Writes ``rows`` in place of those of the same variants; other variants are kept.

    Raises ScoresError when the file was made of other conversations.
    """
    kept: list[Row] = []
    if path.exists():
        header, old = read(path)
        new = {row.variant for row in rows}
        kept = [row for row in old if row.variant not in new]
        if kept and header.corpus != fingerprint(conversations):
            raise ScoresError(
                f"{path} holds scores of other conversations ({', '.join(variants(kept))}): "
                "score these variants again too, or write to another file"
            )
    write(path, [*kept, *rows], conversations)


def variants(rows: Iterable[Row]) -> list[str]:
    """Variants that occur, the most complete model first."""
    found = {row.variant for row in rows}
    return [name for name in VARIANTS if name in found]


def _wrong(row: Row) -> str:
    """What is wrong with a row, or nothing."""
    if row.variant not in VARIANTS:
        return f"unknown variant {row.variant!r} (known: {', '.join(VARIANTS)})"
    if not row.risk:
        return "no turn was scored"
    top = math.inf if row.variant == "baseline" else 1.0
    values = (*row.risk, row.threshold, row.watch)
    if not all(math.isfinite(value) and 0.0 <= value <= top for value in values):
        return "a risk or a threshold is not a number between 0 and 1"
    if row.grooming != (row.alert_by is not None):
        return "alert_by belongs to grooming conversations, and to all of them"
    if row.alert_by is not None and not 1 <= row.alert_by <= len(row.risk):
        return f"alert_by is {row.alert_by} in a conversation of {len(row.risk)} turns"
    if row.tactics is not None:
        if len(row.tactics) != len(row.risk):
            return f"tactics of {len(row.tactics)} turns, but risks of {len(row.risk)}"
        if not all(0.0 <= p <= 1.0 for turn in row.tactics for p in turn.values()):
            return "the probability of a tactic is not between 0 and 1"
    return ""
