"""One room as we sit in it: who else does, under which names, and how far it was read."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree as ET

import msgspec

from ansim.sources.fitting import fit_name
from ansim.sources.xmpp.stanzas import (
    Archived,
    Words,
    new_nick,
    occupant_id,
    real_account,
    statuses,
)

ORIGINALS = 2_000
"""Messages of a room that a correction can name without a look into the archive."""


class Naming(StrEnum):
    """What an author of a room is called by."""

    ACCOUNT = "account"
    OCCUPANT = "occupant"
    NICK = "nick"


class Position(msgspec.Struct):
    """How far a room was read."""

    known: bool = False
    id: str = ""
    """The last entry of its archive."""
    at: float = 0.0
    """When that was said; without an archive, when we last were there."""
    second: int = 0
    count: int = 0
    """How many entries of that second came before."""

    def step(self, entry: Archived) -> float:
        """Moves on to an entry; returns when it was said. Archives tell whole seconds: what was
        said within one keeps its order by thousandths."""
        second = int(entry.at)
        self.count = self.count + 1 if second == self.second else 0
        self.id, self.at, self.second = entry.id, entry.at, second
        if entry.at != second:
            return entry.at
        return second + min(self.count, 999) / 1000


@dataclass(frozen=True, slots=True)
class Original:
    """A message that another may be about."""

    id: str
    author: str
    at: float


class Room:
    """What is known of a room while we are connected."""

    def __init__(self, name: str, nick: str) -> None:
        self.name = name
        self.nick = nick
        self.me = ""
        self.joined = False
        self.barred = False
        """A person has to let us in again."""
        self.again_at = 0.0
        """When to try to come in, by the monotonic clock."""
        self.tries = 0
        self.archive = False
        self.naming = Naming.NICK
        self.occupants: dict[str, str] = {}
        """Authors by nickname, without us."""
        self.position = Position()
        self.seen: deque[str] = deque(maxlen=500)
        self.wanted: set[str] = set()
        """Entries that the archive must have, as they were said in the room."""
        self.entering: asyncio.Future[None] | None = None
        self._originals: OrderedDict[tuple[str, str], Original] = OrderedDict()

    def describe(self, features: set[str]) -> None:
        self.archive = "urn:xmpp:mam:2" in features
        if "muc_nonanonymous" in features:
            self.naming = Naming.ACCOUNT
        elif "urn:xmpp:occupant-id:0" in features:
            self.naming = Naming.OCCUPANT
        else:
            self.naming = Naming.NICK

    def author(self, stanza: ET.Element, nick: str) -> str:
        """Who an occupant is; by the nickname where nothing better is told."""
        found = ""
        if self.naming is Naming.ACCOUNT:
            found = real_account(stanza) or self.known(nick)
        elif self.naming is Naming.OCCUPANT:
            found = occupant_id(stanza)
        return fit_name(found or f"{self.name}/{nick}")

    def known(self, nick: str) -> str:
        """Who sits under a nickname now."""
        return self.me if nick == self.nick else self.occupants.get(nick, "")

    def nick_of(self, author: str) -> str:
        return next((nick for nick, each in self.occupants.items() if each == author), "")

    def people(self) -> set[str]:
        return set(self.occupants.values()) - {self.me}

    def presence(self, stanza: ET.Element, nick: str) -> tuple[str, str]:
        """Notes who comes and goes; returns (who came in, who is gone), empty: nobody."""
        codes = statuses(stanza)
        if stanza.get("type") == "unavailable":
            gone = self.occupants.pop(nick, "")
            came = ""
            if "303" in codes and gone and new_nick(stanza):
                came = f"{self.name}/{new_nick(stanza)}" if self.naming is Naming.NICK else gone
                came = fit_name(came)
                self.occupants[new_nick(stanza)] = came
            return (came if came != gone else ""), ("" if gone in self.people() else gone)
        author = self.author(stanza, nick)
        if "110" in codes or nick == self.nick:
            self.nick, self.me = nick, author
            self.occupants.pop(nick, None)
            return "", ""
        new = author not in self.people()
        self.occupants[nick] = author
        return (author if new and author != self.me else ""), ""

    def ours(self, author: str, nick: str) -> bool:
        return author == self.me or (self.naming is Naming.NICK and nick == self.nick)

    def remember(self, words: Words, original: Original) -> None:
        """So that what changes or retracts it finds it. A correction stands for what it corrects.

        Who says the same key again does not take the place of who said it first.
        """
        for key in (*words.keys, original.id):
            self._originals.setdefault((original.author, key), original)
        self._originals.setdefault(("", original.id), original)
        while len(self._originals) > 4 * ORIGINALS:
            self._originals.popitem(last=False)

    def original(self, author: str, key: str) -> Original | None:
        """``author`` empty: whoever said it, by the id that the room gave it."""
        return self._originals.get((author, key))
