"""What was noticed in a turn's attachments is judged with its words, as one turn.

Words in a picture, or said in a voice message, are said by whoever sent it; and a code that leads
to another messenger is an invitation to go there, whatever the words around it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ansim.chat import Attachment, Message
from ansim.detection.labels import ANY, COLUMN, SHOWN
from ansim.detection.values import Span

LONGEST = 16 * 1024
"""Characters of attachments that are judged with one turn."""
SURE = 3.0
"""Log-odds that a code which leads to another messenger asks to move there (T07)."""
_EVEN = 0.0
"""Least log-odds of "some tactic" for it: friends hand such codes round too, so that one alone
raises no alert."""

_T07, _ANY = SHOWN.index("T07"), COLUMN[ANY]

Floats = npt.NDArray[np.float64]


def judged(text: str, attachments: Sequence[Attachment]) -> str:
    """The words of a turn, then those of its attachments, each from a new line."""
    if not attachments:
        return text
    room, parts = LONGEST, [text]
    for attachment in attachments:
        if attachment.noticed is not None and attachment.noticed.text:
            parts.append(attachment.noticed.text[:room])
            room -= len(parts[-1])
    return "\n".join(part for part in parts if part)


def in_words(marks: tuple[Span, ...], text: str) -> tuple[Span, ...]:
    """The spans of what was judged as spans of the turn's own words; what lies beyond is cut."""
    kept = []
    for mark in marks:
        end = len(text[: mark.end].rstrip())
        if mark.start < end:
            kept.append(Span(mark.start, end, mark.tactic))
    return tuple(kept)


def inviting(messages: Sequence[Message]) -> frozenset[int]:
    """Places of the messages with a code that leads to another messenger."""
    return frozenset(
        place
        for place, message in enumerate(messages)
        if message.attachments
        and not message.deleted
        and any(
            code.leads_to == "messenger"
            for attachment in message.attachments
            if attachment.noticed is not None
            for code in attachment.noticed.codes
        )
    )


def mark_inviting(logits: Floats, places: frozenset[int]) -> None:
    """Makes the invitations of a batch count, in place, in its log-odds [messages, labels]."""
    for place in places:
        logits[place, _T07] = max(logits[place, _T07], SURE)
        logits[place, _ANY] = max(logits[place, _ANY], _EVEN)
