"""How well a drawn chat is read again: letters, speakers, messages, and what the detector says."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ansim.chat import Message
from ansim.detection import ConversationState, Detector
from ansim.pictures.screens import Stitched, stitched
from ansim.pictures.screens.alike import same_text
from ansim.pictures.screens.screen import read
from ansim.pictures.screens.timing import timed
from ansim.training.screens.cases import Case, drawn
from ansim.training.screens.scroll import Said
from ansim.training.screens.writing import is_emoji

ALIKE = 0.2
"""Most errors a letter that a message may have to count as read."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case."""

    case: Case
    screens: int
    seconds: float
    """Processor time of reading all its screens, with that of Tesseract."""
    letters: int
    errors: int
    """Letters written in the messages that were found, and how many of them are wrong."""
    found: int
    """Messages found of ``said``, and of those how many with the right speaker."""
    by_whom: int
    said: int
    told: int
    right: int
    """Messages with the right speaker and at most ``ALIKE`` errors a letter."""
    alert: bool
    """Whether the text itself raises an alert, and whether what was read does."""
    alert_read: bool


def outcome(case: Case, detector: Detector) -> Outcome:
    """Draws a case, reads it and compares."""
    made = drawn(case)
    began = _spent()
    screens = [read(pixels) for pixels in made.pixels]
    result = stitched(screens)
    seconds = _spent() - began
    pairs = _aligned(made.said, result)
    errors = letters = by_whom = right = 0
    meant = _meant(made.said, result, pairs)
    for first, second in pairs:
        one, other = made.said[first], result.told[second]
        who = meant.get(other.speaker) == one.speaker
        by_whom += who
        text, seen = bare(one.text), bare(other.shown.text)
        wrong = distance(text, seen)
        letters += len(text)
        errors += wrong
        right += who and one.picture == other.shown.picture and wrong <= ALIKE * len(text)
    return Outcome(
        case=case,
        screens=len(screens),
        seconds=seconds,
        letters=letters,
        errors=errors,
        found=len(pairs),
        by_whom=by_whom,
        said=len(made.said),
        told=len(result.told),
        right=right,
        alert=alerts(_written(made.said), detector),
        alert_read=alerts(_read(result, made.said[-1].at), detector),
    )


def _spent() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def bare(text: str) -> str:
    """Letters alone: without spaces, and without emoji, which no reader of text knows."""
    return "".join(one for one in text if not one.isspace() and not is_emoji(one))


def distance(one: str, other: str) -> int:
    """Letters to change, add or take away to make ``other`` of ``one``."""
    before = list(range(len(other) + 1))
    for down, letter in enumerate(one, 1):
        row = [down]
        for right, wanted in enumerate(other, 1):
            row.append(min(row[-1] + 1, before[right] + 1, before[right - 1] + (letter != wanted)))
        before = row
    return before[-1]


def _aligned(said: Sequence[Said], result: Stitched) -> list[tuple[int, int]]:
    """Places of the same message in both, in order (longest common subsequence by likeness)."""
    rows, columns = len(said) + 1, len(result.told) + 1
    score = [[0.0] * columns for _ in range(rows)]
    likeness: dict[tuple[int, int], float] = {}
    for down in range(1, rows):
        for right in range(1, columns):
            one, other = said[down - 1], result.told[right - 1].shown
            if one.picture or other.picture:
                like = 0.5 if one.picture == other.picture else 0.0
            else:
                like = same_text(bare(one.text), bare(other.text))
            likeness[down, right] = like if like >= 0.3 else 0.0
            score[down][right] = max(
                score[down - 1][right],
                score[down][right - 1],
                score[down - 1][right - 1] + likeness[down, right],
            )
    pairs, down, right = [], rows - 1, columns - 1
    while down and right:
        if score[down][right] == score[down - 1][right]:
            down -= 1
        elif score[down][right] == score[down][right - 1]:
            right -= 1
        else:
            pairs.append((down - 1, right - 1))
            down, right = down - 1, right - 1
    return pairs[::-1]


def _meant(
    said: Sequence[Said], result: Stitched, pairs: Sequence[tuple[int, int]]
) -> dict[str, str]:
    """Which speaker each speaker that was read is, one for one, by most messages in common."""
    together = Counter((result.told[b].speaker, said[a].speaker) for a, b in pairs)
    meant: dict[str, str] = {}
    for (seen, who), _ in together.most_common():
        if seen not in meant and who not in meant.values() and seen != "\x00unknown":
            meant[seen] = who
    return meant


def _written(said: Sequence[Said]) -> list[Message]:
    return [
        _message(place, one.speaker or "me", one.at, one.text) for place, one in enumerate(said)
    ]


def _read(result: Stitched, now: float) -> list[Message]:
    times = timed([one.shown for one in result.told], now + 60)
    return [
        _message(place, one.speaker, at, one.shown.text)
        for place, (one, at) in enumerate(zip(result.told, times.at, strict=True))
    ]


def _message(place: int, author: str, at: float, text: str) -> Message:
    return Message(
        id=f"L{place:06}", source="drawn", conversation="drawn", author=author, at=at, text=text
    )


def alerts(messages: Sequence[Message], detector: Detector) -> bool:
    """Whether the conversation raises an alert."""
    states: dict[str, ConversationState] = {}
    _, found = detector.assess(states, list(messages))
    return any(one.alerts for one in found)
