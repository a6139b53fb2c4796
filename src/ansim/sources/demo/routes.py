"""The demo room over HTTP: a page of its own, its events, and what a visitor may do in it."""

from __future__ import annotations

import asyncio
import math
import re
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator
from importlib.resources import files
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Stream

from ansim.sources.contract import IntakeBusy, IntakeRefused
from ansim.sources.demo.connector import DemoConnector
from ansim.sources.demo.rooms import Event, RoomFull, Voice
from ansim.sources.demo.samples import samples

HEARTBEAT_SECONDS = 15.0
MAX_BODY = 64 * 1024
MAX_SPEED = 1000.0
MESSAGES_PER_SECOND = 50
"""For all rooms together: it is a demonstration, not a service."""

_ROOM = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STATIC = {
    "room.css": "text/css; charset=utf-8",
    "room.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
}
_GUARDS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

AnyRequest = Request[Any, Any, State]
T = TypeVar("T")


class Words(msgspec.Struct, forbid_unknown_fields=True):
    """What a visitor says, and as whom the page shows it."""

    nickname: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    voice: Literal["stranger", "youth"]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    to_agency: bool = False
    """An answer to the agency, which the others in the room do not see."""


class Replay(msgspec.Struct, forbid_unknown_fields=True):
    """Which sample, and how many times as fast as it was."""

    sample: Annotated[str, msgspec.Meta(max_length=64)]
    speed: float = 1.0


