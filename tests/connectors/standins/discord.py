"""A Discord server with its HTTP API (v10) and gateway, after Discord's developer documentation:
docs.discord.com, "Gateway", "Gateway Events", "Message", "Rate Limits".

Ids are snowflakes, history comes newest first, a nonce is enforced for five minutes, 429s carry the
documented headers, sessions can be resumed and a deletion does not say whose message it was.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web

EPOCH_MS = 1_420_070_400_000
TOKEN = "discord-test-token"
BOT, GUILD, APPLICATION = "900000000000000001", "900000000000000002", "900000000000000003"
VIEW, SEND, HISTORY = 1 << 10, 1 << 11, 1 << 16
HEARTBEAT_MS = 41_250
NONCE_SECONDS = 300.0
MEMBERS_INTENT, GUILD_MESSAGES, DIRECT_MESSAGES, CONTENT_INTENT = 1 << 1, 1 << 9, 1 << 12, 1 << 15

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Session:
    """What the gateway keeps of one identified client, so that it can resume."""

    def __init__(self, number: int) -> None:
        self.id = f"session-{number}"
        self.events: list[dict[str, Any]] = []
        self.socket: web.WebSocketResponse | None = None
        self.intents = 0

    async def send(self, payload: dict[str, Any]) -> None:
        if self.socket is None or self.socket.closed:
            return
        try:
            await self.socket.send_str(json.dumps(payload))
        except (ConnectionError, RuntimeError):
            self.socket = None

    async def dispatch(self, name: str, data: object) -> None:
        event = {"op": 0, "t": name, "s": len(self.events) + 1, "d": data}
        self.events.append(event)
        await self.send(event)


class Discord:
    """One server ("guild") with channels, threads and people, and one bot in it."""

    def __init__(self) -> None:
        self.port = 0
        self.address = ""
        """Of the API as clients reach it, where it is not our own port."""
        self.token = TOKEN
        self.missing_intents = 0
        self.deaf_to_private: set[str] = set()
        self.mute: set[str] = set()
        """Channels in which the bot may not write."""
        self.answers: list[tuple[int, dict[str, Any], dict[str, str]]] = []
        """Answers given to the next words of ours instead of taking them."""
        self.swallow = 0
        """So many of our next words are taken, and the connection breaks before the answer."""
        self.history_allowed = True
        self.identified = 0
        self.resumed = 0
        self.posted = 0
        self.members: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.pinned: list[str] = []
        self._nonces: dict[str, tuple[float, dict[str, Any]]] = {}
        self._sessions: dict[str, Session] = {}
        self._numbers = itertools.count(1)
        self._last_id = 0
        self._runner: web.AppRunner | None = None
        self.join(BOT, bot=True, announce=False)

    # As its people see it.

    def new_id(self) -> str:
        self._last_id = max(self._last_id + 1, (int(time.time() * 1000) - EPOCH_MS) << 22)
        return str(self._last_id)

    def join(self, account: str, bot: bool = False, announce: bool = True) -> dict[str, Any]:
        member = {
            "user": user(account, bot),
            "roles": [],
            "joined_at": moment(),
            "deaf": False,
            "mute": False,
            "flags": 0,
        }
        self.members[account] = member
        if announce:
            self.tell("GUILD_MEMBER_ADD", {**member, "guild_id": GUILD})
        return member

    def leave(self, account: str) -> None:
        del self.members[account]
        self.tell("GUILD_MEMBER_REMOVE", {"guild_id": GUILD, "user": user(account)})

    def add_channel(self, hidden_from: tuple[str, ...] = ()) -> str:
        channel: dict[str, Any] = {
            "id": self.new_id(),
            "type": 0,
            "guild_id": GUILD,
            "name": "channel",
            "position": len(self.channels),
            "permission_overwrites": [
                {"id": each, "type": 1, "allow": "0", "deny": str(VIEW)} for each in hidden_from
            ],
            "parent_id": None,
            "nsfw": False,
        }
        self.channels[channel["id"]] = channel
        self.messages[channel["id"]] = []
        self.tell("CHANNEL_CREATE", channel)
        return str(channel["id"])

    def add_thread(self, parent: str, private: bool = False) -> str:
        number = self.new_id()
        self.channels[number] = {
            "id": number,
            "type": 12 if private else 11,
            "guild_id": GUILD,
            "parent_id": parent,
            "owner_id": BOT,
            "name": "thread",
            "last_message_id": None,
            "message_count": 0,
            "member_count": 1,
            "rate_limit_per_user": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": moment(),
                "locked": False,
            },
        }
        self.messages[number] = []
        self.tell("THREAD_CREATE", self.channels[number])
        return number

    def private_channel(self, account: str) -> str:
        for number, channel in self.channels.items():
            if channel["type"] == 1 and channel["recipients"][0]["id"] == account:
                return number
        number = self.new_id()
        self.channels[number] = {"id": number, "type": 1, "recipients": [user(account)]}
        self.messages[number] = []
        return number

    def say(self, channel: str, account: str, text: str, **more: Any) -> str:
        message = {
            "id": self.new_id(),
            "channel_id": channel,
            "author": user(account, bot=account == BOT),
            "content": text,
            "timestamp": moment(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            "type": 0,
            "flags": 0,
            **more,
        }
        self.messages[channel].append(message)
        self.channels[channel]["last_message_id"] = message["id"]
        self.tell("MESSAGE_CREATE", self._event(channel, message))
        return str(message["id"])

    def edit(self, channel: str, number: str, text: str) -> None:
        message = self._find(channel, number)
        message["content"] = text
        message["edited_timestamp"] = moment()
        self.tell("MESSAGE_UPDATE", self._event(channel, message))

    def preview(self, channel: str, number: str) -> None:
        """A link in a message grows a preview: an update that nobody made."""
        self.tell("MESSAGE_UPDATE", self._event(channel, self._find(channel, number)))

    def delete(self, channel: str, *numbers: str) -> None:
        self.messages[channel] = [m for m in self.messages[channel] if m["id"] not in numbers]
        where = {"channel_id": channel}
        if self.channels[channel]["type"] != 1:
            where["guild_id"] = GUILD
        if len(numbers) == 1:
            self.tell("MESSAGE_DELETE", {"id": numbers[0], **where})
        else:
            self.tell("MESSAGE_DELETE_BULK", {"ids": list(numbers), **where})

    def _find(self, channel: str, number: str) -> dict[str, Any]:
        return next(m for m in self.messages[channel] if m["id"] == number)

    def _event(self, channel: str, message: dict[str, Any]) -> dict[str, Any]:
        if self.channels[channel]["type"] == 1:
            return dict(message)
        account = message["author"]["id"]
        member = {k: v for k, v in self.members.get(account, {}).items() if k != "user"}
        return {**message, "guild_id": GUILD, "member": member}

    # The gateway.

    def tell(self, name: str, data: object) -> None:
        """An event for every session whose intents cover it; kept for those that may resume."""
        copied = json.loads(json.dumps(data))
        for session in self._sessions.values():
            if name.startswith("MESSAGE"):
                private = "guild_id" not in copied
                if not session.intents & (DIRECT_MESSAGES if private else GUILD_MESSAGES):
                    continue
            elif name.startswith("GUILD_MEMBER") and not session.intents & MEMBERS_INTENT:
                continue
            task = asyncio.get_running_loop().create_task(session.dispatch(name, copied))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def forget_sessions(self) -> None:
        """A RESUME of any session so far is answered with INVALID_SESSION."""
        self._sessions.clear()

    async def close_all(self, code: int) -> None:
        for session in list(self._sessions.values()):
            if session.socket is not None and not session.socket.closed:
                await session.socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        for session in self._sessions.values():
            await session.send({"op": 7, "d": None})

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        here = Session(next(self._numbers))
        here.socket = socket
        await here.send({"op": 10, "d": {"heartbeat_interval": HEARTBEAT_MS}})
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            payload = json.loads(frame.data)
            op, data = payload.get("op"), payload.get("d")
            if op == 1:
                await here.send({"op": 11})
            elif op in (2, 6) and data["token"] != self.token:
                await socket.close(code=4004)
            elif op == 2:
                await self._identify(here, data)
            elif op == 6:
                here = await self._resume(here, data)
            elif op == 8:
                await self._chunk(here, data)
        return socket

    async def _identify(self, session: Session, data: dict[str, Any]) -> None:
        if data["intents"] & self.missing_intents:
            assert session.socket is not None
            await session.socket.close(code=4014)
            return
        self.identified += 1
        session.intents = data["intents"]
        self._sessions[session.id] = session
        await session.dispatch(
            "READY",
            {
                "v": 10,
                "user": user(BOT, bot=True),
                "guilds": [{"id": GUILD, "unavailable": True}],
                "session_id": session.id,
                "resume_gateway_url": self._websocket_url(),
                "application": {"id": APPLICATION, "flags": 0},
            },
        )
        await session.dispatch("GUILD_CREATE", self._guild())

    async def _resume(self, here: Session, data: dict[str, Any]) -> Session:
        old = self._sessions.get(data["session_id"])
        if old is None:
            await here.send({"op": 9, "d": False})
            return here
        self.resumed += 1
        old.socket = here.socket
        for event in old.events[data["seq"] :]:
            await old.send(event)
        await old.dispatch("RESUMED", {})
        return old

    async def _chunk(self, session: Session, data: dict[str, Any]) -> None:
        await session.dispatch(
            "GUILD_MEMBERS_CHUNK",
            {
                "guild_id": GUILD,
                "members": list(self.members.values()),
                "chunk_index": 0,
                "chunk_count": 1,
                "nonce": data.get("nonce"),
            },
        )

    def _guild(self) -> dict[str, Any]:
        threads = [c for c in self.channels.values() if c["type"] in (11, 12)]
        return {
            "id": GUILD,
            "name": "guild",
            "owner_id": next((each for each in self.members if each != BOT), BOT),
            "unavailable": False,
            "member_count": len(self.members),
            "members": [self.members[BOT]],
            "roles": [
                {
                    "id": GUILD,
                    "name": "@everyone",
                    "permissions": str(VIEW | SEND | (HISTORY if self.history_allowed else 0)),
                    "position": 0,
                }
            ],
            "channels": [c for c in self.channels.values() if c["type"] == 0],
            "threads": [t for t in threads if not t["thread_metadata"]["archived"]],
            "features": ["COMMUNITY"],
            "preferred_locale": "ko",
        }

    # The API.

    def _websocket_url(self) -> str:
        return f"ws://{self.address or f'127.0.0.1:{self.port}'}/gateway"

    @web.middleware
    async def _authorised(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        open_to_all = request.path in ("/gateway", "/api/v10/gateway")
        if not open_to_all and request.headers.get("Authorization") != f"Bot {self.token}":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        response = await handler(request)
        if isinstance(response, web.Response) and response.content_type == "application/json":
            response.charset = None  # as Discord writes it
        return response

    async def _messages(self, request: web.Request) -> web.Response:
        channel = request.match_info["channel"]
        if channel not in self.messages:
            return unknown("Unknown Channel", 10003)
        if not self.history_allowed:
            return web.json_response([])
        limit = int(request.query.get("limit", "50"))
        found = self.messages[channel]
        if after := request.query.get("after"):
            # The ones nearest to the id asked for, but newest first as ever.
            found = [m for m in found if int(m["id"]) > int(after)][:limit]
        elif before := request.query.get("before"):
            found = [m for m in found if int(m["id"]) < int(before)][-limit:]
        return web.json_response(found[-limit:][::-1])

    async def _post(self, request: web.Request) -> web.Response:
        channel = request.match_info["channel"]
        if self.answers:
            status, body, headers = self.answers.pop(0)
            return web.json_response(body, status=status, headers=headers)
        if channel not in self.messages:
            return unknown("Unknown Channel", 10003)
        recipients = self.channels[channel].get("recipients", [])
        if channel in self.mute:
            return web.json_response({"message": "Missing Permissions", "code": 50013}, status=403)
        if any(each["id"] in self.deaf_to_private for each in recipients):
            return web.json_response(
                {"message": "Cannot send messages to this user", "code": 50007}, status=403
            )
        asked = await request.json()
        text = asked.get("content", "")
        if not 0 < len(text) <= 2000:
            return web.json_response({"message": "Invalid Form Body", "code": 50035}, status=400)
        self.posted += 1
        nonce = asked.get("nonce")
        before, message = self._nonces.get(nonce, (0.0, {}))
        if not (asked.get("enforce_nonce") and time.monotonic() - before < NONCE_SECONDS) or (
            not message
        ):
            message = self._find(channel, self.say(channel, BOT, text, nonce=nonce))
            if nonce is not None:
                self._nonces[nonce] = (time.monotonic(), message)
        if self.swallow:
            self.swallow -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(message)

    async def _pin(self, request: web.Request) -> web.Response:
        self.pinned.append(request.match_info["message"])
        return web.Response(status=204)

    async def _open_private(self, request: web.Request) -> web.Response:
        account = (await request.json())["recipient_id"]
        if str(account) not in self.members:
            return web.json_response({"message": "Invalid Recipient(s)", "code": 50033}, status=400)
        number = self.private_channel(str(account))
        return web.json_response(self.channels[number])

    async def _archived(self, request: web.Request) -> web.Response:
        threads = [
            each
            for each in self.channels.values()
            if each["type"] == 11
            and each["parent_id"] == request.match_info["channel"]
            and each["thread_metadata"]["archived"]
        ]
        return web.json_response({"threads": threads, "members": [], "has_more": False})

    async def _me(self, request: web.Request) -> web.Response:
        return web.json_response(user(BOT, bot=True))

    async def _application(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "id": APPLICATION,
                "name": "application",
                "description": "",
                "icon": None,
                "bot_public": False,
                "bot_require_code_grant": False,
                "owner": user("900000000000000009"),
                "team": None,
                "verify_key": "00",
                "flags": 0,
            }
        )

    async def _where(self, request: web.Request) -> web.Response:
        return web.json_response({"url": self._websocket_url()})

    async def start(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        app = web.Application(middlewares=[self._authorised])
        api = "/api/v10"
        app.router.add_get("/gateway", self._gateway)
        app.router.add_get(f"{api}/gateway", self._where)
        app.router.add_get(f"{api}/users/@me", self._me)
        app.router.add_get(f"{api}/oauth2/applications/@me", self._application)
        app.router.add_post(f"{api}/users/@me/channels", self._open_private)
        app.router.add_get(f"{api}/channels/{{channel}}/messages", self._messages)
        app.router.add_post(f"{api}/channels/{{channel}}/messages", self._post)
        app.router.add_put(f"{api}/channels/{{channel}}/messages/pins/{{message}}", self._pin)
        app.router.add_get(f"{api}/channels/{{channel}}/threads/archived/public", self._archived)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self.close_all(1001)
        if self._runner is not None:
            await self._runner.cleanup()


def user(account: str, bot: bool = False) -> dict[str, Any]:
    return {
        "id": account,
        "username": f"user{account}",
        "discriminator": "0",
        "global_name": None,
        "avatar": None,
        "bot": bot,
    }


def moment() -> str:
    return datetime.now(UTC).isoformat()


def unknown(what: str, code: int) -> web.Response:
    return web.json_response({"message": what, "code": code}, status=404)


def too_many(seconds: float) -> tuple[int, dict[str, Any], dict[str, str]]:
    """The documented answer to one request too many."""
    return (
        429,
        {"message": "You are being rate limited.", "retry_after": seconds, "global": False},
        {
            "Retry-After": str(int(seconds) + 1),
            "Via": "1.1 google",
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(time.time() + seconds),
            "X-RateLimit-Reset-After": str(seconds),
            "X-RateLimit-Bucket": "messages",
            "X-RateLimit-Scope": "user",
        },
    )
