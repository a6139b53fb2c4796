"""The HTTP interface of intake: messages in, counsellors' words out (docs/intake.md)."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from ansim.chat import Source
from ansim.sources.contract import DeliveryState
from ansim.stream.gateway import body, limits, taking
from ansim.stream.gateway.answers import (
    Confirmation,
    FailRequest,
    OutboxAnswer,
    OutboxMessage,
    answer,
    error,
)
from ansim.stream.gateway.process import Gateway
from ansim.stream.gateway.taking import RETRY

CONNECTOR = "http"
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
        return error(503, "starting", "the list of sources cannot be read; try again", RETRY)
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


@post("/v1/messages", request_max_body_size=None, status_code=202)
async def take_messages(request: AnyRequest) -> Response[bytes]:
    """Takes one message, an array or NDJSON lines; answers when they are durable."""
    gateway = _gateway(request)
    source = await _admit(request)
    if isinstance(source, Response):
        return source
    lines = taking.is_lines(request.headers.get("content-type", "application/json"))
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return error(415, "unsupported_encoding", "send the body without Content-Encoding")
    try:
        gateway.intake.check_backlog()
        with gateway.in_flight.load() as load:
            data = await body.read(request.stream(), request.headers.get("content-length"), load)
            return await taking.take(
                gateway, source.id, data, lines=lines, intake=gateway.http.take
            )
    except Exception as problem:
        told = taking.refused(problem)
        if told is None:
            raise
        return told


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
        return error(503, "unavailable", "the outbox cannot be reached yet; try again", RETRY)
    if gateway.long_polls >= limits.MAX_LONG_POLLS:
        return error(429, "overloaded", "too many requests are waiting", RETRY)
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
        return error(429, "overloaded", "too much is in work; try again", RETRY)
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
        return error(503, "unavailable", "the outbox cannot be reached yet; try again", RETRY)
    try:
        known = _MESSAGE_ID.fullmatch(message) is not None
        settled = await outbox.settle(source.id, message, state, detail) if known else None
        if settled is None:
            return error(404, "unknown_message", "your outbox holds no message with this id")
        await gateway.courier.record(message, settled)
    except Exception as failure:
        gateway.say_once("outbox", failure)
        return error(503, "unavailable", "could not be recorded; confirm again", RETRY)
    return answer(Confirmation(message, settled.state.value), 200)


HANDLERS: list[Any] = [take_messages, read_outbox, confirm_shown, confirm_failed]
