"""Posting to an address that an operator entered or a platform gave: where it leads is looked at
before each request, and the request goes to the very address that was looked at."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from collections.abc import Mapping
from functools import cache

import certifi
import httpx
import msgspec

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_ANSWER_BYTES = 64 * 1024
SECONDS = 8.0
"""For a whole request. The courier gives every sending 15 seconds."""
RESOLVE_SECONDS = 3.0
_METADATA = frozenset(
    # Cloud providers' own services at these addresses give credentials to whoever asks from inside.
    ipaddress.ip_address(address)
    for address in ("169.254.169.254", "100.100.100.200", "fd00:ec2::254")
)


class AddressRefused(Exception):
    """Nothing is sent to this address; the message is a plain sentence, Korean / English."""


class NotSent(ConnectionError):
    """The platform was not reached: it surely did not get the request."""


class MaybeSent(Exception):
    """The request went out and no whole answer came back."""


class Reply(msgspec.Struct, frozen=True):
    """What came back, cut to ``MOST_ANSWER_BYTES``."""

    status: int
    body: bytes
    retry_after: float | None = None
    """Seconds to wait, where the platform says how many."""

    def said(self) -> dict[str, object]:
        """The body where it is a JSON object, else nothing."""
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


async def post(
    address: str, body: bytes, headers: Mapping[str, str], *, allow_http: bool = False
) -> Reply:
    """Posts JSON. Redirects are not followed.

    ``allow_http`` lets plain http through to this machine or a private network. Raises
    AddressRefused, NotSent or MaybeSent.
    """
    url = check(address, allow_http=allow_http)
    host = url.host
    reached = await _reach(host, url.port or (443 if url.scheme == "https" else 80))
    for ip in reached:
        if _forbidden(ip):
            raise AddressRefused(
                "이 주소로는 보내지 않습니다: 기계 안쪽의 주소입니다 / "
                "nothing is sent there: the address is one of the machine's own services"
            )
        if url.scheme == "http" and not _near(ip):
            raise AddressRefused(
                "암호화되지 않은 http로는 바깥에 보내지 않습니다 / "
                "nothing leaves over plain http: use https"
            )
    pinned = url.copy_with(host=str(reached[0]))
    asked = {
        "Content-Type": "application/json",
        **headers,
        "Host": url.netloc.decode("ascii"),
    }
    try:
        async with asyncio.timeout(SECONDS):
            async with httpx.AsyncClient(
                timeout=SECONDS, follow_redirects=False, trust_env=False, verify=_trusted()
            ) as client:
                return await _ask(client, pinned, body, asked, host)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotSent(f"the platform cannot be reached: {type(error).__name__}") from None
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise MaybeSent(type(error).__name__) from None


async def _ask(
    client: httpx.AsyncClient, url: httpx.URL, body: bytes, headers: Mapping[str, str], host: str
) -> Reply:
    # The certificate is checked against the name that was entered, not the number behind it.
    extensions = {"sni_hostname": host} if url.scheme == "https" else {}
    async with client.stream(
        "POST", url, content=body, headers=dict(headers), extensions=extensions
    ) as response:
        got = b""
        async for chunk in response.aiter_bytes():
            got += chunk[: MOST_ANSWER_BYTES - len(got)]
            if len(got) >= MOST_ANSWER_BYTES:
                break
        return Reply(response.status_code, got, _seconds(response.headers.get("retry-after", "")))


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates hold: the usual authorities, or those of ``SSL_CERT_FILE``."""
    return ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())


def check(address: str, *, allow_http: bool = False) -> httpx.URL:
    """The address, where its form may be posted to. Raises AddressRefused."""
    try:
        url = httpx.URL(address)
        port = url.port
    except (httpx.InvalidURL, ValueError, UnicodeError, TypeError):
        url, port = httpx.URL(""), None
    if url.scheme not in ("https", "http") or not url.host or "%" in url.host or port == 0:
        raise AddressRefused("주소가 https://로 시작하지 않습니다 / enter an address with https://")
    if url.scheme == "http" and not allow_http:
        raise AddressRefused(
            "http는 허용되지 않았습니다; https 주소를 넣으세요 / plain http is not allowed: enter "
            "an https address"
        )
    if url.userinfo:
        raise AddressRefused("주소에 계정을 넣지 마세요 / enter the address without an account")
    return url


async def _reach(host: str, port: int) -> list[IpAddress]:
    """The numbers behind a name. Raises NotSent."""
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise NotSent(f"the platform's name is not known: {type(error).__name__}") from None
    if not found:
        raise NotSent("the platform's name is not known")
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _plain(ip: IpAddress) -> IpAddress:
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def _forbidden(ip: IpAddress) -> bool:
    ip = _plain(ip)
    if ip in _METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return True
    return isinstance(ip, ipaddress.IPv4Address) and ip.is_reserved


def _near(ip: IpAddress) -> bool:
    ip = _plain(ip)
    return ip.is_loopback or ip.is_private


def _seconds(value: str) -> float | None:
    """``Retry-After`` in seconds; dates are left out: clocks differ."""
    if not value.isascii() or not value.isdigit() or len(value) > 6:
        return None
    return float(value)
