"""The calls to a homeserver that the connector needs, over the transport and addresses of nio.

Answers are taken as they come, not by nio's strict schemas: there, one odd event of a stranger
could make a whole answer unreadable.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
from nio import Api, AsyncClient, AsyncClientConfig  # type: ignore[import-untyped]

from ansim.sources.contract import Revoked
from ansim.sources.wiring import Opening

for name in ("nio", "aiohttp"):
    logging.getLogger(name).setLevel(logging.ERROR)

Event = dict[str, Any]

POLL_SECONDS = 30.0
CALL_SECONDS = 20.0
PATIENCE = 120.0
"""Seconds a call waits at most, in all, where the server asks us to slow down."""
PAGE = 500
TYPES = [
    "m.room.message",
    "m.sticker",
    "m.room.redaction",
    "m.room.member",
    "m.room.encryption",
    "org.ansim-eye.language",
]
_NONE = {"not_types": ["*"]}

NOT_ACCEPTED = (
    "홈서버가 봇의 접속 토큰을 받아들이지 않습니다. 새 토큰을 적어 주세요. / "
    "The homeserver does not accept the bot's access token: enter a new one."
)
LOG_IN_REFUSED = (
    "홈서버가 봇의 비밀번호를 받아들이지 않습니다. / "
    "The homeserver does not accept the bot's password."
)
OTHER_ACCOUNT = (
    "접속 토큰이 적어 둔 봇 계정의 것이 아닙니다. / "
    "The access token belongs to another account than the one entered."
)
NO_CREDENTIALS = (
    "접속 토큰도 비밀번호도 적혀 있지 않습니다. / Neither an access token nor a password is there."
)
_REVOKED = {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED"}


class TooMany(ConnectionError):
    """The homeserver asks us to slow down for longer than the caller can wait; nothing was done."""


class Refused(Exception):
    """The homeserver understood and said no. ``code`` is its word for why ("M_FORBIDDEN")."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Client(AsyncClient):  # type: ignore[misc]
    """nio's client, with the token where proxies do not log it: in a header, not the address."""

    async def send(
        self,
        method: str,
        path: str,
        data: Any = None,
        headers: dict[str, str] | None = None,
        trace_context: Any = None,
        timeout: Any = None,  # noqa: ASYNC109
    ) -> Any:
        place, _, query = path.partition("?")
        left = [pair for pair in parse_qsl(query) if pair[0] != "access_token"]
        headers = dict(headers or {})
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        if left:
            place = f"{place}?{urlencode(left)}"
        return await super().send(method, place, data, headers, trace_context, timeout)


