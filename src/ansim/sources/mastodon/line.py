"""The way to a Mastodon server: one client, asked from threads, within the server's limits."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from mastodon import Mastodon
from mastodon.errors import (
    MastodonAPIError,
    MastodonError,
    MastodonNotFoundError,
    MastodonRatelimitError,
    MastodonUnauthorizedError,
)

from ansim.sources.contract import Revoked
from ansim.sources.wiring import Opening

T = TypeVar("T")

REQUEST_SECONDS = 10.0
RESERVE = 20
"""Of the requests that a server allows, so many are left for a counsellor's words."""
LONGEST_WAIT = 600.0

REVOKED = (
    "Mastodon 서버가 액세스 토큰을 받지 않습니다. 기관 계정에서 새 토큰을 받아 넣어 주세요 / "
    "the Mastodon server does not accept the access token: enter a new one"
)
SLOWED = (
    "Mastodon 서버가 요청을 줄여 달라고 해 기다립니다 / "
    "the Mastodon server asks for fewer requests: waiting"
)

# They name addresses, which hold the numbers of posts.
for _name in ("urllib3", "requests", "mastodon"):
    logging.getLogger(_name).setLevel(logging.ERROR)


def line(opening: Opening) -> Mastodon:
    """A client that neither waits nor repeats by itself."""
    wiring = opening.wiring
    client = Mastodon(
        api_base_url=wiring.entry("instance"),
        ratelimit_method="throw",
        request_timeout=REQUEST_SECONDS,
        version_check_mode="none",
        user_agent="ansim-eye",
    )
    # Not as an argument: the library would open a file of that name.
    client.access_token = wiring.entry("token").strip()
    return client


def until_reset(client: Mastodon) -> float:
    """Seconds until the server counts anew, as far as it said."""
    reset = client.ratelimit_reset
    return max(0.0, float(reset) - time.time()) if isinstance(reset, int | float) else 30.0


class Asking:
    """Reads from the server; waits where it asks to."""

    def __init__(self, opening: Opening) -> None:
        self._health = opening.health
        self.client = line(opening)

    async def ask(self, question: Callable[[Mastodon], T]) -> T | None:
        """What the server answers; None where there is nothing (any more).

        Raises Revoked, ConnectionError, and MastodonAPIError where it will not answer this.
        """
        while True:
            left = self.client.ratelimit_remaining
            if isinstance(left, int) and left < RESERVE and self.client.ratelimit_reset is not None:
                await self._wait()
            try:
                return await asyncio.to_thread(question, self.client)
            except MastodonUnauthorizedError:
                raise Revoked(REVOKED) from None
            except MastodonNotFoundError:
                return None
            except MastodonRatelimitError:
                await self._wait()
            except MastodonAPIError as error:
                if status_of(error) in range(400, 500):
                    raise
                raise ConnectionError(f"Mastodon: {type(error).__name__}") from None
            except MastodonError as error:
                raise ConnectionError(f"Mastodon: {type(error).__name__}") from None

    async def _wait(self) -> None:
        self._health.trouble(SLOWED)
        await asyncio.sleep(min(until_reset(self.client) + 0.5, LONGEST_WAIT))
        self.client.ratelimit_remaining = RESERVE


def status_of(error: MastodonAPIError) -> int:
    """The HTTP status of an answer; 0 where it made no sense."""
    found = error.args[1] if len(error.args) > 1 else 0
    return found if isinstance(found, int) else 0
