"""Where a connector may fetch content from: the platform's hosts, and what its operator entered.

A name counts only while it leads to the public internet, so that nobody's message makes us ask a
machine of the network that we are in. An address that the operator entered is taken at their word.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ansim.sources.contract import ContentGone

HTTPS = 443
MOST_NUMBERS = 4
ODD_PLACE = (
    "사진이 있는 서버를 적은 줄 하나를 읽을 수 없어 빼고 읽습니다 / "
    "one of the lines that name where pictures lie cannot be read and is left out"
)
_SIMPLE = re.compile(r"[\x21-\x7e]{1,4000}")
_NAME = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_WRAPPED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 numbers that stand for IPv4 ones (RFC 6052)."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where content may be fetched from."""

    hosts: tuple[str, ...] = ()
    """Names, with a port where it is not 443; a leading dot: and below it. By https alone, and only
    while they lead to the public internet."""
    bases: tuple[str, ...] = ()
    """Whole addresses that the operator entered: what lies below them, wherever that is."""

    def entered(self, address: str) -> bool:
        """Whether it lies below an address that the operator entered."""
        bases = (_in_small(base.rstrip("/") + "/") for base in self.bases if base)
        return any(_in_small(address).startswith(base) for base in bases) and not _odd(address)

    def named(self, address: str) -> str:
        """The host of an address, if it is one of ``hosts``; else empty."""
        host, port = host_and_port(address)
        if not address.startswith("https://") or _odd(address):
            return ""
        for allowed in self.hosts:
            name, _, other = allowed.partition(":")
            below = name.startswith(".") and host.endswith(name)
            if (host == name or below) and port == int(other or HTTPS):
                return host
        return ""

    def with_entered(self, lines: Iterable[str]) -> Places:
        """And those of an operator's entry, one a line: ``files.example.org``, or a whole address.
        ``odd_lines`` are left out."""
        read = [place for line in lines if (place := _place(line))]
        return Places(
            (*self.hosts, *(each for each in read if "/" not in each)),
            (*self.bases, *(each for each in read if "/" in each)),
        )


def odd_lines(lines: Iterable[str]) -> bool:
    """Whether one of an operator's lines names no place."""
    return not all(map(_place, lines))


def host_and_port(address: str) -> tuple[str, int]:
    """Of an https address; an empty host where there is none, or more than a host."""
    try:
        parts = urlsplit(address)
        port = HTTPS if parts.port is None else parts.port
    except ValueError:
        return "", 0
    return ("" if "@" in parts.netloc else parts.hostname or ""), port


async def public_numbers(host: str, port: int) -> list[str]:
    """The internet addresses of a host. Raises OSError where it is not known, and ContentGone where
    one of them is of a private network, of this machine, or not open to everybody otherwise."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not all(map(is_public, numbers)):
        raise ContentGone("elsewhere")
    return numbers[:MOST_NUMBERS]


def is_public(number: str) -> bool:
    """Whether an internet address is open to everybody, and what it may stand for is as well."""
    try:
        found = ipaddress.ip_address(number)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _WRAPPED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def address_in(value: object) -> str:
    """An address in a platform's answer; empty for anything else."""
    return value if isinstance(value, str) and _SIMPLE.fullmatch(value) else ""


def _in_small(address: str) -> str:
    """With its scheme and host in small letters: there they mean the same."""
    scheme_and_host, rest = address.split("/", 3)[:3], address.split("/", 3)[3:]
    return "/".join([*(each.lower() for each in scheme_and_host), *rest])


def _odd(address: str) -> bool:
    """Whether somebody could read another place in it than somebody else."""
    if not _SIMPLE.fullmatch(address) or "\\" in address:
        return True
    path = unquote(address.partition("?")[0].partition("#")[0])
    return ".." in re.split(r"[/\\]", path)


def _place(line: str) -> str:
    """A host's name, or a whole address that ends with a slash; empty for what is neither."""
    entry = line.strip()
    if _NAME.fullmatch(entry.lower()):
        return entry.lower()
    host, _ = host_and_port(entry)
    if not entry.startswith(("http://", "https://")) or not host or _odd(entry):
        return ""
    return "" if "?" in entry or "#" in entry else entry.rstrip("/") + "/"
