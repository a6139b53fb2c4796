"""What happens to a state apart from messages: a closing, its taking back, a second opinion, and
time passing."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from ansim.detection import columns
from ansim.detection.memory import Memory
from ansim.detection.priority import Standing, judge
from ansim.detection.retention import NUMBERS
from ansim.detection.state import ConversationState, Episode
from ansim.detection.values import AlertEvent, Reason
from ansim.detection.window import expire

Floats = npt.NDArray[np.float64]

JUDGED_SHARE = 0.5
"""Evidence a counsellor has judged goes on counting by this much: one new step of a patient
groomer is enough again, while leftovers alone open nothing."""


def closed(state: ConversationState, about: str, episode: int) -> ConversationState:
    """The state after a counsellor closed that episode of alert about that account.

    The next episode opens with a new turn of that account that shows a tactic and brings the risk
    past the threshold again. Closing what is not open (a late or repeated order) changes nothing.
    """
    held = state.episodes.get(about)
    if held is None or not held.open or held.number != episode:
        return state
    memory = Memory(state, state.conversation)
    judged = b""
    if about in memory.accounts:
        rows = memory.rows(columns.WIDTH)
        judged = rows[memory.accounts.index(about)].tobytes()
        row = rows[memory.accounts.index(about)]
        row[columns.SUM : columns.SIGNAL] *= JUDGED_SHARE
        row[columns.SOON] = 0.0
        memory.evidence = rows.tobytes()
    memory.episodes[about] = Episode(held.number, False, held.at, judged)
    return memory.state()


def reopened(state: ConversationState, about: str, episode: int) -> ConversationState:
    """The state after a counsellor took back the closing of that episode.

    It is open again, and what the closing took from the evidence is back as it would stand by now;
    what was said since then counts once. An episode that is open, unknown, or not the latest (a
    late or repeated order) changes nothing.
    """
    held = state.episodes.get(about)
    if held is None or held.open or held.number != episode:
        return state
    memory = Memory(state, state.conversation)
    if held.judged and about in memory.accounts:
        rows = memory.rows(columns.WIDTH)
        _give_back(rows[memory.accounts.index(about)], np.frombuffer(held.judged, np.float64))
        memory.evidence = rows.tobytes()
    memory.episodes[about] = Episode(held.number, True, held.at)
    return memory.state()


def second_opinion(
    state: ConversationState, about: str, risk: float, threshold: float
) -> tuple[ConversationState, AlertEvent | None]:
    """The state after an opinion brought the risk of ``about`` to ``risk``, and the alert that
    follows from it.

    It can open the first alert about an account and nothing else: an open one stays as it is, and
    what a counsellor closed is not opened by words that were judged already.
    """
    if risk < threshold or about not in state.accounts or about in state.episodes:
        return state, None
    memory = Memory(state, state.conversation)
    own = memory.accounts.index(about)
    priority, why = judge(Standing(memory.rows(columns.WIDTH)), own, risk)
    memory.episodes[about] = Episode(1, True, state.newest)
    percent = round(100 * min(state.risk, risk))
    event = AlertEvent(
        about=about,
        episode=1,
        raised=True,
        risk=risk,
        priority=priority,
        why=(*why, Reason(code="second_opinion", values={"percent": percent})),
    )
    return memory.state(), event


def _give_back(row: Floats, judged: Floats) -> None:
    """Adds to ``row`` what ``closed`` took from it when it was ``judged``, faded since then."""
    from ansim.detection.evidence import HALF_LIFE, SOON_HALF_LIFE

    if row[columns.TURNS] == 0.0 or row[columns.FIRST] > judged[columns.LAST]:
        return  # forgotten meanwhile, or begun anew after that
    age = max(0.0, float(row[columns.AT] - judged[columns.AT]))
    taken = slice(columns.SUM, columns.SIGNAL)
    row[taken] += (1.0 - JUDGED_SHARE) * judged[taken] * 0.5 ** (age / HALF_LIFE)
    soon = float(judged[columns.SOON]) * 0.5 ** (age / SOON_HALF_LIFE)
    row[columns.SOON] = max(float(row[columns.SOON]), soon)


def forget(state: ConversationState, now: float) -> ConversationState | None:
    """The state with all that may no longer be held at ``now`` (event time, seconds) gone.

    None when nothing is left to hold. ``assess`` does the same for the conversations it touches.
    """
    memory = Memory(state, state.conversation)
    now = max(now, state.newest)
    watched = memory.watched(now)
    memory.oldest_text = expire(memory.turns, now, watched, memory.oldest_text)
    memory.ids.forget(now, watched)
    rows = memory.rows(columns.WIDTH)
    living = [
        place
        for place, account in enumerate(memory.accounts)
        if (rows[place, columns.TURNS] > 0 and now - rows[place, columns.LAST] <= NUMBERS)
        or (account in memory.episodes and now - memory.episodes[account].at <= NUMBERS)
        or (account in memory.episodes and memory.episodes[account].open)
    ]
    accounts = tuple(memory.accounts[place] for place in living)
    if not accounts and not memory.turns:
        return None
    return msgspec.structs.replace(
        memory.state(),
        accounts=accounts,
        evidence=np.ascontiguousarray(rows[living]).tobytes(),
        episodes={a: _lasting(e, now) for a, e in memory.episodes.items() if a in accounts},
    )


def _lasting(episode: Episode, now: float) -> Episode:
    """The episode, without the numbers of a closing too long ago to be taken back."""
    if not episode.judged or now - episode.at <= NUMBERS:
        return episode
    return msgspec.structs.replace(episode, judged=b"")
