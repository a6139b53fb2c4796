"""Fetching what was attached: from places that were named beforehand, up to a size, within a time.

An address in a message is its sender's word. It is followed only to a place that the connector or
its operator named, from there to no other than such a place, and never with more than it is due.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

import certifi
import httpx

from ansim.chat import Attachment, AttachmentKind
from ansim.sources.contract import ContentGone
from ansim.sources.places import Places, address_in, host_and_port, public_numbers

logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every address

SECONDS = 15.0
"""Longest for one content, however many hosts and redirections it takes."""
CONNECT_SECONDS = 5.0
REDIRECTIONS = 2
WORTH_FETCHING = frozenset({AttachmentKind.IMAGE, AttachmentKind.AUDIO})
"""What somebody reads or hears here; the rest is not fetched."""


def worth_fetching(attachment: Attachment) -> bool:
    """Whether its content would be looked at."""
    return attachment.kind in WORTH_FETCHING


@dataclass(frozen=True, slots=True)
class Fetched:
    """Content at an ``address``, if that is in one of the ``places``. Never shown: addresses can be
    keys. Where ``headers`` of ours go along, no redirection is followed."""

    address: str = field(repr=False)
    places: Places = field(default_factory=Places, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def fetch(self, most: int) -> bytes:
        """As ``contract.Content.fetch``."""
        async with fetching() as asking:
            return await self._follow(asking, most)

    async def _follow(self, asking: httpx.AsyncClient, most: int) -> bytes:
        address = self.address
        for _ in range(1 if self.headers else 1 + REDIRECTIONS):
            try:
                return await self._ask(asking, address, most)
            except Moved as moved:
                address = str(httpx.URL(address).join(moved.location))
        raise ContentGone("refused")

    async def _ask(self, asking: httpx.AsyncClient, address: str, most: int) -> bytes:
        if self.places.entered(address):
            return await body(asking, address, most, self.headers)
        host = self.places.named(address)
        if not host:
            raise ContentGone("elsewhere")
        headers = {**self.headers, "Host": urlsplit(address).netloc}
        for number in await public_numbers(host, host_and_port(address)[1]):
            # By number, so that no name server can answer differently the second time.
            there = str(httpx.URL(address).copy_with(host=number))
            try:
                return await body(asking, there, most, headers, certified=host)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        raise ConnectionError("not reached")


class Moved(ContentGone):
    """A host says that the content lies elsewhere."""

    def __init__(self, location: str) -> None:
        super().__init__("refused")
        self.location = location


@asynccontextmanager
async def fetching() -> AsyncIterator[httpx.AsyncClient]:
    """For one content: follows no redirection by itself, takes no word from the environment. What
    goes wrong is TimeoutError or ConnectionError, without an address in it."""
    limits = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(
                timeout=limits, follow_redirects=False, trust_env=False, verify=_trusted()
            ) as client,
        ):
            yield client
    except httpx.TimeoutException:
        raise TimeoutError from None
    except (httpx.HTTPError, httpx.InvalidURL, socket.gaierror, UnicodeError) as error:
        raise ConnectionError(type(error).__name__) from None


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates hold: as for the connectors themselves those of the machine's store or of
    ``SSL_CERT_FILE``, and the usual authorities."""
    context = ssl.create_default_context()
    if not os.environ.get("SSL_CERT_FILE"):
        context.load_verify_locations(certifi.where())
    return context


async def body(
    asking: httpx.AsyncClient,
    address: str,
    most: int,
    headers: Mapping[str, str],
    *,
    certified: str = "",
) -> bytes:
    """The body at an address. ``certified``: the name that the certificate must be for, where the
    address has a number. Raises ContentGone, ConnectionError and httpx's errors."""
    wanted = {"Accept-Encoding": "identity", **headers}
    named = {"sni_hostname": certified} if certified else {}
    async with asking.stream("GET", address, headers=wanted, extensions=named) as answer:
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ConnectionError(f"answered with {answer.status_code}")
        location = address_in(answer.headers.get("location"))
        if answer.is_redirect and location:
            raise Moved(location)
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
