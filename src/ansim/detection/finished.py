"""Detection over a conversation that is over: a file read once, from its first turn to its last."""

from __future__ import annotations

import msgspec

from ansim.chat import Message
from ansim.detection.values import AlertEvent
from ansim.reading.language import without_foreign_letters


def only_korean(message: Message) -> Message:
    """The message with the letters of other scripts blanked, so that places stay what they are."""
    return msgspec.structs.replace(message, text=without_foreign_letters(message.text))


def joined(before: AlertEvent | None, event: AlertEvent) -> AlertEvent:
    """One event for two of the same account: in a file that is over, what was urgent once still is.

    P1 sorts first; the reasons are those of the most urgent moment, the risk is the highest.
    """
    if before is None:
        return event
    kept = event if event.priority <= before.priority else before
    risk = max(event.risk, before.risk)
    return msgspec.structs.replace(event, risk=risk, priority=kept.priority, why=kept.why)
