"""What the reviewer is given and what comes back: plain values that msgspec can encode.

Names of accounts are letters here, in the order in which they first speak: the model learns
nothing of who they are, not even a pseudonym that it could meet again.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

AGENCY = "AGENCY"
"""Speaker of every turn that the agency itself said."""


class Fate(StrEnum):
    """What its author did with a turn later. Its words count all the same."""

    KEPT = "kept"
    CHANGED = "changed"
    TAKEN_BACK = "taken_back"


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn as the model may read it."""

    number: int
    """From 1, in the order of the window: what a quote refers to."""
    id: str
    """Id of the turn, to find it again. Never told to the model: services put names into ids."""
    speaker: str
    """``A``, ``B`` … or ``AGENCY``."""
    text: str
    pictures: tuple[str, ...] = ()
    """Words found in its pictures, one entry a picture that had any."""
    places: tuple[int, ...] = ()
    """Which of its attachments are pictures that may be shown, if a copy is still to be had. Not
    told."""
    shown: tuple[str, ...] = ()
    """SHA-256 of each picture of it that is shown with the question, in hex. Told is only which
    pictures of the question these are."""
    by_agency: bool = False
    at: float
    """Event time, seconds since 1970 UTC."""
    fate: Fate = Fate.KEPT
    replaces: int = 0
    """Number of the turn whose author changed it to this; 0: it is a turn of its own."""


class Window(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest turns of one conversation, and what the detector says of it."""

    conversation: str
    """Its pseudonym. Never told to the model."""
    source: str = ""
    """Where it comes from. Never told either."""
    about: str = ""
    """Pseudonym of the account that the detector suspects most; "" for none. Not told either: an
    opinion that knows the answer is no second one."""
    suspect: str = ""
    """Letter of ``about`` in this window; "" where it does not speak in it."""
    letters: dict[str, str] = {}
    """Account behind each letter, to find it again. Not told."""
    risk: float
    """The detector's own risk, 0..1."""
    threshold: float
    """Risk from which an alert is raised."""
    turns: tuple[Line, ...]
    left_out: int = 0
    """Older turns that did not fit, or whose words are gone."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of a line, as it is shown. Only for as long as the question is asked."""

    turn: int
    """``Line.number``."""
    media_type: str
    content: bytes


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Words of the chat that the model rests its opinion on; they do occur in that turn."""

    turn: int
    """``Line.number``."""
    text: str
    tactic: str
    """T01..T16."""


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What the model said of one window, checked: a second opinion, never a finding."""

    risk: float
    """0..1, the model's own estimate."""
    tactics: tuple[str, ...]
    quotes: tuple[Quote, ...]
    innocent_reading: str
    """How the same words could be meant harmlessly (Korean)."""
    watch_for: str
    """What would speak for or against it next (Korean)."""
    summary_ko: str
    summary_en: str
    model: str
    """Name of the model, as the settings give it."""
    prompt_version: str
    window_hash: str
    seconds: float
    """From the question to the end of the answer."""
    pictures: int = 0
    """How many pictures the model was shown."""


class Refusal(StrEnum):
    """Why there is no opinion. Each is counted under its own name."""

    NOT_JSON = "not_json"
    SCHEMA = "schema"
    QUOTE_NOT_IN_CHAT = "quote_not_in_chat"
    UNKNOWN_TACTIC = "unknown_tactic"
    TACTIC_WITHOUT_QUOTE = "tactic_without_quote"
    TOO_LONG = "too_long"
    NO_KOREAN = "no_korean"
    NO_ENGLISH = "no_english"
    UNSAFE_TEXT = "unsafe_text"
    """A link, an address, a number to call, markup or words of the question itself."""
    CUT_OFF = "cut_off"
    """The answer ended before it was whole."""
    FLOOD = "flood"
    """More bytes than any answer has."""
    TOO_SLOW = "too_slow"
    UNREACHABLE = "unreachable"
    REDIRECTED = "redirected"
    REFUSED_BY_SERVER = "refused_by_server"
    """An answer of the kind 4xx: the request or the key is wrong."""
    SERVER_ERROR = "server_error"
    NOT_A_MODEL = "not_a_model"
    """What answered does not speak the protocol."""
    RESTING = "resting"
    """It waited in vain: the model had failed too often."""
    BUDGET_SPENT = "budget_spent"
    """It waited in vain: the questions of this hour were spent."""
    PUSHED_OUT = "pushed_out"
    """Riskier windows took its place in the queue."""
    OUTDATED = "outdated"
    """It waited too long to be asked about."""
    FAULT = "fault"
    """Something broke on our side."""


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """There is no opinion about a window, and why. Holds no word of the chat or the answer."""

    code: Refusal
    seconds: float = 0.0


class Condition(StrEnum):
    """How the reviewer is, in a word."""

    OFF = "off"
    READY = "ready"
    SLOW = "slow"
    DOWN = "down"
    BUDGET_SPENT = "budget_spent"


class Status(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the reviewer is and what it did since it was started. Numbers only."""

    condition: Condition
    model: str = ""
    waiting: int = 0
    """Windows in the queue."""
    asked: int = 0
    answered: int = 0
    """Opinions that passed every check."""
    from_cache: int = 0
    declined: dict[str, int] = {}
    """By ``Refusal``."""
    left_this_hour: int = 0
    """Questions that may still be asked within the hour."""
    seconds: float = 0.0
    """Middle of the latest answers' times."""
