"""The window of recent turns: where a turn is put, and when its text and numbers go (R06)."""

from __future__ import annotations

from bisect import insort

import msgspec

from ansim.detection.retention import (
    NUMBERS,
    UNWATCHED_TEXT,
    UNWATCHED_TURNS,
    WATCHED_TEXT,
    WATCHED_TURNS,
)
from ansim.detection.values import Turn


def insert(turns: list[Turn], turn: Turn) -> None:
    """Puts a turn where (at, id) says; almost always at the end."""
    if not turns or (turns[-1].at, turns[-1].id) <= (turn.at, turn.id):
        turns.append(turn)
    else:
        insort(turns, turn, key=lambda held: (held.at, held.id))


def take_back(turns: list[Turn], deletion: Turn) -> None:
    """Marks, in place, the turn that was deleted, with its first deletion. Its words stay."""
    for index in range(len(turns) - 1, -1, -1):
        if turns[index].id == deletion.replaces:
            if turns[index].taken_back is None:
                turns[index] = msgspec.structs.replace(turns[index], taken_back=deletion)
            return


def wordless(turn: Turn) -> Turn:
    """The turn without its words: who, when, how risky, which tactics."""
    return msgspec.structs.replace(turn, text=None, spans=(), attachments=())


def expire(turns: list[Turn], now: float, watched: bool, oldest_text: float) -> float:
    """Drops, in place, what may no longer be held at ``now``. Returns the oldest text's time."""
    most = WATCHED_TURNS if watched else UNWATCHED_TURNS
    if len(turns) > most:
        del turns[: len(turns) - most]
    horizon = now - (WATCHED_TEXT if watched else UNWATCHED_TEXT)
    if oldest_text < horizon:
        oldest_text = float("inf")
        for index, turn in enumerate(turns):
            if turn.text is None:
                continue
            if turn.at < horizon:
                turns[index] = wordless(turn)
            else:
                oldest_text = turn.at
                break
    gone = 0
    while gone < len(turns) and turns[gone].at < now - NUMBERS:
        gone += 1
    if gone:
        del turns[:gone]
    return oldest_text
