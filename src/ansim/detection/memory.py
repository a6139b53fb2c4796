"""One conversation while a batch is read: its state taken apart, changed, and put together once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ansim.detection.attention import MEMORY
from ansim.detection.columns import ANY_SUM, LAST, WIDTH
from ansim.detection.identities import Identities
from ansim.detection.retention import UNWATCHED_TEXT, WATCHED_TEXT
from ansim.detection.state import NEVER, ConversationState
from ansim.detection.values import Turn
from ansim.detection.window import expire, insert, take_back
from ansim.reading.language import is_korean

Floats = npt.NDArray[np.float64]

NEARBY = 10
"""Turns that tell which language is spoken."""


class Memory:
    """Working copy of a ConversationState. ``evidence`` may lag behind ``accounts``: new ones at
    the end have no row yet."""

    __slots__ = (
        "_conversation",
        "_places",
        "accounts",
        "any_open",
        "attended_at",
        "attention",
        "changed",
        "episodes",
        "evidence",
        "ids",
        "newest",
        "oldest_text",
        "pending",
        "risk",
        "turns",
        "watched_at",
    )

    def __init__(self, state: ConversationState | None, conversation: str) -> None:
        state = state or ConversationState(conversation=conversation)
        self._conversation = conversation
        self.newest = state.newest
        self.accounts = list(state.accounts)
        self._places = {account: place for place, account in enumerate(self.accounts)}
        self.evidence = state.evidence
        self.turns = list(state.turns)
        self.oldest_text = state.oldest_text
        self.pending: list[tuple[float, str, str, str | None]] = []
        """Turns of this batch that are not in the window yet: time, id, speaker, text as read
        (None: the agency's)."""
        self.ids = Identities(state.known, state.known_before, state.known_since, state.newest)
        self.episodes = dict(state.episodes)
        self.attention = state.attention
        self.attended_at = state.attended_at
        self.watched_at = state.watched_at
        self.risk = state.risk
        self.any_open = any(episode.open for episode in self.episodes.values())
        self.changed = False

    def remember(self, identity: bytes, at: float) -> bool:
        """Notes the id of a message said at event time ``at``. False when it is known already."""
        fresh = self.ids.add(identity, at)
        self.changed |= fresh
        return fresh

    def remember_deletion(self, identity: bytes) -> bool:
        """The same for a deletion, which is no time at which something was said."""
        return self.remember(identity, NEVER)

    def account(self, name: str) -> int:
        """The place of an account, given to it now if it is new."""
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = len(self.accounts)
            self.accounts.append(name)
        return place

    def attentive(self, at: float) -> bool:
        """Whether the context model still reads what is said at ``at``, whatever it is."""
        return self.attention > 0 and at - self.attended_at <= MEMORY

    def may_expire(self, now: float) -> bool:
        """Whether the window may hold text that has to go before a message said at ``now`` is
        read: what is pending was never looked at for that."""
        if not self.pending:
            return False
        times = [said[0] for said in self.pending]
        oldest = min(self.oldest_text, *times)
        return max(now, self.newest, *times) - oldest > UNWATCHED_TEXT

    def is_foreign(self, text: str, at: float) -> bool:
        """Whether ``text``, with what was said in the day before it, is in another language."""
        earlier = [turn.text for turn in self.turns[-NEARBY:] if at - turn.at <= UNWATCHED_TEXT]
        earlier += [said[3] for said in self.pending[-NEARBY:] if at - said[0] <= UNWATCHED_TEXT]
        return not is_korean([*(said for said in earlier[-NEARBY:] if said), text])

    def crowded_by(self, name: str, most: int) -> bool:
        """Whether ``name`` is new and there is no place left."""
        return name not in self._places and len(self.accounts) >= most

    def make_room(self) -> None:
        """Forgets the account with the least evidence; those with an open alert come last."""
        rows = self.rows(WIDTH)

        def worth(place: int) -> tuple[bool, float, float]:
            episode = self.episodes.get(self.accounts[place])
            held = episode is not None and episode.open
            return (held, float(rows[place, ANY_SUM]), float(rows[place, LAST]))

        least = min(range(len(self.accounts)), key=worth)
        self.evidence = np.delete(rows, least, axis=0).tobytes()
        self.episodes.pop(self.accounts.pop(least), None)
        self._places = {account: place for place, account in enumerate(self.accounts)}

    def rows(self, width: int) -> Floats:
        """Evidence of all accounts, [accounts, width], writable; zeros for those without any."""
        rows = np.zeros((len(self.accounts), width))
        held = np.frombuffer(self.evidence, np.float64).reshape(-1, width)
        rows[: len(held)] = held
        return rows

    def watched(self, now: float) -> bool:
        """Whether text may be held for longer at ``now``."""
        return self.any_open or now - self.watched_at <= WATCHED_TEXT

    def hold(self, turn: Turn, newest: float, risk: float) -> None:
        """Puts a turn into the window and drops what has expired at ``newest``.

        A deletion is put with what it takes back, so that many of them push no words out.
        """
        if turn.deleted:
            take_back(self.turns, turn)
            return
        self.newest = newest
        self.risk = risk
        insert(self.turns, turn)
        self.oldest_text = min(self.oldest_text, turn.at)
        self.any_open = any(episode.open for episode in self.episodes.values())
        self.oldest_text = expire(self.turns, newest, self.watched(newest), self.oldest_text)

    def state(self) -> ConversationState:
        known, known_before, known_since = self.ids.packed()
        return ConversationState(
            conversation=self._conversation,
            newest=self.newest,
            accounts=tuple(self.accounts),
            evidence=self.evidence,
            turns=tuple(self.turns),
            oldest_text=self.oldest_text,
            known=known,
            known_before=known_before,
            known_since=known_since,
            episodes=self.episodes,
            attention=self.attention,
            attended_at=self.attended_at,
            watched_at=self.watched_at,
            risk=self.risk,
        )
