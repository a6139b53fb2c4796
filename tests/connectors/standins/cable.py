"""A cable to a stand-in that can be pulled: a TCP relay on a port that stays the same."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Cable:
    """Relays to ``target`` (a port of this machine) until it is cut."""

    def __init__(self) -> None:
        self.port = 0
        self._target = 0
        self._files: tuple[int, tuple[bytes, ...]] = (0, ())
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._relays: set[asyncio.Task[None]] = set()
        self.connections = 0
        """How many were carried through."""

    async def lay(self, target: int) -> None:
        self._target = target
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def lead_files(self, target: int, *places: str) -> None:
        """Who asks for something at one of these places (beginnings of a path) is led to another
        port: one address for a service and its files, as their users know it."""
        self._files = (target, tuple(f"GET {place}".encode() for place in places))

    async def cut(self) -> None:
        """Nobody gets through, and whoever was through is thrown out without a word."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in list(self._ends):
            end.transport.abort()
        for relay in list(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)
        self._ends.clear()

    async def mend(self) -> None:
        if self._server is None:
            await self.lay(self._target)

    def drop(self) -> None:
        """Throws everybody out once; whoever comes back gets through."""
        for end in list(self._ends):
            end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: asyncio.StreamWriter | None = None
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        self._ends.add(writer)
        try:
            files, places = self._files
            first = await reader.readline() if places else b""
            target = files if first.startswith(places) and places else self._target
            back, there = await asyncio.open_connection("127.0.0.1", target)
            self._ends.add(there)
            self.connections += 1
            there.write(first)
            pumps = {
                asyncio.create_task(_pump(reader, there)),
                asyncio.create_task(_pump(back, writer)),
            }
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in (writer, there):
                if end is not None:
                    self._ends.discard(end)
                    end.close()
            self._relays.discard(task)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
