"""Reads PAN-2012 (sexual predator identification): XML of conversations, and a list of predators.

``<conversations><conversation id><message line><author/><time>HH:MM</time><text/></message>…``. The
file is somebody else's and large, so it is read as a stream, a conversation at a time; declarations
of types or entities, with which XML attacks begin, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from ansim.chat.message import MAX_TEXT_BYTES
from ansim.training.corpus import CorpusConversation, CorpusTurn

CHUNK = 1 << 16
LONGEST_TOKEN = 1 << 23
"""Bytes that may wait for the end of one tag; the parser would hold them all in memory."""
DEEPEST = 8
"""Elements within each other; the form has four."""
MOST_MESSAGES = 200_000
"""Of one conversation. The longest of the published files has far fewer."""
LONGEST_FIELD = 1 << 20
"""Characters of one field of a message, before the text is cut to what a message may hold."""
FOLDS = 5
"""Groups that stand for the worlds of the Korean corpus when a model is trained on PAN."""
TACTIC = "T03"
"""Stands on every message of a predator: PAN names persons and not tactics."""

_CLOCK = re.compile(r"\s*(\d{1,2}):(\d{2})")
_DAY = 86_400.0
_FIELDS = ("author", "time", "text")


class PanError(Exception):
    """The files cannot be used; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class PanConversation:
    """One conversation as it stands in the file, with its times made seconds that never fall."""

    id: str
    messages: tuple[CorpusTurn, ...]

    @property
    def authors(self) -> set[str]:
        return {message.author for message in self.messages}


def predators(path: Path) -> frozenset[str]:
    """Ids of the list, one a line. Raises PanError for a list without any, or with more on a line.

    Some copies have further columns behind a tab; only the first one counts.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PanError(f"{path}: {error}") from None
    found = frozenset(line.split("\t")[0].strip() for line in lines if line.strip())
    if not found or any(" " in name or "<" in name for name in found):
        raise PanError(f"{path} is no list of predators: one author id a line is expected")
    return found


def conversations(path: Path) -> Iterator[PanConversation]:
    """The conversations of the file, in order; those without a message are passed over.

    Raises PanError, naming the line, for XML that is broken, declares anything, or is not of the
    form.
    """
    reader = _Reader(path)
    try:
        with path.open("rb") as file:
            yield from reader.read(file)
    except OSError as error:
        raise PanError(f"{path}: {error}") from None


class _Reader:
    """State of the parser between its callbacks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: list[PanConversation] = []
        self._open: list[str] = []
        self._id = ""
        self._messages: list[CorpusTurn] = []
        self._field: list[str] = []
        self._length = 0
        self._fields: dict[str, str] = {}
        self._at = 0.0
        self._seen = False
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refused
        parser.EntityDeclHandler = self._refused
        parser.ExternalEntityRefHandler = self._refused
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self._parser = parser

    def read(self, file: BinaryIO) -> Iterator[PanConversation]:
        given = 0
        try:
            while chunk := file.read(CHUNK):
                self._parser.Parse(chunk, False)
                given += len(chunk)
                if given - self._parser.CurrentByteIndex > LONGEST_TOKEN:
                    raise self._error(f"one tag is longer than {LONGEST_TOKEN} bytes")
                yield from self._done
                self._done.clear()
            self._parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, ValueError) as error:
            raise self._error(str(error)) from None
        yield from self._done
        if not self._seen:
            raise self._error("it holds no <conversation>")

    def _error(self, what: str) -> PanError:
        line = self._parser.CurrentLineNumber
        return PanError(f"{self._path}, line {line}: {what}; the XML of PAN-2012 is expected")

    def _refused(self, *_: object) -> int:
        raise self._error("it declares a document type or an entity, which is refused")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        if len(self._open) > DEEPEST:
            raise self._error("elements stand too deep within each other")
        if name == "conversation":
            self._id = attributes.get("id", "")
            if not self._id:
                raise self._error("a conversation has no id")
            self._messages, self._at, self._seen = [], 0.0, True
        elif name == "message":
            self._fields = {}
        elif name in _FIELDS:
            self._field, self._length = [], 0

    def _characters(self, text: str) -> None:
        if self._open and self._open[-1] in _FIELDS:
            self._length += len(text)
            if self._length > LONGEST_FIELD:
                raise self._error(f"<{self._open[-1]}> is longer than {LONGEST_FIELD} characters")
            self._field.append(text)

    def _end(self, name: str) -> None:
        self._open.pop()
        if name in _FIELDS:
            self._fields[name] = "".join(self._field)
        elif name == "message":
            self._message()
        elif name == "conversation" and self._messages:
            self._done.append(PanConversation(self._id, tuple(self._messages)))
            self._messages = []

    def _message(self) -> None:
        author = self._fields.get("author", "").strip()
        if not author:
            raise self._error("a message has no author")
        if len(self._messages) >= MOST_MESSAGES:
            raise self._error(f"a conversation has more than {MOST_MESSAGES} messages")
        self._at = _seconds(self._fields.get("time", ""), self._at, first=not self._messages)
        raw = self._fields.get("text", "").encode("utf-8")[:MAX_TEXT_BYTES]
        text = raw.decode("utf-8", "ignore").strip()
        self._messages.append(CorpusTurn(at=self._at, author=author, text=text))


def _seconds(clock: str, before: float, *, first: bool) -> float:
    """Seconds of a clock without a date: a clock that falls far has passed midnight.

    One that falls a little, or cannot be read, stands still.
    """
    found = _CLOCK.match(clock)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return before
    at = 3600.0 * int(found[1]) + 60.0 * int(found[2])
    if first:
        return at
    at += before - before % _DAY
    if at >= before:
        return at
    return at + _DAY if before - at > _DAY / 2 else before


def as_corpus(
    found: PanConversation, guilty: frozenset[str], group: Callable[[str], str] | None = None
) -> CorpusConversation:
    """The conversation in the form our training reads, for want of better with these assumptions.

    A conversation with a predator is grooming. Its ``alert_by`` is the middle, since PAN does not
    say. All a predator writes counts as a tactic, and the other side as a minor (as which the
    volunteers of PAN's source wrote). All conversations of a predator fall into one group, so that
    nobody is judged by a model that has read him.
    """
    named = sorted(found.authors & guilty)
    key = named[0] if named else found.id
    place = (group or _group)(key)
    speakers = {
        author: "unknown" if not named else "adult" if author in guilty else "minor"
        for author in found.authors
    }
    turns = tuple(
        CorpusTurn(
            at=message.at,
            author=message.author,
            text=message.text,
            tags=(TACTIC,) if message.author in guilty else (),
        )
        for message in found.messages
    )
    return CorpusConversation(
        id=f"{place}-{found.id}",
        label="grooming" if named else "benign",
        turns=turns,
        channel="chat",
        speakers=speakers,
        alert_by=max(1, (len(turns) + 1) // 2) if named else None,
    )


def _group(key: str) -> str:
    """``pan0`` … ``pan4``: as long as the name of a world."""
    return f"pan{int(sha256(key.encode()).hexdigest(), 16) % FOLDS}"
