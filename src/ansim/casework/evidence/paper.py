"""The printed form of a package: an A4 PDF that a prosecutor can read without a computer's help.

Facts come first and fill the pages; what the software estimated stands behind them, under a heading
that says so.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ansim.casework.evidence import lettering
from ansim.casework.evidence.contents import KOREA

WIDE, HIGH = A4
LEFT, RIGHT, TOP, BOTTOM = 42.0, WIDE - 42.0, HIGH - 58.0, 50.0
SIZE, LEADING = 8.5, 12.5

Column = tuple[float, float]
"""Left end and width, in points."""


class Paper:
    """Writes downwards and turns pages by itself. ``bytes`` ends it."""

    def __init__(
        self,
        title: str,
        running: str,
        ended: Callable[[int], None],
        *,
        subject: str = "evidence package",
    ) -> None:
        self.font, self.bold = lettering.fonts()
        self._out = io.BytesIO()
        # Without dates and random ids of its own: the same package is the same file.
        self._canvas = Canvas(self._out, pagesize=A4, pageCompression=1, invariant=1)
        self._canvas.setTitle(title)
        self._canvas.setSubject(subject)
        self._running = running
        self._ended = ended
        self._heading = ""
        self._columns: list[tuple[Column, str]] = []
        self.page = 0
        self._y = 0.0
        self._begin()

    def _begin(self) -> None:
        self.page += 1
        canvas = self._canvas
        canvas.setLineWidth(0.4)
        canvas.line(LEFT, HIGH - 44, RIGHT, HIGH - 44)
        lettering.draw(canvas, LEFT, HIGH - 38, self._running, self.font, 7.5)
        canvas.setFont(self.font, 7.5)
        canvas.drawRightString(RIGHT - 22, 32, f"{self.page} /")
        canvas.saveState()
        canvas.translate(RIGHT - 19, 32)
        canvas.doForm("pages")  # known when the last page is: drawn by every reader, on each page
        canvas.restoreState()
        if self._heading:
            lettering.draw(canvas, LEFT, 32, self._heading, self.font, 7.5)
        self._y = TOP
        if self._columns:
            self._head()

    def turn(self) -> None:
        """Begins a new page."""
        self._canvas.showPage()
        self._ended(self.page)
        self._begin()

    def room(self, points: float) -> None:
        """Turns the page unless so much room is left."""
        if self._y - points < BOTTOM:
            self.turn()

    def part(self, korean: str, english: str) -> None:
        """A part of the document, on a page of its own unless this one is still empty."""
        self._columns = []
        self._heading = f"{korean} / {english}"
        if self._y < TOP:
            self.turn()
        self._canvas.bookmarkPage(f"part-{self.page}")
        self._canvas.addOutlineEntry(self._heading, f"part-{self.page}")
        lettering.draw(self._canvas, LEFT, self._y - 12, korean, self.bold, 15)
        after = LEFT + lettering.width(korean, self.bold, 15) + 8
        lettering.draw(self._canvas, after, self._y - 12, english, self.font, 10)
        self._y -= 36

    def heading(self, korean: str, english: str) -> None:
        self._columns = []
        self.room(46)
        self._y -= 8
        lettering.draw(self._canvas, LEFT, self._y, f"{korean} / {english}", self.bold, 10)
        self._y -= 16

    def words(self, text: str, *, indent: float = 0, bold: bool = False) -> None:
        """A paragraph over the whole width."""
        font = self.bold if bold else self.font
        for line in lettering.lines(text, font, SIZE, RIGHT - LEFT - indent):
            self.room(LEADING)
            lettering.draw(self._canvas, LEFT + indent, self._y, line, font, SIZE)
            self._y -= LEADING
        self._y -= 2

    def pair(self, name: str, value: str) -> None:
        """A name and what it stands for."""
        self.row([((LEFT, 148), name), ((LEFT + 152, RIGHT - LEFT - 152), value)])

    def table(self, columns: Sequence[tuple[Column, str]]) -> None:
        """Heads of columns, written again on every page until something else begins."""
        self._columns = list(columns)
        self.room(40)
        if self._y < TOP:
            self._head()

    def _head(self) -> None:
        for (x, _), name in self._columns:
            lettering.draw(self._canvas, x, self._y, name, self.bold, 7)
        self._canvas.line(LEFT, self._y - 4, RIGHT, self._y - 4)
        self._y -= 15

    def row(self, cells: Iterable[tuple[Column, str]]) -> None:
        """Cells side by side. One that is longer than the page goes on over the next ones."""
        cut = [(x, list(lettering.lines(text, self.font, SIZE, wide))) for (x, wide), text in cells]
        longest = max(len(lines) for _, lines in cut)
        if 1 < longest <= 6:  # a short row stays together
            self.room(longest * LEADING)
        for number in range(longest):
            before = self.page
            self.room(LEADING)
            if number and self.page != before:  # which row goes on here
                (x, first), *_ = cut
                lettering.draw(self._canvas, x, self._y, f"({first[0]})", self.font, SIZE)
            for x, lines in cut:
                if number < len(lines) and lines[number]:
                    lettering.draw(self._canvas, x, self._y, lines[number], self.font, SIZE)
            self._y -= LEADING
        self._y -= 1.5

    def bytes(self) -> bytes:
        """The finished document."""
        self._canvas.showPage()
        self._canvas.beginForm("pages", 0, -3, 60, 12)
        self._canvas.setFont(self.font, 7.5)
        self._canvas.drawString(0, 0, str(self.page))
        self._canvas.endForm()
        self._canvas.save()
        return self._out.getvalue()


def day(at: float) -> str:
    """The date of an event time in Korea, with its offset; "?" for what no calendar holds."""
    try:
        moment = datetime.fromtimestamp(at, tz=UTC).astimezone(KOREA)
    except (ValueError, OverflowError, OSError):
        return "?"
    return f"{moment:%Y-%m-%d} (UTC{moment:%z})"


def clock(at: float) -> str:
    """The time of day with its offset."""
    try:
        return f"{datetime.fromtimestamp(at, tz=UTC).astimezone(KOREA):%H:%M:%S%z}"
    except (ValueError, OverflowError, OSError):
        return "?"
