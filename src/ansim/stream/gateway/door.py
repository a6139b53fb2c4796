"""The gateway as connectors see it whose platforms call us: their routes, and what these may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from litestar import Response

from ansim.sources import registry
from ansim.sources.contract import Delivery, Intake, Way
from ansim.sources.doorway import Answer, TurnedAway
from ansim.sources.wiring import Opening
from ansim.stream.gateway import body, limits, taking
from ansim.stream.gateway.answers import JSON, error
from ansim.stream.gateway.connections import WITHIN
from ansim.stream.gateway.process import Gateway
from ansim.stream.gateway.taking import RETRY


class GatewayDoor:
    """``sources.doorway.Door`` of one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def intake(self) -> Intake:
        return self._gateway.counted

    def opening(self, source: str, connector: str) -> Opening | None:
        if not self._gateway.admission.ready:  # not 404: the source may well be there
            told = error(503, "starting", "the list of sources cannot be read; try again", RETRY)
            raise TurnedAway(_answer(told))
        return self._gateway.connections.opening(source, connector)

    async def refused(self, source: str | None, reason: str) -> None:
        self._gateway.counts.refused += 1
        await self._gateway.admission.tell_refused(source, reason)

    async def record(self, message: str, delivery: Delivery) -> None:
        try:
            await self._gateway.courier.record(message, delivery)
        except asyncio.CancelledError:
            raise
        except Exception as failure:
            raise ConnectionError(f"not recorded: {type(failure).__name__}") from failure

    @asynccontextmanager
    async def body(
        self, chunks: AsyncIterator[bytes], declared: str | None, largest: int
    ) -> AsyncIterator[bytes]:
        with self._gateway.in_flight.load() as load:
            most = min(largest, limits.MAX_BATCH_BYTES)
            try:
                data = await body.read(chunks, declared, load, largest=most)
            except body.BodyTooLarge:
                told = error(413, "too_large", f"a request here may hold {most} bytes")
                raise TurnedAway(_answer(told)) from None
            except (body.BodyTooSlow, body.HandsFull) as problem:
                raise _turned_away(problem) from None
            yield data

    async def take_batch(self, source: str, body: bytes, content_type: str) -> Answer:
        lines = taking.is_lines(content_type)
        try:
            taken = await taking.take(
                self._gateway, source, body, lines=lines, intake=self._gateway.counted
            )
        except Exception as problem:
            return _turned_away(problem).answer
        return _answer(taken)


def routes(gateway: Gateway) -> list[Any]:
    """The handlers of every connector that is called and has a ``routes`` module."""
    door = GatewayDoor(gateway)
    found: list[Any] = []
    for name, declaration in registry.CONNECTORS.items():
        if declaration.way is not Way.CALLED or name in WITHIN:
            continue
        module = f"ansim.sources.{name}.routes"
        if find_spec(module) is not None:
            found += import_module(module).routes(door)
    return found


def turned_away(_request: object, raised: TurnedAway) -> Response[bytes]:
    """The answer where a connector's routes let TurnedAway pass."""
    told = raised.answer
    return Response(
        told.body,
        status_code=told.status,
        media_type=JSON,
        headers={"Cache-Control": "no-store", **told.headers},
    )


def _turned_away(problem: Exception) -> TurnedAway:
    told = taking.refused(problem)
    if told is None:
        raise problem
    return TurnedAway(_answer(told))


def _answer(response: Response[bytes]) -> Answer:
    return Answer(response.status_code or 200, response.content, dict(response.headers))
