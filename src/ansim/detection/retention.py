"""How long what is kept of a conversation lives, always by event time (R06)."""

from __future__ import annotations

DAY = 86_400.0

UNWATCHED_TEXT = 1 * DAY
"""Text of a conversation under no suspicion."""
WATCHED_TEXT = 7 * DAY
"""Text of a conversation whose risk passed the watch threshold within this time, or that has an
open alert."""
NUMBERS = 30 * DAY
"""Evidence without text: per account and tactic, times, counts. An account silent for so long is
forgotten altogether."""

UNWATCHED_TURNS = 60
WATCHED_TURNS = 400
"""Most turns held in a window, with text or without."""
MOST_ACCOUNTS = 64
"""Most accounts remembered in one conversation; the one with the least evidence makes room."""
MOST_IDS = 20_000
"""Most message ids remembered, so that a second delivery is dropped; the time they live is that of
the text. Where a room says more, at least the latest half of so many is known."""
FEWEST_IDS = 512
"""So many of the latest are remembered whatever their time, as the turns without text are."""
