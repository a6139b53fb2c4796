"""Several screenshots of one chat put in order, and what more than one of them shows told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from ansim.pictures.screens import alike, joining, naming
from ansim.pictures.screens.values import Breaks, Screen, Shown, Side

SURE = 2.2
"""Least score of an overlap: about one message of six letters, read well, in both."""
_AS_GIVEN = 0.4
"""What it speaks for an overlap that the pictures were given in this order."""
_SEEN = 0.8
"""How surely (0..1) a message must be read that only the later of two screens shows."""
_UPPER = 3
"""Of the lines in no message so many are at the top, with what the chat is called."""
_AROUND = " <>#@·|-—~,.'\"()[]"
_LOOK_BACK = 80
"""Messages before its end in which the beginning of the next screen is looked for."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the conversation."""

    speaker: str
    """A name as it is shown, or `naming.ME`, `naming.OTHER`, `naming.UNKNOWN`."""
    shown: Shown
    screen: int
    """The screenshot it was taken from, as they were given, from 0."""


class Stitched(msgspec.Struct, frozen=True, kw_only=True):
    """The conversation that the screenshots show."""

    told: tuple[Told, ...]
    order: tuple[int, ...]
    """The screenshots from the first to the last, without those that show nothing new."""
    gaps: tuple[int, ...]
    """Places in ``told`` before which something may be missing."""
    repeated: int
    """Screenshots that show nothing that others do not."""
    uncertain: tuple[int, ...]
    """Places in ``told`` whose speaker was taken from the only name that is shown."""


def stitched(screens: Sequence[Screen]) -> Stitched:
    """The conversation in these screenshots, which may be given in any order."""
    breaks = _breaks(screens)
    tidy = [[_tidied(shown, breaks) for shown in screen.shown] for screen in screens]
    titles = [line.strip(_AROUND) for screen in screens for line in screen.outside[:_UPPER]]
    named = [naming.carried(screen) for screen in naming.one_spelling(tidy, titles)]
    kept = _telling(named)
    chains = _chains(kept, named)
    merged: list[tuple[Shown, int]] = []
    gaps: list[int] = []
    for chain in chains:
        if merged:
            gaps.append(len(merged))
        merged += _merged(chain, named)
    speakers, uncertain = naming.speakers(naming.carried([shown for shown, _ in merged]))
    return Stitched(
        told=tuple(
            Told(speaker=speaker, shown=shown, screen=screen)
            for speaker, (shown, screen) in zip(speakers, merged, strict=True)
        ),
        order=tuple(number for chain in chains for number in chain),
        gaps=tuple(gaps),
        repeated=sum(1 for number, one in enumerate(named) if one and number not in kept),
        uncertain=tuple(uncertain),
    )


def _breaks(screens: Sequence[Screen]) -> Breaks:
    """Where lines are broken: one line that ended early is enough to know."""
    said = {screen.breaks for screen in screens}
    if Breaks.SPACES in said:
        return Breaks.SPACES
    return Breaks.LETTERS if Breaks.LETTERS in said else Breaks.UNKNOWN


def _tidied(shown: Shown, breaks: Breaks) -> Shown:
    return msgspec.structs.replace(shown, text=joining.tidy(shown.text, breaks))


def _telling(screens: Sequence[Sequence[Shown]]) -> list[int]:
    """Numbers of the screens that show something that no other one does."""
    kept: list[int] = []
    for number, screen in enumerate(screens):
        if not screen or any(alike.contained(screens[other], screen) for other in kept):
            continue
        kept = [other for other in kept if not alike.contained(screen, screens[other])]
        kept.append(number)
    return kept


def _chains(kept: Sequence[int], screens: Sequence[Sequence[Shown]]) -> list[list[int]]:
    """The screens in runs without a gap, the surest overlaps first; runs in the order given."""
    ways = []
    for first in kept:
        for second in kept:
            if first != second:
                score, _ = alike.overlap(screens[first], screens[second])
                if score >= SURE:
                    ways.append((score + _AS_GIVEN * (second == first + 1), first, second))
    after: dict[int, int] = {}
    before: dict[int, int] = {}
    for _, first, second in sorted(ways, key=lambda way: (-way[0], way[1], way[2])):
        if first in after or second in before or _reaches(after, second, first):
            continue
        after[first], before[second] = second, first
    chains = []
    for number in kept:
        if number not in before:
            chain = [number]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            chains.append(chain)
    return sorted(chains, key=min)


def _reaches(after: dict[int, int], start: int, end: int) -> bool:
    while start in after:
        start = after[start]
    return start == end


def _merged(chain: Sequence[int], screens: Sequence[Sequence[Shown]]) -> list[tuple[Shown, int]]:
    """The messages of a run of screens, each once, as it is read best."""
    whole = [(shown, chain[0]) for shown in screens[chain[0]]]
    names = Counter(shown.name for screen in screens for shown in screen if shown.name)
    for number in chain[1:]:
        begin = max(0, len(whole) - _LOOK_BACK)
        tail = [shown for shown, _ in whole[begin:]]
        _, matches = alike.overlap(tail, screens[number])
        places = {second: first + begin for first, second in matches}
        fresh: list[tuple[Shown, int]] = []
        last = max(places, default=-1)
        for place, shown in enumerate(screens[number]):
            if place in places:
                known, source = whole[places[place]]
                better = _better(known, shown, names)
                whole[places[place]] = (better, source if better.text == known.text else number)
            elif place > last:
                fresh.append((shown, number))
        whole += fresh
        _add_missed(whole, screens[number], places, number)
    return whole


def _add_missed(
    whole: list[tuple[Shown, int]], screen: Sequence[Shown], places: dict[int, int], number: int
) -> None:
    """Adds what this screen shows between messages that are one after another in ``whole``: the
    screen before has not seen it. Whatever else is unmatched was misread at an edge."""
    for place in sorted(places, reverse=True):
        before, shown = place - 1, screen[place - 1] if place else None
        if shown is None or before in places or shown.cut or shown.picture:
            continue
        nobody = shown.side is Side.ROW and not shown.name  # the rest of one above the edge
        if nobody or shown.confidence < _SEEN or (before and before - 1 not in places):
            continue
        above = places[place] - 1
        known = whole[above][0] if above >= 0 else None
        if before and places[before - 1] != above:
            continue
        if known is None or alike.same_text(known.text, shown.text) < 0.3:
            whole.insert(places[place], (shown, number))


def _better(one: Shown, other: Shown, names: Counter[str]) -> Shown:
    """Of two readings of one message the better, with what only the other one shows, and with the
    name that is seen more often."""
    good, poor = one, other
    if (_part(one, other), one.cut, -one.confidence) > (
        _part(other, one),
        other.cut,
        -other.confidence,
    ):
        good, poor = other, one
    stamp = good if good.minute >= 0 else poor
    return msgspec.structs.replace(
        good,
        name=max(good.name, poor.name, key=names.__getitem__),
        minute=stamp.minute,
        half=stamp.half,
        day=good.day if good.day[1] else poor.day,
        noticed=good.noticed or poor.noticed,
    )


def _part(one: Shown, other: Shown) -> bool:
    """Whether it is but a part of the other: its first lines are above the edge of the screen."""
    return len(one.text) < 0.75 * len(other.text)
