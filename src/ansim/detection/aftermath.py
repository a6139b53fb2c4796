"""What happens to a state apart from messages: a counsellor closes an alert, time passes."""

from __future__ import annotations

import msgspec
import numpy as np

from ansim.detection import columns
from ansim.detection.memory import Memory
from ansim.detection.retention import NUMBERS
from ansim.detection.state import ConversationState, Episode
from ansim.detection.window import expire

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
    if about in memory.accounts:
        rows = memory.rows(columns.WIDTH)
        row = rows[memory.accounts.index(about)]
        row[columns.SUM : columns.SIGNAL] *= JUDGED_SHARE
        row[columns.SOON] = 0.0
        memory.evidence = rows.tobytes()
    memory.episodes[about] = Episode(held.number, False, held.at)
    return memory.state()


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
        episodes={a: e for a, e in memory.episodes.items() if a in accounts},
    )
