"""The way to Bluesky: one session of the agency's account, renewed by itself.

Answers are taken as they come: the library's models would refuse a whole page for one odd post.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import httpx
from atproto_client import AsyncClient  # type: ignore[import-untyped]
from atproto_client.exceptions import (  # type: ignore[import-untyped]
    AtProtocolError,
    BadRequestError,
    RateLimitExceededError,
    RequestErrorBase,
    UnauthorizedError,
)
from atproto_client.models.common import XrpcError  # type: ignore[import-untyped]
from atproto_client.models.dot_dict import DotDict  # type: ignore[import-untyped]
from atproto_client.request import AsyncRequest  # type: ignore[import-untyped]

from ansim.sources.contract import Revoked
from ansim.sources.wiring import Opening

REQUEST_SECONDS = 10.0
EXPIRED = {"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"}
SHUT = {"AccountTakedown", "AccountDeactivated", "AccountSuspended", "AuthFactorTokenRequired"}
REVOKED = (
    "Bluesky가 기관 계정의 앱 비밀번호를 받지 않습니다. 새로 만들어 넣어 주세요 / "
    "Bluesky does not accept the account's app password: make a new one and enter it"
)

# They name addresses, which hold accounts and posts.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Line:
    """Asks and writes in the agency's name."""

    def __init__(self, opening: Opening) -> None:
        self._wiring = opening.wiring
        self._client: AsyncClient | None = None
        self._lock = asyncio.Lock()
        self.me = ""
        """Our own account (DID), once there is a session."""

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.request.close()

    async def begin(self) -> None:
        """Makes sure of a session. Raises as ``ask``."""
        async with self._lock:
            if self._client is not None:
                return
            service = self._wiring.entry("service") or None
            client = AsyncClient(service, request=AsyncRequest(timeout=REQUEST_SECONDS))
            try:
                await client.login(
                    self._wiring.entry("handle").strip().removeprefix("@"),
                    self._wiring.entry("password").strip(),
                    fetch_bsky_profile=False,
                )
                session = await client.com.atproto.server.get_session()
            except BaseException as error:
                await client.request.close()
                if _refused(error) or isinstance(error, BadRequestError | ValueError):
                    raise Revoked(REVOKED) from None
                if isinstance(error, RateLimitExceededError):
                    raise ConnectionError("Bluesky: too many log-ins for now") from None
                _raise_as_ours(error)
                raise
            self.me = session.did
            self._client = client

    async def ask(self, method: str, **asked: Any) -> dict[str, Any]:
        """The answer to a query, as it came.

        Raises Revoked, RateLimitExceededError, BadRequestError (not there, not accepted), and
        ConnectionError for whatever may pass.
        """
        return await self._call(method, params=DotDict(asked))

    async def write(self, method: str, **asked: Any) -> dict[str, Any]:
        """As ``ask``, for what changes something."""
        return await self._call(method, data=DotDict(asked))

    async def _call(self, method: str, **how: Any) -> dict[str, Any]:
        for again in (True, False):
            await self.begin()
            client = self._client
            if client is None:
                raise ConnectionError("Bluesky: closed")
            invoke = client.invoke_procedure if "data" in how else client.invoke_query
            try:
                content = (await invoke(method, **how)).content
            except (UnauthorizedError, BadRequestError) as error:
                if name_of(error) in EXPIRED and again:
                    await self.close()  # with a new session, or Revoked
                    continue
                if _refused(error):
                    raise Revoked(REVOKED) from None
                _raise_as_ours(error)
                raise
            except RateLimitExceededError:
                raise
            except Exception as error:
                _raise_as_ours(error)
                raise
            return content if isinstance(content, dict) else {}
        raise ConnectionError("Bluesky: no session")


def name_of(error: BaseException) -> str:
    """Bluesky's own name of an error."""
    response = error.response if isinstance(error, RequestErrorBase) else None
    content = response.content if response is not None else None
    return content.error if isinstance(content, XrpcError) and content.error else ""


def _refused(error: BaseException) -> bool:
    """Whether it is our account that is not accepted; 403 may come from what stands before it."""
    response = error.response if isinstance(error, RequestErrorBase) else None
    known = response is not None and response.status_code == 401
    return known or name_of(error) in SHUT | EXPIRED


def wait_of(limit: RateLimitExceededError) -> float:
    """Seconds that Bluesky asks to wait."""
    if limit.retry_after is not None:
        return float(limit.retry_after)
    at = limit.reset_at
    return max(0.0, at.timestamp() - time.time()) if at is not None else 30.0


def _raise_as_ours(error: BaseException) -> None:
    """Raises ConnectionError for what may pass."""
    if isinstance(error, RateLimitExceededError | BadRequestError):
        return
    if isinstance(error, AtProtocolError | httpx.HTTPError | OSError):
        raise ConnectionError(f"Bluesky: {type(error).__name__}") from None
