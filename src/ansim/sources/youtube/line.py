"""The way to YouTube: Google's client, asked from threads, and what its many refusals mean."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
from collections.abc import Mapping
from typing import Any

import google_auth_httplib2  # type: ignore[import-untyped]
import httplib2  # type: ignore[import-untyped]
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build  # type: ignore[import-untyped]
from googleapiclient.errors import Error, HttpError  # type: ignore[import-untyped]

from ansim.sources.contract import Revoked
from ansim.sources.wiring import Opening, Wiring

REQUEST_SECONDS = 10.0
TOKENS = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"
SLOW_DOWN = {"rateLimitExceeded", "userRateLimitExceeded", "tooManyRequests"}
USED_UP = {"quotaExceeded", "dailyLimitExceeded"}
KEY_REFUSED = {
    "keyInvalid",
    "keyExpired",
    "API_KEY_INVALID",
    "accessNotConfigured",
    "ipRefererBlocked",
    "authError",
    "invalidCredentials",
}
REVOKED = (
    "YouTube가 API 키를 받지 않습니다. Google Cloud에서 키와 제한을 확인해 주세요 / "
    "YouTube does not accept the API key: look at the key and its limits in Google Cloud"
)

# They name addresses with the key and ids in them.
for _name in ("googleapiclient", "google.auth", "google_auth_httplib2", "httplib2"):
    logging.getLogger(_name).setLevel(logging.ERROR)


class Refused(Exception):
    """YouTube will not answer this; ``reason`` is its own word for why."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(f"{status} {reason}")
        self.reason = reason
        self.status = status


class Unreached(ConnectionError):
    """Not even a connection was made: surely nothing was said."""


class OnceHttp(httplib2.Http):  # type: ignore[misc]
    """Asks once: the library would send again what was taken without an answer."""

    def _conn_request(
        self, conn: Any, request_uri: str, method: str, body: Any, headers: Any
    ) -> Any:
        if conn.sock is None:
            try:
                conn.connect()
            except (OSError, httplib2.ServerNotFoundError) as error:
                raise Unreached(type(error).__name__) from None
        answer = conn.getresponse

        def once() -> Any:
            try:
                return answer()
            except http.client.HTTPException:
                raise ConnectionResetError("no answer") from None

        conn.getresponse = once
        try:
            return super()._conn_request(conn, request_uri, method, body, headers)
        finally:
            conn.getresponse = answer
            conn.close()  # looks are minutes apart: a kept connection would be a dead one


def reader(opening: Opening) -> Any:
    """The API with the key, for what everybody may read."""
    wiring = opening.wiring
    return _build(wiring, developerKey=wiring.entry("key").strip(), http=_http())


def speaker(opening: Opening) -> Any | None:
    """The API in the name of the agency's channel; None where nothing was entered for it."""
    wiring = opening.wiring
    names = ("client_id", "client_secret", "refresh_token")
    client, secret, refresh = (wiring.entry(name).strip() for name in names)
    if not (client and secret and refresh):
        return None
    api = wiring.entry("api").rstrip("/")
    credentials = Credentials(  # type: ignore[no-untyped-call]
        token=None,
        refresh_token=refresh,
        token_uri=f"{api}/token" if api else TOKENS,
        client_id=client,
        client_secret=secret,
        scopes=[SCOPE],
    )
    return _build(wiring, http=google_auth_httplib2.AuthorizedHttp(credentials, http=_http()))


def _http() -> OnceHttp:
    return OnceHttp(timeout=REQUEST_SECONDS)


def _build(wiring: Wiring, **how: Any) -> Any:
    api = wiring.entry("api")
    options = {"api_endpoint": api} if api else None
    return build("youtube", "v3", client_options=options, static_discovery=True, **how)


async def run(request: Any) -> Mapping[str, Any]:
    """An answer as it came.

    Raises Refused where YouTube said no, Revoked where it does not know us, Unreached where it
    surely heard nothing, ConnectionError for the rest.
    """
    try:
        answer = await asyncio.to_thread(request.execute, num_retries=0)
    except HttpError as error:
        status, reason = int(error.resp.status), reason_of(error)
        if status == 401 or reason in KEY_REFUSED:
            raise Revoked(REVOKED) from None
        if status >= 500:
            raise ConnectionError(f"YouTube: {status}") from None
        raise Refused("rateLimitExceeded" if status == 429 else reason, status) from None
    except RefreshError as error:
        if error.retryable:
            raise Unreached("YouTube: no token can be fetched") from None
        raise Revoked(REVOKED) from None
    except GoogleAuthError:
        raise Unreached("YouTube: no token can be fetched") from None
    except Unreached:
        raise
    except (Error, httplib2.HttpLib2Error, OSError, http.client.HTTPException) as error:
        raise ConnectionError(f"YouTube: {type(error).__name__}") from None
    return answer if isinstance(answer, Mapping) else {}


def reason_of(error: HttpError) -> str:
    """YouTube's word for why not."""
    try:
        told = json.loads(error.content)["error"]
        details = [each.get("reason") for each in told.get("details", []) if isinstance(each, dict)]
        reasons = [*details, *(each.get("reason") for each in told.get("errors", []))]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    known = [each for each in reasons if isinstance(each, str)]
    return next((each for each in known if each in KEY_REFUSED), known[0] if known else "")
