"""What a screenshot of a chat says, before anybody is named: plain values that cross the pipe."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ansim.chat import CodeSeen, Noticed


class Side(StrEnum):
    """Where on the screen a message stands."""

    RIGHT = "right"
    """Of whoever took the screenshot."""
    LEFT = "left"
    ROW = "row"
    """In a chat without bubbles, where everybody is named."""


class Breaks(StrEnum):
    """Where a messenger breaks its lines."""

    SPACES = "spaces"
    LETTERS = "letters"
    """Between any two letters."""
    UNKNOWN = "unknown"


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message as a screen shows it, from top to bottom."""

    side: Side
    text: str
    """A line break stands where a space was or was not: see `joining`."""
    confidence: float
    """0..1, the mean over its lines; 0 for a picture."""
    name: str = ""
    """The name written above it; empty where there is none."""
    apart: bool = False
    """There is room for a name above it: it may be of another speaker than the one before."""
    minute: int = -1
    """Minutes since midnight as written beside it, or -1."""
    half: bool = True
    """Whether morning or afternoon was said with the time."""
    day: tuple[int, int, int] = (0, 0, 0)
    """Year (0: not said), month and day that the screen shows above it; month 0: none."""
    cut: bool = False
    """The edge of the screen runs through it."""
    picture: bool = False
    noticed: Noticed | None = None
    """What was seen in the picture that it is; without the operator's lists."""


class Screen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One screenshot, read."""

    shown: tuple[Shown, ...]
    outside: tuple[str, ...] = ()
    """Lines that stand in no message: title, dates, what the messenger itself says."""
    width: int = 0
    height: int = 0
    breaks: Breaks = Breaks.UNKNOWN
    straightened: bool = False
    """It was a photograph of a screen."""
    seconds: float = 0.0
    codes: tuple[CodeSeen, ...] = ()
    """Codes in no message."""


class Screens(msgspec.Struct, frozen=True, kw_only=True):
    """The screenshots of one request, in the order in which they were given."""

    screens: tuple[Screen, ...]