class Homeserver:
    """One account at one homeserver.

    Every call raises ConnectionError where the server cannot be reached, TooMany, Refused, or
    Revoked.
    """

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._wiring = opening.wiring
        self.me = self._wiring.entry("user_id").strip()
        self._client = Client(
            self._wiring.entry("homeserver").strip().rstrip("/"),
            self.me,
            store_path="",
            config=AsyncClientConfig(encryption_enabled=False, store_sync_tokens=False),
        )
        self._opened = False
        self._opening_now = asyncio.Lock()
        self._not_before = 0.0

    async def open(self) -> None:
        """Makes sure that we are logged in as who the operator said. Cheap when we are."""
        async with self._opening_now:
            if self._opened:
                return
            given = self._wiring.entry("access_token").strip()
            kept = await self._opening.memory.get("token") if not given else None
            self._client.access_token = given or (kept or b"").decode()
            if not self._client.access_token:
                await self._log_in()
            who = await self._ask(*Api.whoami(""))
            if who.get("user_id") != self.me:
                raise Revoked(OTHER_ACCOUNT)
            self._opened = True

    async def close(self) -> None:
        """Lets go of the connections; the next call makes new ones."""
        await self._client.close()

    async def sync(self, since: str) -> dict[str, Any]:
        """What happened since, waiting ``POLL_SECONDS`` for something; from the beginning, all
        rooms with the newest message alone."""
        wanted = {
            "presence": _NONE,
            "account_data": _NONE,
            "room": {
                "account_data": _NONE,
                "ephemeral": _NONE,
                "state": _NONE,
                "timeline": {"limit": 100 if since else 1, "types": TYPES},
            },
        }
        wait = POLL_SECONDS if since else 0.0
        asked = Api.sync("", since=since or None, timeout=int(wait * 1000), filter=wanted)
        return await self._ask(*asked, seconds=wait + CALL_SECONDS)

    async def messages(self, room: str, start: str, end: str) -> tuple[list[Event], str]:
        """Events of a room backwards from ``start`` to ``end`` (empty: its beginning), newest
        first, and where the next page starts (empty: there is none)."""
        page = await self._ask(
            *Api.room_messages(
                "", room, start, end or None, limit=PAGE, message_filter={"types": TYPES}
            )
        )
        return events(page.get("chunk")), text(page.get("end"))

    async def state(self, room: str) -> list[Event]:
        """The room as it is now."""
        found = await self._ask(*Api.room_get_state("", room))
        return events(found.get("list"))

    async def membership(self, room: str, account: str) -> str:
        """ "join", "invite", "leave", "ban"; empty where the account never was there."""
        try:
            found = await self._ask(
                *Api.room_get_state_event("", room, "m.room.member", account), patience=5.0
            )
        except Refused as refused:
            if refused.code == "M_NOT_FOUND":
                return ""
            raise
        return text(found.get("membership"))

    async def event(self, room: str, event: str) -> Event | None:
        """One event, None where it cannot be seen."""
        try:
            return await self._ask(*Api.room_get_event("", room, event))
        except Refused:
            return None

    async def join(self, room: str) -> str:
        """Enters a room by id or address; returns its id."""
        method, path = Api.join("", room)
        found = await self._ask(method, path, "{}", seconds=60.0)
        return text(found.get("room_id"))

    async def leave(self, room: str, reason: str = "") -> None:
        """Leaves, or declines an invitation; ``reason`` is shown to those in the room."""
        said = {"reason": reason} if reason else {}
        method, path = Api.room_leave("", room)
        with suppress(Refused):  # we are not in it any more
            await self._ask(method, path, json.dumps(said))

    async def say(
        self, room: str, content: Event, transaction: str, patience: float = PATIENCE
    ) -> str:
        """Says something once for each ``transaction``; returns the event's id."""
        asked = Api.room_send("", room, "m.room.message", content, transaction)
        found = await self._ask(*asked, patience=patience)
        return text(found.get("event_id"))

    async def create_direct(self, account: str, patience: float) -> str:
        """A new room for ``account`` and us, into which only we can invite; returns its id."""
        method, path, body = Api.room_create(
            "",
            is_direct=True,
            invite=[account],
            power_level_override={"invite": 100, "events": {"m.room.encryption": 100}},
        )
        settings = json.loads(body) | {"preset": "private_chat"}
        made = await self._ask(method, path, data=json.dumps(settings), patience=patience)
        return text(made.get("room_id"))

    async def invite(self, room: str, account: str, patience: float) -> None:
        await self._ask(*Api.room_invite("", room, account), patience=patience)

    async def _log_in(self) -> None:
        password = self._wiring.entry("password")
        if not password:
            raise Revoked(NO_CREDENTIALS)
        # The same device every time: transaction ids are known to the server by device.
        device = "ANSIM" + hashlib.sha256(self._opening.source.id.encode()).hexdigest()[:10].upper()
        try:
            found = await self._ask(*Api.login(self.me, password, "Ansim Eye", device))
        except Refused:
            raise Revoked(LOG_IN_REFUSED) from None
        self._client.access_token = text(found.get("access_token"))
        await self._opening.memory.put("token", self._client.access_token.encode())

    async def _token_refused(self) -> None:
        self._opened = False
        if self._wiring.entry("access_token") or not self._client.access_token:
            raise Revoked(NOT_ACCEPTED)
        # It came from a log-in: the next try logs in anew, and the password decides.
        await self._opening.memory.forget("token")
        self._client.access_token = ""
        raise ConnectionError("the homeserver ended the log-in")

    async def _ask(
        self,
        method: str,
        path: str,
        data: str | None = None,
        *,
        seconds: float = CALL_SECONDS,
        patience: float = PATIENCE,
    ) -> dict[str, Any]:
        deadline = time.monotonic() + patience
        while True:
            pause = self._not_before - time.monotonic()
            if pause > 0:
                if self._not_before > deadline:
                    raise TooMany("the homeserver asks us to slow down")
                await asyncio.sleep(pause)
            status, found = await self._once(method, path, data, seconds)
            if status == 429:
                wait = found.get("retry_after_ms")
                pause = wait / 1000 if isinstance(wait, int | float) and wait >= 0 else 5.0
                self._not_before = time.monotonic() + pause
                continue
            if 200 <= status < 300:
                return found
            code = text(found.get("errcode"))
            if code in _REVOKED:
                await self._token_refused()
            if status >= 500 or not code:
                raise ConnectionError(f"the homeserver answers with status {status}")
            raise Refused(code)

    async def _once(
        self, method: str, path: str, data: str | None, seconds: float
    ) -> tuple[int, dict[str, Any]]:
        try:
            answer = await self._client.send(
                method, path, data, timeout=aiohttp.ClientTimeout(total=seconds, connect=10.0)
            )
            async with answer:
                status, body = int(answer.status), await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ConnectionError(f"the homeserver: {type(error).__name__}") from None
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            if 200 <= status < 300:
                raise ConnectionError("the homeserver's answer is not JSON") from None
            found = {}
        if isinstance(found, list):
            found = {"list": found}
        return status, found if isinstance(found, dict) else {}


def text(value: object) -> str:
    """A string of the server's, empty where it is none."""
    return value if isinstance(value, str) else ""


def table(value: object) -> dict[str, Any]:
    """A JSON object, empty where it is none."""
    return value if isinstance(value, dict) else {}


def events(value: object) -> list[Event]:
    """The JSON objects of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
