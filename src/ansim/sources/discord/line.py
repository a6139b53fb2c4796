"""discord.py, pointed at one address and kept from writing down what people say.

Two lines lead to Discord: ``Ear`` hears its gateway, ``Mouth`` (``mouth.py``) uses only its API.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import discord
from aiohttp import ClientWebSocketResponse
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route
from yarl import URL

log = logging.getLogger(__name__)
# Below this level it writes addresses with ids of channels and people, and what they said.
logging.getLogger("discord").setLevel(logging.ERROR)

LONGEST_WAIT = 8.0
"""Seconds that a request waits for Discord's limits before it is given up; the courier gives a
message fifteen."""
MOST_WAITING = 20_000
"""Events held in memory while intake is busy; what comes after them is fetched from history."""
GUILDS_SECONDS = 1.0
"""How long after the last server of its list Discord is taken to have told us all of them."""

HEARD = frozenset(
    {
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "MESSAGE_DELETE",
        "MESSAGE_DELETE_BULK",
        "GUILD_MEMBER_ADD",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_REMOVE",
        "GUILD_ROLE_UPDATE",
        "CHANNEL_UPDATE",
    }
)
READY = "READY"
"""Everything is to be looked at anew: what was missed lies in the history."""
MORE = "MORE"
"""A server came in later."""

Event = tuple[str, dict[str, Any]]


class Api(HTTPClient):
    """The library's HTTP client at another address, for this client alone."""

    base = ""
    """"http://host:port"; empty: Discord itself."""
    gateway = ""

    async def request(self, route: Route, **options: Any) -> Any:
        if self.base:
            route.url = route.url.replace(Route.BASE, f"{self.base}/api/v10", 1)
        return await super().request(route, **options)

    async def ws_connect(self, url: str, *, compress: int = 0) -> ClientWebSocketResponse:
        if self.base and URL(url).host == DiscordWebSocket.DEFAULT_GATEWAY.host:
            if not self.gateway:
                self.gateway = (await self.request(Route("GET", "/gateway")))["url"]
            url = str(URL(self.gateway).with_query(URL(url).query))
        return await super().ws_connect(url, compress=compress)


class Line(discord.Client):
    """A client of the library that talks to ``api``."""

    def __init__(self, api: str, intents: discord.Intents, **options: Any) -> None:
        self._base = api.rstrip("/")
        super().__init__(intents=intents, **options)

    def _get_state(self, **options: Any) -> Any:
        """Where the library makes what needs the HTTP client: ours is there before."""
        self.http = Api(self.loop)
        self.http.base = self._base
        self.http.max_ratelimit_timeout = LONGEST_WAIT
        return super()._get_state(**options)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        log.error("discord: %s failed", event_method)

    async def hang_up(self) -> None:
        """Closes, also where the other side does not answer any more."""
        try:
            async with asyncio.timeout(2.0):
                await self.close()
        except Exception as error:
            log.debug("discord: hanging up: %s", type(error).__name__)


class Ear(Line):
    """Hears the gateway and lays what matters into ``events``, in order and as it came."""

    def __init__(self, api: str) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        intents.members = True
        intents.guild_messages = True
        intents.dm_messages = True
        intents.message_content = True
        super().__init__(
            api,
            intents,
            max_messages=None,
            guild_ready_timeout=GUILDS_SECONDS,
            enable_debug_events=True,
        )
        # Messages are read by us alone: the library gives up its connection over an odd one.
        parsers = self._connection.parsers
        self._connection.parsers = {
            name: parse for name, parse in parsers.items() if not name.startswith("MESSAGE_")
        }
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.overflown = False

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        if event == "socket_raw_receive":
            self._hear(args[0])  # at once: a task for each would keep no order
        else:
            super().dispatch(event, *args, **kwargs)

    def _hear(self, message: str) -> None:
        """Before the library makes objects of it: what is odd in one event harms no other."""
        payload = json.loads(message)
        if not isinstance(payload, dict) or payload.get("t") not in HEARD:
            return
        if self.events.qsize() >= MOST_WAITING:
            self.overflown = True
        elif isinstance(payload.get("d"), dict):
            self.events.put_nowait((payload["t"], payload["d"]))

    async def on_ready(self) -> None:
        self.events.put_nowait((READY, {}))

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self.events.put_nowait((MORE, {}))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self.events.put_nowait((MORE, {}))
