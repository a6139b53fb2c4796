"""Lines of one message joined to its text: with a space where the messenger broke at one.

Some messengers break Korean lines between any two letters, some only at spaces. Which of the two,
a screen shows: a line that ends well before the edge can only have ended at a space.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ansim.pictures.screens.shapes import Box
from ansim.pictures.screens.values import Breaks

MAYBE = "\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """A line of a message: what it says and where it stands."""

    text: str
    box: Box


def edge(messages: Sequence[Sequence[Piece]]) -> float:
    """Width that the longest line takes: where lines are broken."""
    return max((piece.box.width for pieces in messages for piece in pieces), default=0.0)


def breaks(messages: Sequence[Sequence[Piece]], room: float, print_: float) -> Breaks:
    """Where lines are broken on this screen, as far as it shows."""
    ends = [
        room - piece.box.width for pieces in messages for piece in pieces[:-1] if len(pieces) > 1
    ]
    if not ends:
        return Breaks.UNKNOWN
    return Breaks.SPACES if max(ends) > 1.15 * print_ else Breaks.LETTERS


def joined(pieces: Sequence[Piece], room: float, print_: float) -> str:
    """The lines as one text, with ``MAYBE`` where a space may have been or not."""
    text = ""
    for place, piece in enumerate(pieces):
        if place == 0:
            text = piece.text
            continue
        left = room - pieces[place - 1].box.width
        text += (" " if left > 0.95 * print_ else MAYBE) + piece.text
    return text


_REPEATED = re.compile(r"(?<=([ㄱ-ㅣ])) (?=\1)")
_DOTS = re.compile(r"[.…‥]*[…‥][.…‥]*")
_CALLS = re.compile(r"![!1 ]*!|!!1+(?!\d)")
_BEFORE_SIGN = re.compile(r" (?=[!?~…,]|\.\.)")


def tidy(text: str, breaks: Breaks) -> str:
    """The text with its ``MAYBE`` decided, and without spaces that reading has put between signs
    of laughter and before marks; dots are three of them, and ones
    among exclamation marks are such."""
    whole = text.replace(MAYBE, "" if breaks is Breaks.LETTERS else " ")
    whole = _DOTS.sub("...", _REPEATED.sub("", whole))
    whole = _CALLS.sub(lambda found: "!" * len(found[0].replace(" ", "")), whole)
    return _BEFORE_SIGN.sub("", " ".join(whole.split()))


_PITCH = 1.49
"""Distance of two lines of a message, at most, in heights of the print."""
_SYLLABLE, _LATIN, _SPACE = 0.9, 0.55, 0.3
"""Widths of letters, in heights of the print."""


def goes_on(piece: Piece, following: Piece, room: float, print_: float) -> bool:
    """Whether the next line belongs to the same message, where no bubble tells: the lines are
    close, and its first word would not have found room in this one."""
    pitch = (following.box.top - piece.box.top + following.box.bottom - piece.box.bottom) / 2
    word = following.text.split(" ")[0]
    needed = _SPACE + sum(_LATIN if letter.isascii() else _SYLLABLE for letter in word)
    return pitch < _PITCH * print_ and piece.box.width + needed * print_ > room
