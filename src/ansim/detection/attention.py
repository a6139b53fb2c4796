"""When the context model is asked: it costs some hundred times what the gate does.

Asked for a turn in which the gate sees something, and, where the model sees something too, for the
turns right after it and for as long as it remains interested. Everything else ends at the gate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ansim.detection.retention import DAY

Floats = npt.NDArray[np.float64]

AROUSED_ANY = -1.6
AROUSED_APPROACHER = 0.0
"""Log-odds of "some tactic" and "talks as approachers do" from which the model is asked."""
TURNS = 4
"""Turns that are read after one that interested the model, whatever the gate says of them."""
MEMORY = DAY
"""Event time after which it has to be aroused anew."""
INTERESTED = -0.5
"""Log-odds of the model, for anybody, from which it reads on."""


def aroused(any_tactic: Floats, approacher: Floats) -> npt.NDArray[np.bool_]:
    """Which turns' log-odds from the gate, [turns] each, are reason enough to ask."""
    roused: npt.NDArray[np.bool_] = (any_tactic >= AROUSED_ANY) | (approacher >= AROUSED_APPROACHER)
    return roused


def after(attention: int, own: float, other: float) -> int:
    """Turns left to read, after one that was read with this outcome."""
    if max(own, other) >= INTERESTED:
        return TURNS
    return max(0, attention - 1)
