"""The window that the reviewer reads, made from what the detector's state still holds.

Pure, and the same for the same turns. Newest turns are kept; what their authors changed or took
back stays, marked: it was said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from ansim.chat import Attachment
from ansim.detection import Turn
from ansim.reviewing.plain import neutral, shortened
from ansim.reviewing.values import AGENCY, Fate, Line, Picture, Window

MOST_TURNS = 40
MOST_CHARACTERS = 6_000
"""Of all turns together, words of pictures included."""
MOST_IN_A_TURN = 600
MOST_PICTURES = 4
"""Pictures of a turn whose words are told."""
MOST_IN_A_PICTURE = 300
MOST_SHOWN = 4
"""Pictures that are shown with one question, the newest."""
MOST_LOOKED_FOR = 2 * MOST_SHOWN
"""Of so many, the newest: some may be gone, and many pictures must not push the words out."""


def window(
    conversation: str,
    turns: Sequence[Turn],
    *,
    risk: float,
    threshold: float,
    about: str = "",
    source: str = "",
    pictures: bool = False,
    shown: bool = False,
) -> Window:
    """The newest of ``turns`` (in order of ``(at, id)``), with the words of pictures if asked for,
    and where asked for with the places of those that may be shown (``with_pictures``).

    Turns without words (retention took them, or they hold only a picture nobody may read or see)
    are left out and counted.
    """
    said = [turn for turn in turns if not turn.deleted]
    changed = {turn.replaces for turn in said if turn.replaces}
    chosen: list[tuple[Turn, str, tuple[str, ...], tuple[int, ...]]] = []
    room, looked_for = MOST_CHARACTERS, 0
    for turn in reversed(said):
        text = shortened(neutral(turn.text or ""), MOST_IN_A_TURN)
        seen = _seen(turn) if pictures else ()
        places = _places(turn, changed)[: MOST_LOOKED_FOR - looked_for] if shown else ()
        size = len(text) + sum(map(len, seen))
        if not size and not places:
            continue
        if size > room or len(chosen) == MOST_TURNS:
            break
        room -= size
        looked_for += len(places)
        chosen.append((turn, text, seen, places))
    chosen.reverse()
    letters: dict[str, str] = {}
    for turn, *_ in chosen:
        if not turn.by_agency:
            letters.setdefault(turn.author, _letter(len(letters)))
    numbers = {turn.id: number for number, (turn, *_) in enumerate(chosen, 1)}
    lines = tuple(
        Line(
            number=numbers[turn.id],
            id=turn.id,
            speaker=AGENCY if turn.by_agency else letters[turn.author],
            text=text,
            pictures=seen,
            places=places,
            by_agency=turn.by_agency,
            at=turn.at,
            fate=_fate(turn, changed),
            replaces=numbers.get(turn.replaces, 0) if turn.replaces else 0,
        )
        for turn, text, seen, places in chosen
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


def with_pictures(window: Window, pictures: Sequence[Picture]) -> Window:
    """The window as it is told beside these pictures. Lines that would hold nothing are left out;
    the others keep their numbers."""
    digests: dict[int, list[str]] = {}
    for picture in pictures:
        digest = hashlib.sha256(picture.content).hexdigest()
        digests.setdefault(picture.turn, []).append(digest)
    lines = [
        msgspec.structs.replace(line, shown=tuple(digests.get(line.number, ())))
        for line in window.turns
    ]
    told = tuple(line for line in lines if line.text or line.pictures or line.shown)
    left_out = window.left_out + len(lines) - len(told)
    return msgspec.structs.replace(window, turns=told, left_out=left_out)


def _places(turn: Turn, changed: set[str]) -> tuple[int, ...]:
    """Which of a turn's attachments may be shown. None of the agency's, and none of a turn that
    its author changed or took back: the picture may be what was to go."""
    if turn.by_agency or turn.taken_back is not None or turn.id in changed:
        return ()
    return tuple(place for place, one in enumerate(turn.attachments) if _may_be_shown(one))


def _may_be_shown(attachment: Attachment) -> bool:
    """Whether it is a picture that was looked at and is like none on the operator's lists."""
    seen = attachment.noticed
    return seen is not None and bool(seen.fingerprint) and not seen.known


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
