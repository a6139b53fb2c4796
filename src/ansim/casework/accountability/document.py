"""A report as plain values, and its forms: Markdown to read, CSV to compute with."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; the first cell of a row names it."""

    key: str
    """Name of the table in the CSV, for programs."""
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, paragraphs, tables. ``to_write`` are questions that a person has to answer."""

    title: str
    said: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    to_write: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One report."""

    title: str
    sections: tuple[Section, ...] = field(default=())

    def markdown(self, blank: str) -> str:
        """The whole of it; ``blank`` stands where a person has to write."""
        parts = [f"# {self.title}"]
        for section in self.sections:
            parts.append(f"## {section.title}")
            parts += section.said
            parts += [_markdown(table) for table in section.tables]
            parts += [f"**{question}**\n\n{blank}" for question in section.to_write]
        return "\n\n".join(parts) + "\n"

    def csv(self) -> bytes:
        """All tables one below the other: table, row, column, value. UTF-8 with a mark at the front
        so that Excel reads it."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(("table", "row", "column", "value"))
        for section in self.sections:
            for table in section.tables:
                for name, *cells in table.rows:
                    for column, cell in zip(table.head[1:], cells, strict=True):
                        writer.writerow(
                            (table.key, _harmless(name), _harmless(column), _harmless(cell))
                        )
        return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def _harmless(cell: Cell) -> Cell:
    """A cell that a spreadsheet takes for text, never for a formula."""
    if isinstance(cell, str) and cell.lstrip()[:1] in {"=", "+", "-", "@"}:
        return f"'{cell}"
    return "" if cell is None else cell


def _markdown(table: Table) -> str:
    rows: Sequence[Sequence[Cell]] = (table.head, *table.rows)
    lines = ["| " + " | ".join(_plain(cell) for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(table.head))
    return "\n".join(lines)


def _plain(cell: Cell) -> str:
    text = "–" if cell is None or cell == "" else str(cell)
    return " ".join(text.replace("|", "\\|").split())
