"""What the operator decided about the reviewer, and whether that may be done at all.

Chat text leaves this machine only where the operator said that it may: to an address of this very
machine, to one declared to be the agency's own, or with a recorded basis for having others process
it (PIPA article 26).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LONGEST_KEY = 4096


class Unusable(Exception):
    """The reviewer cannot be used as set; the message names the setting and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One model behind one address. Times are in seconds."""

    url: str
    """Whole address of ``…/chat/completions``."""
    model: str
    key: str = ""
    hourly: int = 120
    at_once: int = 1
    pictures: bool = False
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
    pictures: bool = False,
    timeout: float = 60.0,
) -> Settings | None:
    """Checked settings, or None where no address is given: the reviewer is off.

    Raises Unusable.
    """
    if not url:
        return None
    address = _address(url, local=local, basis=basis.strip())
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
        url=address,
        model=model.strip(),
        key=_key(key_file),
        hourly=hourly,
        at_once=at_once,
        pictures=pictures,
        timeout=timeout,
    )


def _address(url: str, *, local: bool, basis: str) -> str:
    wrong = "ANSIM_REVIEWER_URL is not an address such as http://127.0.0.1:8080/v1"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Unusable(wrong) from None
    if parts.scheme not in ("http", "https") or not host:
        raise Unusable(wrong)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Unusable(f"{wrong}: no name, password or question mark in it")
    if not is_loopback(host) and not local:
        if not basis:
            raise Unusable(
                f"ANSIM_REVIEWER_URL leads to {host}, so chat text would leave this machine: set "
                "ANSIM_REVIEWER_LOCAL=1 if that machine is the agency's own, or record in "
                "ANSIM_REVIEWER_BASIS on what basis others process the text (contract, article, "
                "date)"
            )
        if parts.scheme != "https":
            raise Unusable(
                f"ANSIM_REVIEWER_URL leads to {host} without encryption: use https:// for a "
                "machine that is not the agency's own"
            )
    path = parts.path.rstrip("/")
    if not path.endswith("/chat/completions"):
        path += "/chat/completions" if path.endswith("/v1") else "/v1/chat/completions"
    return f"{parts.scheme}://{parts.netloc}{path}"


def is_loopback(host: str) -> bool:
    """Whether the host is this machine whatever any name server says."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _key(name: str) -> str:
    """The key in a file, never told in an error."""
    if not name:
        return ""
    try:
        content = Path(name).expanduser().read_bytes()[: LONGEST_KEY + 1]
    except OSError as error:
        raise Unusable(
            f"ANSIM_REVIEWER_KEY_FILE ({name}) cannot be read: {error.strerror}"
        ) from None
    key = content.decode("ascii", "replace").strip()
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Unusable(
            f"ANSIM_REVIEWER_KEY_FILE ({name}) does not hold a key: one line of letters and digits"
        )
    if " " in key:
        raise Unusable(f"ANSIM_REVIEWER_KEY_FILE ({name}) holds more than one word")
    return key
