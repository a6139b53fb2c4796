"""What the gate says about a turn: the columns of its output, in order, and nothing else."""

from __future__ import annotations

TACTICS = tuple(f"T{number:02d}" for number in range(1, 17))
"""The sixteen tactics of an approacher (taxonomy.json)."""

SIGNALS = tuple(f"V{number}" for number in range(1, 6))
"""What a young person's own words may show: refusal, distress, age, call for help, picture sent."""

SHOWN = TACTICS + SIGNALS
"""Labels that may appear in ``Turn.tactics``."""

ANY = "ANY"
"""Any tactic at all: steadier than each of the sixteen, because it has all their examples."""
APPROACHER = "APPROACHER"
"""Any words of an account that grooms in this conversation, tactic or not: its way of talking."""
MINOR = "MINOR"
"""The author writes as someone under 19 does. A belief, never shown as a fact."""
ADULT = "ADULT"
"""The author writes as an adult does."""

LABELS = (*SHOWN, ANY, APPROACHER, MINOR, ADULT)
COLUMN = {label: column for column, label in enumerate(LABELS)}

TACTIC_COUNT = len(TACTICS)
SIGNAL_COUNT = len(SIGNALS)
LABEL_COUNT = len(LABELS)
