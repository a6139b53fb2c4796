"""The HTTP interface of intake: messages in, counsellors' words out (docs/intake.md)."""

from __future__ import annotations

import re
import time
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from ansim.chat import Source
from ansim.sources.contract import DeliveryState, IntakeBusy, IntakeRefused, Outcome
from ansim.stream.gateway import batches, body, limits
from ansim.stream.gateway.answers import (
    BatchAnswer,
    Confirmation,
    FailRequest,
    OutboxAnswer,
    OutboxMessage,
    answer,
    error,
)
from ansim.stream.gateway.batches import Batch
from ansim.stream.gateway.items import Problem
from ansim.stream.gateway.process import Gateway

CONNECTOR = "http"
_RETRY = {"Retry-After": str(limits.RETRY_SECONDS)}
_WHY = {
    Outcome.FAILED: ("not_stored", "not confirmed as stored; send it again with the same id"),
    Outcome.UNREAD: ("reading_stopped", "read no more, as its people asked; send no more of it"),
}
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

AnyRequest = Request[Any, Any, State]


def _gateway(request: AnyRequest) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


async def _admit(request: AnyRequest) -> Source | Response[bytes]:
    """The source whose key the request carries, or the answer that sends it away."""
    gateway = _gateway(request)
    admission = gateway.admission
    if not admission.ready:
        return error(503, "starting", "the list of sources cannot be read; try again", _RETRY)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    challenge = {"WWW-Authenticate": 'Bearer realm="ansim"'}
    if scheme.lower() != "bearer" or not key.strip():
        return error(401, "unauthorized", "send 'Authorization: Bearer <key>'", challenge)
    source = admission.source_of(key.strip())
    if source is None:
        gateway.counts.refused += 1
        await admission.tell_refused(None, "a request with an unknown API key")
        return error(401, "unauthorized", "this API key is not known", challenge)
    reason = admission.refusal(source.id, CONNECTOR)
    if reason is not None:
        gateway.counts.refused += 1
        await admission.tell_refused(source.id, reason)
        return error(403, "refused", reason)
    return source


def _busy(busy: IntakeBusy) -> Response[bytes]:
    headers = {"Retry-After": str(busy.retry_after)}
    if busy.overloaded:
        return error(429, "overloaded", f"{busy}; nothing of this batch was stored", headers)
    return error(503, "unavailable", f"{busy}; nothing of this batch was stored", headers)


@post("/v1/messages", request_max_body_size=None, status_code=202)
async def take_messages(request: AnyRequest) -> Response[bytes]:
    """Takes one message, an array or NDJSON lines; answers when they are durable."""
    gateway = _gateway(request)
    source = await _admit(request)
    if isinstance(source, Response):
        return source
    kind, _, _ = request.headers.get("content-type", "application/json").partition(";")
    lines = kind.strip().lower() in ("application/x-ndjson", "application/jsonl")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return error(415, "unsupported_encoding", "send the body without Content-Encoding")
    try:
        gateway.intake.check_backlog()
        with gateway.in_flight.load() as load:
            data = await body.read(request.stream(), request.headers.get("content-length"), load)
            batch = batches.read(data, lines=lines, now=time.time())
            del data
            return await _store(gateway, source, batch)
    except IntakeBusy as busy:
        return _busy(busy)
    except IntakeRefused as refused:
        return error(403, "refused", str(refused))
    except body.BodyTooLarge:
        return error(413, "too_large", f"a batch may hold {limits.MAX_BATCH_BYTES} bytes (16 MiB)")
    except batches.TooManyItems:
        return error(413, "too_many", f"a batch may hold {limits.MAX_BATCH_ITEMS} items")
    except body.BodyTooSlow:
        return error(408, "too_slow", f"the body did not arrive in {limits.BODY_SECONDS:.0f} s")
    except body.HandsFull:
        return error(429, "overloaded", "too much is in work; nothing was stored", _RETRY)
    except batches.NotABatch as wrong:
        return error(400, "not_a_batch", str(wrong))


async def _store(gateway: Gateway, source: Source, batch: Batch) -> Response[bytes]:
    problems = batch.problems
    outcomes: list[Outcome] = []
    if batch.messages:
        messages = [message for _, message in batch.messages]
        outcomes = await gateway.http.take(source.id, messages)
    lost, unread = outcomes.count(Outcome.FAILED), outcomes.count(Outcome.UNREAD)
    if lost or unread:
        problems = problems + [
            Problem(index=index, id=message.id, error=_WHY[outcome][0], detail=_WHY[outcome][1])
            for (index, message), outcome in zip(batch.messages, outcomes, strict=True)
            if outcome in _WHY
        ]
        problems.sort(key=lambda problem: problem.index)
    result = BatchAnswer(
        accepted=outcomes.count(Outcome.STORED),
        duplicates=outcomes.count(Outcome.DUPLICATE),
        rejected=len(batch.problems) + unread,
        not_stored=lost,
        results=problems,
    )
    gateway.counts.add(result)
    if lost:
        return answer(result, 503, _RETRY)
    return answer(result, 202 if batch.messages or not batch.size else 422)


