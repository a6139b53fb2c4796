"""Why a voice message was not heard, and the limits within which one is."""

from __future__ import annotations

from enum import StrEnum

MAX_VOICE_BYTES = 16 * 1024 * 1024
"""About half an hour as messengers record it."""
MAX_TEXT = 16 * 1024
"""Most characters of what was said that are handed on; what is beyond is cut."""


class Why(StrEnum):
    """Why a voice message was not heard; what the console shows in words."""

    NOT_HEARD = "not_heard"
    """No transcriber is set."""
    UNKNOWN_TYPE = "unknown_type"
    """Not OGG, MP4 (M4A), MP3 or WAV by its own first bytes."""
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    """The transcriber took longer than the limit."""
    BUSY = "busy"
    """Too many voice messages were waiting."""
    NO_ANSWER = "no_answer"
    """The transcriber could not be reached or would not do it."""
    BROKE = "broke"
    """The transcriber's answer could not be understood."""


class Unheard(Exception):
    """A voice message was not heard; says ``why``."""

    def __init__(self, why: Why) -> None:
        super().__init__(str(why))
        self.why = why
