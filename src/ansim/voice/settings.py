"""Which transcriber the operator chose, and whether voices may go there at all.

A voice leaves this machine only where the operator said that it may: to an address of this very
machine, to one declared to be the agency's own, or with a recorded basis for having others process
it (PIPA article 26).
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from ansim.voice.at_address import AtAddress
from ansim.voice.folder import WhisperFolder
from ansim.voice.listening import Transcriber


class Unusable(Exception):
    """The transcriber cannot be used as set; the message names the setting and what to do."""


def transcriber(
    *,
    url: str = "",
    model: str = "",
    key_file: str = "",
    local: bool = False,
    basis: str = "",
    folder: str = "",
    timeout: float = 60.0,
) -> Transcriber | None:
    """The transcriber as set, or None where none is. ``timeout`` in seconds. Raises Unusable."""
    if not url and not folder:
        return None
    if url and folder:
        raise Unusable("ANSIM_VOICE_URL and ANSIM_VOICE_FOLDER are both set; keep one")
    if not 1.0 <= timeout <= 600.0:
        raise Unusable(f"ANSIM_VOICE_TIMEOUT is {timeout}; use 1 to 600 seconds")
    if folder:
        place = Path(folder).expanduser()
        if not (place / "model.bin").is_file():
            raise Unusable(
                f"ANSIM_VOICE_FOLDER ({place}) holds no model.bin; name the folder of a "
                "faster-whisper model"
            )
        if not WhisperFolder.possible():
            raise Unusable("ANSIM_VOICE_FOLDER needs the package faster-whisper, which is not here")
        return WhisperFolder(place)
    return AtAddress(
        _address(url, local=local, basis=basis.strip()),
        model=model.strip() or "whisper-1",
        key=_key(key_file),
        timeout=timeout,
    )


def _address(url: str, *, local: bool, basis: str) -> str:
    wrong = "ANSIM_VOICE_URL is not an address such as http://127.0.0.1:8080/v1"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Unusable(wrong) from None
    if parts.scheme not in ("http", "https") or not host:
        raise Unusable(wrong)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Unusable(f"{wrong}: no name, password or question mark in it")
    if not _this_machine(host) and not local:
        if not basis:
            raise Unusable(
                f"ANSIM_VOICE_URL leads to {host}, so voices would leave this machine: set "
                "ANSIM_VOICE_LOCAL=1 if that machine is the agency's own, or record in "
                "ANSIM_VOICE_BASIS on what basis others process them (contract, article, date)"
            )
        if parts.scheme != "https":
            raise Unusable(
                f"ANSIM_VOICE_URL leads to {host} without encryption: use https:// for a machine "
                "that is not the agency's own"
            )
    path = parts.path.rstrip("/")
    if not path.endswith("/audio/transcriptions"):
        path += "/audio/transcriptions" if path.endswith("/v1") else "/v1/audio/transcriptions"
    return f"{parts.scheme}://{parts.netloc}{path}"


def _this_machine(host: str) -> bool:
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
        key = Path(name).expanduser().read_bytes()[:4097].decode("ascii", "replace").strip()
    except OSError as error:
        raise Unusable(f"ANSIM_VOICE_KEY_FILE ({name}) cannot be read: {error.strerror}") from None
    if not key or len(key) > 4096 or not key.isascii() or not key.isprintable() or " " in key:
        raise Unusable(f"ANSIM_VOICE_KEY_FILE ({name}) does not hold a key: one word in one line")
    return key
