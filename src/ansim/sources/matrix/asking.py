"""Requests to a homeserver over nio's transport, and what its answers mean.

Answers are taken as they come, not by nio's strict schemas: there, one odd event of a stranger
could make a whole answer unreadable.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
from nio import AsyncClient, AsyncClientConfig  # type: ignore[import-untyped]

for name in ("nio", "aiohttp"):
    logging.getLogger(name).setLevel(logging.ERROR)

Event = dict[str, Any]

CALL_SECONDS = 20.0
PATIENCE = 120.0
"""Seconds a call waits at most, in all, where the server asks us to slow down."""
_TOKEN_REFUSED = {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED"}


class TooMany(ConnectionError):
    """The homeserver asks us to slow down for longer than the caller can wait; nothing was done."""


class Refused(Exception):
    """The homeserver understood and said no. ``code`` is its word for why ("M_FORBIDDEN")."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TokenRefused(Exception):
    """The homeserver does not accept the token (any more)."""


class Client(AsyncClient):  # type: ignore[misc]
    """nio's client, with the token where proxies do not log it: in a header, not the address."""

    async def send(
        self,
        method: str,
        path: str,
        data: Any = None,
        headers: dict[str, str] | None = None,
        trace_context: Any = None,
        timeout: Any = None,  # noqa: ASYNC109
    ) -> Any:
        place, _, query = path.partition("?")
        left = [pair for pair in parse_qsl(query) if pair[0] != "access_token"]
        headers = dict(headers or {})
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        if left:
            place = f"{place}?{urlencode(left)}"
        return await super().send(method, place, data, headers, trace_context, timeout)


class Asking:
    """One account's requests to one homeserver.

    Every one raises ConnectionError where the server cannot be reached, TooMany, Refused, or
    TokenRefused.
    """

    def __init__(self, address: str, account: str) -> None:
        self._client = Client(
            address,
            account,
            store_path="",
            config=AsyncClientConfig(encryption_enabled=False, store_sync_tokens=False),
        )
        self._not_before = 0.0

    @property
    def token(self) -> str:
        return str(self._client.access_token)

    @token.setter
    def token(self, token: str) -> None:
        self._client.access_token = token

    async def close(self) -> None:
        """Lets go of the connections; the next request makes new ones."""
        await self._client.close()

    async def ask(
        self,
        method: str,
        path: str,
        data: str | None = None,
        *,
        seconds: float = CALL_SECONDS,
        patience: float = PATIENCE,
    ) -> dict[str, Any]:
        """One request, made again where the server asks us to slow down and ``patience`` seconds
        are not over; ``seconds`` is for each try. A list comes as {"list": …}."""
        deadline = time.monotonic() + patience
        while True:
            pause = self._not_before - time.monotonic()
            if pause > 0:
                if self._not_before > deadline:
                    raise TooMany("the homeserver asks us to slow down")
                await asyncio.sleep(pause)
            status, found = await self._once(method, path, data, seconds)
            if status == 429:
                wait = found.get("retry_after_ms")
                pause = wait / 1000 if isinstance(wait, int | float) and wait >= 0 else 5.0
                self._not_before = time.monotonic() + pause
                continue
            if 200 <= status < 300:
                return found
            code = text(found.get("errcode"))
            if code in _TOKEN_REFUSED:
                raise TokenRefused(code)
            if status >= 500 or not code:
                raise ConnectionError(f"the homeserver answers with status {status}")
            raise Refused(code)

    async def _once(
        self, method: str, path: str, data: str | None, seconds: float
    ) -> tuple[int, dict[str, Any]]:
        try:
            answer = await self._client.send(
                method, path, data, timeout=aiohttp.ClientTimeout(total=seconds, connect=10.0)
            )
            async with answer:
                status, body = int(answer.status), await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ConnectionError(f"the homeserver: {type(error).__name__}") from None
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            if 200 <= status < 300:
                raise ConnectionError("the homeserver's answer is not JSON") from None
            found = {}
        if isinstance(found, list):
            found = {"list": found}
        return status, found if isinstance(found, dict) else {}


def text(value: object) -> str:
    """A string of the server's, empty where it is none."""
    return value if isinstance(value, str) else ""


def table(value: object) -> dict[str, Any]:
    """A JSON object, empty where it is none."""
    return value if isinstance(value, dict) else {}


def events(value: object) -> list[Event]:
    """The JSON objects of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
