"""A chat service that exists for tests only: a log of events behind a port, one line a request."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

WAIT_SECONDS = 0.2
"""So long a request for events is kept waiting for one."""
LINE_LIMIT = 2**22


async def ask(port: int, request: dict[str, Any]) -> dict[str, Any]:
    """One request. Raises ConnectionError."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LINE_LIMIT)
        try:
            writer.write(json.dumps(request).encode() + b"\n")
            await writer.drain()
            line = await reader.readline()
        finally:
            writer.close()
    except OSError as error:
        raise ConnectionError(type(error).__name__) from None
    if not line:
        raise ConnectionError("the service hung up")
    answer: dict[str, Any] = json.loads(line)
    return answer


class Toy:
    """Rooms, people, and everything that happened, numbered from 1."""

    def __init__(self) -> None:
        self.port = 0
        self.token = "token-of-the-toy"
        self.events: list[dict[str, Any]] = []
        self.members: dict[str, set[str]] = {}
        self._once: dict[str, float] = {}
        self._slower: list[float] = []
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=LINE_LIMIT
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nobody gets through any more; what happens meanwhile is noted all the same."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in list(self._ends):
            end.transport.abort()

    def slower(self, seconds: float) -> None:
        """The next words of the bot are sent away."""
        self._slower.append(seconds)

    def happen(self, kind: str, room: str, who: str, text: str = "", **more: Any) -> str:
        """Notes an event and returns its id."""
        number = len(self.events) + 1
        event = {"number": number, "id": f"e-{number}", "kind": kind, "room": room, "who": who}
        rest = {"at": time.time(), "replaces": "", "file": "", "private": False, "about": ""}
        self.events.append({**event, "text": text, "to": "", **rest, **more})
        if kind == "join":
            self.members.setdefault(room, set()).add(who)
        return str(event["id"])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            # Cancelled: the test is over, and nobody waits for an answer.
            with suppress(OSError, asyncio.CancelledError):
                request = json.loads(await reader.readline())
                writer.write(json.dumps(await self._answer(request)).encode() + b"\n")
                await writer.drain()
        finally:
            self._ends.discard(writer)
            writer.close()

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["token"] != self.token:
            return {"revoked": True}
        if request["op"] == "newest":
            return {"newest": len(self.events)}
        if request["op"] == "members":
            return {"members": sorted(self.members[request["room"]] - {"bot"})}
        if request["op"] == "events":
            until = time.monotonic() + WAIT_SECONDS
            while len(self.events) <= request["after"] and time.monotonic() < until:
                await asyncio.sleep(0.01)
            return {"events": self.events[request["after"] :][:20]}
        return self._say(request)

    def _say(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["room"] not in self.members:
            return {"nowhere": True}
        if self._slower:
            return {"slower": self._slower.pop()}
        if request["once"] not in self._once:
            self._once[request["once"]] = time.time()
            to = request["to"]
            self.happen("say", request["room"], "bot", request["text"], to=to, private=bool(to))
        return {"at": self._once[request["once"]]}
