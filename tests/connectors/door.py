"""Our side of connectors that are called: their routes on a port, with one source behind them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import msgspec
import uvicorn
from litestar import Litestar

from ansim.sources.contract import Delivery, Intake, IntakeBusy, IntakeRefused, Outcome
from ansim.sources.doorway import Answer, TurnedAway
from ansim.sources.wiring import Opening
from ansim.stream.gateway import batches


class OneDoor:
    """Keeps ``ansim.sources.doorway.Door`` for one source, without a store behind it."""

    def __init__(self, opening: Opening, intake: Intake) -> None:
        self._opening = opening
        self._intake = intake
        self.refusals: list[str] = []
        self.recorded: dict[str, Delivery] = {}

    @property
    def intake(self) -> Intake:
        return self._intake

    def opening(self, source: str, connector: str) -> Opening | None:
        ours = self._opening.source
        if (source, connector) != (ours.id, ours.connector) or ours.refusal() is not None:
            return None
        return self._opening

    async def refused(self, source: str | None, reason: str) -> None:
        self.refusals.append(reason)

    async def record(self, message: str, delivery: Delivery) -> None:
        self.recorded[message] = delivery

    @asynccontextmanager
    async def body(
        self, chunks: AsyncIterator[bytes], declared: str | None, largest: int
    ) -> AsyncIterator[bytes]:
        held = bytearray()
        async for chunk in chunks:
            held += chunk
            if len(held) > largest:
                raise TurnedAway(_answer(413, {"error": "too_large"}))
        yield bytes(held)

    async def take_batch(self, source: str, body: bytes, content_type: str) -> Answer:
        lines = content_type.partition(";")[0].strip() == "application/x-ndjson"
        try:
            batch = batches.read(body, lines=lines, now=time.time())
            messages = [message for _, message in batch.messages]
            outcomes = await self._intake(source, messages) if messages else []
        except batches.NotABatch as wrong:
            return _answer(400, {"error": "not_a_batch", "detail": str(wrong)})
        except batches.TooManyItems:
            return _answer(413, {"error": "too_many"})
        except IntakeRefused as refused:
            return _answer(403, {"error": "refused", "detail": str(refused)})
        except IntakeBusy as busy:
            return _answer(503, {"error": "unavailable"}, {"Retry-After": str(busy.retry_after)})
        counted = {
            "accepted": outcomes.count(Outcome.STORED),
            "duplicates": outcomes.count(Outcome.DUPLICATE),
            "rejected": len(batch.problems) + outcomes.count(Outcome.UNREAD),
            "not_stored": outcomes.count(Outcome.FAILED),
            "results": batch.problems,
        }
        if Outcome.FAILED in outcomes:
            return _answer(503, counted, {"Retry-After": "1"})
        return _answer(202 if messages else 422, counted)


@asynccontextmanager
async def serve_door(door: OneDoor, connector: str, port: int) -> AsyncIterator[None]:
    """Serves ``routes(door)`` of the connector on a port of this machine."""
    handlers = import_module(f"ansim.sources.{connector}.routes").routes(door)
    server = uvicorn.Server(
        uvicorn.Config(
            Litestar(handlers, openapi_config=None, logging_config=None),
            host="127.0.0.1",
            port=port,
            log_level="warning",
            access_log=False,
            lifespan="off",
        )
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not task.done(), "the door could not be opened"
            await asyncio.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)


def _answer(status: int, body: object, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, msgspec.json.encode(body), headers or {})
