"""The way in of the webhook: signed batches, and the platform's word on what it has shown."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath

from ansim.sources.contract import Delivery, DeliveryState
from ansim.sources.doorway import Answer, Door, TurnedAway
from ansim.sources.webhook import DECLARATION, signing
from ansim.sources.webhook.connector import place, short
from ansim.sources.wiring import Opening

MOST_BYTES = 16 * 1024 * 1024
MOST_CONFIRMATION_BYTES = 16 * 1024
MOST_REMEMBERED = 4096
"""Requests whose answers are kept for as long as their signatures would pass."""
SMALL_ANSWER = 4096
MOST_UNPROVED = 32 * 1024 * 1024
"""Bytes of bodies whose sender is not proved yet: anybody can send them, and they must not take the
room of those who are known."""
RETRY_SECONDS = 2
SHOWN = "플랫폼이 확인함 / confirmed by the platform"

AnyRequest = Request[Any, Any, State]


class Confirmed(msgspec.Struct):
    """What became of words that the platform had said it would show later."""

    id: str
    state: Literal["sent", "failed"]
    reason: str = ""


class Strangers:
    """Room for bodies that have to be read before anybody knows whose they are."""

    def __init__(self) -> None:
        self._bytes = 0

    @contextmanager
    def room(self, declared: str, largest: int) -> Iterator[Callable[[], None]]:
        """Room for one body; what is given ends it early. Raises TurnedAway when there is none."""
        known = declared.isascii() and declared.isdigit()
        size = min(int(declared[:12]) if known else largest, largest)
        if self._bytes + size > MOST_UNPROVED:
            told = _error(429, "overloaded", "too much is in work; try again", RETRY_SECONDS)
            raise TurnedAway(told)
        self._bytes += size
        held = [size]

        def proved() -> None:
            self._bytes -= held.pop() if held else 0

        try:
            yield proved
        finally:
            proved()


class Answered:
    """Requests that were answered well, so that their repetition within the window does nothing."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str], tuple[float, Answer]] = OrderedDict()

    def again(self, key: tuple[str, str, str], now: float) -> Answer | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and now - kept[0] <= 2 * signing.WINDOW_SECONDS else None

    def keep(self, key: tuple[str, str, str], answer: Answer, now: float) -> None:
        if 200 <= answer.status < 300 and len(answer.body) <= SMALL_ANSWER:
            self._kept[key] = (now, answer)
        while len(self._kept) > MOST_REMEMBERED:
            self._kept.popitem(last=False)


def routes(door: Door) -> list[Any]:
    """The addresses under ``/v1/webhook/``. See docs/connectors/webhook.md."""
    answered = Answered()
    strangers = Strangers()
    settled: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def proved(source: str, request: AnyRequest, largest: int, kind: str) -> Answer:
        """Admits a request, reads and proves its body, and has it done once."""
        try:
            opening = door.opening(source, DECLARATION.name)
        except TurnedAway as turned:
            return turned.answer
        if opening is None:
            await door.refused(None, "a webhook request for a source that is not there")
            return _error(404, "unknown_source", "no webhook source of this name is switched on")
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return _error(415, "unsupported_encoding", "send the body without Content-Encoding")
        timestamp = request.headers.get(signing.TIMESTAMP, "")
        try:
            claimed = signing.claims(
                timestamp, request.headers.getall(signing.SIGNATURE, []), time.time()
            )
            declared = request.headers.get("content-length")
            with strangers.room(declared or "", largest) as proved_it:
                async with door.body(request.stream(), declared, largest) as body:
                    secrets = [opening.wiring.entry(n) for n in ("secret", "secret_before")]
                    signing.prove(claimed, secrets, timestamp, body)
                    proved_it()
                    return await done_once(opening, kind, timestamp, body, request)
        except signing.Unproved as wrong:
            await door.refused(source, "a webhook request whose signature does not hold")
            return _error(401, "unauthorized", str(wrong))
        except TurnedAway as turned:
            return turned.answer

    async def done_once(
        opening: Opening, kind: str, timestamp: str, body: bytes, request: AnyRequest
    ) -> Answer:
        # The body's own hash: a proved time and body, whichever secret signed it.
        key = (opening.source.id, kind, timestamp + hashlib.sha256(body).hexdigest())
        answer = answered.again(key, time.time())
        if answer is not None:
            return answer
        if kind == "messages":
            sort = request.headers.get("content-type", "application/json")
            answer = await door.take_batch(opening.source.id, body, sort)
        else:
            answer = await settle(opening, body)
        answered.keep(key, answer, time.time())
        return answer

    async def settle(opening: Opening, body: bytes) -> Answer:
        try:
            said = msgspec.json.decode(body, type=Confirmed)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _error(400, "bad_confirmation", 'send {"id": "…", "state": "sent" or "failed"}')
        key = (opening.source.id, said.id)
        if key not in settled:
            state = DeliveryState(said.state)
            reason = short(said.reason) or "플랫폼이 보여 주지 못함 / not shown by the platform"
            detail = SHOWN if state is DeliveryState.SENT else reason
            try:
                # What this source was never given is not its to settle.
                if len(said.id) > 64 or await opening.memory.get(place(said.id)) is None:
                    return _error(404, "unknown_message", "no words of this id wait here")
                await door.record(said.id, Delivery(state, detail))
                await opening.memory.forget(place(said.id))
            except ConnectionError:
                return _error(503, "unavailable", "could not be recorded; confirm again", retry=2)
            settled[key] = said.state
            if len(settled) > MOST_REMEMBERED:
                settled.popitem(last=False)
        answer = {"id": said.id, "state": settled[key]}
        return Answer(200, msgspec.json.encode(answer), {})

    @post("/v1/webhook/{source:str}", request_max_body_size=None, status_code=202)
    async def take(request: AnyRequest, source: FromPath[str]) -> Response[bytes]:
        """Messages: one, an array or NDJSON lines."""
        return _response(await proved(source, request, MOST_BYTES, "messages"))

    @post("/v1/webhook/{source:str}/delivered", request_max_body_size=None, status_code=200)
    async def confirm(request: AnyRequest, source: FromPath[str]) -> Response[bytes]:
        """Words that the platform answered with "waiting" were shown, or could not be."""
        return _response(await proved(source, request, MOST_CONFIRMATION_BYTES, "delivered"))

    return [take, confirm]


def _error(status: int, code: str, detail: str, retry: int = 0) -> Answer:
    headers = {"Retry-After": str(retry)} if retry else {}
    return Answer(status, msgspec.json.encode({"error": code, "detail": detail}), headers)


def _response(answer: Answer) -> Response[bytes]:
    return Response(
        answer.body,
        status_code=answer.status,
        media_type="application/json",
        headers={
            "Cache-Control": "no-store",
            **{n: v for n, v in answer.headers.items() if n.lower() == "retry-after"},
        },
    )
