"""The model behind its address: one question, one answer, whatever the server does.

Speaks ``/v1/chat/completions`` as vLLM, llama.cpp, Ollama and others do. Answers are read as they
come, up to a limit of bytes and of time; nothing is followed elsewhere, and no proxy of the
environment is used: the words go where the settings say or nowhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec

from ansim.reviewing.answering import Refused
from ansim.reviewing.asking import MOST_TOKENS, response_formats
from ansim.reviewing.settings import Settings
from ansim.reviewing.values import Refusal

log = logging.getLogger(__name__)

MOST_BYTES = 512 * 1024
"""Of a whole answer on the wire; a streamed one has some 200 bytes of frame a token."""
FIRST_BYTE_SHARE = 0.75
_CANNOT = frozenset({400, 404, 415, 422, 501})
"""What servers say to a form of answer that they do not know."""


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None


class _Piece(msgspec.Struct):
    choices: list[_Choice] = []
    error: msgspec.Raw = msgspec.Raw()


_piece = msgspec.json.Decoder(_Piece)


class Model:
    """One address. Learns which form of answer the server can be held to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._form = 0
        self._held = False
        headers = {
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            # A server may close a kept connection just when the next question goes out: that
            # would count as a failure of the model.
            "Connection": "close",
        }
        if settings.key:
            headers["Authorization"] = f"Bearer {settings.key}"
        self._client = httpx.AsyncClient(
            headers=headers,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(
                settings.timeout * FIRST_BYTE_SHARE, connect=settings.connect_timeout
            ),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, messages: list[dict[str, Any]]) -> str:
        """The model's own words. Raises Refused with what went wrong."""
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await self._in_some_form(messages)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout):
            raise Refused(Refusal.TOO_SLOW) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            log.debug("reviewer: %s", type(error).__name__)
            raise Refused(Refusal.UNREACHABLE) from None

    async def _in_some_form(self, messages: list[dict[str, Any]]) -> str:
        """Asks in the strictest form the server takes; remembers it once that worked."""
        forms = response_formats()
        status = 0
        for number in range(self._form, len(forms)):
            status, text = await self._once(messages, forms[number])
            if text is not None:
                self._form, self._held = number, True
                return text
            # llama-cpp-python says 500 to a form that it does not know. Where that form has
            # worked before, something else is broken.
            if status not in _CANNOT and (status != 500 or self._held):
                break
        raise Refused(Refusal.SERVER_ERROR if status >= 500 else Refusal.REFUSED_BY_SERVER)

    async def _once(
        self, messages: list[dict[str, Any]], form: dict[str, Any] | None
    ) -> tuple[int, str | None]:
        question: dict[str, Any] = {
            "model": self._settings.model,
            "messages": messages,
            "temperature": 0,
            "max_tokens": MOST_TOKENS,
            "stream": True,
        }
        if form is not None:
            question["response_format"] = form
        async with self._client.stream(
            "POST",
            self._settings.url,
            content=msgspec.json.encode(question),
            headers={"Content-Type": "application/json"},
        ) as response:
            status = response.status_code
            if 300 <= status < 400:
                raise Refused(Refusal.REDIRECTED)
            if status >= 400:
                return status, None
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                raise Refused(Refusal.NOT_A_MODEL)
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind == "text/event-stream":
                return status, await _streamed(_bounded(response))
            if kind == "application/json":
                return status, await _whole(_bounded(response))
            raise Refused(Refusal.NOT_A_MODEL)


async def _bounded(response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes as they come, up to the limit."""
    received = 0
    try:
        async for chunk in response.aiter_raw():
            received += len(chunk)
            if received > MOST_BYTES:
                raise Refused(Refusal.FLOOD)
            yield chunk
    except (httpx.RemoteProtocolError, httpx.ReadError):
        raise Refused(Refusal.CUT_OFF) from None


async def _whole(chunks: AsyncIterator[bytes]) -> str:
    """An answer in one piece, from a server that does not stream."""
    piece = _decoded(b"".join([chunk async for chunk in chunks]))
    if not piece.choices or piece.choices[0].message is None:
        raise Refused(Refusal.NOT_A_MODEL)
    return _ended(piece.choices[0].message.content or "", piece.choices[0].finish_reason)


async def _streamed(chunks: AsyncIterator[bytes]) -> str:
    """An answer in server-sent events, up to ``[DONE]`` or the end after a reason to end."""
    told: list[str] = []
    reason: str | None = None
    buffer = b""
    async for chunk in chunks:
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            content = line[5:].strip()
            if content == b"[DONE]":
                return _ended("".join(told), reason or "stop")
            if not content:
                continue
            piece = _decoded(content)
            if piece.choices:
                choice = piece.choices[0]
                told.append((choice.delta.content if choice.delta else None) or "")
                reason = choice.finish_reason or reason
    return _ended("".join(told), reason)


def _decoded(content: bytes) -> _Piece:
    try:
        piece = _piece.decode(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Refused(Refusal.NOT_A_MODEL) from None
    if bytes(piece.error) not in (b"", b"null"):
        raise Refused(Refusal.SERVER_ERROR)
    return piece


def _ended(text: str, reason: str | None) -> str:
    if reason is None and not text:
        # llama-cpp-python ends a question that does not fit in this way.
        raise Refused(Refusal.SERVER_ERROR)
    if reason is None or reason == "length":
        raise Refused(Refusal.CUT_OFF)
    if not text.strip():
        raise Refused(Refusal.NOT_JSON)
    return text
