"""What the operator decided about the reviewer, and whether that may be done at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from ansim.outside import Unusable, address, is_loopback, key_in


class Pictures(StrEnum):
    """How much of pictures the model is told."""

    OFF = "off"
    WORDS = "words"
    """The words that were read in them."""
    SHOWN = "shown"
    """Small copies of the pictures, and the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One model behind one address. Times are in seconds."""

    url: str
    """Whole address of ``…/chat/completions``."""
    model: str
    key: str = ""
    hourly: int = 120
    at_once: int = 1
    pictures: Pictures = Pictures.OFF
    timeout: float = 60.0
    """For the whole answer. The first byte has to come within three quarters of it."""
    connect_timeout: float = 3.0


def settings(
    *,
    url: str,
    model: str,
    key_file: str = "",
    local: bool = False,
    basis: str = "",
    hourly: int = 120,
    at_once: int = 1,
    pictures: str = Pictures.OFF,
    timeout: float = 60.0,
) -> Settings | None:
    """Checked settings, or None where no address is given: the reviewer is off.

    Raises Unusable.
    """
    if not url:
        return None
    where = address(
        url, "ANSIM_REVIEWER", "chat/completions", "chat text", local=local, basis=basis
    )
    if pictures == Pictures.SHOWN and not local and not is_loopback(urlsplit(where).hostname or ""):
        # Nobody has seen it yet, and of some pictures the law forbids to hand them on at all: no
        # contract of processing makes that right.
        raise Unusable(
            "ANSIM_REVIEWER_PICTURES=shown, and ANSIM_REVIEWER_URL leads to another's machine: "
            "pictures go to none but the agency's own, whatever the basis for text; use words, or "
            "set ANSIM_REVIEWER_LOCAL=1 if that machine is the agency's own"
        )
    if not model.strip():
        raise Unusable(
            "ANSIM_REVIEWER_MODEL is empty: name the model that ANSIM_REVIEWER_URL serves"
        )
    if hourly < 1:
        raise Unusable(
            f"ANSIM_REVIEWER_HOURLY is {hourly}; use 1 or more, or empty ANSIM_REVIEWER_URL to "
            "switch the reviewer off"
        )
    if not 1 <= at_once <= 16:
        raise Unusable(f"ANSIM_REVIEWER_AT_ONCE is {at_once}; use 1 to 16")
    if not 1.0 <= timeout <= 600.0:
        raise Unusable(f"ANSIM_REVIEWER_TIMEOUT is {timeout}; use 1 to 600 seconds")
    return Settings(
        url=where,
        model=model.strip(),
        key=key_in(key_file, "ANSIM_REVIEWER"),
        hourly=hourly,
        at_once=at_once,
        pictures=Pictures(pictures),
        timeout=timeout,
    )
