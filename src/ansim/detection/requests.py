"""Who speaks to the agency itself asks for a person: how soon, whatever the risk of their words."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ansim import reading
from ansim.detection.gate import blanked
from ansim.detection.priority import LIKELY
from ansim.detection.urgency import signs
from ansim.detection.values import Priority, Reason, Turn


def asks(turn: Turn) -> bool:
    """Whether somebody says this to the agency alone. A deletion asks for nothing."""
    return bool(turn.to_agency) and not turn.by_agency and not turn.deleted


def urgency(turns: Iterable[Turn]) -> tuple[Priority, tuple[Reason, ...]]:
    """P1 where a turn of those who ask speaks of self-harm or of a threat, else P2; and why."""
    danger = harm = 0.0
    for turn in turns:
        if not asks(turn) or not turn.text:
            continue
        chance = min(max(turn.tactics.get("T15", 0.0), 1e-6), 1 - 1e-6)
        words = reading.read(blanked(turn.text)).text
        _, threat, hurt = signs(words, -math.inf, math.log(chance / (1 - chance)))
        danger, harm = max(danger, threat), max(harm, hurt)
    why = [Reason("asks_agency")]
    if harm >= LIKELY:
        why.append(Reason("asks_in_danger"))
    if danger >= LIKELY:
        why.append(Reason("asks_under_threat"))
    return (Priority.P1 if len(why) > 1 else Priority.P2), tuple(why)
