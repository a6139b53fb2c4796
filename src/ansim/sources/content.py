"""Fetching what was attached: from the platform's own hosts alone, up to a size, within a time.

An address in a message is its sender's word. It is followed only to a host that the connector
names beforehand, never on to another one, and never with more than that host is due.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from ansim.chat import Attachment, AttachmentKind
from ansim.sources.contract import ContentGone

logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every address

SECONDS = 15.0
WORTH_FETCHING = frozenset({AttachmentKind.IMAGE, AttachmentKind.AUDIO})
"""What somebody reads or hears here; the rest is not fetched."""
_SIMPLE = re.compile(r"[\x21-\x7e]{1,4000}")


def worth_fetching(attachment: Attachment) -> bool:
    """Whether its content would be looked at."""
    return attachment.kind in WORTH_FETCHING


@dataclass(frozen=True, slots=True)
class Fetched:
    """Content at an ``address``, if that is on one of ``hosts`` (a leading dot: and below it), or
    under ``base``, an address that the operator entered. Never shown: addresses can be keys."""

    address: str = field(repr=False)
    hosts: Collection[str] = field(default=(), repr=False)
    base: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def fetch(self, most: int) -> bytes:
        """As ``contract.Content.fetch``."""
        if not self._allowed():
            raise ContentGone("elsewhere")
        try:
            async with client() as asking:
                return await body(asking, self.address, most, self.headers)
        except httpx.TimeoutException:
            raise TimeoutError from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ConnectionError(type(error).__name__) from None

    def _allowed(self) -> bool:
        if not _SIMPLE.fullmatch(self.address) or "\\" in self.address:
            return False
        if self.base and self.address.startswith(self.base.rstrip("/") + "/"):
            return True
        try:
            parts = urlsplit(self.address)
            port = parts.port
        except ValueError:
            return False
        host = parts.hostname or ""
        if parts.scheme != "https" or port not in (None, 443) or "@" in parts.netloc:
            return False
        return any(host == name or (name[:1] == "." and host.endswith(name)) for name in self.hosts)


def client() -> httpx.AsyncClient:
    """Follows no redirection, takes no word from the environment."""
    return httpx.AsyncClient(timeout=SECONDS, follow_redirects=False, trust_env=False)


async def body(
    asking: httpx.AsyncClient, address: str, most: int, headers: Mapping[str, str]
) -> bytes:
    """The body at an address. Raises ContentGone, ConnectionError and httpx's errors."""
    wanted = {"Accept-Encoding": "identity", **headers}
    async with asking.stream("GET", address, headers=wanted) as answer:
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ConnectionError(f"answered with {answer.status_code}")
        if answer.status_code != 200:
            raise ContentGone("refused")
        declared = answer.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:18]) > most:
            raise ContentGone("too_large")
        found = bytearray()
        async for piece in answer.aiter_raw():
            found += piece
            if len(found) > most:
                raise ContentGone("too_large")
        return bytes(found)


def address_in(value: Any) -> str:
    """An address in a platform's answer; empty for anything else."""
    return value if isinstance(value, str) and _SIMPLE.fullmatch(value) else ""
