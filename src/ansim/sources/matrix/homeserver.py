"""The calls to a homeserver that the connector needs, and the log-in they are made with."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import suppress
from typing import Any

from nio import Api  # type: ignore[import-untyped]

from ansim.sources.contract import Revoked
from ansim.sources.matrix.asking import (
    CALL_SECONDS,
    PATIENCE,
    Asking,
    Event,
    Refused,
    TokenRefused,
    events,
    text,
)
from ansim.sources.matrix.files import MatrixFile
from ansim.sources.wiring import Opening

POLL_SECONDS = 30.0
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


class Homeserver:
    """One account at one homeserver.

    Every call raises ConnectionError where the server cannot be reached, TooMany, Refused, or
    Revoked.
    """

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._wiring = opening.wiring
        self.me = self._wiring.entry("user_id").strip()
        self._address = self._wiring.entry("homeserver").strip().rstrip("/")
        self._asking = Asking(self._address, self.me)
        self._opened = False
        self._opening_now = asyncio.Lock()

    async def open(self) -> None:
        """Makes sure that we are logged in as who the operator said. Cheap when we are."""
        async with self._opening_now:
            if self._opened:
                return
            given = self._wiring.entry("access_token").strip()
            kept = await self._opening.memory.get("token") if not given else None
            self._asking.token = given or (kept or b"").decode()
            if not self._asking.token:
                await self._log_in()
            who = await self._ask(*Api.whoami(""))
            if who.get("user_id") != self.me:
                raise Revoked(OTHER_ACCOUNT)
            self._opened = True

    async def close(self) -> None:
        """Lets go of the connections; the next call makes new ones."""
        await self._asking.close()

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

    def file(self, path: str) -> MatrixFile:
        """The content behind ``mxc://`` and ``path``."""
        return MatrixFile(self._address, self._asking.token, path)

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
        self._asking.token = text(found.get("access_token"))
        await self._opening.memory.put("token", self._asking.token.encode())

    async def _ask(
        self,
        method: str,
        path: str,
        data: str | None = None,
        *,
        seconds: float = CALL_SECONDS,
        patience: float = PATIENCE,
    ) -> dict[str, Any]:
        try:
            return await self._asking.ask(method, path, data, seconds=seconds, patience=patience)
        except TokenRefused:
            self._opened = False
            if self._wiring.entry("access_token") or not self._asking.token:
                raise Revoked(NOT_ACCEPTED) from None
            # It came from a log-in: the next try logs in anew, and the password decides.
            await self._opening.memory.forget("token")
            self._asking.token = ""
            raise ConnectionError("the homeserver ended the log-in") from None
