"""From the bytes of an export to an ``Export``: finds the form, then reads line by line.

A line that has the whole shape of a record begins one, whoever typed it; every other line goes on
with the message before it. docs/connectors/kakaotalk.md says what follows from that.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

from ansim.chat.message import MAX_TEXT_BYTES
from ansim.sources.export import (
    MAX_FILE_BYTES,
    MAX_MESSAGES,
    Export,
    ExportTurn,
    Remark,
    SystemKind,
    SystemLine,
    TooLarge,
    UnknownForm,
)
from ansim.sources.kakaotalk import moments, table
from ansim.sources.kakaotalk.decode import decode
from ansim.sources.kakaotalk.entries import Entry
from ansim.sources.kakaotalk.forms import (
    GRAMMARS,
    LONG_MONTH,
    READABLE,
    SHORT_MONTH,
    Bracketed,
    Grammar,
    Stamped,
    What,
    bare_day,
    header,
    ruled_day,
)
from ansim.sources.kakaotalk.names import settle_names
from ansim.sources.kakaotalk.sentences import attached, system


def parse(data: bytes, *, name: str = "") -> Export:
    """Reads an export. ``name`` is the file's, for messages only.

    Raises UnknownForm naming the first line that cannot be read, or TooLarge when the file, the
    number of its messages or one message's text is over the limit. Time is linear in the file.
    """
    if len(data) > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // 2**20
        raise TooLarge(
            f"파일이 {limit} MiB보다 큽니다. 기간을 나누어 내보내 주세요.",
            f"The file is larger than {limit} MiB. Export a shorter period.",
        )
    decoded = decode(data)
    if decoded is None:
        raise UnknownForm(1, "", READABLE, name, data=True)
    text, broken = decoded
    text = text.removeprefix("\ufeff")
    lines = text.split("\n")
    remarks: list[Remark] = []
    if broken:
        first = text.count("\n", 0, text.find("\ufffd")) + 1
        remarks.append(Remark("bytes", first, broken))
    try:
        return _read(lines, name, remarks)
    except UnknownForm:
        if _is_data(text):
            raise UnknownForm(1, "", READABLE, name, data=True) from None
        raise


def _is_data(text: str) -> bool:
    """Whether this only passed for text: a picture, say, whose bytes are letters by chance."""
    head = text[:4096]
    odd = sum(unicodedata.category(c) == "Cc" and c not in "\t\n" for c in head)
    return odd > 8 and odd * 50 > len(head)


def _read(lines: Sequence[str], name: str, remarks: list[Remark]) -> Export:
    if table.is_table(lines):
        entries, unfinished = table.read(lines, name)
        if unfinished:
            remarks.append(Remark("unfinished", unfinished))
        return _export("kakaotalk-csv", "", None, entries, remarks)
    reader = _Text(lines, name)
    reader.read()
    return _export(reader.form, reader.title, reader.exported_at, reader.entries, remarks)


class _Text:
    """One text export on its way through."""

    def __init__(self, lines: Sequence[str], name: str) -> None:
        self.lines = lines
        self.name = name
        self.title = ""
        self.exported_at: float | None = None
        self.entries: list[Entry] = []
        self.form = ""
        self._today: date | None = None
        self._preamble: list[Entry] = []
        self._heard: set[str] = set()

    def read(self) -> None:
        start = self._head()
        grammar = self._grammar(start)
        self.form = grammar.name
        self.entries = self._preamble
        untimed = isinstance(grammar, Bracketed)
        for index in range(start, len(self.lines)):
            line = self.lines[index]
            record = grammar.record(line, self._today)
            if record is not None and record.what is not What.DAY:
                spoken = record.what is What.MESSAGE
                self._add(Entry(index + 1, record.at, record.sender, record.text, spoken))
            elif (on := self._new_day(line, index, grammar)) is not None:
                self._today = on
            elif untimed and self._is_notice(line):
                at = self.entries[-1].at if self.entries else None
                self._add(Entry(index + 1, at, "", line, spoken=False))
            elif self.entries:
                self.entries[-1].more.append(line)

    def _add(self, entry: Entry) -> None:
        if len(self.entries) >= MAX_MESSAGES:
            raise TooLarge(
                f"메시지가 {MAX_MESSAGES:,}개보다 많습니다({entry.line}번째 줄). "
                "기간을 나누어 내보내 주세요.",
                f"More than {MAX_MESSAGES:,} messages (line {entry.line}). "
                "Export a shorter period.",
                entry.line,
            )
        self.entries.append(entry)
        if entry.spoken:
            self._heard.add(entry.sender)

    def _head(self) -> int:
        """Reads title, time of export and first date lines; index of the first record."""
        for index, line in enumerate(self.lines):
            if not line.strip():
                continue
            if any(grammar.record(line, self._today) for grammar in GRAMMARS):
                return index
            said = header(line)
            on = ruled_day(line) or bare_day(line)
            if said is not None:
                self.title = self.title or said.title
                self.exported_at = self.exported_at or said.exported_at
            elif on is not None:
                self._today = on
            elif system(line) is not None:
                self._preamble.append(Entry(index + 1, None, "", line, spoken=False))
            elif set(line.strip()) != {"-"}:
                raise UnknownForm(index + 1, line, READABLE, self.name)
        raise UnknownForm(len(self.lines), self.lines[-1], READABLE, self.name)

    def _grammar(self, start: int) -> Grammar:
        """The grammar of the first record; where two fit, what else the file shows decides."""
        line = self.lines[start]
        found = [grammar for grammar in GRAMMARS if grammar.record(line, self._today)]
        if len(found) == 1:
            return found[0]
        first, second = found
        if isinstance(first, Bracketed):  # [15:04]: the language is that of the date line
            dated = next((t for t in reversed(self.lines[:start]) if ruled_day(t)), "")
            return first if any("가" <= c <= "힣" for c in dated) else second
        for line in self.lines[start:]:
            if second.record(line, self._today):
                if SHORT_MONTH.match(line):
                    return second
                if LONG_MONTH.match(line):
                    return first
        return first

    def _new_day(self, line: str, index: int, grammar: Grammar) -> date | None:
        """The day a date line begins, or None where the line is somebody's words.

        A date line stands before a record of its day, on phones after a blank line, and neither
        goes back in time nor lies after the export itself: what does was typed.
        """
        ruled = line.startswith("---")
        if ruled:
            on = ruled_day(line)
        elif isinstance(grammar, Stamped) and (index == 0 or not self.lines[index - 1].strip()):
            on = bare_day(line)
        else:
            return None
        if on is None or (self._today is not None and on < self._today):
            return None
        if self.exported_at is not None and moments.moment(on, 0) > self.exported_at:
            return None
        after = index + 1
        while after < len(self.lines) and not self.lines[after].strip():
            after += 1
        if after == len(self.lines):
            return None
        following = self.lines[after]
        record = grammar.record(following, on)
        if record is not None and record.what is not What.DAY:
            return on if moments.day_of(record.at) == on else None
        return on if ruled and (ruled_day(following) or self._is_notice(following)) else None

    def _is_notice(self, line: str) -> bool:
        """Whether an undated line is KakaoTalk's. English ones also look like what people say
        ("She left."), so there the name must be one that has spoken."""
        said = system(line)
        if said is None:
            return False
        kind, name = said
        if line.rstrip(".").endswith("다") or kind in (SystemKind.NOTICE, SystemKind.HIDDEN):
            return True
        return name in self._heard


def _export(
    form: str, title: str, exported_at: float | None, entries: list[Entry], remarks: list[Remark]
) -> Export:
    """Entries become turns and system lines; names are settled, attachments recognised."""
    settle_names(entries, title)
    turns: list[ExportTurn] = []
    lines: list[SystemLine] = []
    newest = float("-inf")
    back: list[int] = []
    for entry in entries:
        text = entry.whole_text()
        if len(text) * 4 > MAX_TEXT_BYTES and len(text.encode()) > MAX_TEXT_BYTES:
            raise TooLarge(
                f"{entry.line}번째 줄의 메시지가 {MAX_TEXT_BYTES // 1024} KiB보다 깁니다.",
                f"The message in line {entry.line} is longer than {MAX_TEXT_BYTES // 1024} KiB.",
                entry.line,
            )
        if entry.at is not None:
            if entry.at < newest:
                back.append(entry.line)
            newest = max(newest, entry.at)
        said = None if entry.spoken and entry.more else system(entry.text)
        taken_back = said is not None and said[0] in (SystemKind.DELETED, SystemKind.HIDDEN)
        if entry.spoken and not taken_back and entry.at is not None:
            turns.append(
                ExportTurn(
                    at=entry.at,
                    sender=entry.sender,
                    text=text,
                    attachments=attached(text),
                    line=entry.line,
                )
            )
        else:
            kind = said[0] if said else SystemKind.OTHER
            lines.append(
                SystemLine(kind=kind, text=text, line=entry.line, at=entry.at, sender=entry.sender)
            )
    if back:
        remarks.append(Remark("backwards", back[0], len(back)))
    return Export(
        form=form,
        title=title,
        exported_at=exported_at,
        turns=turns,
        system=lines,
        participants=list(dict.fromkeys(turn.sender for turn in turns)),
        warnings=remarks,
    )