@get("/v1/outbox")
async def read_outbox(request: AnyRequest) -> Response[bytes]:
    """Words for the caller's own conversations; waits up to ``wait`` seconds for new ones."""
    gateway = _gateway(request)
    source = await _admit(request)
    if isinstance(source, Response):
        return source
    try:
        after = _number(request.query_params.get("after", "0"), 2**63)
        wait = _number(request.query_params.get("wait", "0"), limits.MAX_OUTBOX_WAIT)
    except ValueError:
        return error(
            400,
            "bad_query",
            f"'after' is a cursor from 0 up, 'wait' is 0 to {limits.MAX_OUTBOX_WAIT:.0f} seconds",
        )
    outbox = gateway.http.outbox
    if outbox is None:
        return error(503, "unavailable", "the outbox cannot be reached yet; try again", _RETRY)
    if gateway.long_polls >= limits.MAX_LONG_POLLS:
        return error(429, "overloaded", "too many requests are waiting", _RETRY)
    gateway.long_polls += 1
    try:
        found = await gateway.unless_closing(
            outbox.wait(source.id, int(after), limits.MAX_OUTBOX_MESSAGES, wait)
        )
    finally:
        gateway.long_polls -= 1
    messages = [
        OutboxMessage(
            cursor=cursor,
            id=lying.id,
            conversation=lying.conversation,
            agency=lying.agency,
            language=lying.language,
            text=lying.text,
            at=lying.at,
            to=lying.recipient or None,
        )
        for cursor, lying in found or []
    ]
    return answer(OutboxAnswer(messages, messages[-1].cursor if messages else int(after)), 200)


def _number(text: str, largest: float) -> float:
    """A query parameter as a number. Raises ValueError."""
    if not text.isascii() or len(text) > 20:
        raise ValueError
    value = float(text) if "." in text else int(text)
    if not 0 <= value <= largest:
        raise ValueError
    return value


@post("/v1/outbox/{message:str}/ack", status_code=200)
async def confirm_shown(request: AnyRequest, message: FromPath[str]) -> Response[bytes]:
    """The platform showed the words."""
    gateway = _gateway(request)
    source = await _admit(request)
    if isinstance(source, Response):
        return source
    shown = "플랫폼이 확인함 / confirmed by the platform"
    return await _settle(gateway, source, message, DeliveryState.SENT, shown)


@post("/v1/outbox/{message:str}/fail", status_code=200)
async def confirm_failed(request: AnyRequest, message: FromPath[str]) -> Response[bytes]:
    """The platform could not show the words, and says why."""
    gateway = _gateway(request)
    source = await _admit(request)
    if isinstance(source, Response):
        return source
    try:
        with gateway.in_flight.load() as load:
            data = await body.read(
                request.stream(), request.headers.get("content-length"), load, largest=16 * 1024
            )
        reason = msgspec.json.decode(data, type=FailRequest).reason
    except body.BodyTooLarge:
        return error(413, "too_large", "the body may hold 16384 bytes")
    except (body.BodyTooSlow, body.HandsFull):
        return error(429, "overloaded", "too much is in work; try again", _RETRY)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return error(
            400,
            "bad_reason",
            f'send {{"reason": "…"}} with 1 to {limits.MAX_FAIL_REASON} characters',
        )
    reason = "".join(character if character.isprintable() else " " for character in reason)
    return await _settle(gateway, source, message, DeliveryState.FAILED, reason)


async def _settle(
    gateway: Gateway, source: Source, message: str, state: DeliveryState, detail: str
) -> Response[bytes]:
    outbox = gateway.http.outbox
    if outbox is None:
        return error(503, "unavailable", "the outbox cannot be reached yet; try again", _RETRY)
    try:
        known = _MESSAGE_ID.fullmatch(message) is not None
        settled = await outbox.settle(source.id, message, state, detail) if known else None
        if settled is None:
            return error(404, "unknown_message", "your outbox holds no message with this id")
        await gateway.courier.record(message, settled)
    except Exception as failure:
        gateway.say_once("outbox", failure)
        return error(503, "unavailable", "could not be recorded; confirm again", _RETRY)
    return answer(Confirmation(message, settled.state.value), 200)


HANDLERS: list[Any] = [take_messages, read_outbox, confirm_shown, confirm_failed]
