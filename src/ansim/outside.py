"""Services that the operator names: where, with which key, and whether words may go there.

Words leave this machine only where the operator said that they may: to an address of this very
machine, to one declared to be the agency's own, or with a recorded basis for having others process
them (PIPA article 26).
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

LONGEST_KEY = 4096


class Unusable(Exception):
    """A service cannot be used as set; the message names the setting and says what to do."""


def address(url: str, setting: str, path: str, what: str, *, local: bool, basis: str) -> str:
    """The whole address of the ``path`` (``chat/completions``) that speaks OpenAI's protocol.

    ``setting`` is the beginning of the settings' names (``ANSIM_VOICE``), ``what`` would leave the
    machine (``voices``). Raises Unusable.
    """
    wrong = f"{setting}_URL is not an address such as http://127.0.0.1:8080/v1"
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
        if not basis.strip():
            raise Unusable(
                f"{setting}_URL leads to {host}, so {what} would leave this machine: set "
                f"{setting}_LOCAL=1 if that machine is the agency's own, or record in "
                f"{setting}_BASIS on what basis others process {what} (contract, article, date)"
            )
        if parts.scheme != "https":
            raise Unusable(
                f"{setting}_URL leads to {host} without encryption: use https:// for a machine "
                "that is not the agency's own"
            )
    given = parts.path.rstrip("/")
    if not given.endswith(f"/{path}"):
        given += f"/{path}" if given.endswith("/v1") else f"/v1/{path}"
    return f"{parts.scheme}://{parts.netloc}{given}"


def is_loopback(host: str) -> bool:
    """Whether the host is this machine whatever any name server says."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def key_in(file: str, setting: str) -> str:
    """The key in a file, never told in an error; "" where no file is named. Raises Unusable."""
    if not file:
        return ""
    told = f"{setting}_KEY_FILE ({file})"
    try:
        with Path(file).expanduser().open("rb") as opened:
            content = opened.read(LONGEST_KEY + 1)
    except OSError as error:
        raise Unusable(f"{told} cannot be read: {error.strerror}") from None
    key = content.decode("ascii", "replace").strip()
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Unusable(f"{told} does not hold a key: one line of letters and digits")
    if " " in key:
        raise Unusable(f"{told} holds more than one word")
    return key
