"""The conversations we learn from, and who wrote which: worlds are never mixed by turn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

AFTER_ALERT = 2
"""Turns after ``alert_by`` that a model may still read when it is judged, as the baseline does."""


class CorpusTurn(msgspec.Struct, frozen=True, kw_only=True):
    """One turn; ``at`` is in seconds since the conversation began."""

    at: float
    author: str = msgspec.field(name="from")
    text: str
    tags: tuple[str, ...] = ()


class CorpusConversation(msgspec.Struct, frozen=True, kw_only=True):
    """One written conversation. ``speakers`` is the truth, not always visible in the text."""

    id: str
    label: str
    turns: tuple[CorpusTurn, ...]
    kind: str = ""
    channel: str = ""
    speakers: dict[str, str] = {}
    alert_by: int | None = None

    @property
    def grooming(self) -> bool:
        return self.label == "grooming"

    @property
    def world(self) -> str:
        """The writer: ``tr-a`` … ``tr-f``."""
        return self.id[:4]

    @property
    def cut(self) -> int:
        """Turns read when this conversation is judged: two past ``alert_by``, or all of them."""
        if self.alert_by is None:
            return len(self.turns)
        return min(len(self.turns), self.alert_by + AFTER_ALERT)


class Phrase(msgspec.Struct, frozen=True):
    """A single turn without a conversation, as leaflets quote them, and its harmless twins."""

    text: str
    tags: tuple[str, ...] = ()


PHRASES = "phrases.jsonl"
"""Stands beside the conversations; a corpus without it has none."""


def load_phrases(path: Path) -> list[Phrase]:
    """Phrases of the corpus at ``path``. Raises ValueError naming the line that cannot be read."""
    beside = path.with_name(PHRASES)
    if not beside.exists():
        return []
    phrases = []
    for number, line in enumerate(beside.read_bytes().splitlines(), 1):
        try:
            phrases.append(msgspec.json.decode(line, type=Phrase))
        except msgspec.MsgspecError as error:
            raise ValueError(f"{beside}, line {number}: {error}") from None
    return phrases


LESSONS = "lessons.jsonl"
"""Stands beside the conversations: more of them, by other writers, only ever learnt from."""


def load_lessons(path: Path) -> list[CorpusConversation]:
    """The lessons beside the corpus at ``path``; none if there is no such file."""
    beside = path.with_name(LESSONS)
    return load(beside) if beside.exists() else []


def load(path: Path) -> list[CorpusConversation]:
    """Reads one conversation a line. Raises ValueError naming the line that cannot be read."""
    decoder = msgspec.json.Decoder(CorpusConversation)
    conversations = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                conversations.append(decoder.decode(line))
            except msgspec.MsgspecError as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
    return conversations


def sha256(path: Path) -> str:
    """Hex digest of the conversations and of what stands beside them, for the model card."""
    digest = hashlib.sha256(path.read_bytes())
    for beside in (path.with_name(PHRASES), path.with_name(LESSONS)):
        if beside.exists():
            digest.update(beside.read_bytes())
    return digest.hexdigest()


def worlds(conversations: Sequence[CorpusConversation]) -> list[str]:
    return sorted({conversation.world for conversation in conversations})
