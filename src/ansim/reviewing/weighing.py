"""How much a second opinion counts: never less than the detector, never more than a constant.

The constant stands until counsellors' verdicts are there to fit it. An opinion adds nothing unless
it rests on words of the very account that the detector suspects.
"""

from __future__ import annotations

import math

from ansim.reviewing.values import Opinion, Window

MOST_ADDED = 0.1
"""The most that an opinion can add to a risk (0..1). With the shipped threshold near .83 it takes a
conversation that the detector puts at .74 or more to raise an alert with the help of an opinion."""
NEUTRAL = 0.5
"""An opinion at or below this adds nothing; from here it rises in a straight line to 1."""


def weigh(risk: float, opinion: Opinion | None, watch: float = 0.0) -> float:
    """The risk with the opinion in it: within ``risk`` and ``risk + MOST_ADDED``, at most 1.

    A conversation below the low threshold ``watch`` stays what it is, and so does one about which
    there is no opinion, or one without quotes.
    """
    if opinion is None or not opinion.quotes or risk < watch or not math.isfinite(opinion.risk):
        return risk
    share = (min(opinion.risk, 1.0) - NEUTRAL) / (1.0 - NEUTRAL)
    return max(risk, min(1.0, risk + MOST_ADDED * max(0.0, share)))


def speaks_of_suspect(window: Window, opinion: Opinion) -> bool:
    """Whether a quote is of the account that the detector suspects."""
    told = {line.number for line in window.turns if line.speaker == window.suspect}
    return bool(window.suspect) and any(quote.turn in told for quote in opinion.quotes)
