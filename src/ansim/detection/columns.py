"""Columns of the row of numbers kept of an account; apart from ``evidence``, which compiles."""

from __future__ import annotations

from ansim.detection.labels import SIGNAL_COUNT, TACTIC_COUNT

AT, FIRST, LAST, TURNS = 0, 1, 2, 3
SUM = 4
"""TACTIC_COUNT columns: noisy-or evidence, the sum of -log(1 - p) over turns."""
COUNT = SUM + TACTIC_COUNT
"""TACTIC_COUNT columns: about how many turns showed the tactic, the sum of p where not small."""
ANY_SUM = COUNT + TACTIC_COUNT
APPROACH_SUM = ANY_SUM + 1
"""Noisy-or evidence that the account talks as approachers do."""
SIGNAL = APPROACH_SUM + 1
"""SIGNAL_COUNT columns: noisy-or evidence of youth signals in this account's own words."""
MINOR_SUM = SIGNAL + SIGNAL_COUNT
ADULT_SUM = MINOR_SUM + 1
BELIEF = ADULT_SUM + 1
"""What the context model lately thought of the account after its own turns, above
``evidence.UNASKED``."""
SUSPECTED = BELIEF + 1
"""The same after turns of others."""
SOON, THREAT, HARM = SUSPECTED + 1, SUSPECTED + 2, SUSPECTED + 3
"""Decaying maxima of ``urgency.signs``, in that order."""
WIDTH = HARM + 1
