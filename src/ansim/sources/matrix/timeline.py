"""A room's events since we last listened, in order, however many there are."""

from __future__ import annotations

from typing import Any

import msgspec

from ansim.sources.matrix.asking import Event, Refused, events, table, text
from ansim.sources.matrix.homeserver import Homeserver

MOST_EVENTS = 10_000
MOST_BEFORE = 1_000
"""Events of a room with the agency alone that are read from before it came in."""


class Part(msgspec.Struct):
    """Events of one room, oldest first."""

    events: list[Event]
    complete: bool = True
    """False where more lie before them than are fetched."""


async def since(
    server: Homeserver, room: str, found: Any, position: str, *, from_beginning: bool
) -> Part:
    """The timeline ``found`` in a sync, and what it left out since ``position``.

    Nothing from before we came in, unless ``from_beginning``.
    """
    timeline = table(table(found).get("timeline"))
    newest = events(timeline.get("events"))
    start = text(timeline.get("prev_batch"))
    if from_beginning:
        older, _ = await _before(server, room, start, "", MOST_BEFORE, server.me)
        return Part(older + newest)
    mine = _came_in(newest, server.me)
    if mine is not None:
        return Part(newest[mine:])
    if timeline.get("limited") is not True or not start:
        return Part(newest)
    older, complete = await _before(server, room, start, position, MOST_EVENTS, server.me)
    mine = _came_in(older, server.me)
    return Part(older + newest, complete) if mine is None else Part(older[mine:] + newest)


async def _before(
    server: Homeserver, room: str, start: str, end: str, most: int, me: str
) -> tuple[list[Event], bool]:
    """Events between two positions, oldest first, and whether these are all."""
    found: list[Event] = []
    while start:
        try:
            page, start = await server.messages(room, start, end)
        except Refused:
            break  # we may not look any more
        found += page
        if not page or (end and _came_in(page, me) is not None):
            break
        if len(found) > most:
            return found[:most][::-1], False
    return found[::-1], True


def _came_in(found: list[Event], me: str) -> int | None:
    """Where in these events our account came into the room; None where it was there before."""
    for place, event in reversed(list(enumerate(found))):
        if event.get("type") == "m.room.member" and event.get("state_key") == me:
            before = table(table(event.get("unsigned")).get("prev_content"))
            joined = table(event.get("content")).get("membership") == "join"
            if joined and before.get("membership") != "join":
                return place
    return None
