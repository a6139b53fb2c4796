"""Matrix as its users know it: a real Synapse, with a cable to it that our account goes through."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any
from urllib.parse import quote

import httpx

from ansim.chat import Consent, Source, SourceKind
from ansim.sources.notices import PROPOSALS
from ansim.sources.wiring import Wiring
from tests.connectors.platforms import Can, Ordinary
from tests.connectors.standins.cable import Cable
from tests.connectors.standins.files import Files
from tests.connectors.synapse import Synapse, shared

Content = dict[str, Any]
LONGEST = 60_000
"""Bytes of a text that surely fit into an event of 64 KiB."""


class Account:
    """Somebody with a client of their own."""

    def __init__(self, address: str, id: str, token: str) -> None:
        self.id = id
        self.token = token
        self._client = httpx.AsyncClient(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=120
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, method: str, path: str, body: object = None, **query: str | int) -> Content:
        """One call of the client API. Raises httpx.HTTPStatusError."""
        answer = await self._client.request(
            method, f"/_matrix/client/v3{path}", json=body, params=query
        )
        answer.raise_for_status()
        found: Content = answer.json()
        return found

    async def create(self, *invited: str, **settings: Any) -> str:
        """A new room; returns its id."""
        made = await self.ask(
            "POST", "/createRoom", {"preset": "private_chat", "invite": invited} | settings
        )
        return str(made["room_id"])

    async def join(self, room: str) -> None:
        await self.ask("POST", f"/join/{quote(room)}", {})

    async def leave(self, room: str) -> None:
        await self.ask("POST", f"/rooms/{quote(room)}/leave", {})

    async def invite(self, room: str, account: str) -> None:
        await self.ask("POST", f"/rooms/{quote(room)}/invite", {"user_id": account})

    async def post(self, room: str, content: Content, kind: str = "m.room.message") -> str:
        """Sends an event; returns its id."""
        path = f"/rooms/{quote(room)}/send/{kind}/{secrets.token_hex(8)}"
        return str((await self.ask("PUT", path, content))["event_id"])

    async def put(self, room: str, kind: str, content: Content) -> None:
        """Sets a state of the room."""
        await self.ask("PUT", f"/rooms/{quote(room)}/state/{kind}", content)

    async def say(self, room: str, text: str) -> str:
        return await self.post(room, {"msgtype": "m.text", "body": text})

    async def redact(self, room: str, event: str) -> str:
        path = f"/rooms/{quote(room)}/redact/{quote(event)}/{secrets.token_hex(8)}"
        return str((await self.ask("PUT", path, {}))["event_id"])

    async def timeline(self, room: str) -> list[Content]:
        """What this account can see of a room, oldest first."""
        found = await self.ask("GET", f"/rooms/{quote(room)}/messages", dir="b", limit=500)
        return list(found["chunk"])[::-1]

    async def direct_rooms(self, other: str) -> list[str]:
        """Rooms that ``other`` made and this account is in; its invitations are accepted."""
        # Synapse gives the same first answer for two minutes, unless it is asked for another: the
        # time to wait is of no account in a first one, and differs here from question to question.
        other_time = time.time_ns() // 1_000_000 % 100_000
        rooms = (await self.ask("GET", "/sync", timeout=other_time)).get("rooms", {})
        for room, invitation in rooms.get("invite", {}).items():
            if any(
                event.get("state_key") == self.id and event["sender"] == other
                for event in invitation["invite_state"]["events"]
            ):
                await self.join(room)
        found = []
        for room in (await self.ask("GET", "/joined_rooms"))["joined_rooms"]:
            path = f"/rooms/{quote(room)}/messages"
            first = await self.ask("GET", path, dir="f", limit=1)
            if first["chunk"] and first["chunk"][0]["sender"] == other:
                found.append(str(room))
        return found


class Service(Ordinary):
    """Keeps ``tests.connectors.platforms.Platform``."""

    files_need_our_account = True
    can = frozenset(Can)

    def __init__(self, synapse: Synapse | None = None) -> None:
        self._own = synapse
        self.synapse: Synapse
        self.cable = Cable()
        self.files = Files()
        self._lifting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if self._own is None:
            self.synapse = shared()  # from this thread: Synapse ends with it
        else:
            self.synapse = self._own
            await asyncio.to_thread(self.synapse.start)
        self.files.start()
        self.cable.lead_files(
            self.files.port, "/_matrix/client/v1/media/", "/_matrix/media/v3/download/"
        )
        await self.cable.lay(self.synapse.port)
        self.crew = secrets.token_hex(4)
        self.bot = await self.account_of("bot")
        self.everybody = [await self.account_of(f"person{n}") for n in range(3)]
        self.admin = await self.account_of("admin", admin=True)

    async def account_of(self, name: str, *, admin: bool = False) -> Account:
        """A new account, its name beginning with ``name``."""
        full = f"{name}-{self.crew}"
        token = await asyncio.to_thread(self.synapse.register, full, "password", admin=admin)
        return Account(self.synapse.address, self.synapse.user(full), token)

    async def stop(self) -> None:
        if self._lifting is not None:
            self._lifting.cancel()
        await self.cable.cut()
        self.files.stop()
        for account in (self.bot, self.admin, *self.everybody):
            await account.close()

    def source(self) -> Source:
        return Source(
            id="matrix",
            name="Matrix",
            kind=SourceKind.VISIBLE_BOT,
            legal_basis="방의 초대와 모두에게 한 안내 / invited by the room, everybody told",
            consent=Consent(given_by="all present", given_at=time.time(), how="notice in the room"),
            connector="matrix",
            private_messages=True,
        )

    def wiring(self) -> Wiring:
        return Wiring(
            settings={
                "homeserver": f"http://127.0.0.1:{self.cable.port}",
                "user_id": self.bot.id,
                "accept_invitations": "yes",
            },
            credentials={"access_token": self.bot.token},
            notices={kind.value: dict(texts) for kind, texts in PROPOSALS.items()},
        )

    async def room(self) -> str:
        first, second, _ = self.everybody
        room = await first.create(second.id)
        await second.join(room)
        await first.invite(room, self.bot.id)  # when all are there, so that one notice tells all
        return room

    async def say(self, room: str, who: int, text: str) -> str:
        return await self.everybody[who].say(room, text)

    async def edit(self, room: str, who: int, message: str, text: str) -> None:
        await self.everybody[who].post(room, change(message, text))

    async def delete(self, room: str, who: int, message: str) -> None:
        await self.everybody[who].redact(room, message)

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        url = f"mxc://matrix.test/{content or 'nothing'}"
        picture = {"msgtype": "m.image", "body": name, "url": url}
        return await self.everybody[who].post(room, picture)

    async def join(self, room: str, who: int) -> None:
        await self.everybody[0].invite(room, self.account(who))
        await self.everybody[who].join(room)

    def account(self, who: int) -> str:
        return self.everybody[who].id

    async def seen(self, room: str, who: int) -> list[str]:
        return [
            str(event["content"]["body"])
            for event in await self.everybody[who].timeline(room)
            if event["sender"] == self.bot.id
            and event["type"] == "m.room.message"
            and "body" in event["content"]
        ]

    async def seen_privately(self, who: int) -> list[str]:
        rooms = await self.everybody[who].direct_rooms(self.bot.id)
        return [text for room in rooms for text in await self.seen(room, who)]

    async def answer(self, room: str, who: int, text: str) -> str:
        """In the room that the agency made for this person last."""
        rooms = await self.everybody[who].direct_rooms(self.bot.id)
        return await self.everybody[who].say(rooms[-1], text)

    def nowhere(self) -> str:
        return "!nowhere:matrix.test"

    def carries(self, text: str) -> str | None:
        """Synapse keeps a text as it is, or refuses it whole."""
        try:
            return text if len(text.encode()) <= LONGEST else None
        except UnicodeEncodeError:
            return None

    async def cut(self) -> None:
        await self.cable.cut()

    async def mend(self) -> None:
        await self.cable.mend()

    async def limit(self, seconds: float) -> None:
        """Synapse's own limit for one account, none a second until ``seconds`` are over: it says
        each time that one more second is enough, as a busy server does."""
        await self._allow("POST", {"messages_per_second": 1, "burst_count": 0})

        async def lift() -> None:
            await asyncio.sleep(seconds)
            await self._allow("DELETE", {})

        self._lifting = asyncio.create_task(lift())

    async def _allow(self, method: str, body: Content) -> None:
        path = f"/_synapse/admin/v1/users/{quote(self.bot.id)}/override_ratelimit"
        async with httpx.AsyncClient(
            base_url=self.synapse.address,
            headers={"Authorization": f"Bearer {self.admin.token}"},
            timeout=120,
        ) as client:
            (await client.request(method, path, json=body)).raise_for_status()

    async def revoke(self) -> None:
        await self.bot.ask("POST", "/logout", {})


def change(message: str, text: str) -> Content:
    """What a client sends to change what it said."""
    return {
        "msgtype": "m.text",
        "body": f"* {text}",
        "m.new_content": {"msgtype": "m.text", "body": text},
        "m.relates_to": {"rel_type": "m.replace", "event_id": message},
    }
