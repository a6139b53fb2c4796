"""The window that the reviewer reads, made from what the detector's state still holds.

Pure, and the same for the same turns. Newest turns are kept; what their authors changed or took
back stays, marked: it was said.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansim.detection import Turn
from ansim.reviewing.plain import neutral, shortened
from ansim.reviewing.values import AGENCY, Fate, Line, Window

MOST_TURNS = 40
MOST_CHARACTERS = 6_000
"""Of all turns together, words of pictures included."""
MOST_IN_A_TURN = 600
MOST_PICTURES = 4
"""Pictures of a turn whose words are told."""
MOST_IN_A_PICTURE = 300


def window(
    conversation: str,
    turns: Sequence[Turn],
    *,
    risk: float,
    threshold: float,
    about: str = "",
    source: str = "",
    pictures: bool = False,
) -> Window:
    """The newest of ``turns`` (in order of ``(at, id)``), with the words of pictures if asked for.

    Turns without words (retention took them, or they hold only a picture nobody may read) are left
    out and counted.
    """
    said = [turn for turn in turns if not turn.deleted]
    chosen: list[tuple[Turn, str, tuple[str, ...]]] = []
    room = MOST_CHARACTERS
    for turn in reversed(said):
        text = shortened(neutral(turn.text or ""), MOST_IN_A_TURN)
        seen = _seen(turn) if pictures else ()
        size = len(text) + sum(map(len, seen))
        if not size:
            continue
        if size > room or len(chosen) == MOST_TURNS:
            break
        room -= size
        chosen.append((turn, text, seen))
    chosen.reverse()
    letters: dict[str, str] = {}
    for turn, _, _ in chosen:
        if not turn.by_agency:
            letters.setdefault(turn.author, _letter(len(letters)))
    numbers = {turn.id: number for number, (turn, _, _) in enumerate(chosen, 1)}
    changed = {turn.replaces for turn, _, _ in chosen if turn.replaces}
    lines = tuple(
        Line(
            number=numbers[turn.id],
            id=turn.id,
            speaker=AGENCY if turn.by_agency else letters[turn.author],
            text=text,
            pictures=seen,
            by_agency=turn.by_agency,
            at=turn.at,
            fate=_fate(turn, changed),
            replaces=numbers.get(turn.replaces, 0) if turn.replaces else 0,
        )
        for turn, text, seen in chosen
    )
    return Window(
        conversation=conversation,
        source=source,
        about=about,
        suspect=letters.get(about, ""),
        letters={letter: account for account, letter in letters.items()},
        risk=risk,
        threshold=threshold,
        turns=lines,
        left_out=len(said) - len(lines),
    )


def _seen(turn: Turn) -> tuple[str, ...]:
    words = (neutral(a.noticed.text) for a in turn.attachments if a.noticed is not None)
    return tuple(shortened(text, MOST_IN_A_PICTURE) for text in words if text)[:MOST_PICTURES]


def _fate(turn: Turn, changed: set[str]) -> Fate:
    if turn.taken_back is not None:
        return Fate.TAKEN_BACK
    return Fate.CHANGED if turn.id in changed else Fate.KEPT


def _letter(place: int) -> str:
    """A, B … Z, AA, AB …"""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
