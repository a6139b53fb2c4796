"""Who says what: from sides and names above bubbles to speakers, never by a silent guess."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

import msgspec

from ansim.pictures.screens.alike import same_text
from ansim.pictures.screens.values import Shown, Side

ME = "\x00me"
"""Who took the screenshots."""
OTHER = "\x00other"
"""Who else talks, where no screen names anybody."""
_VERY = 0.7
"""How alike a name and a title are, at least, to be one."""
UNKNOWN = "\x00unknown"
"""Somebody of those who are named, and the screen does not show who."""


def one_spelling(
    screens: Sequence[Sequence[Shown]], titles: Sequence[str] = ()
) -> list[list[Shown]]:
    """The same with every name in one spelling: a rare one that is nearly a common one was
    misread, and so was one that is very nearly what stands above the chat (``titles``), in larger
    print."""
    counts = Counter(shown.name for screen in screens for shown in screen if shown.name)
    meant: dict[str, str] = {}
    for title, _ in Counter(filter(None, titles)).most_common():
        near = [name for name in counts if name == title or _alike(name, title, _VERY)]
        if near:
            meant = dict.fromkeys(near, title)
            break
    for name, count in counts.most_common():
        if name in meant:
            continue
        likely = [
            known
            for known in dict.fromkeys(meant.values())
            if counts[known] >= 2 * count and _alike(name, known)
        ]
        meant[name] = likely[0] if likely else name
    return [
        [msgspec.structs.replace(shown, name=meant.get(shown.name, "")) for shown in screen]
        for screen in screens
    ]


def _alike(one: str, other: str, least: float = 0.6) -> bool:
    first, second = (unicodedata.normalize("NFD", name) for name in (one, other))
    return same_text(first, second) >= least


def carried(screen: Sequence[Shown]) -> list[Shown]:
    """The same with the name of a group on each of its bubbles: it stands above the first only."""
    told: list[Shown] = []
    name = ""
    for shown in screen:
        if shown.side is Side.RIGHT or (shown.apart and not shown.name):
            name = ""
        elif shown.name:
            name = shown.name
        elif name and shown.side is Side.LEFT:
            told.append(msgspec.structs.replace(shown, name=name))
            continue
        told.append(shown)
    return told


def speakers(merged: Sequence[Shown]) -> tuple[list[str], list[int]]:
    """Who says each message (a name, or ME, OTHER or UNKNOWN), and the places of those that are
    not certain because the only name that is shown was taken for them."""
    names = list(dict.fromkeys(shown.name for shown in merged if shown.name))
    uncertain = []
    found = []
    for place, shown in enumerate(merged):
        if shown.side is Side.RIGHT:
            found.append(ME)
        elif shown.name:
            found.append(shown.name)
        elif not names:
            found.append(OTHER)
        elif len(names) == 1 and shown.side is Side.LEFT:
            found.append(names[0])
            uncertain.append(place)
        else:
            found.append(UNKNOWN)
    return found, uncertain
