"""From where files of a message may be fetched: the word of the own server and of the operator.

Clients upload a file to their server and send its address, which anybody can write. Followed are
those where the account's own server says that uploads lie (XEP-0363), and those where the operator
says that pictures lie.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from ansim.sources.content import Fetched, worth_fetching
from ansim.sources.contract import Content
from ansim.sources.places import Places, host_and_port
from ansim.sources.xmpp.files import File
from ansim.sources.xmpp.line import Line, Refused

ASKING_SECONDS = 8.0
AGAIN_SECONDS = 600.0
"""A server that named no place for uploads is asked again after this time."""
MOST_COMPONENTS = 30
UPLOAD = "urn:xmpp:http:upload:0"
_DISCO = "http://jabber.org/protocol/disco"


class Uploads:
    """Where content may be fetched from, during one connection."""

    def __init__(self, line: Line, own: Places) -> None:
        """``own``: what the operator entered."""
        self._line = line
        self._own = own
        self._told = Places()
        self._asked_at = 0.0
        self._lock = asyncio.Lock()

    def contents(self, found: tuple[File, ...]) -> tuple[Content | None, ...]:
        """Where the pictures and voices among the files of a message can be had."""
        contents = tuple(
            XmppFile(each.address, self)
            if each.address and worth_fetching(each.attachment)
            else None
            for each in found
        )
        return contents if any(contents) else ()

    async def places(self, address: str) -> Places:
        """Those among which an address is to be; the server is asked only where it has to be."""
        if self._own.entered(address) or self._own.named(address):
            return self._own
        async with self._lock:
            now = time.monotonic()
            if not self._told.hosts and (
                not self._asked_at or now - self._asked_at > AGAIN_SECONDS
            ):
                self._asked_at = now
                try:
                    async with asyncio.timeout(ASKING_SECONDS):
                        host = await upload_host(self._line)
                except (ConnectionError, TimeoutError):
                    host = ""
                self._told = Places((host,) if host else ())
        return self._told


@dataclass(frozen=True, slots=True)
class XmppFile:
    """Content at an address of a message."""

    address: str = field(repr=False)
    uploads: Uploads = field(repr=False)

    async def fetch(self, most: int) -> bytes:
        """As ``contract.Content.fetch``."""
        return await Fetched(self.address, await self.uploads.places(self.address)).fetch(most)


async def upload_host(line: Line) -> str:
    """Host and port from which the account's server gives uploads to everybody; empty where it has
    none, or none by https. To learn it, a place for one small file is asked for, and nothing is put
    there. Raises ConnectionError."""
    domain = str(line.boundjid.domain)
    try:
        listed = await line.ask("get", domain, ET.Element(f"{{{_DISCO}#items}}query"))
    except Refused:
        return ""
    items = [each.get("jid", "") for each in listed.iter(f"{{{_DISCO}#items}}item")]
    names = [domain, *(each for each in items if each)][:MOST_COMPONENTS]
    uploads = await asyncio.gather(*(_takes_uploads(line, name) for name in names))
    for name, takes in zip(names, uploads, strict=True):
        found = await _host_of_a_slot(line, name) if takes else ""
        if found:
            return found
    return ""


async def _takes_uploads(line: Line, name: str) -> bool:
    try:
        return UPLOAD in await line.features_of(name)
    except (Refused, ConnectionError):
        return False  # silent about itself: it does not keep us from the others


async def _host_of_a_slot(line: Line, name: str) -> str:
    wanted = {"filename": "ansim-eye.png", "size": "1", "content-type": "image/png"}
    try:
        slot = await line.ask("get", name, ET.Element(f"{{{UPLOAD}}}request", wanted))
    except Refused:
        return ""
    place = next(slot.iter(f"{{{UPLOAD}}}get"), None)
    address = "" if place is None else place.get("url", "")
    host, port = host_and_port(address)
    return f"{host}:{port}" if host and address.startswith("https://") else ""