class _No(Exception):
    def __init__(self, status: int, error: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.error, self.detail = status, error, detail


def _json(value: object, status: int = 200) -> Response[bytes]:
    return Response(
        msgspec.json.encode(value),
        status_code=status,
        media_type="application/json",
        headers=_GUARDS,
    )


def _refused(no: _No) -> Response[bytes]:
    return _json({"error": no.error, "detail": no.detail}, no.status)


class _Budget:
    """Messages a second, over all visitors."""

    def __init__(self) -> None:
        self._second = 0
        self._used = 0

    def take(self) -> None:
        now = int(time.monotonic())
        if now != self._second:
            self._second, self._used = now, 0
        self._used += 1
        if self._used > MESSAGES_PER_SECOND:
            raise _No(429, "too_fast", "too many messages; wait a second")


def routes(demo: DemoConnector, hosts: frozenset[str], closing: asyncio.Event) -> Router:
    """The pages under ``/demo/``.

    ``hosts`` are the names the page may be called by (against DNS rebinding); streams end when
    ``closing`` is set.
    """
    budget = _Budget()

    def check(request: AnyRequest, room: str | None = None) -> None:
        host = request.headers.get("host", "").rsplit(":", 1)[0].lower()
        if host not in hosts and "*" not in hosts:
            raise _No(400, "unknown_host", "call the demo room by a name in ANSIM_ALLOWED_HOSTS")
        if room is not None and _ROOM.fullmatch(room) is None:
            raise _No(404, "no_such_room", "a room's name is 1 to 64 letters, digits, - or _")

    async def posted(request: AnyRequest, room: str) -> bytes:
        check(request, room)
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise _No(403, "other_site", "another site may not write here")
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise _No(415, "not_json", "send application/json")
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > MAX_BODY:
                raise _No(413, "too_large", f"a request may hold {MAX_BODY} bytes")
        if room not in demo.rooms and demo.rooms.full:
            raise _No(503, "full", "all demo rooms are in use; try later")
        budget.take()
        return bytes(data)

    @get("/")
    async def page(request: AnyRequest) -> Response[bytes]:
        try:
            check(request, request.query_params.get("room") or None)
        except _No as no:
            return _refused(no)
        if not request.query_params.get("room"):
            return Response(
                b"",
                status_code=303,
                headers={**_GUARDS, "Location": f"/demo/?room={secrets.token_urlsafe(9)}"},
            )
        return _file("room.html", "text/html; charset=utf-8")

    @get("/static/{name:str}")
    async def static(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        if name not in _STATIC:
            return _refused(_No(404, "not_found", "no such file"))
        return _file(name, _STATIC[name])

    @get("/samples")
    async def list_samples(request: AnyRequest) -> Response[bytes]:
        return _json(
            [
                {
                    "id": each.id,
                    "risky": each.risky,
                    "title_ko": each.title_ko,
                    "title_en": each.title_en,
                    "turns": len(each.turns),
                }
                for each in samples().values()
            ]
        )

    @get("/rooms/{room:str}/events")
    async def events(request: AnyRequest, room: FromPath[str]) -> Response[bytes] | Stream:
        try:
            check(request, room)
            if room not in demo.rooms and demo.rooms.full:
                raise _No(503, "full", "all demo rooms are in use; try later")
        except _No as no:
            return _refused(no)
        last = request.headers.get("last-event-id", "") or request.query_params.get("after", "")
        boot, _, number = last.partition("-")
        known = boot == demo.rooms.boot and number.isascii() and number.isdigit()
        after = int(number[:12]) if known else 0
        nickname = _plain(request.query_params.get("as", ""))[:20]
        return Stream(
            _events(demo, room, nickname, after, closing, fresh=not known),
            media_type="text/event-stream",
            headers={**_GUARDS, "X-Accel-Buffering": "no"},
        )

    @post("/rooms/{room:str}/messages", request_max_body_size=None, status_code=201)
    async def speak(request: AnyRequest, room: FromPath[str]) -> Response[bytes]:
        try:
            words = _decoded(await posted(request, room), Words)
            nickname, text = _plain(words.nickname), words.text.strip()
            if not nickname or not text:
                raise _No(400, "empty", "nickname and text may not be blank")
            said = await demo.say(
                demo.rooms.room(room),
                nickname,
                Voice(words.voice),
                text,
                to_agency=words.to_agency,
            )
        except _No as no:
            return _refused(no)
        except IntakeRefused as refused:
            return _refused(_No(403, "refused", str(refused)))
        except IntakeBusy as busy:
            return _refused(_No(503, "unavailable", str(busy)))
        return _json({"id": said.id}, 201)

    @post("/rooms/{room:str}/replay", request_max_body_size=None, status_code=202)
    async def replay(request: AnyRequest, room: FromPath[str]) -> Response[bytes]:
        try:
            wanted = _decoded(await posted(request, room), Replay)
            sample = samples().get(wanted.sample)
            if sample is None:
                raise _No(404, "no_such_sample", "there is no sample of this id")
            if not (math.isfinite(wanted.speed) and 0.1 <= wanted.speed <= MAX_SPEED):
                raise _No(400, "bad_speed", f"speed is 0.1 to {MAX_SPEED:.0f}")
        except _No as no:
            return _refused(no)
        demo.start_replay(demo.rooms.room(room), sample, wanted.speed)
        return _json({"sample": sample.id}, 202)

    @post("/rooms/{room:str}/replay/stop", request_max_body_size=None, status_code=202)
    async def stop(request: AnyRequest, room: FromPath[str]) -> Response[bytes]:
        try:
            await posted(request, room)
        except _No as no:
            return _refused(no)
        demo.stop_replay(demo.rooms.room(room))
        return _json({"sample": ""}, 202)

    handlers = [page, static, list_samples, events, speak, replay, stop]
    return Router("/demo", route_handlers=handlers)


async def _events(
    demo: DemoConnector,
    name: str,
    nickname: str,
    after: int,
    closing: asyncio.Event,
    *,
    fresh: bool,
) -> AsyncIterator[bytes]:
    """Server-sent events of a room until the listener leaves or the process ends."""
    yield b"retry: 1000\n\n"
    if fresh:
        yield b"event: fresh\ndata: {}\n\n"
    listening = demo.rooms.room(name).listen(after, HEARTBEAT_SECONDS, nickname)
    ended = asyncio.ensure_future(closing.wait())
    coming: asyncio.Future[Event | None] | None = None
    try:
        while True:
            coming = asyncio.ensure_future(_next(listening))
            await asyncio.wait({coming, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                return
            event = coming.result()
            yield b": still here\n\n" if event is None else _framed(event, demo.rooms.boot)
    except (StopAsyncIteration, RoomFull):
        return
    finally:
        ended.cancel()
        if coming is not None and not coming.done():
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        await listening.aclose()


async def _next(listening: AsyncGenerator[Event | None, None]) -> Event | None:
    return await anext(listening)


def _framed(event: Event, boot: str) -> bytes:
    data = msgspec.json.encode(event.data)  # JSON has no raw line breaks, so nothing can break out
    return b"id: %s-%d\nevent: %s\ndata: %s\n\n" % (
        boot.encode(),
        event.number,
        event.name.encode(),
        data,
    )


def _decoded(data: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _No(400, "bad_request", "the request does not have the expected form") from None


def _plain(nickname: str) -> str:
    return "".join(each if each.isprintable() else " " for each in nickname).strip()


def _file(name: str, media_type: str) -> Response[bytes]:
    content = files("ansim.sources.demo").joinpath("static", name).read_bytes()
    return Response(content, media_type=media_type, headers=_GUARDS)
