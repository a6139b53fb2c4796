"""The CSV export (macOS, and large rooms elsewhere): ``Date,User,Message``, one message a row."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from ansim.sources.export import MAX_MESSAGES, SystemKind, TooLarge, UnknownForm
from ansim.sources.kakaotalk import moments
from ansim.sources.kakaotalk.entries import Entry
from ansim.sources.kakaotalk.forms import READABLE
from ansim.sources.kakaotalk.sentences import system

_HEADS = (
    {"date", "날짜", "일시"},
    {"user", "사용자", "이름", "보낸 사람"},
    {"message", "메시지", "내용"},
)


def is_table(lines: Sequence[str]) -> bool:
    """Whether the first line is the head of the table."""
    cells = [cell.strip().strip('"').lower() for cell in lines[0][:80].split(",")]
    return len(cells) == len(_HEADS) and all(
        cell in head for cell, head in zip(cells, _HEADS, strict=True)
    )


def read(lines: Sequence[str], name: str) -> tuple[list[Entry], int]:
    """The rows, and the line of a quotation that never ends (0 when there is none).

    A row that begins with no date goes on with the message before it: some versions do not quote
    messages of several lines.
    """
    entries: list[Entry] = []
    rows = csv.reader(line + "\n" for line in lines[1:])
    last = begin = 2
    while True:
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error:  # a field over the module's limit of 131,072 characters
            raise TooLarge(
                f"{begin}번째 줄의 메시지가 너무 깁니다.",
                f"The message in line {begin} is too long.",
                begin,
            ) from None
        at = moments.when(row[0].strip()) if len(row) >= len(_HEADS) else None
        if at is not None:
            _check(entries, begin)
            text = ",".join(row[2:]).removesuffix("\n")
            entries.append(Entry(begin, at, row[1], text, _spoken(row[1], text)))
        elif entries:
            entries[-1].more.extend(",".join(row).split("\n"))
        elif any(cell.strip() for cell in row):
            raise UnknownForm(begin, lines[begin - 1], READABLE, name)
        last, begin = begin, rows.line_num + 2
    if not entries:
        raise UnknownForm(len(lines), lines[-1], READABLE, name)
    quotes = sum(line.count('"') for line in lines[last - 1 :])
    return entries, last if quotes % 2 else 0


def _check(entries: list[Entry], line: int) -> None:
    if len(entries) >= MAX_MESSAGES:
        raise TooLarge(
            f"메시지가 {MAX_MESSAGES:,}개보다 많습니다({line}번째 줄).",
            f"More than {MAX_MESSAGES:,} messages (line {line}).",
            line,
        )


def _spoken(user: str, text: str) -> bool:
    """Rows of KakaoTalk's own carry no name, or that of the person they are about."""
    said = system(text)
    if not user or said is None:
        return bool(user)
    kind, name = said
    return name != user and kind not in (SystemKind.REMOVED, SystemKind.NOTICE)
