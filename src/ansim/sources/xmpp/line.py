"""slixmpp, kept to carrying stanzas: what comes from rooms is taken before it looks at it.

A client lives for one connection. The server closes an older one under the same resource, so
nothing that an earlier connection had under way can be said after a newer one has begun.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal
from xml.etree import ElementTree as ET

from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.jid import JID, InvalidJID
from slixmpp.xmlstream.tostring import tostring
from slixmpp.xmlstream.xmlstream import NotConnectedError

from ansim.sources.contract import Revoked
from ansim.sources.wiring import Wiring
from ansim.sources.xmpp.stanzas import CLIENT, Archived, Page, archived, page_end

# It logs whole stanzas, also those that it cannot read.
logging.getLogger("slixmpp").setLevel(logging.CRITICAL + 1)
log = logging.getLogger(__name__)

RESOURCE = "ansim-eye"
CONNECT_SECONDS = 20.0
ASK_SECONDS = 10
PAGE = 50
HERE = frozenset({"127.0.0.1", "::1", "localhost"})

NOT_ACCEPTED = (
    "XMPP 서버가 계정이나 비밀번호를 받지 않습니다. 고쳐 적어 주세요 / "
    "the XMPP server does not accept the account or its password: enter them again"
)
NO_WAY_IN = (
    "XMPP 서버에 안전하게 로그인할 방법이 없습니다. 암호화 설정을 확인해 주세요 / "
    "the XMPP server offers no safe way to log in: check the choice of encryption"
)
BAD_ENTRY = (
    "계정(JID)이나 서버 주소를 읽을 수 없습니다 / the JID or the server's address cannot be read"
)
NOT_ENCRYPTED = (
    "암호화 없이는 이 컴퓨터 안의 서버에만 이을 수 있습니다 / "
    "without encryption only a server on this machine is connected to"
)
UNTRUSTED = (
    "XMPP 서버의 인증서를 믿을 수 없어 비밀번호를 보내지 않았습니다 "
    "(만료, 다른 이름, 모르는 발급자). 인증서를 확인해 주세요 / "
    "the XMPP server's certificate is not trusted (expired, another name, an unknown authority): "
    "no password was sent, look at the certificate"
)
NOT_SECURED = (
    "XMPP 서버와 암호화된 연결을 만들지 못했습니다. 서버 주소와 암호화 설정을 확인해 주세요 / "
    "no encrypted connection to the XMPP server could be made: check its address and the choice of "
    "encryption"
)


class Unsafe(ConnectionError):
    """No connection that may be trusted with a password; the message is a sentence for people. It
    may pass (a certificate is renewed), so it is tried again."""


class Refused(Exception):
    """The room or server said no; ``condition`` is XMPP's word for why, ``wait`` whether the same
    may be tried later."""

    def __init__(self, condition: str, *, wait: bool = False) -> None:
        super().__init__(condition)
        self.condition = condition
        self.wait = wait


class Line(ClientXMPP):
    """One connection to the account's server."""

    # Looked at when an unusable Line is thrown away, which never became a whole client.
    _run_out_filters = None

    def __init__(self, wiring: Wiring, take: Callable[[ET.Element], None]) -> None:
        """``take`` gets every message and presence. Raises Revoked for unusable entries."""
        self._choice = wiring.entry("tls") or "starttls"
        try:
            account = JID(wiring.entry("jid"))
            self._address = address(wiring.entry("server"))
        except (InvalidJID, ValueError):
            raise Revoked(BAD_ENTRY) from None
        if not account.user or not account.domain:
            raise Revoked(BAD_ENTRY)
        if self._choice == "none" and (not self._address or self._address[0] not in HERE):
            raise Revoked(NOT_ENCRYPTED)
        bare = self._choice == "none"
        super().__init__(
            f"{account.bare}/{RESOURCE}",
            wiring.entry("password"),
            plugin_config={
                "feature_mechanisms": {"unencrypted_scram": bare, "unencrypted_plain": bare}
            },
        )
        self.enable_starttls = self._choice == "starttls"
        self.enable_direct_tls = self._choice == "direct"
        self.enable_plaintext = bare
        self._take = take
        self._pages: dict[str, list[Archived]] = {}
        self._up: asyncio.Future[None] = self.loop.create_future()
        self.down: asyncio.Future[None] = self.loop.create_future()
        """Done when the connection is lost."""
        self._condition = ""
        for plugin in ("xep_0030", "xep_0199"):
            self.register_plugin(plugin)
        self.add_filter("in", self._tap)
        self.add_event_handler("session_start", self._session)
        self.add_event_handler("connection_failed", self._unreached)
        self.add_event_handler("failed_auth", self._failed)
        self.add_event_handler("failed_all_auth", self._all_failed)
        self.add_event_handler("disconnected", self._lost)

    async def open(self) -> None:
        """Connects and logs in. Raises Unsafe and other ConnectionErrors, Revoked."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                host, port = self._address or (None, None)
                again = await self.connect(host, port)
                if again is not None:  # it would try again by itself
                    if self._up.done():
                        await self._up
                    raise ConnectionError("XMPP: the server cannot be reached")
                await self._up
        except TimeoutError:
            raise ConnectionError("XMPP: the server does not answer") from None

    async def close(self) -> None:
        """Says goodbye where there still is somebody; never raises."""
        self.cancel_connection_attempt()
        if self.transport is not None:
            with suppress(Exception):
                await asyncio.wait_for(self.disconnect(wait=1.0), 2.0)
        self.abort()
        if self._run_out_filters is not None:
            self._run_out_filters.cancel()
        if not self._up.done():
            self._up.cancel()
        elif not self._up.cancelled():
            self._up.exception()  # nobody else may have asked

    def exception(self, exception: Exception) -> None:
        """What a stanza made slixmpp trip over: its kind alone, as the text may hold the stanza."""
        log.warning("xmpp: odd stanza: %s", type(exception).__name__)

    @property
    def account(self) -> str:
        return str(self.boundjid.bare)

    def say(self, stanza: ET.Element) -> None:
        """Sends a message or presence. Raises ConnectionError where the line is down."""
        if self.down.done() or not self._up.done():
            raise ConnectionError("XMPP: not connected")
        try:
            self.send_raw(tostring(stanza, xmlns=CLIENT, stream=self, top_level=True))
        except NotConnectedError:
            raise ConnectionError("XMPP: not connected") from None

    async def ask(self, kind: Literal["get", "set"], to: str, query: ET.Element) -> ET.Element:
        """An iq and its answer. Raises Refused, ConnectionError."""
        try:
            iq = self.make_iq(ito=to, itype=kind)
            iq.append(query)
            async with asyncio.timeout(ASK_SECONDS + 2):
                answer = await iq.send(timeout=ASK_SECONDS)  # type: ignore[no-untyped-call]
        except IqError as error:
            raise Refused(error.condition, wait=error.etype == "wait") from None
        except (IqTimeout, TimeoutError):
            raise ConnectionError("XMPP: no answer") from None
        found: ET.Element = answer.xml
        return found

    async def features_of(self, name: str) -> set[str]:
        """What a room or service says of itself. Raises Refused where it is not there."""
        info = "http://jabber.org/protocol/disco#info"
        answer = await self.ask("get", name, ET.Element(f"{{{info}}}query"))
        return {each.get("var", "") for each in answer.iter(f"{{{info}}}feature")}

    async def archive(
        self, room: str, *, after: str = "", before: str | None = None, start: str = ""
    ) -> Page:
        """A page of a room's archive, oldest first: what came after an id, or since ``start``, or
        the last before an id (empty: of all). Raises Refused, ConnectionError."""
        number = secrets.token_hex(8)
        query = ET.Element("{urn:xmpp:mam:2}query", queryid=number)
        if start:
            form = ET.SubElement(query, "{jabber:x:data}x", type="submit")
            for name, value in (("FORM_TYPE", "urn:xmpp:mam:2"), ("start", start)):
                field = ET.SubElement(form, "{jabber:x:data}field", var=name)
                ET.SubElement(field, "{jabber:x:data}value").text = value
        rsm = "{http://jabber.org/protocol/rsm}"
        part = ET.SubElement(query, f"{rsm}set")
        ET.SubElement(part, f"{rsm}max").text = str(PAGE)
        if after:
            ET.SubElement(part, f"{rsm}after").text = after
        if before is not None:
            ET.SubElement(part, f"{rsm}before").text = before
        self._pages[number] = []
        try:
            answer = await self.ask("set", room, query)
            return page_end(answer, self._pages[number])
        finally:
            del self._pages[number]

    async def ping(self, to: str) -> None:
        """Raises Refused, ConnectionError."""
        await self.ask("get", to, ET.Element("{urn:xmpp:ping}ping"))

    def _tap(self, stanza: Any) -> Any:
        xml: ET.Element = stanza.xml
        if xml.tag not in (f"{{{CLIENT}}}message", f"{{{CLIENT}}}presence"):
            return stanza
        found = archived(xml)
        if found is not None and found.query in self._pages:
            self._pages[found.query].append(found)
        else:  # anybody may write what looks like an answer, but knows no question of ours
            self._take(xml)
        return None

    def _session(self, _: Any) -> None:
        if not self._up.done():
            self._up.set_result(None)

    def _unreached(self, error: object) -> None:
        if isinstance(error, ssl.SSLError) and not self._up.done():
            wrong = isinstance(error, ssl.SSLCertVerificationError)
            self._up.set_exception(Unsafe(UNTRUSTED if wrong else NOT_SECURED))

    def _failed(self, failure: Any) -> None:
        self._condition = str(failure["condition"])

    def _all_failed(self, _: Any) -> None:
        if self._up.done():
            return
        if self._condition in ("temporary-auth-failure", "aborted"):
            self._up.set_exception(ConnectionError("XMPP: the server cannot log anybody in now"))
        elif self._condition:
            self._up.set_exception(Revoked(NOT_ACCEPTED))
        else:
            self._up.set_exception(Revoked(NO_WAY_IN))

    def _lost(self, why: object) -> None:
        self._unreached(why)
        if not self._up.done():
            self._up.set_exception(ConnectionError("XMPP: cut off while connecting"))
        if not self.down.done():
            self.down.set_result(None)


def address(entry: str) -> tuple[str, int] | None:
    """host:port, [v6]:port or a host; None where nothing was entered. Raises ValueError."""
    entry = entry.strip()
    if not entry:
        return None
    host, colon, port = entry.rpartition(":")
    if not colon or entry.endswith("]"):
        host, port = entry, "5222"
    number = int(port)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not 0 < number < 65536:
        raise ValueError("no address")
    return host, number
