"""Transcription by any address that speaks OpenAI's ``/v1/audio/transcriptions``.

What answers there is another program: it may stall, lie or send without end, so its answer is
taken up to a size, within a time, and in one form. Redirections are not followed, since the
operator allowed that address and no other.
"""

from __future__ import annotations

import asyncio

import httpx
import msgspec

from ansim.voice.sniffing import MEDIA_TYPES
from ansim.voice.values import Unheard, Why

MOST_ANSWER_BYTES = 1024 * 1024


class _Said(msgspec.Struct):
    text: str


class AtAddress:
    """A transcriber behind one address; ``timeout`` is for a whole answer, in seconds."""

    def __init__(self, url: str, *, model: str, key: str = "", timeout: float = 60.0) -> None:
        self.url = url
        self._model = model
        # Not packed: a few bytes could unpack to any number.
        self._headers = {"Accept-Encoding": "identity"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._timeout = timeout

    async def transcribe(self, sound: bytes, form: str) -> str:
        """What is said in the sound. Raises Unheard."""
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._ask(sound, form)
        except (TimeoutError, httpx.TimeoutException):
            raise Unheard(Why.TOO_SLOW) from None
        except httpx.HTTPError:
            raise Unheard(Why.NO_ANSWER) from None
        try:
            return msgspec.json.decode(answer, type=_Said).text
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unheard(Why.BROKE) from None

    async def _ask(self, sound: bytes, form: str) -> bytes:
        async with (
            httpx.AsyncClient(timeout=self._timeout, trust_env=False) as client,
            client.stream(
                "POST",
                self.url,
                headers=self._headers,
                data={"model": self._model, "response_format": "json"},
                files={"file": (f"voice.{form}", sound, MEDIA_TYPES[form])},
            ) as answer,
        ):
            if answer.status_code in (429, 503):
                raise Unheard(Why.BUSY)
            if answer.status_code != 200:
                raise Unheard(Why.NO_ANSWER)
            told = bytearray()
            async for piece in answer.aiter_raw():
                told += piece
                if len(told) > MOST_ANSWER_BYTES:
                    raise Unheard(Why.BROKE)
            return bytes(told)
